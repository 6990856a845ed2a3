import { useQuery } from "@tanstack/react-query";
import { Pause, Play, Square } from "lucide-react";
import { useEffect, useRef, useState } from "react";

import { useAct } from "@/api/act";
import { api, ok } from "@/api/client";
import { may } from "@/api/permissions";
import { key, queryClient, useRole } from "@/api/queries";
import { useEventStream } from "@/api/stream";
import type { components } from "@/api/schema";
import { Button } from "@/components/ui/button";
import { Card } from "@/components/ui/card";
import { ConfirmDialog } from "@/components/ui/dialog";
import { PartsBar } from "@/components/ui/progress";
import { StatusBadge } from "@/components/ui/status-badge";
import { formatDateTime, formatNumber, plural } from "@/lib/format";

type Live = components["schemas"]["CampaignLive"];
const OVER = new Set(["completed", "cancelled"]);

/** Where the campaign is now: a snapshot, then the stream; polling when the stream is away. */
function useLive(campaignId: string, running: boolean) {
  const name = key("campaigns", campaignId, "live");
  const streaming = useEventStream(running ? `/v1/campaigns/${campaignId}/live` : null, ({ data }) => {
    if (data && typeof data === "object" && "progress" in data) queryClient.setQueryData(name, data);
  });
  const pulse = useQuery({
    queryKey: name,
    queryFn: () => ok(api.GET("/v1/campaigns/{campaign_id}/pulse", { params: { path: { campaign_id: campaignId } } })),
    refetchInterval: running && streaming !== "live" ? 15_000 : false,
  });
  return { live: pulse.data, streaming, error: pulse.error };
}

/** Progress, rate against what is allowed, the reason in words, and the brakes. */
export function LivePanel({ campaignId, name, status }: { campaignId: string; name: string; status: string }) {
  const over = OVER.has(status);
  const { live, streaming } = useLive(campaignId, !over);
  const [stopping, stop] = useState(false);
  const sends = may(useRole(), "campaigns:send");
  const path = { params: { path: { campaign_id: campaignId } } };
  const refresh = ["campaigns"];
  const pause = useAct(() => ok(api.POST("/v1/campaigns/{campaign_id}/pause", path)), { done: "Paused; nothing more leaves", refresh });
  const resume = useAct(() => ok(api.POST("/v1/campaigns/{campaign_id}/resume", path)), { done: "Sending goes on", refresh });
  const cancel = useAct(() => ok(api.POST("/v1/campaigns/{campaign_id}/cancel", path)), { done: "Cancelled", refresh, onDone: () => stop(false) });
  const was = useRef(status);
  useEffect(() => {
    if (live && live.status !== was.current) {
      was.current = live.status;
      void queryClient.invalidateQueries({ queryKey: key("campaigns") });
    }
  }, [live]);
  if (!live) return null;
  const { progress } = live;
  const done = progress.audience - progress.waiting;
  const share = progress.audience ? Math.floor((done / progress.audience) * 100) : 0;
  return (
    <Card>
      <Title share={share} name={name} running={!over} />
      <div className="mb-4 flex flex-wrap items-start justify-between gap-4">
        <div>
          <div className="flex flex-wrap items-baseline gap-x-3">
            <span className="text-3xl font-semibold tracking-tight tabular-nums">{share}%</span>
            <span className="text-sm text-muted-foreground tabular-nums">
              {formatNumber(done)} of {plural(progress.audience, "recipient")}
            </span>
          </div>
          <p className="mt-1 max-w-prose text-sm first-letter:uppercase">{live.text}</p>
          <p className="mt-1 text-xs text-muted-foreground">
            {!over && (
              <>
                {formatRateNow(live)}
                {live.until && <>, until {formatDateTime(live.until)}</>}
              </>
            )}
          </p>
        </div>
        <div className="flex flex-wrap items-center gap-2">
          {!over && (
            <StatusBadge tone={streaming === "live" ? "good" : "warn"} pulse={streaming === "live"}>
              {streaming === "live" ? "Live" : "Reconnecting"}
            </StatusBadge>
          )}
          {sends && live.status === "running" && (
            <Button variant="secondary" pending={pause.isPending} onClick={() => pause.mutate()}>
              <Pause aria-hidden /> Pause
            </Button>
          )}
          {sends && live.status === "paused" && (
            <Button pending={resume.isPending} onClick={() => resume.mutate()}>
              <Play aria-hidden /> Resume
            </Button>
          )}
          {sends && !over && (
            <Button variant="secondary" onClick={() => stop(true)}>
              <Square aria-hidden /> Cancel
            </Button>
          )}
        </div>
      </div>
      <PartsBar
        label="Progress"
        of={progress.audience}
        parts={[
          { label: "Sent", value: progress.sent, tone: "good" },
          { label: "Bounced or failed", value: progress.bounced + progress.failed, tone: "bad" },
          { label: "Uncertain", value: progress.uncertain, tone: "info" },
          { label: "Not sent", value: progress.skipped, tone: "neutral" },
          { label: "Waiting", value: Math.max(0, progress.waiting), tone: "rest" },
        ]}
      />
      <Milestones share={share} status={live.status} />
      <ConfirmDialog
        open={stopping}
        onOpenChange={stop}
        title={`Cancel ${name}?`}
        description={`${plural(progress.waiting, "recipient")} will not get it. What has left cannot be called back; a cancelled campaign does not go on.`}
        action="Cancel campaign"
        danger
        pending={cancel.isPending}
        onConfirm={() => cancel.mutate()}
      />
    </Card>
  );
}

function formatRateNow(live: Live): string {
  const now = `${formatNumber(Math.round(live.rate_per_s * 10) / 10)} a second now`;
  return live.allowed_per_s === null ? `${now}, no limit set` : `${now} of ${formatNumber(Math.round(live.allowed_per_s * 10) / 10)} allowed`;
}

function Title({ share, name, running }: { share: number; name: string; running: boolean }) {
  useEffect(() => {
    if (running) document.title = `${share}% · ${name}`;
  }, [share, name, running]);
  return null;
}

/** Said aloud at quarters and at changes of state only (WCAG 4.1.3). */
function Milestones({ share, status }: { share: number; status: string }) {
  const quarter = Math.floor(share / 25) * 25;
  return (
    <p role="status" className="sr-only">
      {status}, {quarter}% done
    </p>
  );
}
