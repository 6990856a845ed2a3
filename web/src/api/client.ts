/** The typed client of the API: credentials, one retry after a stale token, problems as errors. */
import createClient from "openapi-fetch";

import type { paths } from "./schema";
import { Problem, offline } from "./problem";
import { dropToken, tokenFor } from "./session";

const READ_OWN_MS = 8_000;
let written = { position: 0, at: 0 };

/** The workspace of the address bar: `/w/<id>/…`. */
export function currentWorkspace(): string | null {
  return /^\/w\/([0-9a-f-]{36})(\/|$)/.exec(window.location.pathname)?.[1] ?? null;
}

/** Sends a request with the right token; after a 401 once more with a new one. */
export async function authorized(request: Request): Promise<Response> {
  const workspace = request.url.includes("/v1/me") || request.url.includes("/v1/workspaces") ? null : currentWorkspace();
  const again = request.clone();
  let answer = await send(request, workspace);
  if (answer.status === 401) {
    dropToken(workspace);
    answer = await send(again, workspace);
  }
  return answer;
}

async function send(request: Request, workspace: string | null): Promise<Response> {
  const token = await tokenFor(workspace);
  if (!token) throw new Problem({ title: "Signed out", code: "signed_out", detail: "Sign in again to go on." }, 401);
  const headers = new Headers(request.headers);
  headers.set("Authorization", `Bearer ${token}`);
  try {
    return await fetch(new Request(request, { headers }));
  } catch (error) {
    if (error instanceof DOMException && error.name === "AbortError") throw error;
    throw offline();
  }
}

/** After a write, reads wait until the read model has it (the API's `after`). */
function readingOwnWrites(request: Request): Request {
  const url = new URL(request.url);
  const applies =
    request.method === "GET" &&
    Date.now() - written.at < READ_OWN_MS &&
    url.pathname.startsWith("/v1/") &&
    !/^\/v1\/(sessions|workspaces|operator|audit\/tail)/.test(url.pathname) &&
    !url.searchParams.has("after");
  if (!applies) return request;
  url.searchParams.set("after", String(written.position));
  return new Request(url, request);
}

export async function remember(answer: Response): Promise<void> {
  if (!answer.ok || !answer.headers.get("content-type")?.includes("json")) return;
  const body = await answer.clone().json();
  if (typeof body?.position === "number") written = { position: Math.max(written.position, body.position), at: Date.now() };
}

async function engineFetch(request: Request): Promise<Response> {
  const answer = await authorized(readingOwnWrites(request));
  if (request.method !== "GET") await remember(answer);
  return answer;
}

export const api = createClient<paths>({ baseUrl: window.location.origin, fetch: engineFetch });

type Answer<T> = { data?: T; error?: unknown; response: Response };

/** Returns the body, or throws the `Problem` that the API answered. */
export async function ok<T>(call: Promise<Answer<T>>): Promise<T> {
  const { data, error, response } = await call;
  if (error !== undefined || !response.ok) {
    throw new Problem((error ?? {}) as object, response.status);
  }
  return data as T;
}

/** Fetches a file with the right credentials and hands it to the browser under `name`. */
export async function download(path: string, name: string): Promise<void> {
  const answer = await authorized(new Request(new URL(path, window.location.origin)));
  if (!answer.ok) throw new Problem(await answer.json().catch(() => ({})), answer.status);
  const link = document.createElement("a");
  link.href = URL.createObjectURL(await answer.blob());
  link.download = name;
  link.click();
  URL.revokeObjectURL(link.href);
}
