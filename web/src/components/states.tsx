/** What a data screen shows when it has no data to show (design rules: the state contract). */
import { CloudOff, Lock, SearchX, TriangleAlert } from "lucide-react";
import { type ReactNode, useEffect, useState } from "react";

import { asProblem } from "@/api/problem";
import { Button } from "@/components/ui/button";
import { CopyButton } from "@/components/ui/small";

function Shape({ icon, title, children, action }: { icon: ReactNode; title: string; children?: ReactNode; action?: ReactNode }) {
  return (
    <div className="grid justify-items-center gap-2 px-6 py-14 text-center">
      <div className="grid size-11 place-items-center rounded-full bg-surface-2 text-muted-foreground [&_svg]:size-5" aria-hidden>
        {icon}
      </div>
      <p className="mt-1 text-sm font-semibold">{title}</p>
      {children && <div className="max-w-md text-sm text-muted-foreground">{children}</div>}
      {action && <div className="mt-2 flex flex-wrap justify-center gap-2">{action}</div>}
    </div>
  );
}

/** Nothing was made yet: what it is for, the one action, and how a program does it. */
export function EmptyState({ icon, title, children, action, call }: { icon: ReactNode; title: string; children: ReactNode; action?: ReactNode; call?: string }) {
  return (
    <Shape icon={icon} title={title} action={action}>
      {children}
      {call && <code className="mt-3 block rounded-md bg-surface-2 px-3 py-1.5 font-mono text-xs break-all text-foreground">{call}</code>}
    </Shape>
  );
}

export function EmptyByFilter({ what, onClear }: { what: string; onClear: () => void }) {
  return (
    <Shape icon={<SearchX />} title={`No ${what} match`} action={<Button variant="secondary" onClick={onClear}>Clear filters</Button>}>
      Try fewer words or another status.
    </Shape>
  );
}

/** What failed and why, in the API's words, with the number that support asks for. */
export function ErrorState({ error, onRetry, what = "This" }: { error: unknown; onRetry?: () => void; what?: string }) {
  const problem = asProblem(error);
  const retry = onRetry && (
    <Button variant="secondary" onClick={onRetry}>
      Try again
    </Button>
  );
  if (problem.status === 403) return <ForbiddenState detail={problem.message} />;
  return (
    <div role="alert">
      <Shape icon={problem.isOffline ? <CloudOff /> : <TriangleAlert />} title={`${what} could not be loaded`} action={retry}>
        {problem.message}
        {problem.requestId && (
          <span className="mt-1 flex items-center justify-center gap-1 font-mono text-xs">
            request {problem.requestId} <CopyButton value={problem.requestId} label="Copy request id" />
          </span>
        )}
      </Shape>
    </div>
  );
}

export function ForbiddenState({ detail }: { detail?: string }) {
  return (
    <Shape icon={<Lock />} title="Your role does not allow this">
      {detail ?? "An owner or admin of this workspace can give you the role that does: Settings, Members."}
    </Shape>
  );
}

/** True once `pending` lasts longer than a blink: before that nothing is drawn, so nothing flickers. */
export function useSlow(pending: boolean, afterMs = 150): boolean {
  const [slow, set] = useState(false);
  useEffect(() => {
    if (!pending) {
      set(false);
      return;
    }
    const timer = setTimeout(() => set(true), afterMs);
    return () => clearTimeout(timer);
  }, [pending, afterMs]);
  return slow;
}
