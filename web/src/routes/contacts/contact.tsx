import { useQuery } from "@tanstack/react-query";
import { Download, Mail, MoreHorizontal, ShieldOff, Trash2, UserMinus } from "lucide-react";
import { useState } from "react";

import { useAct } from "@/api/act";
import { api, ok } from "@/api/client";
import { tableOf, usePage } from "@/api/pages";
import { may } from "@/api/permissions";
import { asProblem } from "@/api/problem";
import { key, useRole } from "@/api/queries";
import { DataTable } from "@/components/data-table";
import { TextLink } from "@/components/link";
import { Page } from "@/components/page";
import { EmptyState, ErrorState } from "@/components/states";
import { Timeline } from "@/components/timeline";
import { Button } from "@/components/ui/button";
import { Callout } from "@/components/ui/callout";
import { Card, KeyValues } from "@/components/ui/card";
import { ConfirmDialog } from "@/components/ui/dialog";
import { Menu } from "@/components/ui/menu";
import { CopyField, RelativeTime, Skeleton } from "@/components/ui/small";
import type { Tone } from "@/components/ui/status-badge";
import { Tabs } from "@/components/ui/tabs";
import { formatDateTime, plural } from "@/lib/format";
import { useGo, useRouteParams, useUrlState } from "@/lib/url";
import { MessageStatus } from "@/routes/messages/status";

import { ContactStatus } from "./status";

const WHY: Record<string, string> = {
  queued: "Queued",
  sent: "Accepted by the server",
  suppressed: "Left out: suppressed",
  unsubscribed: "Left out: unsubscribed",
};

/** One person: who, whether they may be mailed, every message and every consent. */
export default function Contact() {
  const { id = "" } = useRouteParams();
  const [tab, setTab] = useUrlState("tab", "timeline");
  const [erasing, erase] = useState(false);
  const role = useRole();
  const go = useGo();
  const path = { params: { path: { contact_id: id } } };
  const query = useQuery({ queryKey: key("contacts", id), queryFn: () => ok(api.GET("/v1/contacts/{contact_id}", path)) });
  const restore = useAct(() => ok(api.POST("/v1/contacts/{contact_id}/restore", path)), { done: "The contact is back", refresh: ["contacts", "trash"] });
  const remove = useAct(() => ok(api.DELETE("/v1/contacts/{contact_id}", path)), {
    done: "In the trash",
    refresh: ["contacts", "trash"],
    undo: () => restore.mutate(),
    onDone: () => go("/contacts"),
  });
  const unsubscribe = useAct(() => ok(api.POST("/v1/contacts/{contact_id}/unsubscribe", path)), { done: "Unsubscribed", refresh: ["contacts"] });
  const exported = useAct(() => ok(api.POST("/v1/contacts/{contact_id}/exports", path)), { done: "The export is being written: Settings, Privacy", refresh: ["data-exports"] });
  const back = { to: "/contacts", label: "Contacts" };
  const contact = query.data;
  if (query.error && !contact)
    return (
      <Page title="Contact" back={back}>
        <ErrorState error={query.error} what="This contact" onRetry={() => void query.refetch()} />
      </Page>
    );
  if (!contact)
    return (
      <Page title="Contact" back={back}>
        <Skeleton className="h-96" />
      </Page>
    );
  const erased = contact.erased_at !== null;
  const name = [contact.first_name, contact.last_name].filter(Boolean).join(" ");
  const title = erased ? "Erased person" : (contact.email ?? "Contact");
  return (
    <Page
      title={title}
      back={back}
      description={
        <span className="flex flex-wrap items-center gap-3">
          <ContactStatus status={contact.status} erased={erased} />
          {name && <span>{name}</span>}
          <span>
            Added <RelativeTime at={contact.added_at} />
          </span>
        </span>
      }
      actions={
        <Menu
          trigger={
            <Button variant="secondary">
              <MoreHorizontal aria-hidden /> Actions
            </Button>
          }
          entries={[
            { label: "Unsubscribe", icon: <UserMinus aria-hidden />, onSelect: () => unsubscribe.mutate(), disabled: !may(role, "contacts:write") || contact.status !== "subscribed" },
            { label: "Export the person's data", icon: <Download aria-hidden />, onSelect: () => exported.mutate(), disabled: !may(role, "privacy:export") || erased },
            "separator",
            { label: "Delete", icon: <Trash2 aria-hidden />, onSelect: () => remove.mutate(), disabled: !may(role, "contacts:write") || contact.deleted_at !== null },
            { label: "Erase for good", icon: <ShieldOff aria-hidden />, danger: true, onSelect: () => erase(true), disabled: !may(role, "contacts:erase") || erased },
          ]}
        />
      }
    >
      {contact.deleted_at && (
        <Callout tone="warn" className="mb-5" title="In the trash" action={<Button size="sm" variant="secondary" onClick={() => restore.mutate()}>Restore</Button>}>
          Campaigns leave this person out.
        </Callout>
      )}
      {erased && (
        <Callout className="mb-5" title="This person was erased">
          What was personal cannot be read by anybody any more. What happened stays, without a name.
        </Callout>
      )}
      <div className="grid gap-5 lg:grid-cols-[minmax(0,1fr)_20rem] lg:items-start">
        <Tabs
          label="Contact"
          value={tab}
          onChange={setTab}
          tabs={[
            { value: "timeline", label: "Timeline", content: <Life contactId={id} /> },
            { value: "messages", label: "Messages", content: <Messages contactId={id} /> },
            { value: "consents", label: "Consent", content: <Consents contactId={id} /> },
          ]}
        />
        <Card title="Details">
          <KeyValues
            className="grid-cols-1 gap-y-1 [&_dd]:mb-2"
            items={[
              ["First name", contact.first_name ?? "–"],
              ["Last name", contact.last_name ?? "–"],
              ...Object.entries(contact.fields ?? {}).map(([field, value]): [string, string] => [field.replaceAll("_", " "), value || "–"]),
              ["Since", contact.status_at ? formatDateTime(contact.status_at) : formatDateTime(contact.added_at)],
              ["Import", <TextLink key="i" to={`/contacts/imports/${contact.import_id}`}>open</TextLink>],
              ["Contact id", <CopyField key="c" value={contact.contact_id} label="contact id" />],
            ]}
          />
        </Card>
      </div>
      {erasing && <EraseDialog contactId={id} email={contact.email ?? ""} onClose={() => erase(false)} />}
    </Page>
  );
}

