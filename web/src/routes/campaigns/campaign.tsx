import { useQuery } from "@tanstack/react-query";
import { Mail, Trash2 } from "lucide-react";

import { useAct } from "@/api/act";
import { api, ok } from "@/api/client";
import { may } from "@/api/permissions";
import { key, useRole } from "@/api/queries";
import { Page } from "@/components/page";
import { EmptyState, ErrorState } from "@/components/states";
import { Button } from "@/components/ui/button";
import { Card } from "@/components/ui/card";
import { LinkButton } from "@/components/ui/link-button";
import { Skeleton } from "@/components/ui/small";
import { StatTile } from "@/components/ui/stat-tile";
import { formatDateTime, formatNumber, formatShare } from "@/lib/format";
import { useGo, useRouteParams } from "@/lib/url";
import { MessageTable } from "@/routes/messages/messages";

import { LivePanel } from "./live";
import { CampaignStatus } from "./status";

/** One campaign: while it runs, and its report. */
export default function Campaign() {
  const { id = "" } = useRouteParams();
  const go = useGo();
  const writes = may(useRole(), "campaigns:write");
  const path = { params: { path: { campaign_id: id } } };
  const query = useQuery({ queryKey: key("campaigns", id), queryFn: () => ok(api.GET("/v1/campaigns/{campaign_id}", path)) });
  const campaign = query.data;
  const stats = useQuery({
    queryKey: key("campaigns", id, "stats"),
    queryFn: () => ok(api.GET("/v1/campaigns/{campaign_id}/stats", path)),
    refetchInterval: campaign?.status === "running" ? 3_000 : 15_000,
  });
  const restore = useAct(() => ok(api.POST("/v1/campaigns/{campaign_id}/restore", path)), { done: "It is back", refresh: ["campaigns", "trash"] });
  const remove = useAct(() => ok(api.DELETE("/v1/campaigns/{campaign_id}", path)), {
    done: "In the trash",
    refresh: ["campaigns", "trash"],
    undo: () => restore.mutate(),
    onDone: () => go("/campaigns"),
  });
  const back = { to: "/campaigns", label: "Campaigns" };
  if (query.error && !campaign)
    return (
      <Page title="Campaign" back={back}>
        <ErrorState error={query.error} what="This campaign" onRetry={() => void query.refetch()} />
      </Page>
    );
  if (!campaign)
    return (
      <Page title="Campaign" back={back}>
        <Skeleton className="h-96" />
      </Page>
    );
  const started = campaign.launched_at !== null;
  const at = stats.data;
  return (
    <Page
      title={campaign.name}
      back={back}
      description={
        <span className="flex flex-wrap items-center gap-3">
          <CampaignStatus status={campaign.status} />
          {campaign.send_at && campaign.status === "scheduled" && <span>Starts {formatDateTime(campaign.send_at)}</span>}
          {campaign.launched_at && <span>Started {formatDateTime(campaign.launched_at)}</span>}
        </span>
      }
      actions={
        writes && (
          <>
            {campaign.status === "draft" && <LinkButton to={`/campaigns/${id}/edit`}>Go on editing</LinkButton>}
            {campaign.status !== "running" && (
              <Button variant="secondary" pending={remove.isPending} onClick={() => remove.mutate()}>
                <Trash2 aria-hidden /> Delete
              </Button>
            )}
          </>
        )
      }
    >
      <div className="grid gap-5">
        {started && <LivePanel campaignId={id} name={campaign.name} status={campaign.status} />}
        {started && (
          <div className="grid grid-cols-2 gap-3 md:grid-cols-3 xl:grid-cols-6">
            <StatTile label="Sent" value={at ? formatNumber(at.sent) : "–"} detail={at && `${formatNumber(at.delivered)} reported as delivered`} />
            <StatTile label="Opened" value={at ? formatNumber(at.opened) : "–"} detail={at && `${formatShare(at.opened, at.sent)} of sent, privacy proxies inflate it`} />
            <StatTile label="Clicked" value={at ? formatNumber(at.clicked) : "–"} detail={at && `${formatShare(at.clicked, at.sent)} of sent`} />
            <StatTile label="Unsubscribed" value={at ? formatNumber(at.unsubscribed) : "–"} detail={at && formatShare(at.unsubscribed, at.sent)} />
            <StatTile label="Bounced" value={at ? formatNumber(at.bounced + at.bounced_later) : "–"} detail={at && formatShare(at.bounced + at.bounced_later, at.queued)} />
            <StatTile label="Complaints" value={at ? formatNumber(at.complained) : "–"} detail={at && formatShare(at.complained, at.sent)} />
          </div>
        )}
        {started && (
          <Card title="For each person what happened" flush>
            <MessageTable campaignId={id} refetchInterval={campaign.status === "running" ? 5_000 : false} />
          </Card>
        )}
        {!started && (
          <Card>
            <EmptyState icon={<Mail />} title="Nothing was sent yet">
              The report begins with the first message.
            </EmptyState>
          </Card>
        )}
      </div>
    </Page>
  );
}
