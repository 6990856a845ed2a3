import { Search } from "lucide-react";
import { type ReactNode, useEffect, useState } from "react";

import { Input } from "@/components/ui/input";
import { cn } from "@/lib/cn";
import { useUrlState } from "@/lib/url";

/** Search and filters above a list; all of it is in the address. */
export function FilterBar({ children }: { children: ReactNode }) {
  return <div className="flex flex-wrap items-center gap-2 border-b px-5 py-3">{children}</div>;
}

/** Searches a little after the last key; "/" jumps here. */
export function SearchBox({ label, name = "q" }: { label: string; name?: string }) {
  const [value, set] = useUrlState(name);
  const [text, write] = useState(value);
  useEffect(() => write(value), [value]);
  useEffect(() => {
    if (text === value) return;
    const timer = setTimeout(() => set(text.trim()), 250);
    return () => clearTimeout(timer);
  }, [text, value, set]);
  return (
    <div className="relative w-full sm:w-72">
      <Search className="pointer-events-none absolute top-1/2 left-3 size-4 -translate-y-1/2 text-muted-foreground" aria-hidden />
      <Input type="search" data-search value={text} onChange={(event) => write(event.target.value)} aria-label={label} placeholder={label} className="h-8 pl-9" />
    </div>
  );
}

/** One of a few values of a filter, with counts where they are known. */
export function FilterChips({ name, label, options }: { name: string; label: string; options: { value: string; label: string; count?: number }[] }) {
  const [value, set] = useUrlState(name);
  return (
    <div role="group" aria-label={label} className="flex flex-wrap gap-1">
      {[{ value: "", label: "All", count: undefined }, ...options].map((option) => (
        <button
          key={option.value}
          type="button"
          aria-pressed={value === option.value}
          onClick={() => set(option.value)}
          className={cn(
            "h-8 rounded-md px-2.5 text-sm font-medium text-muted-foreground hover:bg-surface-2 hover:text-foreground",
            value === option.value && "bg-accent text-accent-foreground hover:bg-accent hover:text-accent-foreground",
          )}
        >
          {option.label}
          {option.count !== undefined && <span className="ml-1.5 text-xs tabular-nums opacity-80">{option.count.toLocaleString()}</span>}
        </button>
      ))}
    </div>
  );
}
