import { useQuery } from "@tanstack/react-query";
import { useState } from "react";

import { useAct } from "@/api/act";
import { api, ok } from "@/api/client";
import { may } from "@/api/permissions";
import { key, useRole } from "@/api/queries";
import type { components } from "@/api/schema";
import { TextLink } from "@/components/link";
import { Page } from "@/components/page";
import { ReasonDialog } from "@/components/reason-dialog";
import { ErrorState } from "@/components/states";
import { Timeline } from "@/components/timeline";
import { Button } from "@/components/ui/button";
import { Callout } from "@/components/ui/callout";
import { Card, KeyValues } from "@/components/ui/card";
import { CopyField, Skeleton } from "@/components/ui/small";
import type { Tone } from "@/components/ui/status-badge";
import { formatDateTime } from "@/lib/format";
import { useRouteParams } from "@/lib/url";

import { MessageStatus } from "./status";

type Life = components["schemas"]["LifeEvent"];
type Answer = components["schemas"]["Answer"]["as"];

const WORDS: Record<string, [string, Tone]> = {
  queued: ["Queued", "neutral"],
  handed_over: ["Handed to the relay", "info"],
  deferred: ["Put off by the server", "warn"],
  sent: ["Accepted by the server", "good"],
  delivered: ["Reported as delivered", "good"],
  bounced: ["Bounced", "bad"],
  complained: ["Reported as spam", "bad"],
  failed: ["Given up", "bad"],
  uncertain: ["Nobody knows whether it left", "warn"],
  resolved: ["Decided", "info"],
  redriven: ["Queued again by hand", "info"],
  discarded: ["Discarded by hand", "neutral"],
  skipped: ["Not sent", "neutral"],
  opened: ["Opened", "accent"],
  clicked: ["Clicked", "accent"],
};

/** The whole life of one message, and why it went as it did. */
export default function Message() {
  const { id = "" } = useRouteParams();
  const [answer, choose] = useState<Answer | null>(null);
  const manages = may(useRole(), "delivery:manage");
  const query = useQuery({
    queryKey: key("messages", id),
    queryFn: () => ok(api.GET("/v1/messages/{message_id}", { params: { path: { message_id: id } } })),
  });
  const settle = useAct(
    ({ as, reason }: { as: Answer; reason: string }) => ok(api.POST("/v1/messages/{message_id}/resolution", { params: { path: { message_id: id } }, body: { as, reason } })),
    { done: "Decided, and written down", refresh: ["messages"], quiet: true, onDone: () => choose(null) },
  );
  const message = query.data;
  const back = message ? { to: `/contacts/${message.contact_id}`, label: "Contact" } : undefined;
  return (
    <Page title="Message" back={back} description={message && <MessageStatus status={message.status} />}>
      {query.error && !message ? (
        <ErrorState error={query.error} what="This message" onRetry={() => void query.refetch()} />
      ) : !message ? (
        <Skeleton className="h-80" />
      ) : (
        <div className="grid gap-5 lg:grid-cols-[minmax(0,1fr)_20rem] lg:items-start">
          <div className="grid gap-5">
            <Callout tone={message.explanation.code === "sent" || message.explanation.code === "delivered" ? "good" : "info"} title="Why">
              {message.explanation.text}
              {message.explanation.position !== null && <span className="mt-1 block font-mono text-xs text-muted-foreground">log position {message.explanation.position}</span>}
            </Callout>
            {message.status === "uncertain" && manages && (
              <div className="flex flex-wrap gap-2">
                <Button variant="secondary" onClick={() => choose("delivered")}>
                  It arrived
                </Button>
                <Button variant="secondary" onClick={() => choose("lost")}>
                  It was lost
                </Button>
                <Button onClick={() => choose("resend")}>Send it again</Button>
              </div>
            )}
            <Card title="Life">
              <Timeline label="What happened to this message" items={message.life.map(happening)} />
            </Card>
          </div>
          <Card title="Facts">
            <KeyValues
              className="grid-cols-1 gap-y-1 [&_dd]:mb-2"
              items={[
                ["Campaign", <TextLink key="c" to={`/campaigns/${message.campaign_id}`}>open</TextLink>],
                ["Contact", <TextLink key="p" to={`/contacts/${message.contact_id}`}>open</TextLink>],
                ["Attempt", message.attempt],
                ["Relay", message.relay ?? "–"],
                ["Sent", message.sent_at ? formatDateTime(message.sent_at) : "–"],
                ["Opens, clicks", `${message.opens}, ${message.clicks}`],
                ["Message id", <CopyField key="i" value={message.message_id} label="message id" />],
              ]}
            />
          </Card>
        </div>
      )}
      {answer && (
        <ReasonDialog
          open
          onOpenChange={(open) => !open && choose(null)}
          title={answer === "resend" ? "Send it again?" : answer === "delivered" ? "Count it as delivered?" : "Count it as lost?"}
          description="The relay took the message and the connection broke before its answer. Say what you found out, and how."
          action="Decide"
          pending={settle.isPending}
          error={settle.error}
          onGo={(reason) => settle.mutate({ as: answer, reason })}
        />
      )}
    </Page>
  );
}

function happening(event: Life) {
  const [title, tone] = WORDS[event.kind] ?? [event.kind, "neutral" as Tone];
  const reply = [event.code, event.status, event.reply].filter(Boolean).join(" ");
  return {
    id: `${event.position}:${event.kind}`,
    at: event.at,
    title,
    tone,
    detail: (
      <>
        {event.reason}
        {reply && <span className="block font-mono text-xs">{reply}</span>}
        {event.relay && <span className="block text-xs">by {event.relay}</span>}
        {event.retry_at && <span className="block text-xs">next try {formatDateTime(event.retry_at)}</span>}
      </>
    ),
  };
}
