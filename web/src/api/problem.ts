import type { components } from "./schema";

export type ProblemBody = components["schemas"]["Problem"];

/** What the API refused, in its own words; status 0 when no answer came. */
export class Problem extends Error {
  readonly status: number;
  readonly code: string;
  readonly title: string;
  readonly requestId: string | null;
  readonly fields: Record<string, string>;

  constructor(body: Partial<ProblemBody>, status: number) {
    super(body.detail ?? "The server gave no reason.");
    this.status = status;
    this.code = body.code ?? "unknown";
    this.title = body.title ?? "Something went wrong";
    this.requestId = body.request_id ?? null;
    this.fields = Object.fromEntries((body.errors ?? []).map((error) => [error.pointer.replace(/^\//, ""), error.detail]));
  }

  get isOffline(): boolean {
    return this.status === 0;
  }
}

export const offline = () =>
  new Problem({ title: "No connection", detail: "The server could not be reached. Check the connection and try again.", code: "offline" }, 0);

export function asProblem(error: unknown): Problem {
  if (error instanceof Problem) return error;
  if (error instanceof TypeError) return offline();
  return new Problem({ detail: error instanceof Error ? error.message : undefined }, 500);
}
