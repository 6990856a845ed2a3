import { Radio } from "@base-ui/react/radio";
import { RadioGroup } from "@base-ui/react/radio-group";
import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { useState } from "react";

import { api, ok } from "@/api/client";
import { key } from "@/api/queries";
import { ErrorState } from "@/components/states";
import { Input } from "@/components/ui/input";
import { Skeleton } from "@/components/ui/small";
import { cn } from "@/lib/cn";
import { formatRelative } from "@/lib/format";

/** Chooses one of the templates. */
export function TemplatePicker({ value, onChange }: { value: string; onChange: (id: string) => void }) {
  const [q, write] = useState("");
  const list = useQuery({
    queryKey: key("templates", "picker", q),
    queryFn: () => ok(api.GET("/v1/templates", { params: { query: { q: q || undefined, limit: 50 } } })),
    placeholderData: keepPreviousData,
  });
  if (list.error) return <ErrorState error={list.error} what="Templates" onRetry={() => void list.refetch()} />;
  if (!list.data) return <Skeleton className="h-32" />;
  return (
    <div className="grid gap-3">
      <Input type="search" value={q} onChange={(event) => write(event.target.value)} placeholder="Search templates" aria-label="Search templates" className="h-8 max-w-xs" />
      <RadioGroup aria-label="Template" value={value} onValueChange={(next) => onChange(String(next))} className="grid max-h-96 gap-2 overflow-y-auto p-0.5 sm:grid-cols-2 lg:grid-cols-3">
        {list.data.items.map((item) => (
          <label
            key={item.template_id}
            className={cn("flex cursor-pointer items-start gap-3 rounded-md border bg-surface p-3 hover:bg-surface-2", value === item.template_id && "border-primary ring-1 ring-primary")}
          >
            <Radio.Root value={item.template_id} className="mt-0.5 grid size-4 shrink-0 place-items-center rounded-full border border-input bg-surface data-checked:border-primary">
              <Radio.Indicator className="size-2 rounded-full bg-primary data-unchecked:hidden" />
            </Radio.Root>
            <span className="min-w-0">
              <span className="block truncate text-sm font-medium">{item.name}</span>
              <span className="block truncate text-xs text-muted-foreground">{item.subject}</span>
              <span className="block text-xs text-muted-foreground">{formatRelative(item.updated_at)}</span>
            </span>
          </label>
        ))}
      </RadioGroup>
    </div>
  );
}
