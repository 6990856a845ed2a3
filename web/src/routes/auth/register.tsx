import { useState } from "react";

import { type Problem, asProblem } from "@/api/problem";
import { postJson } from "@/api/session";
import { TextLink } from "@/components/link";
import { Button } from "@/components/ui/button";
import { Callout } from "@/components/ui/callout";
import { Field } from "@/components/ui/field";
import { Input } from "@/components/ui/input";
import { PasswordInput } from "@/components/ui/password-input";
import { AuthPage } from "@/shell/auth-page";

/** Asks for an account; the answer is the same whether the address is known or not. */
export default function Register() {
  const [email, writeEmail] = useState("");
  const [password, writePassword] = useState("");
  const [problem, setProblem] = useState<Problem | null>(null);
  const [pending, wait] = useState(false);
  const [sent, send] = useState(false);

  const register = async () => {
    wait(true);
    setProblem(null);
    try {
      await postJson("/v1/accounts", { email, password });
      send(true);
    } catch (error) {
      setProblem(asProblem(error));
    } finally {
      wait(false);
    }
  };
  if (sent) {
    return (
      <AuthPage title="Look into your mailbox" lead={`If ${email} can have an account here, a link to confirm it is on its way. It works once, for an hour.`}>
        <p className="text-sm text-muted-foreground">
          No mail after a few minutes? Look into the spam folder, or <TextLink to="//login">sign in</TextLink> if you have an account already.
        </p>
      </AuthPage>
    );
  }
  const fields = problem?.fields ?? {};
  return (
    <AuthPage
      title="Create an account"
      lead="Your first workspace is made on the way."
      below={
        <>
          Have an account? <TextLink to="//login">Sign in</TextLink>
        </>
      }
    >
      <form
        className="grid gap-4"
        onSubmit={(event) => {
          event.preventDefault();
          void register();
        }}
      >
        {problem && Object.keys(fields).length === 0 && <Callout tone="bad">{problem.message}</Callout>}
        <Field label="E-mail" error={fields.email}>
          <Input type="email" value={email} onChange={(event) => writeEmail(event.target.value)} autoComplete="email" required />
        </Field>
        <Field label="Password" hint="At least 8 characters. A sentence of your own is good; a common password is refused." error={fields.password}>
          <PasswordInput value={password} onChange={(event) => writePassword(event.target.value)} autoComplete="new-password" minLength={8} required />
        </Field>
        <Button type="submit" size="lg" pending={pending}>
          Create account
        </Button>
      </form>
    </AuthPage>
  );
}
