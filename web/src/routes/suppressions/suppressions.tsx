import { Ban, Plus } from "lucide-react";
import { useState } from "react";

import { useAct } from "@/api/act";
import { api, ok } from "@/api/client";
import { tableOf, usePage } from "@/api/pages";
import { may } from "@/api/permissions";
import { asProblem } from "@/api/problem";
import { useRole } from "@/api/queries";
import type { components } from "@/api/schema";
import { DataTable } from "@/components/data-table";
import { FilterBar, FilterChips } from "@/components/filter-bar";
import { TextLink } from "@/components/link";
import { Page } from "@/components/page";
import { ReasonDialog } from "@/components/reason-dialog";
import { EmptyByFilter, EmptyState } from "@/components/states";
import { Button } from "@/components/ui/button";
import { Callout } from "@/components/ui/callout";
import { Card } from "@/components/ui/card";
import { Dialog } from "@/components/ui/dialog";
import { Field } from "@/components/ui/field";
import { Input } from "@/components/ui/input";
import { Select } from "@/components/ui/select";
import { RelativeTime } from "@/components/ui/small";
import { StatusBadge } from "@/components/ui/status-badge";
import { formatDate } from "@/lib/format";
import { useUrlChange, useUrlState } from "@/lib/url";

type Suppression = components["schemas"]["Suppression"];
type Reason = components["schemas"]["LiftedSuppression"]["reason"];

const REASONS: Record<string, string> = {
  hard_bounce: "Hard bounce",
  soft_bounces: "Soft bounces",
  complaint: "Complaint",
  manual: "By hand",
  unsubscribed: "Unsubscribed",
};

/** Whom nobody may mail, and why. */
export default function Suppressions() {
  const [reason] = useUrlState("reason");
  const [adding, add] = useState(false);
  const [lifting, lift] = useState<Suppression | null>(null);
  const change = useUrlChange();
  const writes = may(useRole(), "contacts:write");
  const list = usePage(["suppressions"], { reason }, (cursor) =>
      ok(api.GET("/v1/suppressions", { params: { query: { cursor, reason: (reason || undefined) as never } } })));
  return (
    <Page
      title="Suppressions"
      description="Addresses that get no mail from this workspace: bounced, complained, unsubscribed or stopped by hand. Every campaign leaves them out."
      actions={
        writes && (
          <Button onClick={() => add(true)}>
            <Plus aria-hidden /> Suppress an address
          </Button>
        )
      }
    >
      <Card flush>
        <FilterBar>
          <FilterChips name="reason" label="Reason" options={Object.entries(REASONS).map(([value, label]) => ({ value, label }))} />
        </FilterBar>
        <DataTable
          caption="Suppressions"
          {...tableOf(list)}
          rowKey={(row) => `${row.contact_id}:${row.reason}`}
          columns={[
            { header: "Address", cell: (row) => <TextLink to={`/contacts/${row.contact_id}`}>{row.email ?? "erased"}</TextLink> },
            { header: "Reason", cell: (row) => <StatusBadge tone={row.reason === "complaint" || row.reason === "hard_bounce" ? "bad" : "neutral"}>{REASONS[row.reason] ?? row.reason}</StatusBadge> },
            { header: "Detail", cell: (row) => <span className="line-clamp-1 max-w-xs text-muted-foreground">{row.detail || row.source}</span> },
            { header: "Ends", cell: (row) => (row.expires_at ? formatDate(row.expires_at) : "Never") },
            { header: "Since", cell: (row) => <RelativeTime at={row.since} /> },
            {
              header: "Actions",
              align: "right",
              cell: (row) =>
                writes && (
                  <Button variant="ghost" size="sm" onClick={() => lift(row)} aria-label={`Lift for ${row.email ?? "erased person"}`}>
                    Lift
                  </Button>
                ),
            },
          ]}
          empty={
            reason ? (
              <EmptyByFilter what="suppressions" onClear={() => change({ reason: undefined })} />
            ) : (
              <EmptyState icon={<Ban />} title="Nobody is suppressed" call="POST /v1/suppressions">
                Hard bounces and complaints land here by themselves. Bring the list of your former tool, so that nobody is mailed who said no.
              </EmptyState>
            )
          }
        />
      </Card>
      <AddDialog open={adding} onOpenChange={add} />
      {lifting && <LiftDialog suppression={lifting} onClose={() => lift(null)} />}
    </Page>
  );
}

function AddDialog({ open, onOpenChange }: { open: boolean; onOpenChange: (open: boolean) => void }) {
  const [email, writeEmail] = useState("");
  const [reason, choose] = useState<"manual" | "complaint" | "hard_bounce" | "unsubscribed">("manual");
  const [note, writeNote] = useState("");
  const add = useAct(() => ok(api.POST("/v1/suppressions", { body: { email, reason, note } })), {
    done: `${email} gets no mail any more`,
    refresh: ["suppressions", "contacts"],
    quiet: true,
    onDone: () => {
      writeEmail("");
      onOpenChange(false);
    },
  });
  return (
    <Dialog open={open} onOpenChange={onOpenChange} title="Suppress an address" description="Holds for addresses too that are not among your contacts yet.">
      <form
        className="grid gap-4"
        onSubmit={(event) => {
          event.preventDefault();
          add.mutate();
        }}
      >
        {add.error && <Callout tone="bad">{asProblem(add.error).message}</Callout>}
        <Field label="E-mail address">
          <Input type="email" value={email} onChange={(event) => writeEmail(event.target.value)} required autoComplete="off" />
        </Field>
        <Field label="Reason">
          <Select
            value={reason}
            onChange={choose}
            options={[
              { value: "manual", label: "By hand" },
              { value: "unsubscribed", label: "Unsubscribed" },
              { value: "complaint", label: "Complaint" },
              { value: "hard_bounce", label: "Hard bounce" },
            ]}
          />
        </Field>
        <Field label="Note" optional>
          <Input value={note} onChange={(event) => writeNote(event.target.value)} maxLength={200} />
        </Field>
        <div className="flex justify-end gap-2">
          <Button variant="secondary" onClick={() => onOpenChange(false)}>
            Cancel
          </Button>
          <Button type="submit" pending={add.isPending}>
            Suppress
          </Button>
        </div>
      </form>
    </Dialog>
  );
}

function LiftDialog({ suppression, onClose }: { suppression: Suppression; onClose: () => void }) {
  const lift = useAct(
    (note: string) =>
      ok(
        api.DELETE("/v1/suppressions/{contact_id}", {
          params: { path: { contact_id: suppression.contact_id } },
          body: { reason: suppression.reason as Reason, note, acknowledged: true },
        }),
      ),
    { done: `${suppression.email ?? "The person"} may be mailed again`, refresh: ["suppressions", "contacts"], quiet: true, onDone: onClose },
  );
  return (
    <ReasonDialog
      open
      onOpenChange={(open) => !open && onClose()}
      title={`Mail ${suppression.email ?? "this person"} again?`}
      description={
        suppression.reason === "complaint"
          ? "This person reported your mail as spam. Mailing again without their wish hurts your reputation, and may be against the law."
          : "Say why this is right: the person asked for it, the mailbox works again."
      }
      action="Lift the suppression"
      danger
      pending={lift.isPending}
      error={lift.error}
      onGo={(note) => lift.mutate(note)}
    />
  );
}
