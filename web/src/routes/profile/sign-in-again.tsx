import { useState } from "react";

import { asProblem } from "@/api/problem";
import { useMe } from "@/api/queries";
import { type SignedIn, adopt, postJson } from "@/api/session";
import { Button } from "@/components/ui/button";
import { Callout } from "@/components/ui/callout";
import { Dialog } from "@/components/ui/dialog";
import { Field } from "@/components/ui/field";
import { Input } from "@/components/ui/input";
import { PasswordInput } from "@/components/ui/password-input";

/** Asks for the password again before what decides how somebody signs in. */
export function SignInAgain({ open, onClose, onSignedIn }: { open: boolean; onClose: () => void; onSignedIn: () => void }) {
  const me = useMe();
  const [password, write] = useState("");
  const [code, writeCode] = useState("");
  const [challenge, setChallenge] = useState<string | null>(null);
  const [problem, setProblem] = useState("");
  const [pending, wait] = useState(false);
  const submit = async () => {
    wait(true);
    setProblem("");
    try {
      const answer =
        challenge === null
          ? await postJson<SignedIn>("/v1/sessions", { email: me.data?.email, password, cookie: true })
          : await postJson<SignedIn>("/v1/sessions/second-factor", { challenge, code, cookie: true });
      if (answer.second_factor_required) return setChallenge(answer.challenge ?? "");
      adopt(answer);
      write("");
      onSignedIn();
    } catch (error) {
      setProblem(asProblem(error).message);
    } finally {
      wait(false);
    }
  };
  return (
    <Dialog open={open} onOpenChange={(next) => !next && onClose()} title="Is it you?" description="You signed in more than five minutes ago. Say your password again to go on.">
      <form
        className="grid gap-4"
        onSubmit={(event) => {
          event.preventDefault();
          void submit();
        }}
      >
        {problem && <Callout tone="bad">{problem}</Callout>}
        <input type="hidden" autoComplete="username" value={me.data?.email ?? ""} readOnly />
        {challenge === null ? (
          <Field label="Password">
            <PasswordInput value={password} onChange={(event) => write(event.target.value)} autoComplete="current-password" required />
          </Field>
        ) : (
          <Field label="Code of your second factor">
            <Input value={code} onChange={(event) => writeCode(event.target.value)} autoComplete="one-time-code" required />
          </Field>
        )}
        <Button type="submit" pending={pending}>
          Go on
        </Button>
      </form>
    </Dialog>
  );
}
