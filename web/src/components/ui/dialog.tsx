import { AlertDialog as BaseAlert } from "@base-ui/react/alert-dialog";
import { Dialog as Base } from "@base-ui/react/dialog";
import { X } from "lucide-react";
import { type ReactNode, useState } from "react";

import { cn } from "@/lib/cn";

import { Button } from "./button";
import { Field } from "./field";
import { Input } from "./input";

const backdrop = "fixed inset-0 z-40 bg-overlay transition-opacity data-ending-style:opacity-0 data-starting-style:opacity-0";
const popup =
  "fixed z-50 bg-surface text-foreground shadow-xl outline-hidden transition-all data-ending-style:opacity-0 data-starting-style:opacity-0";
const centred = `${popup} top-1/2 left-1/2 max-h-[calc(100dvh-2rem)] w-[calc(100vw-2rem)] max-w-lg -translate-x-1/2 -translate-y-1/2 overflow-y-auto rounded-lg border p-5 data-ending-style:scale-98 data-starting-style:scale-98`;
const sideways = `${popup} inset-y-0 right-0 w-full max-w-xl overflow-y-auto border-l p-5 data-ending-style:translate-x-6 data-starting-style:translate-x-6`;

type Props = {
  open: boolean;
  onOpenChange: (open: boolean) => void;
  title: ReactNode;
  description?: ReactNode;
  children?: ReactNode;
  footer?: ReactNode;
  className?: string;
  side?: boolean;
};

/** A dialog in the middle, or with `side` a drawer at the right: focus goes in, Esc closes, focus returns. */
export function Dialog({ open, onOpenChange, title, description, children, footer, className, side }: Props) {
  return (
    <Base.Root open={open} onOpenChange={onOpenChange}>
      <Base.Portal>
        <Base.Backdrop className={backdrop} />
        <Base.Popup className={cn(side ? sideways : centred, className)}>
          <div className="flex items-start justify-between gap-4">
            <Base.Title className="text-base font-semibold">{title}</Base.Title>
            <Base.Close className="-mt-1 -mr-1 grid size-8 shrink-0 place-items-center rounded-md text-muted-foreground hover:bg-surface-2 hover:text-foreground" aria-label="Close">
              <X className="size-4" aria-hidden />
            </Base.Close>
          </div>
          {description && <Base.Description className="mt-1 text-sm text-muted-foreground">{description}</Base.Description>}
          {children && <div className="mt-4">{children}</div>}
          {footer && <div className="mt-5 flex flex-wrap justify-end gap-2">{footer}</div>}
        </Base.Popup>
      </Base.Portal>
    </Base.Root>
  );
}

type ConfirmProps = {
  open: boolean;
  onOpenChange: (open: boolean) => void;
  title: ReactNode;
  description: ReactNode;
  action: string;
  onConfirm: () => void;
  pending?: boolean;
  danger?: boolean;
  typed?: string;
  children?: ReactNode;
};

/** Asks before what cannot be taken back; with `typed` the words must be written out. */
export function ConfirmDialog({ open, onOpenChange, title, description, action, onConfirm, pending, danger, typed, children }: ConfirmProps) {
  const [text, write] = useState("");
  return (
    <BaseAlert.Root
      open={open}
      onOpenChange={(next) => {
        write("");
        onOpenChange(next);
      }}
    >
      <BaseAlert.Portal>
        <BaseAlert.Backdrop className={backdrop} />
        <BaseAlert.Popup className={centred}>
          <BaseAlert.Title className="text-base font-semibold">{title}</BaseAlert.Title>
          <BaseAlert.Description className="mt-1.5 text-sm text-muted-foreground">{description}</BaseAlert.Description>
          {children && <div className="mt-4">{children}</div>}
          {typed && (
            <Field className="mt-4" label={<>Type <span className="font-mono">{typed}</span> to confirm</>}>
              <Input value={text} onChange={(event) => write(event.target.value)} autoComplete="off" spellCheck={false} />
            </Field>
          )}
          <div className="mt-5 flex flex-wrap justify-end gap-2">
            <Button variant="secondary" onClick={() => onOpenChange(false)}>
              Keep as it is
            </Button>
            <Button
              variant={danger ? "danger" : "primary"}
              pending={pending}
              disabled={typed !== undefined && text.trim() !== typed}
              onClick={onConfirm}
            >
              {action}
            </Button>
          </div>
        </BaseAlert.Popup>
      </BaseAlert.Portal>
    </BaseAlert.Root>
  );
}
