import { useQuery } from "@tanstack/react-query";
import type { ComponentType } from "react";

import { useAct } from "@/api/act";
import { api, ok } from "@/api/client";
import { may } from "@/api/permissions";
import { key, useRole } from "@/api/queries";
import type { components } from "@/api/schema";
import { Page } from "@/components/page";
import { ErrorState } from "@/components/states";
import { Button } from "@/components/ui/button";
import { Callout } from "@/components/ui/callout";
import { Card } from "@/components/ui/card";
import { Skeleton } from "@/components/ui/small";
import { Stepper } from "@/components/ui/stepper";
import { useGo, useRouteParams } from "@/lib/url";

import { ContactsStep, DomainStep, SenderStep, VolumeStep, WorkspaceStep } from "./steps";

export type Workspace = components["schemas"]["Workspace"];
export type StepForm = ComponentType<{ workspace: Workspace; onSaved: () => void }>;
type Name = components["schemas"]["OnboardingStep"]["step"];

const STEPS: { step: Name; label: string; title: string; why: string; form: StepForm }[] = [
  { step: "workspace", label: "Workspace", title: "Who are you?", why: "Your people see the workspace's name, your readers the brand.", form: WorkspaceStep },
  { step: "sender", label: "Sender", title: "Who writes, and from where?", why: "Stands in every mail. Nothing is sent before you have both.", form: SenderStep },
  { step: "sending_domain", label: "Domain", title: "From which domain?", why: "Mailbox providers trust mail whose domain says that you may send it.", form: DomainStep },
  { step: "volume_and_goal", label: "Volume", title: "How much, and what for?", why: "A new domain starts slowly; we plan its warm-up by this.", form: VolumeStep },
  { step: "contacts", label: "Contacts", title: "Whom do you write to?", why: "Bring a file, or look around with five made-up people first.", form: ContactsStep },
];

/** Five questions, each saved by itself; in any order, on any device, any of them later. */
export default function Onboarding() {
  const { step = "workspace" } = useRouteParams();
  const go = useGo();
  const writes = may(useRole(), "workspace:write");
  const progress = useQuery({ queryKey: key("onboarding"), queryFn: () => ok(api.GET("/v1/onboarding")) });
  const workspace = useQuery({ queryKey: key("workspace"), queryFn: () => ok(api.GET("/v1/workspace")) });
  const at = Math.max(0, STEPS.findIndex((item) => item.step === step));
  const current = STEPS[at]!;
  const after = STEPS[at + 1];
  const onward = () => go(after ? `/onboarding/${after.step}` : "/");
  const skip = useAct(() => ok(api.POST("/v1/onboarding/skip", { body: { step: current.step } })), { refresh: ["onboarding"], onDone: onward });
  const state = (name: Name) => progress.data?.steps.find((item) => item.step === name)?.state ?? "open";
  const error = progress.error ?? workspace.error;

  return (
    <Page title={`Set up: ${current.label.toLowerCase()}`} heading="Set up your workspace" description="Each answer is saved by itself. Leave whenever you like; the list on the overview knows what is open.">
      <Stepper
        label="Steps"
        steps={STEPS.map((item) => ({
          to: `/onboarding/${item.step}`,
          label: item.label,
          state: state(item.step) === "answered" ? "done" : "open",
          current: item.step === current.step,
        }))}
      />
      <div className="mt-5 max-w-2xl">
        {error && !workspace.data ? (
          <ErrorState
            error={error}
            what="The set-up"
            onRetry={() => {
              void progress.refetch();
              void workspace.refetch();
            }}
          />
        ) : workspace.data ? (
          <Card title={current.title} description={current.why}>
            {writes ? (
              <current.form key={current.step} workspace={workspace.data} onSaved={onward} />
            ) : (
              <Callout>An owner or admin of this workspace answers these.</Callout>
            )}
          </Card>
        ) : (
          <Skeleton className="h-72" />
        )}
        {writes && (
          <div className="mt-3 text-right">
            <Button variant="ghost" pending={skip.isPending} onClick={() => (state(current.step) === "open" ? skip.mutate(undefined) : onward())}>
              {state(current.step) === "open" ? "Answer this later" : after ? "Go on" : "To the overview"}
            </Button>
          </div>
        )}
      </div>
    </Page>
  );
}
