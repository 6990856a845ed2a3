import type { ReactNode } from "react";

import { cn } from "@/lib/cn";

type Props = { title?: ReactNode; description?: ReactNode; actions?: ReactNode; children?: ReactNode; className?: string; flush?: boolean };

/** A surface with a heading (h2). `flush` leaves the padding to what is inside, a table for example. */
export function Card({ title, description, actions, children, className, flush }: Props) {
  return (
    <section className={cn("min-w-0 rounded-lg border bg-surface shadow-xs", className)}>
      {(title || actions) && (
        <div className={cn("flex flex-wrap items-start justify-between gap-3 px-5 pt-4", flush && "border-b pb-4")}>
          <div className="min-w-0">
            {title && <h2 className="text-sm font-semibold">{title}</h2>}
            {description && <p className="mt-0.5 text-xs text-muted-foreground">{description}</p>}
          </div>
          {actions && <div className="flex items-center gap-2">{actions}</div>}
        </div>
      )}
      <div className={flush ? undefined : "p-5 pt-4"}>{children}</div>
    </section>
  );
}

/** Facts in two columns. */
export function KeyValues({ items, className }: { items: [ReactNode, ReactNode][]; className?: string }) {
  return (
    <dl className={cn("grid grid-cols-[minmax(7rem,auto)_minmax(0,1fr)] gap-x-6 gap-y-2.5 text-sm", className)}>
      {items.map(([name, value], at) => (
        <div key={at} className="contents">
          <dt className="text-muted-foreground">{name}</dt>
          <dd className="min-w-0 break-words">{value}</dd>
        </div>
      ))}
    </dl>
  );
}
