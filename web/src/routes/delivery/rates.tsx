import { useQuery } from "@tanstack/react-query";
import { Gauge } from "lucide-react";
import { useState } from "react";

import { useAct } from "@/api/act";
import { api, ok } from "@/api/client";
import { may } from "@/api/permissions";
import { asProblem } from "@/api/problem";
import { key, useRole } from "@/api/queries";
import { DataTable } from "@/components/data-table";
import { EmptyState } from "@/components/states";
import { Button } from "@/components/ui/button";
import { Callout } from "@/components/ui/callout";
import { Card } from "@/components/ui/card";
import { Dialog } from "@/components/ui/dialog";
import { Field } from "@/components/ui/field";
import { Input } from "@/components/ui/input";
import { Select } from "@/components/ui/select";
import { formatNumber } from "@/lib/format";

type Kind = "workspace" | "domain" | "destination" | "lane";
const KINDS: { value: Kind; label: string; hint: string }[] = [
  { value: "workspace", label: "Workspace", hint: "All of your mail together" },
  { value: "domain", label: "Sending domain", hint: "Key: example.com" },
  { value: "destination", label: "Mailbox provider", hint: "Key: google, microsoft, …" },
  { value: "lane", label: "Lane", hint: "Key: example.com to google" },
];

/** How fast mail may leave: never passed, by anybody. */
export function Rates() {
  const [editing, edit] = useState(false);
  const manages = may(useRole(), "delivery:manage");
  const list = useQuery({ queryKey: key("rates"), queryFn: () => ok(api.GET("/v1/send-rates")) });
  const drop = useAct((row: { kind: string; key: string }) => ok(api.PUT("/v1/send-rates", { body: { kind: row.kind as Kind, key: row.key, rate_per_s: null } })), {
    done: "Rate removed",
    refresh: ["rates"],
  });
  const button = manages && <Button onClick={() => edit(true)}>Set a rate</Button>;
  return (
    <Card title="Rates" description="The lowest of all that apply holds." actions={button} flush>
      <DataTable
        caption="Rates"
        rows={list.data?.items}
        error={list.error ?? undefined}
        onRetry={() => void list.refetch()}
        loading={list.isPending}
        rowKey={(row) => `${row.kind}:${row.key}`}
        columns={[
          { header: "Holds for", cell: (row) => <span className="font-medium">{KINDS.find((kind) => kind.value === row.kind)?.label ?? row.kind}</span> },
          { header: "Key", cell: (row) => row.key || "–" },
          { header: "Messages a second", align: "right", cell: (row) => formatNumber(row.rate_per_s) },
          { header: "At once", align: "right", cell: (row) => formatNumber(row.burst) },
          { header: "Set by", cell: (row) => (row.everybodys ? "The operator, for everybody" : "This workspace") },
          {
            header: "Actions",
            align: "right",
            cell: (row) =>
              manages &&
              !row.everybodys && (
                <Button variant="ghost" size="sm" pending={drop.isPending} onClick={() => drop.mutate(row)} aria-label={`Remove the rate of ${row.key || row.kind}`}>
                  Remove
                </Button>
              ),
          },
        ]}
        empty={
          <EmptyState icon={<Gauge />} title="No rate of your own" action={button} call="PUT /v1/send-rates">
            Mail leaves as fast as relays, warm-up and providers allow. Set a rate to stay below that.
          </EmptyState>
        }
      />
      {editing && <RateDialog onClose={() => edit(false)} />}
    </Card>
  );
}

function RateDialog({ onClose }: { onClose: () => void }) {
  const [kind, choose] = useState<Kind>("workspace");
  const [name, writeName] = useState("");
  const [rate, writeRate] = useState("10");
  const save = useAct(() => ok(api.PUT("/v1/send-rates", { body: { kind, key: kind === "workspace" ? "" : name.trim(), rate_per_s: Number(rate) } })), {
    done: "The rate holds from now on",
    refresh: ["rates"],
    quiet: true,
    onDone: onClose,
  });
  return (
    <Dialog open onOpenChange={(open) => !open && onClose()} title="Set a rate">
      <form
        className="grid gap-4"
        onSubmit={(event) => {
          event.preventDefault();
          save.mutate();
        }}
      >
        {save.error && <Callout tone="bad">{asProblem(save.error).message}</Callout>}
        <Field label="Holds for">
          <Select value={kind} onChange={choose} options={KINDS} />
        </Field>
        {kind !== "workspace" && (
          <Field label="Key" hint={KINDS.find((item) => item.value === kind)?.hint}>
            <Input value={name} onChange={(event) => writeName(event.target.value)} required />
          </Field>
        )}
        <Field label="Messages a second" hint="Below one is good too: 0.5 is one each two seconds.">
          <Input type="number" min="0.001" step="any" value={rate} onChange={(event) => writeRate(event.target.value)} required />
        </Field>
        <div className="flex justify-end gap-2">
          <Button variant="secondary" onClick={onClose}>
            Cancel
          </Button>
          <Button type="submit" pending={save.isPending}>
            Set rate
          </Button>
        </div>
      </form>
    </Dialog>
  );
}
