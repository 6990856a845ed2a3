import { Check, TriangleAlert, X } from "lucide-react";

import { Link } from "@/components/link";
import { cn } from "@/lib/cn";

export type StepState = "done" | "warning" | "blocked" | "open";
const WORDS: Record<StepState, string> = { done: "done", warning: "has warnings", blocked: "needs work", open: "not done" };

/** The steps of a wizard as links, in any order, each with its state. */
export function Stepper({ steps, label }: { steps: { to: string; label: string; state: StepState; current: boolean }[]; label: string }) {
  return (
    <nav aria-label={label}>
      <ol className="flex flex-wrap gap-x-1 gap-y-2">
        {steps.map((step, at) => (
          <li key={step.label}>
            <Link
              to={step.to}
              aria-current={step.current ? "step" : undefined}
              className={cn(
                "flex items-center gap-2 rounded-full py-1.5 pr-3.5 pl-2 text-sm font-medium text-muted-foreground hover:bg-surface-2",
                step.current && "bg-accent text-accent-foreground hover:bg-accent",
              )}
            >
              <span
                className={cn(
                  "grid size-5 place-items-center rounded-full border border-input text-[0.6875rem]",
                  step.state === "done" && "border-good bg-good-surface text-good",
                  step.state === "warning" && "border-warn bg-warn-surface text-warn",
                  step.state === "blocked" && "border-bad bg-bad-surface text-bad",
                )}
                aria-hidden
              >
                {step.state === "done" ? <Check className="size-3" /> : step.state === "warning" ? <TriangleAlert className="size-3" /> : step.state === "blocked" ? <X className="size-3" /> : at + 1}
              </span>
              {step.label}
              <span className="sr-only">, {WORDS[step.state]}</span>
            </Link>
          </li>
        ))}
      </ol>
    </nav>
  );
}
