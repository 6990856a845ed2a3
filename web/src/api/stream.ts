/**
 * Server-sent events with our credentials: EventSource cannot send a bearer token, so the stream is
 * read with fetch. It comes back by itself, each time a little later, and says how it is.
 */
import { useEffect, useRef, useState } from "react";

import { authorized } from "./client";

export type StreamState = "connecting" | "live" | "reconnecting" | "ended";
type Handler = (event: { name: string; data: unknown; id: string }) => void;

const SLOWEST_MS = 15_000;

/** Reads `path` while mounted; `null` reads nothing. The handler may change without a new stream. */
export function useEventStream(path: string | null, onEvent: Handler): StreamState {
  const [state, setState] = useState<StreamState>("connecting");
  const handler = useRef(onEvent);
  useEffect(() => {
    handler.current = onEvent;
  });
  useEffect(() => {
    if (!path) return;
    const stop = new AbortController();
    void follow(path, stop.signal, (event) => handler.current(event), setState);
    return () => stop.abort();
  }, [path]);
  return state;
}

async function follow(path: string, signal: AbortSignal, onEvent: Handler, say: (state: StreamState) => void) {
  let wait = 500;
  let last = "";
  while (!signal.aborted) {
    try {
      const headers: Record<string, string> = { Accept: "text/event-stream" };
      if (last) headers["Last-Event-ID"] = last;
      const answer = await authorized(new Request(new URL(path, window.location.origin), { headers, signal }));
      if (answer.status === 404 || answer.status === 403) return say("ended");
      if (!answer.ok || !answer.body) throw new Error(String(answer.status));
      say("live");
      wait = 500;
      for await (const event of events(answer.body)) {
        last = event.id || last;
        onEvent(event);
      }
    } catch {
      if (signal.aborted) return;
    }
    say("reconnecting");
    await new Promise((resolve) => setTimeout(resolve, wait + Math.random() * 250));
    wait = Math.min(wait * 2, SLOWEST_MS);
  }
}

/** Splits a body into events: blocks of "field: value" lines (WHATWG HTML, 9.2.6). */
export async function* events(body: ReadableStream<Uint8Array>) {
  const reader = body.pipeThrough(new TextDecoderStream() as ReadableWritablePair<string, Uint8Array>).getReader();
  let text = "";
  for (;;) {
    const { value, done } = await reader.read();
    if (done) return;
    text += value.replaceAll("\r\n", "\n");
    let end = text.indexOf("\n\n");
    while (end >= 0) {
      const event = parsed(text.slice(0, end));
      if (event) yield event;
      text = text.slice(end + 2);
      end = text.indexOf("\n\n");
    }
  }
}

function parsed(block: string) {
  let name = "message";
  let id = "";
  const data: string[] = [];
  for (const line of block.split("\n")) {
    const colon = line.indexOf(":");
    if (colon <= 0) continue;
    const value = line.slice(colon + 1).replace(/^ /, "");
    const field = line.slice(0, colon);
    if (field === "data") data.push(value);
    else if (field === "event") name = value;
    else if (field === "id") id = value;
  }
  if (data.length === 0) return null;
  const joined = data.join("\n");
  try {
    return { name, id, data: JSON.parse(joined) as unknown };
  } catch {
    return { name, id, data: joined as unknown };
  }
}
