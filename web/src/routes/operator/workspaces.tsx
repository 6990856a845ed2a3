import { Building2 } from "lucide-react";

import { api, ok } from "@/api/client";
import { tableOf, usePage } from "@/api/pages";
import { DataTable } from "@/components/data-table";
import { Page } from "@/components/page";
import { EmptyState } from "@/components/states";
import { Card } from "@/components/ui/card";
import { formatDate, formatNumber } from "@/lib/format";

/** All workspaces of this installation, in numbers: nothing of what is in them. */
export default function Workspaces() {
  const list = usePage(["operator", "workspaces"], {}, (cursor) => ok(api.GET("/v1/operator/workspaces", { params: { query: { cursor } } })));
  return (
    <Page title="All workspaces" description="Looking into one needs a reason and is written into its audit log: POST /v1/operator/workspaces/{id}/viewings.">
      <Card flush>
        <DataTable
          caption="Workspaces"
          {...tableOf(list)}
          rowKey={(row) => row.workspace_id}
          columns={[
            { header: "Name", cell: (row) => <span className="font-medium">{row.name ?? "–"}</span> },
            { header: "Id", cell: (row) => <span className="font-mono text-xs">{row.workspace_id}</span> },
            { header: "Members", align: "right", cell: (row) => formatNumber(row.members) },
            { header: "Contacts", align: "right", cell: (row) => formatNumber(row.contacts) },
            { header: "Campaigns", align: "right", cell: (row) => formatNumber(row.campaigns) },
            { header: "Keys", align: "right", cell: (row) => formatNumber(row.api_keys) },
            { header: "Since", cell: (row) => (row.created_at ? formatDate(row.created_at) : "–") },
          ]}
          empty={
            <EmptyState icon={<Building2 />} title="No workspace">
              The first account that registers founds one.
            </EmptyState>
          }
        />
      </Card>
    </Page>
  );
}
