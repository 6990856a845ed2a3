import { useQuery } from "@tanstack/react-query";
import { Flag } from "lucide-react";
import { useState } from "react";

import { useAct } from "@/api/act";
import { api, ok } from "@/api/client";
import { tableOf } from "@/api/pages";
import { key } from "@/api/queries";
import type { components } from "@/api/schema";
import { DataTable } from "@/components/data-table";
import { Page } from "@/components/page";
import { ReasonDialog } from "@/components/reason-dialog";
import { EmptyState } from "@/components/states";
import { Button } from "@/components/ui/button";
import { Card } from "@/components/ui/card";
import { RelativeTime } from "@/components/ui/small";
import { StatusBadge } from "@/components/ui/status-badge";

type Switch = components["schemas"]["KillSwitch"];
type Turn = { stop: boolean; scope: "global" | "workspace" | "campaign" | "domain"; key: string; workspaceId: string | null; name: string };

/** Stops mail at once: everywhere, or for one workspace, campaign or domain. */
export default function KillSwitches() {
  const [turning, turn] = useState<Turn | null>(null);
  const list = useQuery({ queryKey: key("kill-switches"), queryFn: () => ok(api.GET("/v1/operator/kill-switches")), refetchInterval: 2_000 });
  const act = useAct(
    ({ asked, reason }: { asked: Turn; reason: string }) => {
      const body = { scope: asked.scope, key: asked.key, workspace_id: asked.workspaceId, reason };
      return asked.stop ? ok(api.POST("/v1/operator/kill-switches/stop", { body })) : ok(api.POST("/v1/operator/kill-switches/resume", { body }));
    },
    { done: (_, { asked }) => (asked.stop ? "Stopped" : "Sending goes on"), refresh: ["kill-switches"], quiet: true, onDone: () => turn(null) },
  );
  const name = (row: Switch) => (row.scope === "global" ? "Everything" : `${row.scope} ${row.key || row.workspace_id.slice(0, 8)}`);
  const stopped = list.data?.items.some((row) => row.scope === "global");
  return (
    <Page
      title="Kill switches"
      description="A switch holds on every dispatcher within two seconds; one that cannot be read stops sending too."
      actions={
        !stopped && (
          <Button variant="danger" onClick={() => turn({ stop: true, scope: "global", key: "", workspaceId: null, name: "everything" })}>
            Stop all sending
          </Button>
        )
      }
    >
      <Card title="Switched on now" flush>
        <DataTable
          caption="Kill switches"
          {...tableOf(list as never)}
          rows={list.data?.items}
          rowKey={(row) => `${row.scope}:${row.workspace_id}:${row.key}`}
          columns={[
            { header: "Stops", cell: (row) => <span className="font-medium first-letter:uppercase">{name(row)}</span> },
            { header: "Reason", cell: (row) => row.reason },
            { header: "Since", cell: (row) => <RelativeTime at={row.changed_at} /> },
            {
              header: "Acknowledged",
              cell: (row) => (
                <StatusBadge tone={row.confirmed >= row.dispatchers ? "good" : "warn"}>
                  dispatchers {row.confirmed}/{row.dispatchers}
                </StatusBadge>
              ),
            },
            {
              header: "Actions",
              align: "right",
              cell: (row) => (
                <Button
                  variant="secondary"
                  size="sm"
                  aria-label={`Go on with ${name(row)}`}
                  onClick={() =>
                    turn({ stop: false, scope: row.scope as Turn["scope"], key: row.scope === "workspace" || row.scope === "global" ? "" : row.key, workspaceId: row.scope === "global" ? null : row.workspace_id, name: name(row) })
                  }
                >
                  Go on
                </Button>
              ),
            },
          ]}
          empty={
            <EmptyState icon={<Flag />} title="Nothing is stopped" call="engine switches stop --global --reason …">
              Mail leaves everywhere, as fast as lanes and rates allow.
            </EmptyState>
          }
        />
      </Card>
      {turning && (
        <ReasonDialog
          open
          onOpenChange={(open) => !open && turn(null)}
          title={turning.stop ? `Stop ${turning.name}?` : `Go on with ${turning.name}?`}
          description={turning.stop ? "No mail leaves from within two seconds on. What waits is kept." : "Mail leaves again at the allowed rate."}
          action={turning.stop ? "Stop sending" : "Go on"}
          danger={turning.stop}
          pending={act.isPending}
          error={act.error}
          onGo={(reason) => act.mutate({ asked: turning, reason })}
        />
      )}
    </Page>
  );
}
