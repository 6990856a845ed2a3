import { Select as Base } from "@base-ui/react/select";
import { Check, ChevronsUpDown } from "lucide-react";

import { cn } from "@/lib/cn";

import { controlClass } from "./input";

export type Option<T extends string = string> = { value: T; label: string; hint?: string };
type Props<T extends string> = {
  value: T | null;
  onChange: (value: T) => void;
  options: Option<T>[];
  placeholder?: string;
  className?: string;
  disabled?: boolean;
  id?: string;
  "aria-label"?: string;
  "aria-describedby"?: string;
  "aria-invalid"?: boolean;
};

/** One of a few; each option may explain itself. */
export function Select<T extends string>({ value, onChange, options, placeholder, className, disabled, ...trigger }: Props<T>) {
  return (
    <Base.Root items={options} value={value} onValueChange={(next) => next !== null && onChange(next as T)} disabled={disabled}>
      <Base.Trigger className={cn(controlClass, "flex h-9 items-center justify-between gap-2 text-left", className)} {...trigger}>
        <Base.Value placeholder={<span className="text-muted-foreground">{placeholder ?? "Choose…"}</span>} />
        <Base.Icon>
          <ChevronsUpDown className="size-4 text-muted-foreground" aria-hidden />
        </Base.Icon>
      </Base.Trigger>
      <Base.Portal>
        <Base.Positioner className="z-50 outline-hidden" sideOffset={4} alignItemWithTrigger={false}>
          <Base.Popup className="max-h-(--available-height) min-w-(--anchor-width) overflow-y-auto rounded-md border bg-surface p-1 shadow-lg outline-hidden">
            <Base.List>
              {options.map((option) => (
                <Base.Item
                  key={option.value}
                  value={option.value}
                  className="grid cursor-default grid-cols-[1rem_1fr] items-start gap-2 rounded-sm px-2 py-1.5 text-sm outline-hidden select-none data-highlighted:bg-accent data-highlighted:text-accent-foreground"
                >
                  <Base.ItemIndicator className="col-start-1 pt-0.5">
                    <Check className="size-4" aria-hidden />
                  </Base.ItemIndicator>
                  <span className="col-start-2">
                    <Base.ItemText>{option.label}</Base.ItemText>
                    {option.hint && <span className="block text-xs text-muted-foreground">{option.hint}</span>}
                  </span>
                </Base.Item>
              ))}
            </Base.List>
          </Base.Popup>
        </Base.Positioner>
      </Base.Portal>
    </Base.Root>
  );
}
