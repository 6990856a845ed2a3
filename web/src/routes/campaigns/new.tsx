import { useQuery } from "@tanstack/react-query";
import { useState } from "react";

import { useAct } from "@/api/act";
import { api, ok } from "@/api/client";
import { asProblem } from "@/api/problem";
import { key } from "@/api/queries";
import { Page } from "@/components/page";
import { ErrorState } from "@/components/states";
import { Button } from "@/components/ui/button";
import { Callout } from "@/components/ui/callout";
import { Card } from "@/components/ui/card";
import { Field } from "@/components/ui/field";
import { Input } from "@/components/ui/input";
import { LinkButton } from "@/components/ui/link-button";
import { useGo, useUrlState } from "@/lib/url";

import { TemplatePicker } from "./template-picker";

/** A campaign begins with a name and a template; all else can wait. */
export default function NewCampaign() {
  const [name, write] = useState("");
  const [template, choose] = useUrlState("template");
  const go = useGo();
  const templates = useQuery({ queryKey: key("templates", "any"), queryFn: () => ok(api.GET("/v1/templates", { params: { query: { limit: 1 } } })) });
  const make = useAct(() => ok(api.POST("/v1/campaigns", { body: { name, template_id: template } })), {
    refresh: ["campaigns"],
    quiet: true,
    onDone: ({ id }) => go(`/campaigns/${id}/edit`),
  });
  const none = templates.data?.items.length === 0;
  return (
    <Page title="New campaign" back={{ to: "/campaigns", label: "Campaigns" }}>
      {templates.error ? (
        <ErrorState error={templates.error} what="Templates" onRetry={() => void templates.refetch()} />
      ) : none ? (
        <Callout tone="info" title="A campaign needs a template" action={<LinkButton to="/templates/new" size="sm">Write one</LinkButton>}>
          You have none yet.
        </Callout>
      ) : (
        <form
          className="grid gap-5"
          onSubmit={(event) => {
            event.preventDefault();
            make.mutate();
          }}
        >
          {make.error && <Callout tone="bad">{asProblem(make.error).message}</Callout>}
          <Card>
            <Field label="Name" hint="For you and your team; readers do not see it." className="max-w-lg">
              <Input value={name} onChange={(event) => write(event.target.value)} required maxLength={200} />
            </Field>
          </Card>
          <Card title="Template">
            <TemplatePicker value={template} onChange={choose} />
          </Card>
          <div>
            <Button type="submit" size="lg" disabled={!template} pending={make.isPending}>
              Create draft
            </Button>
          </div>
        </form>
      )}
    </Page>
  );
}
