import { useState } from "react";

import { TextLink } from "@/components/link";
import { Button } from "@/components/ui/button";
import { Callout } from "@/components/ui/callout";
import { Field } from "@/components/ui/field";
import { Input } from "@/components/ui/input";
import { AuthPage } from "@/shell/auth-page";

import { usePost } from "./use-post";

/** Asks for a mail that sets another password; the answer is the same whoever asks. */
export default function Forgot() {
  const [email, write] = useState("");
  const { post, problem, pending, done } = usePost("/v1/password-resets");
  const back = <TextLink to="//login">Back to the sign-in</TextLink>;
  if (done) {
    return (
      <AuthPage title="Look into your mailbox" lead={`If ${email} has an account here, a link that sets a new password is on its way. It works once, for an hour.`} below={back}>
        <p className="text-sm text-muted-foreground">No mail after a few minutes? Look into the spam folder. Whoever runs this installation can make a link too.</p>
      </AuthPage>
    );
  }
  return (
    <AuthPage title="Forgot the password?" lead="We mail you a link that sets a new one." below={back}>
      <form
        className="grid gap-4"
        onSubmit={(event) => {
          event.preventDefault();
          void post({ email });
        }}
      >
        {problem && <Callout tone="bad">{problem.message}</Callout>}
        <Field label="E-mail">
          <Input type="email" value={email} onChange={(event) => write(event.target.value)} autoComplete="username" required />
        </Field>
        <Button type="submit" size="lg" pending={pending}>
          Mail me a link
        </Button>
      </form>
    </AuthPage>
  );
}
