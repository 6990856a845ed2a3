import { useEffect } from "react";

import { ErrorState } from "@/components/states";
import { LinkButton } from "@/components/ui/link-button";

export function NotFound() {
  useEffect(() => {
    document.title = "Not found · Email Engine";
  }, []);
  return (
    <div className="grid min-h-[60vh] place-items-center px-6 text-center">
      <div>
        <p className="font-mono text-sm text-muted-foreground">404</p>
        <h1 className="mt-1 text-xl font-semibold tracking-tight">There is no such page</h1>
        <p className="mt-2 text-sm text-muted-foreground">The address may be mistyped, or what was here was removed.</p>
        <div className="mt-5">
          <LinkButton to="//">Go to the overview</LinkButton>
        </div>
      </div>
    </div>
  );
}

export function RouteError({ error, reset }: { error: unknown; reset?: () => void }) {
  return (
    <div className="mx-auto max-w-3xl">
      <h1 className="sr-only">Something went wrong</h1>
      <ErrorState error={error} onRetry={reset} what="This page" />
    </div>
  );
}
