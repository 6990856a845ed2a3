import { useQuery } from "@tanstack/react-query";
import { Activity, Gauge } from "lucide-react";
import { useState } from "react";

import { useAct } from "@/api/act";
import { api, ok } from "@/api/client";
import { may } from "@/api/permissions";
import { key, useRole } from "@/api/queries";
import type { components } from "@/api/schema";
import { DataTable } from "@/components/data-table";
import { Page } from "@/components/page";
import { ReasonDialog } from "@/components/reason-dialog";
import { EmptyState, ErrorState } from "@/components/states";
import { Button } from "@/components/ui/button";
import { Callout } from "@/components/ui/callout";
import { Card, KeyValues } from "@/components/ui/card";
import { Dialog } from "@/components/ui/dialog";
import { Menu } from "@/components/ui/menu";
import { Progress } from "@/components/ui/progress";
import { Skeleton } from "@/components/ui/small";
import { StatusBadge, type Tone } from "@/components/ui/status-badge";
import { Tabs } from "@/components/ui/tabs";
import { formatDateTime, formatNumber, formatRate } from "@/lib/format";
import { useUrlState } from "@/lib/url";

import { Rates } from "./rates";

type Lane = components["schemas"]["Lane"];
type Act = "block" | "open" | "warm-up/skip" | "warm-up/restart";

const STATES: Record<string, [string, Tone]> = { open: ["Open", "good"], blocked: ["Blocked", "bad"], probing: ["Trying again", "warn"] };
const ACTS: Record<Act, { title: string; description: string; action: string; danger?: boolean }> = {
  block: { title: "Block this lane?", description: "Nothing leaves on it until somebody opens it. Its messages wait and are not lost.", action: "Block", danger: true },
  open: { title: "Open this lane?", description: "Mail leaves on it again at once, at the allowed rate.", action: "Open" },
  "warm-up/skip": { title: "Skip the warm-up?", description: "The lane is unlimited from now on. Do it only where this domain already sends this much to this provider.", action: "Skip warm-up", danger: true },
  "warm-up/restart": { title: "Start the warm-up again?", description: "The lane goes back to the first step: 50 an hour.", action: "Restart" },
};

/** How mail leaves: lanes with their warm-up and reputation, rates, and what providers say. */
export default function Sending() {
  const [tab, setTab] = useUrlState("tab", "lanes");
  return (
    <Page title="Sending" description="A lane is the way from one of your domains to one mailbox provider. Each has its own warm-up and its own brake.">
      <Tabs
        label="Sending"
        value={tab}
        onChange={setTab}
        tabs={[
          { value: "lanes", label: "Lanes", content: <Lanes /> },
          { value: "rates", label: "Rates", content: <Rates /> },
          { value: "health", label: "Health", content: <Health /> },
        ]}
      />
    </Page>
  );
}

function Lanes() {
  const [shown, show] = useState<Lane | null>(null);
  const list = useQuery({ queryKey: key("lanes"), queryFn: () => ok(api.GET("/v1/delivery/lanes")), refetchInterval: 10_000 });
  return (
    <Card flush>
      <DataTable
        caption="Lanes"
        rows={list.data?.items}
        error={list.error ?? undefined}
        onRetry={() => void list.refetch()}
        loading={list.isPending}
        rowKey={(lane) => lane.lane_id}
        onOpen={show}
        columns={[
          {
            header: "Lane",
            cell: (lane) => (
              <span>
                <span className="font-medium">{lane.sending_domain}</span>
                <span className="text-muted-foreground"> to {lane.destination}</span>
              </span>
            ),
          },
          { header: "State", cell: (lane) => <LaneState lane={lane} /> },
          { header: "Warm-up", cell: (lane) => <WarmUp lane={lane} /> },
          { header: "Why", cell: (lane) => <span className="line-clamp-2 max-w-sm text-muted-foreground">{lane.warning || lane.reason || "–"}</span> },
          {
            header: "Actions",
            align: "right",
            cell: (lane) => (
              <Button variant="ghost" size="sm" onClick={() => show(lane)} aria-label={`Details of ${lane.sending_domain} to ${lane.destination}`}>
                Details
              </Button>
            ),
          },
        ]}
        empty={
          <EmptyState icon={<Activity />} title="No mail has left yet" call="GET /v1/delivery/lanes">
            Lanes appear with the first campaign: one for each of your domains and each mailbox provider.
          </EmptyState>
        }
      />
      {shown && <LaneDialog lane={list.data?.items.find((lane) => lane.lane_id === shown.lane_id) ?? shown} onClose={() => show(null)} />}
    </Card>
  );
}

function LaneState({ lane }: { lane: Lane }) {
  const [label, tone] = STATES[lane.state] ?? [lane.state, "neutral" as Tone];
  return <StatusBadge tone={lane.state === "open" && lane.warning ? "warn" : tone}>{lane.state === "open" && lane.warning ? "Open, warned" : label}</StatusBadge>;
}

