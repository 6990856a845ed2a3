import { useQuery } from "@tanstack/react-query";
import { useState } from "react";

import { useAct } from "@/api/act";
import { api, ok } from "@/api/client";
import { asProblem } from "@/api/problem";
import { key } from "@/api/queries";
import { TextLink } from "@/components/link";
import { PreviewFrame } from "@/components/preview-frame";
import { Button } from "@/components/ui/button";
import { Callout } from "@/components/ui/callout";
import { Card } from "@/components/ui/card";
import { Field } from "@/components/ui/field";
import { Input } from "@/components/ui/input";
import { LinkButton } from "@/components/ui/link-button";

import type { Campaign } from "./edit";
import { TemplatePicker } from "./template-picker";

/** What is sent, and from whom. */
export function ContentStep({ campaign }: { campaign: Campaign }) {
  const [draft, write] = useState({
    name: campaign.name,
    template_id: campaign.template_id,
    subject: campaign.subject,
    sender_name: campaign.sender_name,
    sender_address: campaign.sender_address,
    reply_to: campaign.reply_to,
  });
  const [picking, pick] = useState(false);
  const set = (change: Partial<typeof draft>) => write({ ...draft, ...change });
  const path = { campaign_id: campaign.campaign_id };
  const save = useAct(
    () => ok(api.PATCH("/v1/campaigns/{campaign_id}", { params: { path, header: { "If-Match": `"${campaign.version}"` } }, body: draft } as never)),
    { done: "Saved", refresh: ["campaigns"], quiet: true },
  );
  const template = useQuery({
    queryKey: key("templates", draft.template_id),
    queryFn: () => ok(api.GET("/v1/templates/{template_id}", { params: { path: { template_id: draft.template_id } } })),
  });
  const preview = useQuery({
    queryKey: key("templates", draft.template_id, "thumbnail", template.data?.version),
    queryFn: () => ok(api.POST("/v1/templates/{template_id}/preview", { params: { path: { template_id: draft.template_id } }, body: {} as never })),
    enabled: template.data !== undefined,
    staleTime: 4 * 60_000,
    retry: false,
  });
  const dirty = Object.entries(draft).some(([name, value]) => campaign[name as keyof Campaign] !== value);
  const fields = save.error ? asProblem(save.error).fields : {};
  return (
    <div className="grid gap-5 xl:grid-cols-[minmax(0,1fr)_minmax(0,1fr)] xl:items-start">
      <form
        className="grid gap-5"
        onSubmit={(event) => {
          event.preventDefault();
          save.mutate();
        }}
      >
        {save.error && Object.keys(fields).length === 0 && <Callout tone="bad">{asProblem(save.error).message}</Callout>}
        <Card title="Mail">
          <div className="grid gap-4">
            <Field label="Name of the campaign" error={fields["name"]}>
              <Input value={draft.name} onChange={(event) => set({ name: event.target.value })} required />
            </Field>
            <Field label="Subject" hint={`Empty: “${template.data?.subject ?? "the template's"}”`} optional error={fields["subject"]}>
              <Input value={draft.subject} onChange={(event) => set({ subject: event.target.value })} />
            </Field>
            <div>
              <div className="flex items-center justify-between gap-3">
                <span className="text-sm">
                  <span className="text-muted-foreground">Template </span>
                  <span className="font-medium">{template.data?.name ?? "…"}</span>
                </span>
                <Button variant="secondary" size="sm" onClick={() => pick(!picking)} aria-expanded={picking}>
                  Choose another
                </Button>
              </div>
              {picking && (
                <div className="mt-3">
                  <TemplatePicker value={draft.template_id} onChange={(template_id) => set({ template_id })} />
                </div>
              )}
            </div>
          </div>
        </Card>
        <Card title="From" description="Empty fields take what the workspace says.">
          <div className="grid gap-4 sm:grid-cols-2">
            <Field label="From name" optional error={fields["sender_name"]}>
              <Input value={draft.sender_name} onChange={(event) => set({ sender_name: event.target.value })} />
            </Field>
            <Field label="From address" optional error={fields["sender_address"]}>
              <Input type="email" value={draft.sender_address} onChange={(event) => set({ sender_address: event.target.value })} />
            </Field>
            <Field label="Replies go to" optional error={fields["reply_to"]}>
              <Input type="email" value={draft.reply_to} onChange={(event) => set({ reply_to: event.target.value })} />
            </Field>
          </div>
        </Card>
        <div className="flex gap-2">
          <Button type="submit" disabled={!dirty} pending={save.isPending}>
            Save
          </Button>
          <LinkButton variant="secondary" to={`/campaigns/${campaign.campaign_id}/edit?step=audience`}>
            Audience
          </LinkButton>
        </div>
      </form>
      <Card title="Preview" actions={<TextLink to={`/templates/${draft.template_id}`}>Edit the template</TextLink>}>
        {preview.data ? <PreviewFrame url={preview.data.url} title="The mail" mode="desktop" images={false} /> : preview.error ? <Callout tone="warn">{asProblem(preview.error).message}</Callout> : null}
      </Card>
    </div>
  );
}
