import { useQuery } from "@tanstack/react-query";
import { Download, History, ShieldAlert, ShieldCheck } from "lucide-react";
import { useState } from "react";

import { useAct } from "@/api/act";
import { api, ok } from "@/api/client";
import { tableOf, usePage } from "@/api/pages";
import { may } from "@/api/permissions";
import { key, useRole } from "@/api/queries";
import { useEventStream } from "@/api/stream";
import type { components } from "@/api/schema";
import { DataTable } from "@/components/data-table";
import { FilterBar, SearchBox } from "@/components/filter-bar";
import { Page } from "@/components/page";
import { EmptyByFilter, EmptyState, ErrorState } from "@/components/states";
import { Button } from "@/components/ui/button";
import { Card, KeyValues } from "@/components/ui/card";
import { Dialog } from "@/components/ui/dialog";
import { CopyField, RelativeTime, Skeleton } from "@/components/ui/small";
import { StatusBadge } from "@/components/ui/status-badge";
import { Switch } from "@/components/ui/toggles";
import { formatDateTime, formatNumber } from "@/lib/format";
import { useUrlChange, useUrlState } from "@/lib/url";

type Line = components["schemas"]["NamedLine"];

/** "delivery.email_sent.v1" as "Email sent". */
function words(code: string): string {
  const name = code.split(".").at(code.includes(".") ? 1 : 0) ?? code;
  const text = name.replaceAll("_", " ");
  return text.charAt(0).toUpperCase() + text.slice(1);
}

/** Who did what, when and from where. It can be read and never changed. */
export default function Audit() {
  const [type] = useUrlState("type");
  const [objectId] = useUrlState("object");
  const [shown, show] = useState<Line | null>(null);
  const [live, follow] = useState(false);
  const change = useUrlChange();
  const exports = may(useRole(), "audit:export");
  const list = usePage(["audit"], { type, objectId }, (cursor) =>
      ok(api.GET("/v1/audit", { params: { query: { cursor, type: type || undefined, object_id: objectId || undefined } } })));
  const first = list.data?.items[0]?.position;
  useEventStream(live && first !== undefined ? `/v1/audit/tail?above=${first}` : null, () => void list.refetch());
  const order = useAct(() => ok(api.POST("/v1/audit/exports", { body: { after: 0, open_personal: false } })), { done: "The export is being written: Settings, Privacy shows it", refresh: ["audit-exports"] });
  return (
    <Page
      title="Audit log"
      description="Every act in this workspace, from the log itself. Personal data is sealed here; nothing can be changed or removed."
      actions={
        <>
          <ChainBadge />
          {exports && (
            <Button variant="secondary" pending={order.isPending} onClick={() => order.mutate()}>
              <Download aria-hidden /> Export
            </Button>
          )}
        </>
      }
    >
      <Card flush>
        <FilterBar>
          <SearchBox label="Type, for example contacts.contact_imported" name="type" />
          {objectId && (
            <Button variant="secondary" size="sm" onClick={() => change({ object: undefined })}>
              Only {objectId.slice(0, 8)} ✕
            </Button>
          )}
          <div className="ml-auto">
            <Switch checked={live} onChange={follow} label="Live" />
          </div>
        </FilterBar>
        <DataTable
          caption="Audit log"
          {...tableOf(list)}
          rowKey={(row) => String(row.position)}
          onOpen={show}
          columns={[
            { header: "When", cell: (row) => <RelativeTime at={row.recorded_at} /> },
            { header: "Who", cell: (row) => <span className="font-medium">{row.actor_name ?? row.actor}</span> },
            {
              header: "What",
              cell: (row) => (
                <button type="button" className="rounded-sm text-left hover:underline" onClick={() => change({ type: row.tag })} title={`Show only ${row.tag}`}>
                  {words(row.tag)}
                  {row.events > 1 && <span className="text-muted-foreground"> × {formatNumber(row.events)}</span>}
                </button>
              ),
            },
            {
              header: "On",
              cell: (row) => (
                <button type="button" className="rounded-sm text-left text-muted-foreground hover:underline" onClick={() => change({ object: row.object_id })}>
                  {row.object_type.replaceAll("_", " ")} <span className="font-mono text-xs">{row.object_id.slice(0, 8)}</span>
                </button>
              ),
            },
            { header: "From", cell: (row) => <span className="font-mono text-xs">{row.ip ?? "–"}</span> },
            {
              header: "Details",
              align: "right",
              cell: (row) => (
                <Button variant="ghost" size="sm" onClick={() => show(row)} aria-label={`Details of ${words(row.tag)} at ${formatDateTime(row.recorded_at)}`}>
                  Details
                </Button>
              ),
            },
          ]}
          empty={
            type || objectId ? (
              <EmptyByFilter what="acts" onClear={() => change({ type: undefined, object: undefined })} />
            ) : (
              <EmptyState icon={<History />} title="Nothing happened yet" call="GET /v1/audit">
                Imports, campaigns, sign-ins of keys: all of it will be here.
              </EmptyState>
            )
          }
        />
      </Card>
      {shown && <Detail line={shown} onClose={() => show(null)} />}
    </Page>
  );
}

