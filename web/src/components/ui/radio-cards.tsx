import { Radio } from "@base-ui/react/radio";
import { RadioGroup } from "@base-ui/react/radio-group";
import { useId } from "react";

import { cn } from "@/lib/cn";

type Props<T extends string> = {
  label: string;
  value: T | null;
  onChange: (value: T) => void;
  options: { value: T; label: string; hint?: string }[];
  className?: string;
};

/** One of a few that deserve a sentence each. */
export function RadioCards<T extends string>({ label, value, onChange, options, className }: Props<T>) {
  const id = useId();
  return (
    <div className={className}>
      <div id={id} className="mb-1.5 text-sm font-medium">
        {label}
      </div>
      <RadioGroup aria-labelledby={id} value={value} onValueChange={(next) => onChange(next as T)} className="grid gap-2">
        {options.map((option) => (
          <label
            key={option.value}
            className={cn(
              "flex cursor-pointer items-start gap-3 rounded-md border bg-surface p-3 transition-colors hover:bg-surface-2",
              value === option.value && "border-primary ring-1 ring-primary",
            )}
          >
            <Radio.Root
              value={option.value}
              className="mt-0.5 grid size-4 shrink-0 place-items-center rounded-full border border-input bg-surface data-checked:border-primary"
            >
              <Radio.Indicator className="size-2 rounded-full bg-primary data-unchecked:hidden" />
            </Radio.Root>
            <span>
              <span className="block text-sm font-medium">{option.label}</span>
              {option.hint && <span className="block text-xs text-muted-foreground">{option.hint}</span>}
            </span>
          </label>
        ))}
      </RadioGroup>
    </div>
  );
}
