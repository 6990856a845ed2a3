import { useQuery } from "@tanstack/react-query";

import { useAct } from "@/api/act";
import { api, ok } from "@/api/client";
import { key } from "@/api/queries";
import { Button } from "@/components/ui/button";
import { Callout } from "@/components/ui/callout";
import { Card } from "@/components/ui/card";
import { Field } from "@/components/ui/field";
import { Input } from "@/components/ui/input";
import { LinkButton } from "@/components/ui/link-button";
import { RadioCards } from "@/components/ui/radio-cards";
import { formatDateTime } from "@/lib/format";

import type { Campaign } from "./edit";

/** "2026-11-24T18:00" of a clock on the wall here, for an input of the browser. */
function wallClock(at: Date): string {
  return new Date(at.getTime() - at.getTimezoneOffset() * 60_000).toISOString().slice(0, 16);
}

/** Now, or at a time. `when` is chosen here and used in the review. */
export function ScheduleStep({ campaign, when, onPlan }: { campaign: Campaign; when: string | null; onPlan: (when: string | null) => void }) {
  const workspace = useQuery({ queryKey: key("workspace"), queryFn: () => ok(api.GET("/v1/workspace")) });
  const undo = useAct(() => ok(api.POST("/v1/campaigns/{campaign_id}/unschedule", { params: { path: { campaign_id: campaign.campaign_id } } })), {
    done: "A draft again",
    refresh: ["campaigns"],
  });
  const zone = Intl.DateTimeFormat().resolvedOptions().timeZone;
  if (campaign.status === "scheduled" && campaign.send_at)
    return (
      <Callout title={`It starts by itself ${formatDateTime(campaign.send_at)}`} action={<Button size="sm" variant="secondary" pending={undo.isPending} onClick={() => undo.mutate()}>Back to draft</Button>}>
        Until then nothing leaves, and it can be a draft again.
      </Callout>
    );
  return (
    <div className="grid max-w-2xl gap-5">
      <Card>
        <RadioCards
          label="When does it start?"
          value={when === null ? "now" : "later"}
          onChange={(value) => onPlan(value === "now" ? null : wallClock(new Date(Date.now() + 3_600_000)))}
          options={[
            { value: "now", label: "As soon as I confirm it", hint: "In the review, after the checks." },
            { value: "later", label: "At a time", hint: "It starts by itself; you may take it back until then." },
          ]}
        />
        {when !== null && (
          <Field
            className="mt-4 max-w-xs"
            label={`Date and time (${zone})`}
            hint={
              <>
                {new Date(when).toISOString().slice(0, 16).replace("T", " ")} UTC
                {workspace.data && workspace.data.time_zone !== zone && (
                  <>
                    , {new Intl.DateTimeFormat(undefined, { dateStyle: "medium", timeStyle: "short", timeZone: workspace.data.time_zone }).format(new Date(when))} in {workspace.data.time_zone}
                  </>
                )}
              </>
            }
          >
            <Input type="datetime-local" value={when} min={wallClock(new Date())} onChange={(event) => event.target.value && onPlan(event.target.value)} required />
          </Field>
        )}
      </Card>
      <div>
        <LinkButton variant="secondary" to={`/campaigns/${campaign.campaign_id}/edit?step=review`}>
          Review
        </LinkButton>
      </div>
    </div>
  );
}
