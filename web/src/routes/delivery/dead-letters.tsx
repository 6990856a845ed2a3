import { MailX } from "lucide-react";
import { useState } from "react";

import { useAct } from "@/api/act";
import { api, ok } from "@/api/client";
import { tableOf, usePage } from "@/api/pages";
import { may } from "@/api/permissions";
import { useRole } from "@/api/queries";
import type { components } from "@/api/schema";
import { DataTable } from "@/components/data-table";
import { FilterBar, FilterChips } from "@/components/filter-bar";
import { TextLink } from "@/components/link";
import { Page } from "@/components/page";
import { ReasonDialog } from "@/components/reason-dialog";
import { EmptyByFilter, EmptyState } from "@/components/states";
import { Button } from "@/components/ui/button";
import { Card, KeyValues } from "@/components/ui/card";
import { Dialog } from "@/components/ui/dialog";
import { RelativeTime } from "@/components/ui/small";
import { StatusBadge } from "@/components/ui/status-badge";
import { formatDateTime } from "@/lib/format";
import { useUrlChange, useUrlState } from "@/lib/url";

type Letter = components["schemas"]["DeadLetter"];
type Act = "redrive" | "discard";

/** Messages that could not be delivered, with what the server said, and what can be done. */
export default function DeadLetters() {
  const [state] = useUrlState("state");
  const [shown, show] = useState<Letter | null>(null);
  const change = useUrlChange();
  const list = usePage(["dead-letters"], { state }, (cursor) => ok(api.GET("/v1/dead-letters", { params: { query: { cursor, state: (state || undefined) as never } } })));
  return (
    <Page title="Dead letters" description="Every message that was given up, with the conversation that ended it. Send it again when the cause is gone, or discard it with a reason.">
      <Card flush>
        <FilterBar>
          <FilterChips
            name="state"
            label="State"
            options={[
              { value: "open", label: "Open" },
              { value: "redriven", label: "Sent again" },
              { value: "discarded", label: "Discarded" },
            ]}
          />
        </FilterBar>
        <DataTable
          caption="Dead letters"
          {...tableOf(list)}
          rowKey={(row) => row.message_id}
          onOpen={show}
          columns={[
            { header: "Failed", cell: (row) => <RelativeTime at={row.failed_at} /> },
            { header: "Reply", cell: (row) => <span className="font-mono text-xs">{[row.code || "", row.status].filter(Boolean).join(" ")}</span> },
            { header: "Reason", cell: (row) => <span className="line-clamp-1 max-w-md">{row.reason}</span> },
            { header: "Attempt", align: "right", cell: (row) => row.attempt },
            { header: "State", cell: (row) => <StatusBadge tone={row.state === "open" ? "bad" : "neutral"}>{row.state === "open" ? "Open" : row.state === "redriven" ? "Sent again" : "Discarded"}</StatusBadge> },
            {
              header: "Actions",
              align: "right",
              cell: (row) => (
                <Button variant="ghost" size="sm" onClick={() => show(row)} aria-label={`Details of the message that failed ${formatDateTime(row.failed_at)}`}>
                  Details
                </Button>
              ),
            },
          ]}
          empty={
            state ? (
              <EmptyByFilter what="dead letters" onClear={() => change({ state: undefined })} />
            ) : (
              <EmptyState icon={<MailX />} title="Nothing failed for good" call="engine dead-letters list">
                What a server refuses for ever, or for too long, is kept here with its reply until somebody decides.
              </EmptyState>
            )
          }
        />
      </Card>
      {shown && <LetterDialog letter={shown} onClose={() => show(null)} />}
    </Page>
  );
}

function LetterDialog({ letter, onClose }: { letter: Letter; onClose: () => void }) {
  const [act, choose] = useState<Act | null>(null);
  const sends = may(useRole(), "delivery:manage");
  const path = { params: { path: { message_id: letter.message_id } } };
  const settle = useAct(
    ({ which, reason }: { which: Act; reason: string }) =>
      which === "redrive"
        ? ok(api.POST("/v1/dead-letters/{message_id}/redrive", { ...path, body: { reason } }))
        : ok(api.POST("/v1/dead-letters/{message_id}/discard", { ...path, body: { reason } })),
    { done: (_, { which }) => (which === "redrive" ? "In the queue again" : "Discarded"), refresh: ["dead-letters"], quiet: true, onDone: onClose },
  );
  return (
    <>
      <Dialog side open={!act} onOpenChange={(open) => !open && !act && onClose()} title="Dead letter" description={letter.reason}>
        <div className="grid gap-5">
          <KeyValues
            items={[
              ["Failed", formatDateTime(letter.failed_at)],
              ["Attempt", letter.attempt],
              ["Message", <TextLink key="m" to={`/messages/${letter.message_id}`}>its whole life</TextLink>],
              ["Contact", letter.contact_id ? <TextLink key="c" to={`/contacts/${letter.contact_id}`}>open</TextLink> : "–"],
              ["Campaign", letter.campaign_id ? <TextLink key="k" to={`/campaigns/${letter.campaign_id}`}>open</TextLink> : "–"],
            ]}
          />
          <div>
            <h3 className="mb-1.5 text-sm font-semibold">The conversation</h3>
            <pre className="max-h-96 overflow-auto rounded-md bg-surface-2 p-3 font-mono text-xs whitespace-pre-wrap" tabIndex={0} role="region" aria-label="SMTP transcript">
              {letter.transcript || "The server was not reached."}
            </pre>
          </div>
          {sends && letter.state === "open" && (
            <div className="flex gap-2">
              <Button onClick={() => choose("redrive")}>Send again</Button>
              <Button variant="secondary" onClick={() => choose("discard")}>
                Discard
              </Button>
            </div>
          )}
        </div>
      </Dialog>
      {act && (
        <ReasonDialog
          open
          onOpenChange={(open) => !open && choose(null)}
          title={act === "redrive" ? "Send this message again?" : "Discard this message?"}
          description={act === "redrive" ? "It is queued as a new attempt, with the whole schedule before it." : "It stays in the log, and is not sent any more."}
          action={act === "redrive" ? "Send again" : "Discard"}
          danger={act === "discard"}
          pending={settle.isPending}
          error={settle.error}
          onGo={(reason) => settle.mutate({ which: act, reason })}
        />
      )}
    </>
  );
}
