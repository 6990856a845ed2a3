import { Tabs as Base } from "@base-ui/react/tabs";
import type { ReactNode } from "react";

import { cn } from "@/lib/cn";

type Props = {
  value: string;
  onChange: (value: string) => void;
  tabs: { value: string; label: ReactNode; content: ReactNode }[];
  label: string;
  className?: string;
};

/** Views of one thing; keep `value` in the address (useUrlState), so that it can be shared. */
export function Tabs({ value, onChange, tabs, label, className }: Props) {
  return (
    <Base.Root value={value} onValueChange={(next) => onChange(String(next))} className={className}>
      <Base.List aria-label={label} className="flex gap-5 overflow-x-auto border-b">
        {tabs.map((tab) => (
          <Base.Tab
            key={tab.value}
            value={tab.value}
            className={cn(
              "-mb-px border-b-2 border-transparent py-2.5 text-sm font-medium whitespace-nowrap text-muted-foreground hover:text-foreground data-active:border-primary data-active:text-foreground",
            )}
          >
            {tab.label}
          </Base.Tab>
        ))}
      </Base.List>
      {tabs.map((tab) => (
        <Base.Panel key={tab.value} value={tab.value} className="pt-5">
          {tab.content}
        </Base.Panel>
      ))}
    </Base.Root>
  );
}
