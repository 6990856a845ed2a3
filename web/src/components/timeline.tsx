import type { ReactNode } from "react";

import type { Tone } from "@/components/ui/status-badge";
import { cn } from "@/lib/cn";
import { formatDateTime } from "@/lib/format";

const DOTS: Record<Tone, string> = { neutral: "bg-input", good: "bg-good", warn: "bg-warn", bad: "bg-bad", info: "bg-info", accent: "bg-primary" };

export type Happening = { id: string; at: string | null; title: ReactNode; detail?: ReactNode; tone?: Tone };

/** What happened, one after the other. */
export function Timeline({ items, label }: { items: Happening[]; label: string }) {
  return (
    <ol aria-label={label} className="relative ml-1.5 border-l pl-6">
      {items.map((item) => (
        <li key={item.id} className="relative pb-5 last:pb-0">
          <span className={cn("absolute top-1.5 -left-[1.8125rem] size-2.5 rounded-full ring-4 ring-surface", DOTS[item.tone ?? "neutral"])} aria-hidden />
          <div className="flex flex-wrap items-baseline justify-between gap-x-4">
            <span className="text-sm font-medium">{item.title}</span>
            {item.at && (
              <time dateTime={item.at} className="text-xs text-muted-foreground tabular-nums">
                {formatDateTime(item.at)}
              </time>
            )}
          </div>
          {item.detail && <div className="mt-0.5 text-sm break-words text-muted-foreground">{item.detail}</div>}
        </li>
      ))}
    </ol>
  );
}
