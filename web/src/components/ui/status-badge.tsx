import type { ReactNode } from "react";

import { cn } from "@/lib/cn";

export type Tone = "neutral" | "good" | "warn" | "bad" | "info" | "accent";

const TONES: Record<Tone, string> = {
  neutral: "bg-surface-2 text-muted-foreground",
  good: "bg-good-surface text-good",
  warn: "bg-warn-surface text-warn",
  bad: "bg-bad-surface text-bad",
  info: "bg-info-surface text-info",
  accent: "bg-accent text-accent-foreground",
};

/** A dot and a word: never colour alone. */
export function StatusBadge({ tone = "neutral", children, pulse, className }: { tone?: Tone; children: ReactNode; pulse?: boolean; className?: string }) {
  return (
    <span className={cn("inline-flex items-center gap-1.5 rounded-full px-2 py-0.5 text-xs font-medium whitespace-nowrap", TONES[tone], className)}>
      <span className={cn("size-1.5 shrink-0 rounded-full bg-current", pulse && "animate-pulse")} aria-hidden />
      {children}
    </span>
  );
}