function ChainBadge() {
  const check = useQuery({ queryKey: key("audit", "verification"), queryFn: () => ok(api.GET("/v1/audit/verification")), staleTime: 60_000 });
  if (!check.data) return null;
  const { state, verified_upto: upto } = check.data;
  const good = state === "verified";
  return (
    <StatusBadge tone={good ? "good" : state === "broken" ? "bad" : "neutral"} className="gap-1">
      {state === "broken" ? <ShieldAlert className="size-3.5" aria-hidden /> : <ShieldCheck className="size-3.5" aria-hidden />}
      {good ? `Chain verified up to ${formatNumber(upto)}` : state === "broken" ? `Chain broken at ${check.data.fault?.position ?? "?"}` : "Chain not verified yet"}
    </StatusBadge>
  );
}

function Detail({ line, onClose }: { line: Line; onClose: () => void }) {
  const detail = useQuery({
    queryKey: key("audit", "line", line.position),
    queryFn: () => ok(api.GET("/v1/audit/{position}", { params: { path: { position: line.position } } })),
  });
  return (
    <Dialog side open onOpenChange={(open) => !open && onClose()} title={words(line.tag)} description={formatDateTime(line.recorded_at)}>
      <div className="grid gap-5">
        <KeyValues
          items={[
            ["Who", line.actor_name ?? line.actor],
            ["Code", <code key="c" className="font-mono text-xs">{line.tag}</code>],
            ["Command", line.command],
            ["From", line.ip ?? "–"],
            ["Position", line.events > 1 ? `${formatNumber(line.position)} to ${formatNumber(line.last_position)}` : formatNumber(line.position)],
            ["Object", <CopyField key="o" value={line.object_id} label="object id" />],
            ["Request", <CopyField key="r" value={line.correlation_id} label="request id" />],
          ]}
        />
        {detail.error ? (
          <ErrorState error={detail.error} what="The details" onRetry={() => void detail.refetch()} />
        ) : !detail.data ? (
          <Skeleton className="h-40" />
        ) : (
          detail.data.shown.map((event) => (
            <section key={event.position}>
              <h3 className="mb-1.5 text-sm font-semibold">
                {words(event.tag)} <span className="font-mono text-xs font-normal text-muted-foreground">{event.position}</span>
              </h3>
              <div className="overflow-x-auto rounded-md border" tabIndex={0} role="region" aria-label={`Changes at ${event.position}`}>
                <table className="w-full text-left text-xs">
                  <caption className="sr-only">Changes</caption>
                  <thead className="border-b text-muted-foreground">
                    <tr>
                      <th scope="col" className="px-3 py-1.5 font-medium">Field</th>
                      <th scope="col" className="px-3 py-1.5 font-medium">Before</th>
                      <th scope="col" className="px-3 py-1.5 font-medium">After</th>
                    </tr>
                  </thead>
                  <tbody className="divide-y font-mono">
                    {event.changes.map((change) => (
                      <tr key={change.field}>
                        <th scope="row" className="px-3 py-1.5 align-top font-normal">{change.field}</th>
                        <td className="max-w-40 px-3 py-1.5 align-top break-words text-muted-foreground">{shownValue(change.before, change.personal)}</td>
                        <td className="max-w-40 px-3 py-1.5 align-top break-words">{shownValue(change.after, change.personal)}</td>
                      </tr>
                    ))}
                  </tbody>
                </table>
              </div>
            </section>
          ))
        )}
      </div>
    </Dialog>
  );
}

function shownValue(value: unknown, personal: unknown): string {
  if (personal === "sealed") return "(sealed)";
  if (personal === "erased") return "(erased)";
  if (value === null || value === undefined) return "–";
  return typeof value === "string" ? value : JSON.stringify(value);
}
