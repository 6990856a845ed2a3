import { useQuery } from "@tanstack/react-query";
import { Mail, UserPlus, Users } from "lucide-react";
import { useState } from "react";

import { useAct } from "@/api/act";
import { api, ok } from "@/api/client";
import { tableOf, usePage } from "@/api/pages";
import { may } from "@/api/permissions";
import { asProblem } from "@/api/problem";
import { key, useMe, useRole } from "@/api/queries";
import type { components } from "@/api/schema";
import { DataTable } from "@/components/data-table";
import { Page } from "@/components/page";
import { EmptyState } from "@/components/states";
import { Button } from "@/components/ui/button";
import { Callout } from "@/components/ui/callout";
import { Card } from "@/components/ui/card";
import { ConfirmDialog, Dialog } from "@/components/ui/dialog";
import { Field } from "@/components/ui/field";
import { Input } from "@/components/ui/input";
import { Select } from "@/components/ui/select";
import { RelativeTime } from "@/components/ui/small";
import { formatDate } from "@/lib/format";

type Role = components["schemas"]["Role"];
type Member = components["schemas"]["Member"];

const ROLES: { value: Role; label: string; hint: string }[] = [
  { value: "owner", label: "Owner", hint: "Everything, billing and personal data in exports too" },
  { value: "admin", label: "Admin", hint: "Everything but billing" },
  { value: "editor", label: "Editor", hint: "Contacts, templates and campaigns, and sends them" },
  { value: "viewer", label: "Viewer", hint: "Reads everything, changes nothing" },
  { value: "billing", label: "Billing", hint: "Plan and invoices alone" },
];

/** Who works here, as what, and who is invited. */
export default function Members() {
  const [inviting, invite] = useState(false);
  const [leaving, leave] = useState<Member | null>(null);
  const manages = may(useRole(), "members:manage");
  const me = useMe();
  const members = usePage(["members"], {}, (cursor) => ok(api.GET("/v1/workspace/members", { params: { query: { cursor } } })));
  const change = useAct(
    ({ userId, role }: { userId: string; role: Role }) => ok(api.PUT("/v1/workspace/members/{user_id}/role", { params: { path: { user_id: userId } }, body: { role } })),
    { done: "Role changed; it holds at once", refresh: ["members"] },
  );
  const remove = useAct((userId: string) => ok(api.DELETE("/v1/workspace/members/{user_id}", { params: { path: { user_id: userId } } })), {
    done: "Removed; their sessions here have ended",
    refresh: ["members"],
    onDone: () => leave(null),
  });
  const name = (member: Member) => (member.user_id === me.data?.user_id ? `${me.data.email} (you)` : `Member ${member.user_id.slice(0, 8)}`);
  return (
    <Page
      title="Members"
      actions={
        manages && (
          <Button onClick={() => invite(true)}>
            <UserPlus aria-hidden /> Invite
          </Button>
        )
      }
    >
      <div className="grid gap-5">
        <Card flush>
          <DataTable
            caption="Members"
            {...tableOf(members)}
            rowKey={(row) => row.user_id}
            columns={[
              { header: "Member", cell: (row) => <span className="font-medium">{name(row)}</span> },
              { header: "Joined", cell: (row) => formatDate(row.joined_at) },
              {
                header: "Role",
                cell: (row) =>
                  manages ? (
                    <Select
                      className="h-8 w-36"
                      aria-label={`Role of ${name(row)}`}
                      value={row.role}
                      onChange={(role) => change.mutate({ userId: row.user_id, role })}
                      options={ROLES}
                    />
                  ) : (
                    <span className="capitalize">{row.role}</span>
                  ),
              },
              {
                header: "Actions",
                align: "right",
                cell: (row) =>
                  manages &&
                  row.user_id !== me.data?.user_id && (
                    <Button variant="ghost" size="sm" onClick={() => leave(row)} aria-label={`Remove ${name(row)}`}>
                      Remove
                    </Button>
                  ),
              },
            ]}
            empty={
              <EmptyState icon={<Users />} title="Nobody">
                That cannot be: a workspace has an owner.
              </EmptyState>
            }
          />
        </Card>
        {manages && <Invitations />}
        <Card title="What each role may do">
          <dl className="grid gap-x-6 gap-y-2 text-sm sm:grid-cols-[6rem_1fr]">
            {ROLES.map((role) => (
              <div key={role.value} className="contents">
                <dt className="font-medium">{role.label}</dt>
                <dd className="text-muted-foreground">{role.hint}</dd>
              </div>
            ))}
          </dl>
        </Card>
      </div>
      {inviting && <InviteDialog onClose={() => invite(false)} />}
      <ConfirmDialog
        open={leaving !== null}
        onOpenChange={(open) => !open && leave(null)}
        title={`Remove ${leaving ? name(leaving) : "this member"}?`}
        description="They lose access at once. What they did stays in the audit log under their name."
        action="Remove member"
        danger
        pending={remove.isPending}
        onConfirm={() => leaving && remove.mutate(leaving.user_id)}
      />
    </Page>
  );
}

