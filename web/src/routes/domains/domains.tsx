import { Globe, Plus } from "lucide-react";
import { useState } from "react";

import { useAct } from "@/api/act";
import { api, ok } from "@/api/client";
import { tableOf, usePage } from "@/api/pages";
import { may } from "@/api/permissions";
import { asProblem } from "@/api/problem";
import { useRole } from "@/api/queries";
import { DataTable } from "@/components/data-table";
import { Page } from "@/components/page";
import { EmptyState } from "@/components/states";
import { Button } from "@/components/ui/button";
import { Callout } from "@/components/ui/callout";
import { Card } from "@/components/ui/card";
import { Dialog } from "@/components/ui/dialog";
import { Field } from "@/components/ui/field";
import { Input } from "@/components/ui/input";
import { RelativeTime } from "@/components/ui/small";
import { StatusBadge, type Tone } from "@/components/ui/status-badge";
import { useGo } from "@/lib/url";

const STATES: Record<string, [string, Tone]> = {
  pending: ["Waiting for DNS", "info"],
  verified: ["Verified", "good"],
  broken: ["Broken", "bad"],
};

export function DomainState({ state }: { state: string }) {
  const [label, tone] = STATES[state] ?? [state, "neutral" as Tone];
  return <StatusBadge tone={tone}>{label}</StatusBadge>;
}

/** The domains that mail may come from. */
export default function Domains() {
  const [adding, add] = useState(false);
  const manages = may(useRole(), "delivery:manage");
  const list = usePage(["domains"], {}, (cursor) => ok(api.GET("/v1/sending-domains", { params: { query: { cursor } } })), 30_000);
  const button = manages && (
    <Button onClick={() => add(true)}>
      <Plus aria-hidden /> Add a domain
    </Button>
  );
  return (
    <Page title="Sending domains" description="Mail leaves only from domains that prove they are yours: four DNS records, checked again and again." actions={button}>
      <Card flush>
        <DataTable
          caption="Sending domains"
          {...tableOf(list)}
          rowKey={(row) => row.domain_id}
          to={(row) => `/domains/${row.domain_id}`}
          columns={[
            { header: "Domain", cell: (row) => <span className="font-medium">{row.domain}</span> },
            { header: "State", cell: (row) => <DomainState state={row.state} /> },
            { header: "Records right", align: "right", cell: (row) => `${row.records.filter((record) => record.state === "ok").length} of ${row.records.length}` },
            { header: "Last checked", cell: (row) => (row.checked_at ? <RelativeTime at={row.checked_at} /> : "Never") },
          ]}
          empty={
            <EmptyState icon={<Globe />} title="No domain yet" action={button} call="engine domains add example.com">
              Until a domain of yours is verified, campaigns go to the sandbox only.
            </EmptyState>
          }
        />
      </Card>
      <AddDialog open={adding} onOpenChange={add} />
    </Page>
  );
}

function AddDialog({ open, onOpenChange }: { open: boolean; onOpenChange: (open: boolean) => void }) {
  const [domain, write] = useState("");
  const go = useGo();
  const add = useAct(() => ok(api.POST("/v1/sending-domains", { body: { domain: domain.trim() } })), {
    refresh: ["domains", "onboarding"],
    quiet: true,
    onDone: ({ id }) => go(`/domains/${id}`),
  });
  return (
    <Dialog open={open} onOpenChange={onOpenChange} title="Add a sending domain" description="The part after the @ of your From address. You will get the records to publish.">
      <form
        className="grid gap-4"
        onSubmit={(event) => {
          event.preventDefault();
          add.mutate();
        }}
      >
        {add.error && <Callout tone="bad">{asProblem(add.error).message}</Callout>}
        <Field label="Domain" hint="For example news.your-company.com">
          <Input value={domain} onChange={(event) => write(event.target.value)} required autoComplete="off" autoCapitalize="none" spellCheck={false} />
        </Field>
        <div className="flex justify-end gap-2">
          <Button variant="secondary" onClick={() => onOpenChange(false)}>
            Cancel
          </Button>
          <Button type="submit" pending={add.isPending}>
            Add domain
          </Button>
        </div>
      </form>
    </Dialog>
  );
}
