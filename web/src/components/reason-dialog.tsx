import { type ReactNode, useState } from "react";

import { asProblem } from "@/api/problem";
import { Button } from "@/components/ui/button";
import { Callout } from "@/components/ui/callout";
import { Dialog } from "@/components/ui/dialog";
import { Field } from "@/components/ui/field";
import { Textarea } from "@/components/ui/input";

type Props = {
  open: boolean;
  onOpenChange: (open: boolean) => void;
  title: string;
  description: ReactNode;
  action: string;
  onGo: (reason: string) => void;
  pending?: boolean;
  danger?: boolean;
  error?: unknown;
  children?: ReactNode;
};

/** Asks why: the reason is written into the log with the act. */
export function ReasonDialog({ open, onOpenChange, title, description, action, onGo, pending, danger, error, children }: Props) {
  const [reason, write] = useState("");
  return (
    <Dialog open={open} onOpenChange={onOpenChange} title={title} description={description}>
      <form
        className="grid gap-4"
        onSubmit={(event) => {
          event.preventDefault();
          onGo(reason.trim());
        }}
      >
        {children}
        <Field label="Reason" hint="Kept in the audit log with your name.">
          <Textarea value={reason} onChange={(event) => write(event.target.value)} required maxLength={500} />
        </Field>
        {Boolean(error) && <Callout tone="bad">{asProblem(error).message}</Callout>}
        <div className="flex justify-end gap-2">
          <Button variant="secondary" onClick={() => onOpenChange(false)}>
            Cancel
          </Button>
          <Button type="submit" variant={danger ? "danger" : "primary"} pending={pending}>
            {action}
          </Button>
        </div>
      </form>
    </Dialog>
  );
}
