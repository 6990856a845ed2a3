import { useLocation, useNavigate } from "@tanstack/react-router";
import { useEffect } from "react";

import { refresh, sessionState, useSessionState } from "@/api/session";

/** Finds out who is there when the page opens; whoever is signed out goes to the sign-in and comes back. */
export function useSessionStart() {
  const state = useSessionState();
  const navigate = useNavigate();
  const { href } = useLocation();
  useEffect(() => {
    if (sessionState() === "unknown") void refresh().catch(() => undefined);
  }, []);
  useEffect(() => {
    // Not from the sign-in itself: this screen stays a moment longer, and would ask again for ever.
    if (state === "out" && !href.startsWith("/login")) void navigate({ href: href === "/" ? "/login" : `/login?then=${encodeURIComponent(href)}`, replace: true } as never);
  }, [state, href, navigate]);
  return state;
}
