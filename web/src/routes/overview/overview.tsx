import { useQuery } from "@tanstack/react-query";
import { ArrowRight, Check, Circle, Send } from "lucide-react";

import { api, ok } from "@/api/client";
import { key } from "@/api/queries";
import { Link, TextLink } from "@/components/link";
import { Page } from "@/components/page";
import { EmptyState, ErrorState } from "@/components/states";
import { Card } from "@/components/ui/card";
import { LinkButton } from "@/components/ui/link-button";
import { RelativeTime, Skeleton } from "@/components/ui/small";
import { StatTile } from "@/components/ui/stat-tile";
import { formatNumber, formatRate } from "@/lib/format";
import { CampaignStatus } from "@/routes/campaigns/status";

const STEPS: Record<string, { label: string; to: string }> = {
  workspace: { label: "Name your workspace", to: "/onboarding/workspace" },
  sender: { label: "Say who writes, and from where", to: "/onboarding/sender" },
  sending_domain: { label: "Prove your sending domain", to: "/onboarding/sending_domain" },
  volume_and_goal: { label: "Tell how much you send", to: "/onboarding/volume_and_goal" },
  contacts: { label: "Bring your contacts", to: "/onboarding/contacts" },
};

/** The first look of the day: what is to be set up, what runs, how mail is received. */
export default function Overview() {
  const onboarding = useQuery({ queryKey: key("onboarding"), queryFn: () => ok(api.GET("/v1/onboarding")) });
  const campaigns = useQuery({
    queryKey: key("campaigns", "latest"),
    queryFn: () => ok(api.GET("/v1/campaigns", { params: { query: { limit: 6 } } })),
  });
  const health = useQuery({ queryKey: key("health"), queryFn: () => ok(api.GET("/v1/delivery/health")) });
  const open = onboarding.data?.steps.filter((step) => step.state === "open") ?? [];
  const total = (name: string) => (health.data?.items ?? []).reduce((sum, item) => sum + (item.counted[name] ?? 0), 0);
  const sent = total("sent");

  return (
    <Page title="Overview" actions={<LinkButton to="/campaigns/new"><Send aria-hidden /> New campaign</LinkButton>}>
      <div className="grid gap-5">
        {open.length > 0 && (
          <Card title="Set up this workspace" description={`${(onboarding.data?.steps.length ?? 0) - open.length} of ${onboarding.data?.steps.length} done`}>
            <ul className="grid gap-1">
              {onboarding.data?.steps.map((step) => (
                <li key={step.step}>
                  <Link to={STEPS[step.step]?.to ?? "/"} className="group -mx-2 flex items-center gap-3 rounded-md px-2 py-1.5 text-sm hover:bg-surface-2">
                    {step.state === "open" ? <Circle className="size-4 text-muted-foreground" aria-hidden /> : <Check className="size-4 text-good" aria-hidden />}
                    <span className={step.state === "open" ? "font-medium" : "text-muted-foreground"}>{STEPS[step.step]?.label ?? step.step}</span>
                    <span className="sr-only">{step.state === "open" ? "open" : step.state}</span>
                    {step.state === "open" && <ArrowRight className="ml-auto size-4 text-muted-foreground opacity-0 group-hover:opacity-100" aria-hidden />}
                  </Link>
                </li>
              ))}
            </ul>
          </Card>
        )}
        <div className="grid grid-cols-2 gap-3 lg:grid-cols-4">
          <StatTile label="Sent, last 24 hours" value={health.data ? formatNumber(sent) : <Skeleton className="h-8 w-20" />} />
          <StatTile label="Delivered or accepted" value={sent ? formatRate((sent - total("bounced")) / sent) : "–"} />
          <StatTile label="Bounced" value={sent ? formatRate(total("bounced") / sent) : "–"} detail="Sending pauses above 5%" />
          <StatTile label="Complaints" value={sent ? formatRate(total("complained") / sent) : "–"} detail="Keep below 0.1%" />
        </div>
        <Card title="Latest campaigns" flush actions={<TextLink to="/campaigns">All campaigns</TextLink>}>
          {campaigns.error ? (
            <ErrorState error={campaigns.error} what="Campaigns" onRetry={() => void campaigns.refetch()} />
          ) : campaigns.data?.items.length === 0 ? (
            <EmptyState icon={<Send />} title="No campaign yet" action={<LinkButton to="/campaigns/new">Write the first one</LinkButton>} call="POST /v1/campaigns">
              A campaign sends one template to your contacts, at the rate your domains allow, and tells for each person what happened.
            </EmptyState>
          ) : (
            <ul className="divide-y">
              {campaigns.data?.items.map((campaign) => (
                <li key={campaign.campaign_id}>
                  <Link to={`/campaigns/${campaign.campaign_id}`} className="flex items-center gap-4 px-5 py-3 hover:bg-surface-2/60">
                    <span className="min-w-0 flex-1 truncate text-sm font-medium">{campaign.name}</span>
                    <CampaignStatus status={campaign.status} />
                    <RelativeTime at={campaign.launched_at ?? campaign.drafted_at} className="hidden w-28 text-right text-xs text-muted-foreground sm:block" />
                  </Link>
                </li>
              ))}
            </ul>
          )}
        </Card>
      </div>
    </Page>
  );
}
