import { Mail } from "lucide-react";

import { api, ok } from "@/api/client";
import { tableOf, usePage } from "@/api/pages";
import { DataTable } from "@/components/data-table";
import { FilterBar, FilterChips, SearchBox } from "@/components/filter-bar";
import { TextLink } from "@/components/link";
import { Page } from "@/components/page";
import { EmptyByFilter, EmptyState } from "@/components/states";
import { Card } from "@/components/ui/card";
import { RelativeTime } from "@/components/ui/small";
import { useUrlChange, useUrlState } from "@/lib/url";

import { MessageStatus } from "./status";

const FILTERS = [
  { value: "sent", label: "Sent" },
  { value: "deferred", label: "Put off" },
  { value: "bounced", label: "Bounced" },
  { value: "failed", label: "Failed" },
  { value: "uncertain", label: "Uncertain" },
  { value: "skipped", label: "Not sent" },
];

/** Every message to everybody, and behind each why it went as it did. */
export default function Messages() {
  return (
    <Page title="Messages" description="For each person what happened. Open a message to see its whole life, and why.">
      <Card flush>
        <MessageTable />
      </Card>
    </Page>
  );
}

/** The same list for all campaigns, or for one. */
export function MessageTable({ campaignId, refetchInterval = false }: { campaignId?: string; refetchInterval?: number | false }) {
  const [status] = useUrlState("status");
  const [email] = useUrlState("email");
  const change = useUrlChange();
  const list = usePage(
    ["messages"],
    { campaignId, status, email },
    (cursor) => ok(api.GET("/v1/messages", { params: { query: { campaign_id: campaignId, cursor, status: (status || undefined) as never, email: email || undefined } } })),
    refetchInterval,
  );
  return (
    <>
      <FilterBar>
        <SearchBox label="Find an e-mail address" name="email" />
        <FilterChips name="status" label="Outcome" options={FILTERS} />
      </FilterBar>
      <DataTable
        caption="Messages"
        {...tableOf(list)}
        rowKey={(row) => row.message_id}
        to={(row) => `/messages/${row.message_id}`}
        columns={[
          { header: "To", cell: (row) => <TextLink to={`/contacts/${row.contact_id}`}>{row.email ?? "erased person"}</TextLink> },
          { header: "Outcome", cell: (row) => <MessageStatus status={row.status} /> },
          { header: "What the server said", cell: (row) => <span className="line-clamp-1 max-w-md font-mono text-xs text-muted-foreground">{row.reply ?? row.reason ?? "–"}</span> },
          { header: "Opens", align: "right", cell: (row) => row.opens },
          { header: "Clicks", align: "right", cell: (row) => row.clicks },
          { header: "When", cell: (row) => (row.status_at ? <RelativeTime at={row.status_at} /> : "–") },
        ]}
        empty={
          status || email ? (
            <EmptyByFilter what="messages" onClear={() => change({ status: undefined, email: undefined })} />
          ) : (
            <EmptyState icon={<Mail />} title="No message yet" call="engine messages explain <message id>">
              The first campaign fills this list: one line a person, with the server's answer.
            </EmptyState>
          )
        }
      />
    </>
  );
}