function Messages({ contactId }: { contactId: string }) {
  const list = usePage(["contacts", contactId, "messages"], {}, (cursor) => ok(api.GET("/v1/contacts/{contact_id}/messages", { params: { path: { contact_id: contactId }, query: { cursor } } })));
  return (
    <Card flush>
      <DataTable
        caption="Messages to this person"
        {...tableOf(list)}
        rowKey={(row) => row.message_id}
        to={(row) => `/messages/${row.message_id}`}
        columns={[
          { header: "Outcome", cell: (row) => <MessageStatus status={row.status} /> },
          { header: "Why", cell: (row) => <span className="text-muted-foreground">{WHY[row.explanation] ?? row.explanation.replaceAll("_", " ")}</span> },
          { header: "Campaign", cell: (row) => <TextLink to={`/campaigns/${row.campaign_id}`}>open</TextLink> },
          { header: "Opens", align: "right", cell: (row) => row.opens },
          { header: "Clicks", align: "right", cell: (row) => row.clicks },
          { header: "When", cell: (row) => (row.status_at ? <RelativeTime at={row.status_at} /> : "–") },
        ]}
        empty={
          <EmptyState icon={<Mail />} title="No message yet">
            Every mail to this person will stand here, and why one was not sent.
          </EmptyState>
        }
      />
    </Card>
  );
}

const TONES: Record<string, Tone> = {
  sent: "good",
  delivered: "good",
  opened: "accent",
  clicked: "accent",
  given: "good",
  bounced: "bad",
  failed: "bad",
  complained: "bad",
  suppressed: "bad",
  deferred: "warn",
  uncertain: "warn",
  imported: "info",
};

