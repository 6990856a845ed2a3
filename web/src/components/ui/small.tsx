/** Small things that many screens show. */
import { Check, Copy } from "lucide-react";
import { type ReactNode, useState } from "react";

import { cn } from "@/lib/cn";
import { formatDateTime, formatRelative } from "@/lib/format";

import { Tooltip } from "./tooltip";

export function Skeleton({ className }: { className?: string }) {
  return <div className={cn("animate-pulse rounded-md bg-surface-2", className)} aria-hidden />;
}

export function Kbd({ children }: { children: ReactNode }) {
  return <kbd className="rounded-sm border bg-surface-2 px-1.5 py-0.5 font-sans text-[0.6875rem] font-medium text-muted-foreground">{children}</kbd>;
}

/** "3 minutes ago", with the exact time on hover and focus. */
export function RelativeTime({ at, className }: { at: string; className?: string }) {
  return (
    <Tooltip content={formatDateTime(at)}>
      <time dateTime={at} tabIndex={0} className={cn("rounded-sm whitespace-nowrap", className)}>
        {formatRelative(at)}
      </time>
    </Tooltip>
  );
}

export function CopyButton({ value, label = "Copy" }: { value: string; label?: string }) {
  const [copied, set] = useState(false);
  const copy = async () => {
    await navigator.clipboard.writeText(value);
    set(true);
    setTimeout(() => set(false), 2_000);
  };
  return (
    <button
      type="button"
      onClick={() => void copy()}
      aria-label={copied ? "Copied" : label}
      className="grid size-7 shrink-0 place-items-center rounded-sm text-muted-foreground hover:bg-surface-2 hover:text-foreground"
    >
      {copied ? <Check className="size-3.5 text-good" aria-hidden /> : <Copy className="size-3.5" aria-hidden />}
    </button>
  );
}

/** A value to be taken elsewhere: a DNS record, an id, a key. */
export function CopyField({ value, label }: { value: string; label: string }) {
  return (
    <div className="flex items-center gap-1 rounded-md border bg-surface-2 py-1 pr-1 pl-2.5">
      <code className="min-w-0 flex-1 overflow-x-auto font-mono text-xs break-all">{value}</code>
      <CopyButton value={value} label={`Copy ${label}`} />
    </div>
  );
}

export function Avatar({ name }: { name: string }) {
  const letters = name.replace(/@.*/, "").split(/[\s._-]+/).filter(Boolean).slice(0, 2).map((part) => part[0]?.toUpperCase()).join("");
  return (
    <span className="grid size-7 shrink-0 place-items-center rounded-full bg-accent text-[0.6875rem] font-semibold text-accent-foreground" aria-hidden>
      {letters || "?"}
    </span>
  );
}
