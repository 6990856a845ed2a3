import { Checkbox as BaseCheckbox } from "@base-ui/react/checkbox";
import { Switch as BaseSwitch } from "@base-ui/react/switch";
import { Check, Minus } from "lucide-react";
import { type ComponentProps, type ReactNode, useId } from "react";

import { cn } from "@/lib/cn";

/** A box to tick; `indeterminate` for some of many. Name it with `aria-label` or a `label` around. */
export function Checkbox({ className, ...rest }: ComponentProps<typeof BaseCheckbox.Root>) {
  return (
    <BaseCheckbox.Root
      className={cn(
        "relative grid size-4.5 shrink-0 place-items-center rounded-[5px] border border-input bg-surface after:absolute after:-inset-1 data-checked:border-primary data-checked:bg-primary data-checked:text-primary-foreground data-indeterminate:border-primary data-indeterminate:bg-primary data-indeterminate:text-primary-foreground",
        className,
      )}
      {...rest}
    >
      <BaseCheckbox.Indicator className="grid data-unchecked:hidden">
        {rest.indeterminate ? <Minus className="size-3.5" aria-hidden /> : <Check className="size-3.5" aria-hidden />}
      </BaseCheckbox.Indicator>
    </BaseCheckbox.Root>
  );
}

type SwitchProps = { checked: boolean; onChange: (on: boolean) => void; label: ReactNode; hint?: ReactNode; disabled?: boolean };

/** Turns something on at once, beside its name. */
export function Switch({ checked, onChange, label, hint, disabled }: SwitchProps) {
  const id = useId();
  return (
    <div className="flex items-start gap-3">
      <BaseSwitch.Root
        checked={checked}
        onCheckedChange={onChange}
        disabled={disabled}
        aria-labelledby={id}
        aria-describedby={hint ? `${id}-hint` : undefined}
        className="relative mt-0.5 flex h-5 w-9 shrink-0 items-center rounded-full border border-input bg-surface-2 p-0.5 transition-colors after:absolute after:-inset-1 data-checked:border-primary data-checked:bg-primary data-disabled:opacity-55"
      >
        <BaseSwitch.Thumb className="size-3.5 rounded-full bg-input transition-transform data-checked:translate-x-4 data-checked:bg-primary-foreground" />
      </BaseSwitch.Root>
      <div>
        <div id={id} className="text-sm font-medium">
          {label}
        </div>
        {hint && (
          <div id={`${id}-hint`} className="text-xs text-muted-foreground">
            {hint}
          </div>
        )}
      </div>
    </div>
  );
}
