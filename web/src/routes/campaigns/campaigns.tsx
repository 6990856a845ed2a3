import { Plus, Send } from "lucide-react";

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
import { StatusBadge } from "@/components/ui/status-badge";
import { formatDateTime, formatNumber } from "@/lib/format";

import { CampaignStatus } from "./status";

/** All campaigns, the newest first. */
export default function Campaigns() {
  const writes = may(useRole(), "campaigns:write");
  const list = usePage(["campaigns"], {}, (cursor) => ok(api.GET("/v1/campaigns", { params: { query: { cursor } } })), ({ items }) => (items.some((item) => item.status === "running") ? 5_000 : false));
  const button = writes && (
    <LinkButton to="/campaigns/new">
      <Plus aria-hidden /> New campaign
    </LinkButton>
  );
  return (
    <Page title="Campaigns" actions={button}>
      <Card flush>
        <DataTable
          caption="Campaigns"
          {...tableOf(list)}
          rowKey={(row) => row.campaign_id}
          to={(row) => (row.status === "draft" ? `/campaigns/${row.campaign_id}/edit` : `/campaigns/${row.campaign_id}`)}
          columns={[
            {
              header: "Name",
              cell: (row) => (
                <span className="flex items-center gap-2 font-medium">
                  {row.name}
                  {row.sandbox && <StatusBadge tone="info">Sandbox</StatusBadge>}
                </span>
              ),
            },
            { header: "Status", cell: (row) => <CampaignStatus status={row.status} /> },
            { header: "Recipients", align: "right", cell: (row) => (row.audience === null ? "–" : formatNumber(row.audience)) },
            {
              header: "When",
              cell: (row) =>
                row.status === "scheduled" && row.send_at ? <>for {formatDateTime(row.send_at)}</> : <RelativeTime at={row.ended_at ?? row.launched_at ?? row.drafted_at} />,
            },
          ]}
          empty={
            <EmptyState icon={<Send />} title="No campaign yet" action={button} call="POST /v1/campaigns">
              A campaign sends one template to your contacts, at the rate your domains allow, and tells for each person what happened.
            </EmptyState>
          }
        />
      </Card>
    </Page>
  );
}
