import { useEffect, useState } from "react";

import { useAct } from "@/api/act";
import { api, ok } from "@/api/client";
import { may } from "@/api/permissions";
import { asProblem } from "@/api/problem";
import { useRole } from "@/api/queries";
import { Button } from "@/components/ui/button";
import { Callout } from "@/components/ui/callout";
import { Card, KeyValues } from "@/components/ui/card";
import { Field } from "@/components/ui/field";
import { Input } from "@/components/ui/input";
import { formatDateTime, formatNumber, plural } from "@/lib/format";
import { useGo } from "@/lib/url";

import { type Campaign, useAudience } from "./edit";

const UNDO_S = 10;
const TYPED_ABOVE = 10_000;

/** The stop before sending: who gets it and when. What is in the way the API says when it is asked. */
export function ReviewStep({ campaign, when }: { campaign: Campaign; when: string | null }) {
  const audience = useAudience(campaign.campaign_id);
  const [typed, write] = useState("");
  const [left, count] = useState<number | null>(null);
  const sends = may(useRole(), "campaigns:send");
  const go = useGo();
  const path = { params: { path: { campaign_id: campaign.campaign_id } } };
  const done = { refresh: ["campaigns"], quiet: true, onDone: () => go(`/campaigns/${campaign.campaign_id}`) };
  const launch = useAct(() => ok(api.POST("/v1/campaigns/{campaign_id}/launch", path)), done);
  const schedule = useAct((sendAt: string) => ok(api.POST("/v1/campaigns/{campaign_id}/schedule", { ...path, body: { send_at: sendAt } })), done);
  const receive = audience.data?.will_receive ?? 0;
  const { mutate: start } = launch;

  useEffect(() => {
    if (left === null) return;
    if (left === 0) {
      count(null);
      start();
      return;
    }
    const timer = setTimeout(() => count(left - 1), 1_000);
    return () => clearTimeout(timer);
  }, [left, start]);

  const problem = launch.error ?? schedule.error;
  const needsTyping = receive > TYPED_ABOVE && when === null;
  const ready = receive > 0 && (!needsTyping || typed.replaceAll(/\D/g, "") === String(receive));
  const scheduled = campaign.status === "scheduled";
  return (
    <div className="grid max-w-3xl gap-5">
      <Card title="What happens">
        <KeyValues
          items={[
            ["Recipients", formatNumber(receive)],
            ["Starts", scheduled && campaign.send_at ? formatDateTime(campaign.send_at) : when ? formatDateTime(when) : "Ten seconds after you confirm"],
            ["Subject", campaign.subject || "The template's"],
          ]}
        />
      </Card>
      {Boolean(problem) && <Callout tone="bad">{asProblem(problem).message}</Callout>}
      {needsTyping && !scheduled && (
        <Field label={`Type ${formatNumber(receive)} to confirm`} className="max-w-xs">
          <Input value={typed} onChange={(event) => write(event.target.value)} inputMode="numeric" autoComplete="off" />
        </Field>
      )}
      <div role="status" aria-live="polite">
        {left !== null && (
          <Callout
            tone="warn"
            title={`Sending to ${plural(receive, "person", "people")} begins in ${left} s`}
            action={
              <Button size="sm" variant="secondary" onClick={() => count(null)}>
                Undo send
              </Button>
            }
          >
            Nothing has left yet.
          </Callout>
        )}
      </div>
      {sends && !scheduled && left === null && (
        <div>
          {when ? (
            <Button size="lg" disabled={!ready} pending={schedule.isPending} onClick={() => schedule.mutate(new Date(when).toISOString())}>
              Send to {plural(receive, "person", "people")} on {formatDateTime(when)}
            </Button>
          ) : (
            <Button size="lg" disabled={!ready} pending={launch.isPending} onClick={() => count(UNDO_S)}>
              Send to {plural(receive, "person", "people")} now
            </Button>
          )}
        </div>
      )}
      {!sends && <Callout>Your role may prepare campaigns. An editor, admin or owner sends them.</Callout>}
    </div>
  );
}
