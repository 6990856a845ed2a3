/**
 * Who is signed in. The refresh token is an HttpOnly cookie that no script sees; access tokens live
 * in memory only, one for the account and one for the workspace in the address bar.
 */
import { useSyncExternalStore } from "react";

import type { components } from "./schema";
import { Problem, offline } from "./problem";

export type SignedIn = components["schemas"]["SignedIn"];
type State = "unknown" | "in" | "out" | "expired";
type Token = { value: string; goodUntil: number };

const OWN_HEADER = { "X-Engine-Request": "1" };
const EARLY_MS = 20_000;

let state: State = "unknown";
let account: Token | null = null;
const workspaces = new Map<string, Token>();
const listeners = new Set<() => void>();

function become(next: State) {
  state = next;
  for (const listener of listeners) listener();
}

function subscribe(listener: () => void) {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

export const sessionState = () => state;
export const useSessionState = () => useSyncExternalStore(subscribe, sessionState);

const asToken = (value: string, seconds: number): Token => ({
  value,
  goodUntil: Date.now() + seconds * 1000 - EARLY_MS,
});
const isGood = (token: Token | null | undefined): token is Token => !!token && token.goodUntil > Date.now();

/** Begins a session in this tab from what a sign-in answered. */
export function adopt(signedIn: SignedIn): void {
  if (!signedIn.access_token) return;
  account = asToken(signedIn.access_token, signedIn.expires_in_s);
  workspaces.clear();
  become("in");
}

export function signedOut(): void {
  account = null;
  workspaces.clear();
  become("out");
}

/** The session ended under somebody's hands: the page stays, a dialog signs in again. */
function expired(): void {
  account = null;
  workspaces.clear();
  become(state === "in" || state === "expired" ? "expired" : "out");
}

export async function postJson<T>(path: string, body: unknown, token?: string): Promise<T> {
  let answer: Response;
  try {
    answer = await fetch(path, {
      method: "POST",
      credentials: "same-origin",
      headers: {
        "Content-Type": "application/json",
        ...OWN_HEADER,
        ...(token ? { Authorization: `Bearer ${token}` } : {}),
      },
      body: JSON.stringify(body),
    });
  } catch {
    throw offline();
  }
  const data = await answer.json().catch(() => ({}));
  if (!answer.ok) throw new Problem(data, answer.status);
  return data as T;
}

let refreshing: Promise<boolean> | null = null;

/** Exchanges the cookie for a new access token; one tab at a time, since each cookie works once. */
export function refresh(): Promise<boolean> {
  refreshing ??= navigator.locks
    .request("engine-refresh", async () => {
      try {
        adopt(await postJson<SignedIn>("/v1/sessions/refresh", {}));
        return true;
      } catch (error) {
        if (error instanceof Problem && error.isOffline) throw error;
        expired();
        return false;
      }
    })
    .finally(() => {
      refreshing = null;
    });
  return refreshing;
}

async function accountToken(): Promise<string | null> {
  if (!isGood(account)) await refresh();
  return isGood(account) ? account.value : null;
}

/** A token for the workspace (the account's own token without one); null when signed out. */
export async function tokenFor(workspaceId: string | null): Promise<string | null> {
  if (!workspaceId) return accountToken();
  const known = workspaces.get(workspaceId);
  if (isGood(known)) return known.value;
  const own = await accountToken();
  if (!own) return null;
  const entered = await postJson<components["schemas"]["WorkspaceToken"]>(
    "/v1/sessions/workspace",
    { workspace_id: workspaceId },
    own,
  );
  workspaces.set(workspaceId, asToken(entered.access_token, entered.expires_in_s));
  return entered.access_token;
}

/** Forgets what the server refused, so that the next call asks for a new token. */
export function dropToken(workspaceId: string | null): void {
  if (workspaceId) workspaces.delete(workspaceId);
  account = null;
}
