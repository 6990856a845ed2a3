import { Menu as Base } from "@base-ui/react/menu";
import type { ReactElement, ReactNode } from "react";

import { cn } from "@/lib/cn";
import { useGo } from "@/lib/url";

export type MenuEntry =
  | "separator"
  | { heading: string }
  | { label: ReactNode; icon?: ReactNode; onSelect?: () => void; to?: string; danger?: boolean; disabled?: boolean };

type Props = { trigger: ReactElement<Record<string, unknown>>; entries: MenuEntry[]; align?: "start" | "end" };

const itemClass =
  "flex cursor-default items-center gap-2.5 rounded-sm px-2 py-1.5 text-sm outline-hidden select-none data-disabled:opacity-55 data-highlighted:bg-accent data-highlighted:text-accent-foreground [&_svg]:size-4 [&_svg]:text-muted-foreground";

/** Actions behind a button. `trigger` is the button itself. */
export function Menu({ trigger, entries, align = "end" }: Props) {
  const go = useGo();
  return (
    <Base.Root>
      <Base.Trigger render={trigger} />
      <Base.Portal>
        <Base.Positioner className="z-50 outline-hidden" sideOffset={6} align={align}>
          <Base.Popup className="max-h-(--available-height) min-w-48 overflow-y-auto rounded-md border bg-surface p-1 shadow-lg outline-hidden">
            {entries.map((entry, at) => {
              if (entry === "separator") return <Base.Separator key={at} className="-mx-1 my-1 h-px bg-border" />;
              if ("heading" in entry)
                return (
                  <div key={at} className="px-2 pt-1.5 pb-1 text-xs font-medium text-muted-foreground">
                    {entry.heading}
                  </div>
                );
              const { to } = entry;
              return (
                <Base.Item
                  key={at}
                  disabled={entry.disabled}
                  onClick={to ? () => go(to) : entry.onSelect}
                  className={cn(itemClass, entry.danger && "text-bad data-highlighted:bg-bad-surface data-highlighted:text-bad [&_svg]:text-bad")}
                >
                  {entry.icon}
                  {entry.label}
                </Base.Item>
              );
            })}
          </Base.Popup>
        </Base.Positioner>
      </Base.Portal>
    </Base.Root>
  );
}
