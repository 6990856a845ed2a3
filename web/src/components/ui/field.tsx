import { type ReactElement, type ReactNode, cloneElement, useId } from "react";

import { cn } from "@/lib/cn";

type Controlled = { id?: string; "aria-describedby"?: string; "aria-invalid"?: boolean; required?: boolean };
type Props = {
  label: ReactNode;
  hint?: ReactNode;
  error?: string;
  optional?: boolean;
  className?: string;
  children: ReactElement<Controlled>;
};

/** A label, a control, a hint and what is wrong, tied together for everybody (WCAG 1.3.1, 3.3.1). */
export function Field({ label, hint, error, optional, className, children }: Props) {
  const made = useId();
  const id = children.props.id ?? made;
  const described = [hint && `${id}-hint`, error && `${id}-error`].filter(Boolean).join(" ");
  return (
    <div className={cn("grid content-start gap-1.5", className)}>
      <label htmlFor={id} className="text-sm font-medium">
        {label}
        {optional && <span className="ml-1.5 font-normal text-muted-foreground">optional</span>}
      </label>
      {cloneElement(children, { id, "aria-describedby": described || undefined, "aria-invalid": error ? true : undefined })}
      {hint && (
        <p id={`${id}-hint`} className="text-xs text-muted-foreground">
          {hint}
        </p>
      )}
      {error && (
        <p id={`${id}-error`} className="text-xs font-medium text-bad">
          {error}
        </p>
      )}
    </div>
  );
}
