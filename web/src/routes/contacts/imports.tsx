import { FileUp, Plus } from "lucide-react";

import { api, ok } from "@/api/client";
import { tableOf, usePage } from "@/api/pages";
import { may } from "@/api/permissions";
import { useRole } from "@/api/queries";
import { DataTable } from "@/components/data-table";
import { Page } from "@/components/page";
import { EmptyState } from "@/components/states";
import { Card } from "@/components/ui/card";
import { LinkButton } from "@/components/ui/link-button";
import { RelativeTime } from "@/components/ui/small";
import { StatusBadge, type Tone } from "@/components/ui/status-badge";
import { formatBytes, formatNumber } from "@/lib/format";

const LOOKS: Record<string, [string, Tone]> = { reviewing: ["To be reviewed", "warn"], checking: ["Being checked", "info"], cancelled: ["Cancelled", "neutral"], running: ["Running", "info"], completed: ["Done", "good"], failed: ["Failed", "bad"] };

export function ImportStatus({ status }: { status: string }) {
  const [label, tone] = LOOKS[status] ?? [status.charAt(0).toUpperCase() + status.slice(1).replaceAll("_", " "), "neutral" as Tone];
  return (
    <StatusBadge tone={tone} pulse={status === "running"}>
      {label}
    </StatusBadge>
  );
}

/** Every import with what became of its rows. */
export default function Imports() {
  const writes = may(useRole(), "contacts:write");
  const list = usePage(["imports"], {}, (cursor) => ok(api.GET("/v1/contacts/imports", { params: { query: { cursor } } })), ({ items }) => (items.some((item) => item.status === "running" || item.status === "checking") ? 1_500 : false));
  const button = writes && (
    <LinkButton to="/contacts/imports/new">
      <Plus aria-hidden /> New import
    </LinkButton>
  );
  return (
    <Page title="Imports" actions={button}>
      <Card flush>
        <DataTable
          caption="Imports"
          {...tableOf(list)}
          rowKey={(row) => row.import_id}
          to={(row) => `/contacts/imports/${row.import_id}${row.status === "reviewing" || row.status === "checking" ? "/review" : ""}`}
          columns={[
            { header: "Begun", cell: (row) => <RelativeTime at={row.requested_at} /> },
            { header: "Status", cell: (row) => <ImportStatus status={row.status} /> },
            { header: "Rows", align: "right", cell: (row) => formatNumber(row.rows) },
            { header: "Imported", align: "right", cell: (row) => formatNumber(row.valid) },
            { header: "Twice", align: "right", cell: (row) => formatNumber(row.duplicates) },
            { header: "Rejected", align: "right", cell: (row) => formatNumber(row.invalid) },
            { header: "File", align: "right", cell: (row) => formatBytes(row.size_bytes) },
          ]}
          empty={
            <EmptyState icon={<FileUp />} title="No import yet" action={button} call="engine contacts import people.csv">
              Each import is kept with its counts and the rows that were rejected, with the reason for each.
            </EmptyState>
          }
        />
      </Card>
    </Page>
  );
}
