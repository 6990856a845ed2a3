import { Trash2 } from "lucide-react";

import { useAct } from "@/api/act";
import { api, ok } from "@/api/client";
import { tableOf, usePage } from "@/api/pages";
import type { components } from "@/api/schema";
import { DataTable } from "@/components/data-table";
import { FilterBar, FilterChips } from "@/components/filter-bar";
import { Page } from "@/components/page";
import { EmptyByFilter, EmptyState } from "@/components/states";
import { Button } from "@/components/ui/button";
import { Card } from "@/components/ui/card";
import { RelativeTime } from "@/components/ui/small";
import { StatusBadge } from "@/components/ui/status-badge";
import { plural } from "@/lib/format";
import { useUrlChange, useUrlState } from "@/lib/url";

type Thing = components["schemas"]["Trashed"];

function restored(thing: Thing) {
  if (thing.kind === "contact") return ok(api.POST("/v1/contacts/{contact_id}/restore", { params: { path: { contact_id: thing.thing_id } } }));
  if (thing.kind === "template") return ok(api.POST("/v1/templates/{template_id}/restore", { params: { path: { template_id: thing.thing_id } } }));
  return ok(api.POST("/v1/campaigns/{campaign_id}/restore", { params: { path: { campaign_id: thing.thing_id } } }));
}

/** What was deleted and can still come back. */
export default function Trash() {
  const [kind] = useUrlState("kind");
  const change = useUrlChange();
  const list = usePage(["trash"], { kind }, (cursor) => ok(api.GET("/v1/trash", { params: { query: { cursor, kind: (kind || undefined) as never } } })));
  const restore = useAct(restored, { done: (_, thing) => `${thing.name ?? "It"} is back`, refresh: ["trash", "contacts", "templates", "campaigns"] });
  const left = (thing: Thing) => Math.max(0, Math.ceil((new Date(thing.purge_at).getTime() - Date.now()) / 86_400_000));
  return (
    <Page title="Trash" description="Deleted things rest here before they go for good. Restoring brings them back as they were.">
      <Card flush>
        <FilterBar>
          <FilterChips
            name="kind"
            label="Kind"
            options={[
              { value: "contact", label: "Contacts" },
              { value: "template", label: "Templates" },
              { value: "campaign", label: "Campaigns" },
            ]}
          />
        </FilterBar>
        <DataTable
          caption="Trash"
          {...tableOf(list)}
          rowKey={(row) => row.thing_id}
          columns={[
            { header: "Name", cell: (row) => <span className="font-medium">{row.name ?? "erased"}</span> },
            { header: "Kind", cell: (row) => <span className="capitalize">{row.kind}</span> },
            { header: "Deleted", cell: (row) => <RelativeTime at={row.deleted_at} /> },
            { header: "Goes in", cell: (row) => <StatusBadge tone={left(row) <= 3 ? "warn" : "neutral"}>{plural(left(row), "day")}</StatusBadge> },
            {
              header: "Actions",
              align: "right",
              cell: (row) => (
                <Button variant="secondary" size="sm" onClick={() => restore.mutate(row)} aria-label={`Restore ${row.name ?? row.kind}`}>
                  Restore
                </Button>
              ),
            },
          ]}
          empty={
            kind ? (
              <EmptyByFilter what="deleted things" onClear={() => change({ kind: undefined })} />
            ) : (
              <EmptyState icon={<Trash2 />} title="The trash is empty">
                Contacts, templates and campaigns that you delete stay here for a while.
              </EmptyState>
            )
          }
        />
      </Card>
    </Page>
  );
}
