import { useState } from "react";

import { api, ok } from "@/api/client";
import { type Problem, asProblem } from "@/api/problem";
import { queryClient, useMe } from "@/api/queries";
import { Button } from "@/components/ui/button";
import { Callout } from "@/components/ui/callout";
import { Card } from "@/components/ui/card";
import { Field } from "@/components/ui/field";
import { Input } from "@/components/ui/input";
import { CopyButton, CopyField } from "@/components/ui/small";
import { StatusBadge } from "@/components/ui/status-badge";
import { toast } from "@/components/ui/toast";

import { SignInAgain } from "./sign-in-again";

type Stage = { at: "rest" } | { at: "enrolling"; secret: string; uri: string } | { at: "paper"; codes: string[] } | { at: "proving"; what: "renew" | "remove" };

/** An authenticator app beside the password: begin, confirm, keep the paper, do without. */
export function SecondFactor() {
  const me = useMe();
  const [stage, go] = useState<Stage>({ at: "rest" });
  const [code, write] = useState("");
  const [problem, setProblem] = useState<Problem | null>(null);
  const [again, setAgain] = useState<(() => void) | null>(null);
  const [pending, wait] = useState(false);
  const on = me.data?.second_factor ?? false;

  const attempt = async (ask: () => Promise<Stage>) => {
    wait(true);
    setProblem(null);
    try {
      go(await ask());
      write("");
      await queryClient.invalidateQueries({ queryKey: ["me"] });
    } catch (error) {
      const refused = asProblem(error);
      if (refused.code === "sign_in_again") setAgain(() => () => void attempt(ask));
      else setProblem(refused);
    } finally {
      wait(false);
    }
  };
  const begin = () =>
    attempt(async () => {
      const shown = await ok(api.POST("/v1/me/second-factor"));
      return { at: "enrolling", secret: shown.secret, uri: shown.uri };
    });
  const confirm = () =>
    attempt(async () => ({ at: "paper", codes: (await ok(api.POST("/v1/me/second-factor/confirm", { body: { code } }))).recovery_codes }));
  const prove = (what: "renew" | "remove") =>
    attempt(async () => {
      if (what === "renew") return { at: "paper", codes: (await ok(api.POST("/v1/me/second-factor/recovery-codes", { body: { code } }))).recovery_codes };
      await ok(api.POST("/v1/me/second-factor/remove", { body: { code } }));
      toast("The second factor is removed");
      return { at: "rest" };
    });

  return (
    <Card
      title={
        <span className="flex items-center gap-2">
          Second factor <StatusBadge tone={on ? "good" : "neutral"}>{on ? "on" : "off"}</StatusBadge>
        </span>
      }
      description="A code of an app on your phone, asked for after the password. Operators need one."
    >
      <div className="grid gap-4">
        {problem && <Callout tone="bad">{problem.message}</Callout>}
        {stage.at === "rest" && !on && (
          <div>
            <Button variant="secondary" pending={pending} onClick={() => void begin()}>
              Set up an authenticator app
            </Button>
          </div>
        )}
        {stage.at === "rest" && on && (
          <div className="flex flex-wrap gap-2">
            <Button variant="secondary" onClick={() => go({ at: "proving", what: "renew" })}>
              New recovery codes
            </Button>
            <Button variant="secondary" onClick={() => go({ at: "proving", what: "remove" })}>
              Remove it
            </Button>
          </div>
        )}
        {stage.at === "enrolling" && (
          <>
            <p className="text-sm">
              Enter this key in your authenticator app, or{" "}
              <a className="font-medium text-link underline-offset-4 hover:underline" href={stage.uri}>
                open it in an app on this device
              </a>
              . Then type the six digits that it shows.
            </p>
            <CopyField value={stage.secret} label="key" />
            <Code value={code} onChange={write} pending={pending} action="Turn it on" onSubmit={() => void confirm()} onCancel={() => go({ at: "rest" })} />
          </>
        )}
        {stage.at === "proving" && (
          <>
            <p className="text-sm">{stage.what === "renew" ? "Ten new codes are shown once; the old ones are worth nothing then." : "From then on the password alone signs you in."} Type a code to go on.</p>
            <Code value={code} onChange={write} pending={pending} action={stage.what === "renew" ? "Show new codes" : "Remove the second factor"} onSubmit={() => void prove(stage.what)} onCancel={() => go({ at: "rest" })} />
          </>
        )}
        {stage.at === "paper" && <Paper codes={stage.codes} onDone={() => go({ at: "rest" })} />}
      </div>
      <SignInAgain
        open={again !== null}
        onClose={() => setAgain(null)}
        onSignedIn={() => {
          again?.();
          setAgain(null);
        }}
      />
    </Card>
  );
}

function Code({ value, onChange, action, pending, onSubmit, onCancel }: { value: string; onChange: (text: string) => void; action: string; pending: boolean; onSubmit: () => void; onCancel: () => void }) {
  return (
    <form
      className="flex flex-wrap items-end gap-2"
      onSubmit={(event) => {
        event.preventDefault();
        onSubmit();
      }}
    >
      <Field label="Code" className="w-40">
        <Input value={value} onChange={(event) => onChange(event.target.value)} autoComplete="one-time-code" className="font-mono" required />
      </Field>
      <Button type="submit" pending={pending}>
        {action}
      </Button>
      <Button variant="ghost" onClick={onCancel}>
        Not now
      </Button>
    </form>
  );
}

function Paper({ codes, onDone }: { codes: string[]; onDone: () => void }) {
  return (
    <div className="grid gap-3">
      <Callout tone="warn" title="Keep these recovery codes on paper">
        Each signs you in once when the phone is lost. They are not shown again.
      </Callout>
      <ul className="grid grid-cols-1 gap-x-6 gap-y-1 rounded-md bg-surface-2 p-4 font-mono text-sm sm:grid-cols-2">
        {codes.map((code) => (
          <li key={code}>{code}</li>
        ))}
      </ul>
      <div className="flex items-center gap-2">
        <Button onClick={onDone}>I have them</Button>
        <CopyButton value={codes.join("\n")} label="Copy all recovery codes" />
      </div>
    </div>
  );
}