function Invitations() {
  const list = useQuery({ queryKey: key("invitations"), queryFn: () => ok(api.GET("/v1/workspace/invitations")) });
  const path = (id: string) => ({ params: { path: { invitation_id: id } } });
  const revoke = useAct((id: string) => ok(api.DELETE("/v1/workspace/invitations/{invitation_id}", path(id))), { done: "Invitation taken back", refresh: ["invitations"] });
  const resend = useAct((id: string) => ok(api.POST("/v1/workspace/invitations/{invitation_id}/resend", path(id))), { done: "Invitation sent again", refresh: ["invitations"] });
  if (!list.data || list.data.items.length === 0) return null;
  return (
    <Card title="Invited" flush>
      <DataTable
        caption="Invitations"
        rows={list.data.items}
        loading={false}
        rowKey={(row) => row.invitation_id}
        columns={[
          { header: "Address", cell: (row) => <span className="font-medium">{row.email ?? "–"}</span> },
          { header: "Role", cell: (row) => <span className="capitalize">{row.role}</span> },
          { header: "Invited", cell: (row) => <RelativeTime at={row.invited_at} /> },
          { header: "Good until", cell: (row) => formatDate(row.expires_at) },
          {
            header: "Actions",
            align: "right",
            cell: (row) => (
              <span className="flex justify-end gap-1">
                <Button variant="ghost" size="sm" onClick={() => resend.mutate(row.invitation_id)} aria-label={`Send the invitation of ${row.email ?? ""} again`}>
                  Send again
                </Button>
                <Button variant="ghost" size="sm" onClick={() => revoke.mutate(row.invitation_id)} aria-label={`Take back the invitation of ${row.email ?? ""}`}>
                  Take back
                </Button>
              </span>
            ),
          },
        ]}
        empty={null}
      />
    </Card>
  );
}

function InviteDialog({ onClose }: { onClose: () => void }) {
  const [email, write] = useState("");
  const [role, choose] = useState<Role>("editor");
  const invite = useAct(() => ok(api.POST("/v1/workspace/invitations", { body: { email, role } })), {
    done: `An invitation to ${email} is on its way`,
    refresh: ["invitations"],
    quiet: true,
    onDone: onClose,
  });
  return (
    <Dialog open onOpenChange={(open) => !open && onClose()} title="Invite somebody" description="They get a mail with a link that is good for a week.">
      <form
        className="grid gap-4"
        onSubmit={(event) => {
          event.preventDefault();
          invite.mutate();
        }}
      >
        {invite.error && <Callout tone="bad">{asProblem(invite.error).message}</Callout>}
        <Field label="E-mail">
          <Input type="email" value={email} onChange={(event) => write(event.target.value)} required autoComplete="off" />
        </Field>
        <Field label="Role">
          <Select value={role} onChange={choose} options={ROLES} />
        </Field>
        <div className="flex justify-end gap-2">
          <Button variant="secondary" onClick={onClose}>
            Cancel
          </Button>
          <Button type="submit" pending={invite.isPending}>
            <Mail aria-hidden /> Send invitation
          </Button>
        </div>
      </form>
    </Dialog>
  );
}
