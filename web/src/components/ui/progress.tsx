import { cn } from "@/lib/cn";
import { formatNumber } from "@/lib/format";

const PARTS = { accent: "bg-primary", good: "bg-good", warn: "bg-warn", bad: "bg-bad", neutral: "bg-input", info: "bg-info", rest: "bg-border" } as const;

/** How far something is. `of` null: it runs, nobody knows how long. */
export function Progress({ value, of, label, className }: { value: number; of: number | null; label: string; className?: string }) {
  const share = of ? Math.min(value / of, 1) : 0;
  return (
    <div
      role="progressbar"
      aria-label={label}
      aria-valuemin={0}
      aria-valuemax={of ?? undefined}
      aria-valuenow={of ? value : undefined}
      aria-valuetext={of ? `${formatNumber(value)} of ${formatNumber(of)}` : undefined}
      className={cn("h-2 overflow-hidden rounded-full bg-surface-2", className)}
    >
      <div className={cn("h-full rounded-full bg-primary transition-[width]", of === null && "w-1/3 animate-pulse")} style={of === null ? undefined : { width: `${share * 100}%` }} />
    </div>
  );
}

/** Parts of a whole in one bar, with a legend in words and numbers. */
export function PartsBar({ parts, of, label }: { parts: { label: string; value: number; tone: keyof typeof PARTS }[]; of: number; label: string }) {
  const shown = parts.filter((part) => part.value > 0);
  return (
    <div>
      <div role="img" aria-label={`${label}: ${shown.map((part) => `${part.label} ${formatNumber(part.value)}`).join(", ")}`} className="flex h-3 gap-px overflow-hidden rounded-full bg-surface-2">
        {shown.map((part) => (
          <div key={part.label} className={PARTS[part.tone]} style={{ width: `${of ? (part.value / of) * 100 : 0}%` }} />
        ))}
      </div>
      <ul className="mt-2.5 flex flex-wrap gap-x-5 gap-y-1 text-xs text-muted-foreground">
        {parts.map((part) => (
          <li key={part.label} className="flex items-center gap-1.5">
            <span className={cn("size-2 rounded-full", PARTS[part.tone])} aria-hidden />
            {part.label} <span className="font-medium text-foreground tabular-nums">{formatNumber(part.value)}</span>
          </li>
        ))}
      </ul>
    </div>
  );
}
