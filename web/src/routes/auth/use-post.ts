import { useState } from "react";

import { type Problem, asProblem } from "@/api/problem";
import { postJson } from "@/api/session";

/** One request of somebody who is not signed in. `done` once it was taken. */
export function usePost(path: string) {
  const [problem, setProblem] = useState<Problem | null>(null);
  const [pending, wait] = useState(false);
  const [done, finish] = useState(false);
  const post = async (body: unknown) => {
    wait(true);
    setProblem(null);
    try {
      await postJson(path, body);
      finish(true);
    } catch (error) {
      setProblem(asProblem(error));
    } finally {
      wait(false);
    }
  };
  return { post, problem, pending, done };
}
