import { useState } from "react";

import { TextLink } from "@/components/link";
import { Button } from "@/components/ui/button";
import { Callout } from "@/components/ui/callout";
import { Field } from "@/components/ui/field";
import { LinkButton } from "@/components/ui/link-button";
import { PasswordInput } from "@/components/ui/password-input";
import { AuthPage } from "@/shell/auth-page";

import { useLinkToken } from "./link-token";
import { usePost } from "./use-post";

/** Where the link of a reset leads, and that of an account which was opened at the machine. */
export default function ResetPassword() {
  const token = useLinkToken();
  const [password, write] = useState("");
  const { post, problem, pending, done } = usePost("/v1/password-resets/redemption");
  if (done) {
    return (
      <AuthPage title="Your password is set" lead="All sessions of before have ended. A second factor, if you have one, is still asked for.">
        <LinkButton to="//login" className="w-full" size="lg">
          Sign in
        </LinkButton>
      </AuthPage>
    );
  }
  if (!token) {
    return (
      <AuthPage title="This link is incomplete" lead="Open it from the mail itself, or ask for another one." below={<TextLink to="//login">Back to the sign-in</TextLink>}>
        <LinkButton to="//forgot" className="w-full" size="lg">
          Mail me another link
        </LinkButton>
      </AuthPage>
    );
  }
  const fields = problem?.fields ?? {};
  return (
    <AuthPage title="Choose a password" lead="The link works once, for an hour after it was sent.">
      <form
        className="grid gap-4"
        onSubmit={(event) => {
          event.preventDefault();
          void post({ token, password });
        }}
      >
        {problem && !fields.password && (
          <Callout tone="bad">
            {problem.message} <TextLink to="//forgot">Ask for another link</TextLink>
          </Callout>
        )}
        <Field label="New password" hint="At least 8 characters. A sentence of your own is good; a common password is refused." error={fields.password}>
          <PasswordInput value={password} onChange={(event) => write(event.target.value)} autoComplete="new-password" minLength={8} required />
        </Field>
        <Button type="submit" size="lg" pending={pending}>
          Set the password
        </Button>
      </form>
    </AuthPage>
  );
}
