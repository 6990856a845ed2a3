import { useEffect, useState } from "react";

import { TextLink } from "@/components/link";
import { Button } from "@/components/ui/button";
import { Callout } from "@/components/ui/callout";
import { Field } from "@/components/ui/field";
import { Input } from "@/components/ui/input";
import { LinkButton } from "@/components/ui/link-button";
import { Skeleton } from "@/components/ui/small";
import { AuthPage } from "@/shell/auth-page";

import { useLinkToken } from "./link-token";
import { usePost } from "./use-post";

let asked = ""; // React draws twice in development, and the link works once

/** Where the mail after registering leads. */
export default function VerifyAddress() {
  const token = useLinkToken();
  const { post, problem, done } = usePost("/v1/accounts/verification");
  useEffect(() => {
    if (token && token !== asked) {
      asked = token;
      void post({ token });
    }
  });
  if (done) {
    return (
      <AuthPage title="Your address is confirmed" lead="Sign in, and your first workspace is made.">
        <LinkButton to="//login" className="w-full" size="lg">
          Sign in
        </LinkButton>
      </AuthPage>
    );
  }
  if (token && !problem) {
    return (
      <AuthPage title="Confirming your address" lead="One moment.">
        <Skeleton className="h-10" />
      </AuthPage>
    );
  }
  return <Another reason={problem?.message} />;
}

function Another({ reason }: { reason?: string }) {
  const [email, write] = useState("");
  const { post, problem, pending, done } = usePost("/v1/accounts/verification-mail");
  return (
    <AuthPage title="This link does not work" lead={reason ?? "It is incomplete. Open it from the mail itself."} below={<TextLink to="//login">Sign in</TextLink>}>
      {done ? (
        <p className="text-sm text-muted-foreground" role="status">
          If {email} waits to be confirmed, another link is on its way.
        </p>
      ) : (
        <form
          className="grid gap-4"
          onSubmit={(event) => {
            event.preventDefault();
            void post({ email });
          }}
        >
          {problem && <Callout tone="bad">{problem.message}</Callout>}
          <Field label="E-mail">
            <Input type="email" value={email} onChange={(event) => write(event.target.value)} autoComplete="email" required />
          </Field>
          <Button type="submit" size="lg" pending={pending}>
            Mail me another link
          </Button>
        </form>
      )}
    </AuthPage>
  );
}
