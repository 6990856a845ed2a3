import { useQuery } from "@tanstack/react-query";
import { Download, FileArchive } from "lucide-react";
import { type FormEvent, useState } from "react";

import { useAct } from "@/api/act";
import { api, download, ok } from "@/api/client";
import { tableOf, usePage } from "@/api/pages";
import { may } from "@/api/permissions";
import { asProblem } from "@/api/problem";
import { key, useRole } from "@/api/queries";
import type { components } from "@/api/schema";
import { type Column, DataTable } from "@/components/data-table";
import { Page } from "@/components/page";
import { EmptyState, ErrorState } from "@/components/states";
import { Button } from "@/components/ui/button";
import { Callout } from "@/components/ui/callout";
import { Card } from "@/components/ui/card";
import { Field } from "@/components/ui/field";
import { Input } from "@/components/ui/input";
import { RelativeTime, Skeleton } from "@/components/ui/small";
import { StatusBadge, type Tone } from "@/components/ui/status-badge";
import { Tabs } from "@/components/ui/tabs";
import { toastProblem } from "@/components/ui/toast";
import { formatBytes, formatDate, formatNumber } from "@/lib/format";
import { useUrlState } from "@/lib/url";

const STATES: Record<string, [string, Tone]> = {
  requested: ["Waiting", "neutral"],
  queued: ["Waiting", "neutral"],
  running: ["Being written", "info"],
  completed: ["Ready", "good"],
  ready: ["Ready", "good"],
  failed: ["Failed", "bad"],
  expired: ["Expired", "neutral"],
  cancelled: ["Taken back", "neutral"],
};

function ExportState({ state }: { state: string }) {
  const [label, tone] = STATES[state] ?? [state, "neutral" as Tone];
  return <StatusBadge tone={tone}>{label}</StatusBadge>;
}

/** Exports of data, and how long things are kept. Erasing a person begins at the contact. */
export default function Privacy() {
  const [tab, setTab] = useUrlState("tab", "exports");
  return (
    <Page title="Privacy" description="Give people their data, keep it no longer than needed, erase it for good. Erasing one person starts on the page of the contact.">
      <Tabs
        label="Privacy"
        value={tab}
        onChange={setTab}
        tabs={[
          { value: "exports", label: "Data exports", content: <DataExports /> },
          { value: "audit", label: "Audit exports", content: <AuditExports /> },
          { value: "retention", label: "Retention", content: <Retention /> },
        ]}
      />
    </Page>
  );
}

type Written = { export_id: string; state: string; completed_at: string | null; error: string | null; expires_at: string | null };

/** How far an export is, until when it can be fetched, and the button that does it. */
function exportColumns<Row extends Written>(kind: "data" | "audit"): Column<Row>[] {
  return [
    { header: "State", cell: (row) => <ExportState state={row.state} /> },
    { header: "Link ends", cell: (row) => (row.expires_at ? formatDate(row.expires_at) : "–") },
    {
      header: "Actions",
      align: "right",
      cell: (row) =>
        row.completed_at &&
        !row.error && (
          <Button variant="secondary" size="sm" onClick={() => void fetched(kind, row.export_id)}>
            <Download aria-hidden /> Download
          </Button>
        ),
    },
  ];
}

const whileWritten = ({ items }: { items: Written[] }) => (items.some((item) => item.completed_at === null && !item.error) ? 2_000 : false);

async function fetched(kind: "data" | "audit", id: string) {
  try {
    const detail =
      kind === "data"
        ? await ok(api.GET("/v1/privacy/exports/{data_export_id}", { params: { path: { data_export_id: id } } }))
        : await ok(api.GET("/v1/audit/exports/{export_id}", { params: { path: { export_id: id } } }));
    if (detail.download_url) await download(detail.download_url, `${kind}-export-${id.slice(0, 8)}.zip`);
  } catch (error) {
    toastProblem(error);
  }
}

