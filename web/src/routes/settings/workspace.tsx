import { useQuery } from "@tanstack/react-query";
import { type FormEvent, type ReactNode, useState } from "react";

import { useAct } from "@/api/act";
import { api, ok } from "@/api/client";
import { may } from "@/api/permissions";
import { asProblem } from "@/api/problem";
import { key, queryClient, useRole } from "@/api/queries";
import type { components } from "@/api/schema";
import { Page } from "@/components/page";
import { ErrorState } from "@/components/states";
import { Button } from "@/components/ui/button";
import { Callout } from "@/components/ui/callout";
import { Card } from "@/components/ui/card";
import { Field } from "@/components/ui/field";
import { Input, NativeSelect, Textarea } from "@/components/ui/input";
import { Skeleton } from "@/components/ui/small";

type Workspace = components["schemas"]["Workspace"];
const ZONES = Intl.supportedValuesOf("timeZone");

/** Name, sender, address and clock of the workspace. */
export default function WorkspaceSettings() {
  const query = useQuery({ queryKey: key("workspace"), queryFn: () => ok(api.GET("/v1/workspace")) });
  return (
    <Page title="Workspace">
      {query.error && !query.data ? (
        <ErrorState error={query.error} what="The workspace" onRetry={() => void query.refetch()} />
      ) : query.data ? (
        <Forms key={query.data.workspace_id} workspace={query.data} />
      ) : (
        <Skeleton className="h-96" />
      )}
    </Page>
  );
}

function Forms({ workspace }: { workspace: Workspace }) {
  const writes = may(useRole(), "workspace:write");
  const [name, writeName] = useState(workspace.name);
  const [brand, writeBrand] = useState(workspace.brand_name);
  const [senderName, writeSenderName] = useState(workspace.sender_name);
  const [senderAddress, writeSenderAddress] = useState(workspace.sender_address);
  const [postal, writePostal] = useState(workspace.postal_address);
  const [zone, chooseZone] = useState(workspace.time_zone);
  return (
    <div className="grid gap-5">
      {!writes && <Callout>You can read these. An owner or admin can change them.</Callout>}
      <Section title="Name" description="Shown to members." disabled={!writes} save={() => ok(api.PUT("/v1/workspace/name", { body: { name } }))}>
        <Field label="Workspace name">
          <Input value={name} onChange={(event) => writeName(event.target.value)} required maxLength={100} />
        </Field>
      </Section>
      <Section title="Brand" description="Shown to your readers on the unsubscribe page." disabled={!writes} save={() => ok(api.PUT("/v1/workspace/brand", { body: { brand_name: brand } }))}>
        <Field label="Brand name">
          <Input value={brand} onChange={(event) => writeBrand(event.target.value)} maxLength={100} />
        </Field>
      </Section>
      <Section
        title="Sender"
        description="Who your mail is from. The domain of the address must be verified."
        disabled={!writes}
        save={() => ok(api.PUT("/v1/workspace/sender", { body: { sender_name: senderName, sender_address: senderAddress } }))}
      >
        <div className="grid gap-4 sm:grid-cols-2">
          <Field label="From name">
            <Input value={senderName} onChange={(event) => writeSenderName(event.target.value)} required />
          </Field>
          <Field label="From address">
            <Input type="email" value={senderAddress} onChange={(event) => writeSenderAddress(event.target.value)} required />
          </Field>
        </div>
      </Section>
      <Section
        title="Postal address"
        description="The law of most countries asks for one in each commercial mail (CAN-SPAM, 15 U.S.C. 7704(a)(5))."
        disabled={!writes}
        save={() => ok(api.PUT("/v1/workspace/postal-address", { body: { postal_address: postal } }))}
      >
        <Field label="Postal address">
          <Textarea value={postal} onChange={(event) => writePostal(event.target.value)} required autoComplete="street-address" />
        </Field>
      </Section>
      <Section title="Clock" description="Times of campaigns and reports are meant in this zone." disabled={!writes} save={() => ok(api.PUT("/v1/workspace/time-zone", { body: { time_zone: zone } }))}>
        <Field label="Time zone">
          <NativeSelect value={zone} onChange={(event) => chooseZone(event.target.value)}>
            {(ZONES.includes(zone) ? ZONES : [zone, ...ZONES]).map((item) => (
              <option key={item}>{item}</option>
            ))}
          </NativeSelect>
        </Field>
      </Section>
    </div>
  );
}

function Section({ title, description, save, disabled, children }: { title: string; description: string; save: () => Promise<unknown>; disabled: boolean; children: ReactNode }) {
  const act = useAct(save, {
    done: `${title} saved`,
    refresh: ["workspace", "onboarding"],
    quiet: true,
    onDone: () => void queryClient.invalidateQueries({ queryKey: ["workspaces"] }),
  });
  const submit = (event: FormEvent) => {
    event.preventDefault();
    act.mutate(undefined);
  };
  return (
    <Card title={title} description={description}>
      <form onSubmit={submit} className="grid max-w-2xl gap-4">
        {act.error && <Callout tone="bad">{asProblem(act.error).message}</Callout>}
        <fieldset disabled={disabled} className="grid gap-4">
          <legend className="sr-only">{title}</legend>
          {children}
          {!disabled && (
            <div>
              <Button type="submit" variant="secondary" pending={act.isPending} aria-label={`Save ${title.toLowerCase()}`}>
                Save
              </Button>
            </div>
          )}
        </fieldset>
      </form>
    </Card>
  );
}
