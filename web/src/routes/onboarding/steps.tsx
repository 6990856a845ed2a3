/** The questions, one form each. */
import { type FormEvent, type ReactNode, useState } from "react";

import { useAct } from "@/api/act";
import { api, ok } from "@/api/client";
import { asProblem } from "@/api/problem";
import { queryClient } from "@/api/queries";
import { Button } from "@/components/ui/button";
import { Callout } from "@/components/ui/callout";
import { Field } from "@/components/ui/field";
import { Input, NativeSelect, Textarea } from "@/components/ui/input";
import { RadioCards } from "@/components/ui/radio-cards";
import { useGo } from "@/lib/url";

import type { StepForm } from "./onboarding";

const ZONES = Intl.supportedValuesOf("timeZone");
const HERE = Intl.DateTimeFormat().resolvedOptions().timeZone;

type Rendered = (fields: Record<string, string>) => ReactNode;

function Form({ save, onSaved, label = "Save and go on", children }: { save: () => Promise<unknown>; onSaved: () => void; label?: string; children: Rendered }) {
  const act = useAct(save, {
    refresh: ["onboarding", "workspace", "contacts", "templates"],
    quiet: true,
    onDone: () => {
      void queryClient.invalidateQueries({ queryKey: ["workspaces"] });
      onSaved();
    },
  });
  const problem = act.error ? asProblem(act.error) : null;
  const submit = (event: FormEvent) => {
    event.preventDefault();
    act.mutate(undefined);
  };
  return (
    <form onSubmit={submit} className="grid gap-4">
      {problem && Object.keys(problem.fields).length === 0 && <Callout tone="bad">{problem.message}</Callout>}
      {children(problem?.fields ?? {})}
      <div>
        <Button type="submit" pending={act.isPending}>
          {label}
        </Button>
      </div>
    </form>
  );
}

export const WorkspaceStep: StepForm = ({ workspace, onSaved }) => {
  const [name, writeName] = useState(workspace.name);
  const [brand, writeBrand] = useState(workspace.brand_name || workspace.name);
  const [zone, chooseZone] = useState(workspace.time_zone === "UTC" && ZONES.includes(HERE) ? HERE : workspace.time_zone);
  return (
    <Form onSaved={onSaved} save={() => ok(api.PUT("/v1/onboarding/workspace", { body: { name, brand_name: brand, time_zone: zone } }))}>
      {(fields) => (
        <>
          <Field label="Workspace name" error={fields.name}>
            <Input value={name} onChange={(event) => writeName(event.target.value)} required autoComplete="organization" />
          </Field>
          <Field label="Brand name" hint="What your readers know you by." error={fields.brand_name}>
            <Input value={brand} onChange={(event) => writeBrand(event.target.value)} required />
          </Field>
          <Field label="Time zone" hint="Times of campaigns and reports are meant in it." error={fields.time_zone}>
            <NativeSelect value={zone} onChange={(event) => chooseZone(event.target.value)}>
              {(ZONES.includes(zone) ? ZONES : [zone, ...ZONES]).map((item) => (
                <option key={item}>{item}</option>
              ))}
            </NativeSelect>
          </Field>
        </>
      )}
    </Form>
  );
};

export const SenderStep: StepForm = ({ workspace, onSaved }) => {
  const [name, writeName] = useState(workspace.sender_name || workspace.brand_name || workspace.name);
  const [address, writeAddress] = useState(workspace.sender_address);
  const [postal, writePostal] = useState(workspace.postal_address);
  return (
    <Form onSaved={onSaved} save={() => ok(api.PUT("/v1/onboarding/sender", { body: { sender_name: name, sender_address: address, postal_address: postal } }))}>
      {(fields) => (
        <>
          <div className="grid gap-4 sm:grid-cols-2">
            <Field label="From name" error={fields.sender_name}>
              <Input value={name} onChange={(event) => writeName(event.target.value)} required />
            </Field>
            <Field label="From address" error={fields.sender_address}>
              <Input type="email" value={address} onChange={(event) => writeAddress(event.target.value)} placeholder="news@your-domain" required />
            </Field>
          </div>
          <Field label="Postal address" hint="Most countries ask for one in each commercial mail." error={fields.postal_address}>
            <Textarea value={postal} onChange={(event) => writePostal(event.target.value)} required autoComplete="street-address" />
          </Field>
        </>
      )}
    </Form>
  );
};

export const DomainStep: StepForm = ({ workspace, onSaved }) => {
  const [domain, write] = useState(workspace.sender_address.split("@")[1] ?? "");
  return (
    <Form onSaved={onSaved} save={() => ok(api.PUT("/v1/onboarding/sending_domain", { body: { sending_domain: domain } }))}>
      {(fields) => (
        <Field label="Sending domain" hint="The part behind the @ of your From address. What to publish in its DNS is shown under Domains, when you add it there." error={fields.sending_domain}>
          <Input value={domain} onChange={(event) => write(event.target.value)} placeholder="your-domain" autoCapitalize="none" spellCheck={false} required />
        </Field>
      )}
    </Form>
  );
};

export const VolumeStep: StepForm = ({ onSaved }) => {
  const [number, write] = useState("");
  const [goal, say] = useState("");
  return (
    <Form onSaved={onSaved} save={() => ok(api.PUT("/v1/onboarding/volume_and_goal", { body: { mails_per_month: Number(number), goal } }))}>
      {(fields) => (
        <>
          <Field label="Mails a month" error={fields.mails_per_month}>
            <Input type="number" min={0} max={10_000_000_000} value={number} onChange={(event) => write(event.target.value)} inputMode="numeric" className="max-w-40 tabular-nums" required />
          </Field>
          <Field label="What for?" error={fields.goal}>
            <Input value={goal} onChange={(event) => say(event.target.value)} placeholder="A monthly letter to members" required />
          </Field>
        </>
      )}
    </Form>
  );
};

export const ContactsStep: StepForm = ({ onSaved }) => {
  const [source, choose] = useState<"import" | "sample">("import");
  const go = useGo();
  return (
    <Form
      onSaved={() => (source === "import" ? go("/contacts/imports/new") : onSaved())}
      label={source === "import" ? "Choose a file" : "Add the samples"}
      save={() => ok(api.PUT("/v1/onboarding/contacts", { body: { source } }))}
    >
      {() => (
        <RadioCards
          label="Your contacts"
          value={source}
          onChange={choose}
          options={[
            { value: "import", label: "Import a file", hint: "CSV or Excel. You see what would be imported before anything is." },
            { value: "sample", label: "Try with samples", hint: "A small list of made-up people and a template to play with." },
          ]}
        />
      )}
    </Form>
  );
};
