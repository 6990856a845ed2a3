import { useNavigate } from "@tanstack/react-router";
import { useEffect } from "react";

import { useWorkspaces } from "@/api/queries";
import { useSessionState } from "@/api/session";
import { ErrorState } from "@/components/states";

import { LAST_WORKSPACE } from "./workspace-switcher";
import { NoWorkspace } from "./no-workspace";
import { useSessionStart } from "./session-start";

/** "/": to the workspace of the last time, or to sign in. */
export function Home() {
  const state = useSessionStart();
  return state === "in" ? <Pick /> : null;
}

function Pick() {
  const navigate = useNavigate();
  const workspaces = useWorkspaces();
  const signedIn = useSessionState() === "in";
  const items = workspaces.data?.items;
  const known = items?.find((item) => item.workspace_id === localStorage.getItem(LAST_WORKSPACE)) ?? items?.[0];
  useEffect(() => {
    if (signedIn && known) void navigate({ href: `/w/${known.workspace_id}`, replace: true } as never);
  }, [signedIn, known, navigate]);
  if (workspaces.error) return <ErrorState error={workspaces.error} what="Your workspaces" onRetry={() => void workspaces.refetch()} />;
  if (items && items.length === 0) return <NoWorkspace />;
  return null;
}