function WarmUp({ lane }: { lane: Lane }) {
  const { warm_up: warm } = lane;
  if (warm.state !== "running" || warm.allowed_per_hour === null) return <span className="text-muted-foreground">{warm.state === "none" ? "Unlimited" : `Unlimited, ${warm.state}`}</span>;
  return (
    <div className="w-36">
      <div className="mb-1 text-xs tabular-nums">
        {formatNumber(warm.used_this_hour)} of {formatNumber(warm.allowed_per_hour)} this hour
      </div>
      <Progress value={warm.used_this_hour} of={warm.allowed_per_hour} label="Used this hour" />
    </div>
  );
}

function LaneDialog({ lane, onClose }: { lane: Lane; onClose: () => void }) {
  const [act, choose] = useState<Act | null>(null);
  const manages = may(useRole(), "delivery:manage");
  const turn = useAct(
    ({ which, reason }: { which: Act; reason: string }) =>
      ok(
        api.POST(`/v1/delivery/lanes/{sending_domain}/{destination}/${which}`, {
          params: { path: { sending_domain: lane.sending_domain, destination: lane.destination } },
          body: { reason },
        }),
      ),
    { done: "Done; it holds within two seconds", refresh: ["lanes"], quiet: true, onDone: () => choose(null) },
  );
  const { warm_up: warm } = lane;
  return (
    <>
      <Dialog side open={!act} onOpenChange={(open) => !open && !act && onClose()} title={`${lane.sending_domain} to ${lane.destination}`}>
        <div className="grid gap-5">
          <LaneState lane={lane} />
          {lane.warning && <Callout tone="warn">{lane.warning}</Callout>}
          <KeyValues
            items={[
              ["Reason", lane.reason || "Nothing stands against it"],
              ["Since", lane.since ? formatDateTime(lane.since) : "–"],
              ["Until", lane.until ? formatDateTime(lane.until) : lane.state === "blocked" ? "Somebody opens it" : "–"],
              ["Allowed now", warm.allowed_per_hour === null ? "Unlimited" : `${formatNumber(warm.allowed_per_hour)} an hour`],
              ["Why so many", warm.reason || "–"],
              ["Next step", warm.next_step_at ? formatDateTime(warm.next_step_at) : "–"],
              ["It still needs", warm.next_step_needs.length > 0 ? warm.next_step_needs.join("; ") : "Nothing"],
              ...Object.entries(lane.counted).map(([name, count]): [string, string] => [`${name}, 24 h`, formatNumber(count)]),
            ]}
          />
          {manages && (
            <div className="flex flex-wrap gap-2">
              {lane.state === "open" ? (
                <Button variant="secondary" onClick={() => choose("block")}>
                  Block
                </Button>
              ) : (
                <Button onClick={() => choose("open")}>Open</Button>
              )}
              <Menu
                align="start"
                trigger={
                  <Button variant="secondary">
                    <Gauge aria-hidden /> Warm-up
                  </Button>
                }
                entries={[
                  { label: "Skip the warm-up", onSelect: () => choose("warm-up/skip"), disabled: warm.state !== "running" },
                  { label: "Start it again", onSelect: () => choose("warm-up/restart") },
                ]}
              />
            </div>
          )}
        </div>
      </Dialog>
      {act && (
        <ReasonDialog
          open
          onOpenChange={(open) => !open && choose(null)}
          {...ACTS[act]}
          pending={turn.isPending}
          error={turn.error}
          onGo={(reason) => turn.mutate({ which: act, reason })}
        />
      )}
    </>
  );
}

function Health() {
  const health = useQuery({ queryKey: key("health"), queryFn: () => ok(api.GET("/v1/delivery/health")) });
  if (health.error) return <ErrorState error={health.error} what="Health" onRetry={() => void health.refetch()} />;
  if (!health.data) return <Skeleton className="h-40" />;
  return (
    <Card title="What providers say, last 24 hours" description="A campaign pauses by itself above 5% bounces or 0.3% complaints." flush>
      <DataTable
        caption="Health by domain and provider"
        rows={health.data.items}
        loading={false}
        rowKey={(row) => `${row.sending_domain}:${row.destination}`}
        columns={[
          { header: "Domain", cell: (row) => row.sending_domain },
          { header: "Provider", cell: (row) => row.destination },
          { header: "Sent", align: "right", cell: (row) => formatNumber(row.counted["sent"] ?? 0) },
          { header: "Bounced", align: "right", cell: (row) => formatRate(row.bounce_rate) },
          { header: "Blocked", align: "right", cell: (row) => formatRate(row.blocked_rate) },
          { header: "Slowed", align: "right", cell: (row) => formatRate(row.slowed_rate) },
          { header: "Complaints", align: "right", cell: (row) => formatRate(row.complaint_rate) },
        ]}
        empty={
          <EmptyState icon={<Activity />} title="Not enough mail yet">
            Rates are shown once something was sent in the last 24 hours.
          </EmptyState>
        }
      />
    </Card>
  );
}