function DataExports() {
  const manages = may(useRole(), "privacy:export");
  const list = usePage(["data-exports"], {}, (cursor) => ok(api.GET("/v1/privacy/exports", { params: { query: { cursor } } })), whileWritten);
  const order = useAct(() => ok(api.POST("/v1/privacy/exports")), { done: "The export is being written", refresh: ["data-exports"] });
  const button = manages && (
    <Button pending={order.isPending} onClick={() => order.mutate()}>
      Export the workspace
    </Button>
  );
  return (
    <Card title="Exports of data" description="Everything of the workspace or of one person, as JSON with a manifest. The link ends by itself." actions={button} flush>
      <DataTable
        caption="Data exports"
        {...tableOf(list)}
        rowKey={(row) => row.export_id}
        columns={[
          { header: "Of", cell: (row) => <span className="font-medium">{row.contact_id ? "One person" : "The workspace"}</span> },
          { header: "Asked", cell: (row) => <RelativeTime at={row.requested_at} /> },
          { header: "Records", align: "right", cell: (row) => (row.total ? `${formatNumber(row.records)} of ${formatNumber(row.total)}` : formatNumber(row.records)) },
          { header: "Size", align: "right", cell: (row) => (row.size_bytes ? formatBytes(row.size_bytes) : "–") },
          ...exportColumns<components["schemas"]["DataExport"]>("data"),
        ]}
        empty={
          <EmptyState icon={<FileArchive />} title="No export yet" action={button} call="POST /v1/privacy/exports">
            A person may ask for their data (GDPR, articles 15 and 20): open the contact and export it.
          </EmptyState>
        }
      />
    </Card>
  );
}

function AuditExports() {
  const list = usePage(["audit-exports"], {}, (cursor) => ok(api.GET("/v1/audit/exports", { params: { query: { cursor } } })), whileWritten);
  return (
    <Card title="Exports of the log" description="Signed, with roots and counts: engine log verify checks them without us." flush>
      <DataTable
        caption="Audit exports"
        {...tableOf(list)}
        rowKey={(row) => row.export_id}
        columns={[
          { header: "Asked", cell: (row) => <RelativeTime at={row.requested_at} /> },
          { header: "Events", align: "right", cell: (row) => formatNumber(row.events) },
          { header: "Personal fields", cell: (row) => (row.open_personal ? "Open" : "Sealed") },
          ...exportColumns<components["schemas"]["Export"]>("audit"),
        ]}
        empty={
          <EmptyState icon={<FileArchive />} title="No export of the log yet" call="POST /v1/audit/exports">
            Begin one on the page of the audit log.
          </EmptyState>
        }
      />
    </Card>
  );
}

type Body = components["schemas"]["RetentionBody"];
const PERIODS: { name: keyof Body & string; label: string; hint: string; optional: boolean }[] = [
  { name: "trash_days", label: "Trash", hint: "Days before deleted things go for good.", optional: false },
  { name: "import_file_days", label: "Import files", hint: "Days that an uploaded file is kept.", optional: false },
  { name: "rejected_row_days", label: "Rejected rows", hint: "Days that rows which were not imported can be fetched.", optional: false },
  { name: "export_days", label: "Exports", hint: "Days that an export can be downloaded.", optional: true },
  { name: "engagement_days", label: "Opens and clicks", hint: "Days; empty keeps them.", optional: true },
  { name: "inactive_contact_days", label: "Inactive contacts", hint: "Days without any sign before a contact is erased; empty keeps them.", optional: true },
];

function Retention() {
  const query = useQuery({ queryKey: key("retention"), queryFn: () => ok(api.GET("/v1/privacy/retention")) });
  if (query.error) return <ErrorState error={query.error} what="Retention" onRetry={() => void query.refetch()} />;
  return query.data ? <RetentionForm now={query.data} /> : <Skeleton className="h-64" />;
}

function RetentionForm({ now }: { now: components["schemas"]["Retention"] }) {
  const [days, write] = useState<Record<string, string>>(Object.fromEntries(PERIODS.map(({ name }) => [name, String(now[name] ?? "")])));
  const save = useAct(
    () =>
      ok(
        api.PUT("/v1/privacy/retention", {
          body: Object.fromEntries(PERIODS.map(({ name }) => [name, days[name] === "" ? null : Number(days[name])])) as Body,
        }),
      ),
    { done: "Retention saved", refresh: ["retention"], quiet: true },
  );
  const submit = (event: FormEvent) => {
    event.preventDefault();
    save.mutate();
  };
  return (
    <Card title="How long things are kept" description="The log itself stays; what is personal in it becomes unreadable.">
      <form onSubmit={submit} className="grid max-w-2xl gap-4">
        {save.error && <Callout tone="bad">{asProblem(save.error).message}</Callout>}
        <div className="grid gap-4 sm:grid-cols-2">
          {PERIODS.map((period) => (
            <Field key={period.name} label={period.label} hint={period.hint} optional={period.optional}>
              <Input
                type="number"
                min={1}
                value={days[period.name]}
                required={!period.optional}
                onChange={(event) => write({ ...days, [period.name]: event.target.value })}
              />
            </Field>
          ))}
        </div>
        <div>
          <Button type="submit" variant="secondary" pending={save.isPending}>
            Save retention
          </Button>
        </div>
      </form>
    </Card>
  );
}
