import { useQueryClient } from "@tanstack/react-query";
import { useState } from "react";

import { asProblem } from "@/api/problem";
import { type SignedIn, adopt, postJson } from "@/api/session";
import { TextLink } from "@/components/link";
import { Button } from "@/components/ui/button";
import { Callout } from "@/components/ui/callout";
import { Field } from "@/components/ui/field";
import { Input } from "@/components/ui/input";
import { PasswordInput } from "@/components/ui/password-input";
import { useGo, useUrlState } from "@/lib/url";
import { AuthPage } from "@/shell/auth-page";

/** Signs in with a password, and with a code where the account has a second factor. */
export default function Login() {
  const [email, writeEmail] = useState("");
  const [password, writePassword] = useState("");
  const [challenge, setChallenge] = useState<string | null>(null);
  const [code, writeCode] = useState("");
  const [problem, setProblem] = useState("");
  const [pending, wait] = useState(false);
  const [then] = useUrlState("then", "/");
  const queries = useQueryClient();
  const go = useGo();

  const attempt = async (ask: () => Promise<SignedIn>) => {
    wait(true);
    setProblem("");
    try {
      const answer = await ask();
      if (answer.second_factor_required) return setChallenge(answer.challenge ?? "");
      queries.clear();
      adopt(answer);
      go(`/${then.startsWith("/") && !then.startsWith("//") ? then : "/"}`, { replace: true });
    } catch (error) {
      setProblem(asProblem(error).message);
    } finally {
      wait(false);
    }
  };
  if (challenge !== null) {
    return (
      <AuthPage title="Enter your code" lead="The six digits of your authenticator app, or one of your recovery codes.">
        <form
          className="grid gap-4"
          onSubmit={(event) => {
            event.preventDefault();
            void attempt(() => postJson("/v1/sessions/second-factor", { challenge, code, cookie: true }));
          }}
        >
          {problem && <Callout tone="bad">{problem}</Callout>}
          <Field label="Code">
            <Input value={code} onChange={(event) => writeCode(event.target.value)} autoComplete="one-time-code" inputMode="text" required autoFocus />
          </Field>
          <Button type="submit" size="lg" pending={pending}>
            Go on
          </Button>
          <Button variant="link" onClick={() => setChallenge(null)}>
            Back to the password
          </Button>
        </form>
      </AuthPage>
    );
  }
  return (
    <AuthPage
      title="Sign in"
      below={
        <>
          New here? <TextLink to="//register">Create an account</TextLink>
        </>
      }
    >
      <form
        className="grid gap-4"
        onSubmit={(event) => {
          event.preventDefault();
          void attempt(() => postJson("/v1/sessions", { email, password, cookie: true }));
        }}
      >
        {problem && <Callout tone="bad">{problem}</Callout>}
        <Field label="E-mail">
          <Input type="email" value={email} onChange={(event) => writeEmail(event.target.value)} autoComplete="username" required />
        </Field>
        <Field label="Password">
          <PasswordInput value={password} onChange={(event) => writePassword(event.target.value)} autoComplete="current-password" required />
        </Field>
        <Button type="submit" size="lg" pending={pending}>
          Sign in
        </Button>
        <p className="text-center text-sm">
          <TextLink to="//forgot">Forgot the password?</TextLink>
        </p>
      </form>
    </AuthPage>
  );
}
