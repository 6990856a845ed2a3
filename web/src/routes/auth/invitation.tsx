import { useMutation } from "@tanstack/react-query";

import { api, ok } from "@/api/client";
import { asProblem } from "@/api/problem";
import { queryClient, useMe } from "@/api/queries";
import { TextLink } from "@/components/link";
import { Button } from "@/components/ui/button";
import { Callout } from "@/components/ui/callout";
import { useGo } from "@/lib/url";
import { AuthPage } from "@/shell/auth-page";
import { signOut } from "@/shell/profile-menu";
import { useSessionStart } from "@/shell/session-start";

import { useLinkToken } from "./link-token";

const KEPT = "invitation";

/** Where the mail of an invitation leads: joins the workspace, after a sign-in. */
export default function Invitation() {
  const token = useLinkToken(KEPT);
  const state = useSessionStart();
  return state === "in" ? <Accept token={token} /> : null;
}

function Accept({ token }: { token: string }) {
  const me = useMe();
  const go = useGo();
  const accept = useMutation({
    mutationFn: () => ok(api.POST("/v1/invitations/accept", { body: { token } })),
    onSuccess: async ({ id }) => {
      sessionStorage.removeItem(KEPT);
      await queryClient.invalidateQueries();
      go(`//w/${id}`);
    },
  });
  return (
    <AuthPage
      title="You are invited"
      lead={`Join the workspace as ${me.data?.email ?? "…"}.`}
      below={
        <>
          Invited at another address?{" "}
          <Button variant="link" onClick={() => void signOut()}>
            Sign in with that one
          </Button>
        </>
      }
    >
      <div className="grid gap-4">
        {accept.error && (
          <Callout tone="bad">
            {asProblem(accept.error).code === "not_found" ? "This invitation is not for this address, was used, or is older than seven days. Whoever invited you can send it again." : asProblem(accept.error).message}
          </Callout>
        )}
        <Button size="lg" pending={accept.isPending} disabled={!token} onClick={() => accept.mutate()}>
          Join the workspace
        </Button>
        <p className="text-center text-sm">
          <TextLink to="//">Not now</TextLink>
        </p>
      </div>
    </AuthPage>
  );
}
