import { useQuery } from "@tanstack/react-query";
import { useState } from "react";

import { api, ok } from "@/api/client";
import { key } from "@/api/queries";
import type { components } from "@/api/schema";
import { Page } from "@/components/page";
import { ErrorState } from "@/components/states";
import { Callout } from "@/components/ui/callout";
import { LinkButton } from "@/components/ui/link-button";
import { Skeleton } from "@/components/ui/small";
import { type StepState, Stepper } from "@/components/ui/stepper";
import { useRouteParams, useUrlState } from "@/lib/url";

import { AudienceStep } from "./audience-step";
import { ContentStep } from "./content-step";
import { ReviewStep } from "./review-step";
import { ScheduleStep } from "./schedule-step";
import { CampaignStatus } from "./status";

export type Campaign = components["schemas"]["Campaign"];

const STEPS = ["content", "audience", "schedule", "review"] as const;
type Step = (typeof STEPS)[number];
const LABELS: Record<Step, string> = { content: "Content", audience: "Audience", schedule: "Schedule", review: "Review" };

export const useAudience = (campaignId: string) =>
  useQuery({
    queryKey: key("campaigns", campaignId, "audience"),
    queryFn: () => ok(api.POST("/v1/campaigns/{campaign_id}/audience/estimate", { params: { path: { campaign_id: campaignId } } })),
    staleTime: 30_000,
  });

/** The wizard: four steps in any order, kept as you go, shared by its address. */
export default function EditCampaign() {
  const { id = "" } = useRouteParams();
  const [step] = useUrlState("step", "content");
  const [when, plan] = useState<string | null>(null);
  const query = useQuery({ queryKey: key("campaigns", id), queryFn: () => ok(api.GET("/v1/campaigns/{campaign_id}", { params: { path: { campaign_id: id } } })) });
  const audience = useAudience(id);
  const campaign = query.data;
  const back = { to: "/campaigns", label: "Campaigns" };
  if (!campaign)
    return (
      <Page title="Campaign" back={back}>
        {query.error ? <ErrorState error={query.error} what="This campaign" onRetry={() => void query.refetch()} /> : <Skeleton className="h-96" />}
      </Page>
    );
  if (campaign.status !== "draft" && campaign.status !== "scheduled")
    return (
      <Page title={campaign.name} back={back}>
        <Callout title="This campaign has started" action={<LinkButton to={`/campaigns/${id}`} size="sm">See it live</LinkButton>}>
          What it sends cannot be changed any more.
        </Callout>
      </Page>
    );
  const states: Record<Step, StepState> = {
    content: campaign.template_id ? "done" : "blocked",
    audience: audience.data ? (audience.data.will_receive > 0 ? "done" : "blocked") : "open",
    schedule: when || campaign.send_at ? "done" : "open",
    review: "open",
  };
  const at = (STEPS as readonly string[]).includes(step) ? (step as Step) : "content";
  return (
    <Page title={campaign.name} back={back} description={<CampaignStatus status={campaign.status} />}>
      <div className="mb-5">
        <Stepper label="Steps of the campaign" steps={STEPS.map((name) => ({ to: `/campaigns/${id}/edit?step=${name}`, label: LABELS[name], state: states[name], current: name === at }))} />
      </div>
      {at === "content" && <ContentStep key={campaign.version} campaign={campaign} />}
      {at === "audience" && <AudienceStep campaignId={id} />}
      {at === "schedule" && <ScheduleStep campaign={campaign} when={when} onPlan={plan} />}
      {at === "review" && <ReviewStep campaign={campaign} when={when} />}
    </Page>
  );
}
