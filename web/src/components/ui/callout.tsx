import { CircleAlert, CircleCheck, Info, TriangleAlert } from "lucide-react";
import type { ReactNode } from "react";

import { cn } from "@/lib/cn";

const LOOKS = {
  info: ["bg-info-surface text-info", Info],
  good: ["bg-good-surface text-good", CircleCheck],
  warn: ["bg-warn-surface text-warn", TriangleAlert],
  bad: ["bg-bad-surface text-bad", CircleAlert],
} as const;

/** A sentence that must be seen, with what can be done about it. */
export function Callout({ tone = "info", title, children, action, className }: { tone?: keyof typeof LOOKS; title?: ReactNode; children?: ReactNode; action?: ReactNode; className?: string }) {
  const [look, Icon] = LOOKS[tone];
  return (
    <div role={tone === "bad" ? "alert" : undefined} className={cn("flex items-start gap-3 rounded-md p-3.5 text-sm", look, className)}>
      <Icon className="mt-0.5 size-4 shrink-0" aria-hidden />
      <div className="min-w-0 flex-1">
        {title && <div className="font-medium">{title}</div>}
        {children && <div className="break-words text-foreground">{children}</div>}
      </div>
      {action}
    </div>
  );
}
