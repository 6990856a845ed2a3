/** The secret of a mailed link stands behind the "#", which no server sees; it is taken out of the address at once. */
import { useState } from "react";

function taken(keep?: string): string {
  const token = new URLSearchParams(window.location.hash.slice(1)).get("token");
  if (token) {
    window.history.replaceState(window.history.state, "", window.location.pathname);
    if (keep) sessionStorage.setItem(keep, token);
  }
  return token ?? (keep ? (sessionStorage.getItem(keep) ?? "") : "");
}

/** With `keep` it outlives a detour over the sign-in, in this tab. */
export function useLinkToken(keep?: string): string {
  return useState(() => taken(keep))[0];
}
