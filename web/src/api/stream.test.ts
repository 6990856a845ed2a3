import { describe, expect, it } from "vitest";

import { events } from "./stream";

async function read(...chunks: string[]) {
  const body = new ReadableStream<Uint8Array>({
    start(controller) {
      for (const chunk of chunks) controller.enqueue(new TextEncoder().encode(chunk));
      controller.close();
    },
  });
  const found = [];
  for await (const event of events(body)) found.push(event);
  return found;
}

describe("events", () => {
  it("joins what came in pieces and keeps ids", async () => {
    expect(await read("id: 7\nevent: pul", 'se\ndata: {"a":1}\n\ndata: x\n\n')).toEqual([
      { name: "pulse", id: "7", data: { a: 1 } },
      { name: "message", id: "", data: "x" },
    ]);
  });

  it("leaves out comments and what was cut off", async () => {
    expect(await read(": keep-alive\n\n", "data: 1\r\n\r\ndata: 2")).toEqual([{ name: "message", id: "", data: 1 }]);
  });
});
