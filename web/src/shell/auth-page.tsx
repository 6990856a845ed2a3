import { type ReactNode, useEffect } from "react";

import { Logo } from "./logo";

/** One column, one card: sign in, register, reset and what is like them. */
export function AuthPage({ title, lead, children, below }: { title: string; lead?: ReactNode; children: ReactNode; below?: ReactNode }) {
  useEffect(() => {
    document.title = `${title} · Email Engine`;
  }, [title]);
  return (
    <div className="grid min-h-dvh place-items-center bg-background px-4 py-10">
      <main className="w-full max-w-sm">
        <Logo className="mb-8 justify-center" />
        <div className="rounded-lg border bg-surface p-6 shadow-sm">
          <h1 className="text-lg font-semibold tracking-tight">{title}</h1>
          {lead && <p className="mt-1 text-sm text-muted-foreground">{lead}</p>}
          <div className="mt-5">{children}</div>
        </div>
        {below && <div className="mt-5 text-center text-sm text-muted-foreground">{below}</div>}
      </main>
    </div>
  );
}
