import { useState } from "react";

import { asProblem } from "@/api/problem";
import { queryClient, useMe } from "@/api/queries";
import { type SignedIn, adopt, postJson, signedOut, useSessionState } from "@/api/session";
import { Button } from "@/components/ui/button";
import { Callout } from "@/components/ui/callout";
import { Dialog } from "@/components/ui/dialog";
import { Field } from "@/components/ui/field";
import { Input } from "@/components/ui/input";
import { PasswordInput } from "@/components/ui/password-input";

/** The session ended while somebody worked: signing in again leaves the page as it is. */
export function SessionExpired() {
  const state = useSessionState();
  const me = useMe();
  const [email, writeEmail] = useState("");
  const [password, write] = useState("");
  const [problem, setProblem] = useState("");
  const [pending, wait] = useState(false);
  const address = email || (me.data?.email ?? "");
  const signIn = async () => {
    wait(true);
    setProblem("");
    try {
      const answer = await postJson<SignedIn>("/v1/sessions", { email: address, password, cookie: true });
      if (answer.second_factor_required) return signedOut();
      adopt(answer);
      write("");
      await queryClient.invalidateQueries();
    } catch (error) {
      setProblem(asProblem(error).message);
    } finally {
      wait(false);
    }
  };
  return (
    <Dialog
      open={state === "expired"}
      onOpenChange={(open) => {
        if (!open) signedOut();
      }}
      title="Your session has ended"
      description="Sign in again to go on where you are. Closing this goes to the sign-in page."
    >
      <form
        className="grid gap-4"
        onSubmit={(event) => {
          event.preventDefault();
          void signIn();
        }}
      >
        {problem && <Callout tone="bad">{problem}</Callout>}
        <Field label="E-mail">
          <Input type="email" autoComplete="username" value={address} onChange={(event) => writeEmail(event.target.value)} required />
        </Field>
        <Field label="Password">
          <PasswordInput autoComplete="current-password" value={password} onChange={(event) => write(event.target.value)} required />
        </Field>
        <Button type="submit" pending={pending}>
          Sign in
        </Button>
      </form>
    </Dialog>
  );
}