/** Everything the log knows of this person, newest first. */
function Life({ contactId }: { contactId: string }) {
  const [, setCursor] = useUrlState("cursor");
  const list = usePage(["contacts", contactId, "events"], {}, (cursor) => ok(api.GET("/v1/contacts/{contact_id}/events", { params: { path: { contact_id: contactId }, query: { cursor } } })));
  if (list.error) return <ErrorState error={list.error} what="The timeline" onRetry={() => void list.refetch()} />;
  if (!list.data) return <Skeleton className="h-64" />;
  return (
    <Card>
      <Timeline
        label="What happened, newest first"
        items={list.data.items.map((item) => ({
          id: `${item.position}:${item.kind}`,
          at: item.at,
          tone: TONES[item.kind],
          title: item.text,
          detail: (
            <>
              {[item.reason, item.source].filter(Boolean).join(", ")}
              {item.message_id && (
                <span className="block">
                  <TextLink to={`/messages/${item.message_id}`}>the message</TextLink>
                </span>
              )}
            </>
          ),
        }))}
      />
      {list.data.next && (
        <Button className="mt-4" variant="secondary" size="sm" onClick={() => setCursor(list.data.next ?? "")}>
          Older
        </Button>
      )}
    </Card>
  );
}

const KINDS: Record<string, string> = { given: "Consent given", withdrawn: "Consent withdrawn", imported: "Imported", unsubscribed: "Unsubscribed" };

function Consents({ contactId }: { contactId: string }) {
  const list = useQuery({
    queryKey: key("contacts", contactId, "consents"),
    queryFn: () => ok(api.GET("/v1/contacts/{contact_id}/consents", { params: { path: { contact_id: contactId } } })),
  });
  if (list.error) return <ErrorState error={list.error} what="Consent" onRetry={() => void list.refetch()} />;
  if (!list.data) return <Skeleton className="h-40" />;
  return (
    <Card>
      {list.data.items.length === 0 ? (
        <EmptyState icon={<ShieldOff />} title="No consent is recorded">
          Import with a consent statement, or record one by POST /v1/contacts/{"{id}"}/consents.
        </EmptyState>
      ) : (
        <Timeline
          label="Consent"
          items={list.data.items.map((item, at) => ({
            id: String(at),
            at: item.happened_at,
            title: KINDS[item.kind] ?? item.kind,
            detail: (
              <>
                {item.source}
                {item.text && <span className="block italic">“{item.text}”</span>}
                {item.ip && <span className="block font-mono text-xs">{item.ip}</span>}
              </>
            ),
            tone: item.kind === "given" ? ("good" as const) : ("neutral" as const),
          }))}
        />
      )}
    </Card>
  );
}

function EraseDialog({ contactId, email, onClose }: { contactId: string; email: string; onClose: () => void }) {
  const path = { params: { path: { contact_id: contactId } } };
  const preview = useQuery({ queryKey: key("contacts", contactId, "erasure"), queryFn: () => ok(api.GET("/v1/contacts/{contact_id}/erasure/preview", path)) });
  const erase = useAct(() => ok(api.POST("/v1/contacts/{contact_id}/erasure", path)), { done: "Erased; the receipt is in the audit log", refresh: ["contacts"], quiet: true, onDone: onClose });
  const goes = preview.data;
  return (
    <ConfirmDialog
      open
      onOpenChange={(open) => !open && onClose()}
      title={`Erase ${email} for good?`}
      description="The key of this person is destroyed. Nobody can read their data again, not from a backup either. This cannot be undone."
      action="Erase for good"
      danger
      typed={email}
      pending={erase.isPending}
      onConfirm={() => erase.mutate()}
    >
      {erase.error && <Callout tone="bad">{asProblem(erase.error).message}</Callout>}
      {goes && (
        <KeyValues
          items={[
            ["Becomes unreadable", "Name, address, fields, device data"],
            ["Not sent any more", plural(goes.queued_messages, "queued message")],
            ["Deleted", `${plural(goes.exports, "export")} with open fields`],
            ["Emptied", `${plural(goes.rejected_rows, "rejected row")}, ${plural(goes.dead_letters, "transcript")}`],
            ["Stays, without a name", `${plural(goes.messages, "message")}, ${plural(goes.opens, "open")}, ${plural(goes.clicks, "click")}`],
          ]}
        />
      )}
    </ConfirmDialog>
  );
}
