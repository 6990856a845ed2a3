import { NoWorkspace } from "@/shell/no-workspace";
import { useSessionStart } from "@/shell/session-start";

/** One more workspace, for somebody who has one. */
export default function NewWorkspace() {
  return useSessionStart() === "in" ? <NoWorkspace /> : null;
}
