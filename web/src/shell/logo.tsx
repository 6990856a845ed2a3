import { cn } from "@/lib/cn";

export function Logo({ className, small }: { className?: string; small?: boolean }) {
  return (
    <div className={cn("flex items-center gap-2.5", className)}>
      <svg viewBox="0 0 32 32" className="size-7 shrink-0 text-primary" aria-hidden>
        <rect width="32" height="32" rx="8" fill="currentColor" />
        <path d="M7 11.5 16 18l9-6.5M7 10h18v12H7z" fill="none" className="stroke-primary-foreground" strokeWidth="2.2" strokeLinejoin="round" strokeLinecap="round" />
      </svg>
      {!small && <span className="text-sm font-semibold tracking-tight">Email Engine</span>}
    </div>
  );
}
