import { useQuery } from "@tanstack/react-query";
import { Copy, LayoutTemplate, MoreHorizontal, Pencil, Plus, Trash2 } from "lucide-react";

import { useAct } from "@/api/act";
import { api, ok } from "@/api/client";
import { usePage } from "@/api/pages";
import { may } from "@/api/permissions";
import { key, useRole } from "@/api/queries";
import type { components } from "@/api/schema";
import { SearchBox } from "@/components/filter-bar";
import { Link } from "@/components/link";
import { Page } from "@/components/page";
import { Thumbnail } from "@/components/preview-frame";
import { EmptyByFilter, EmptyState, ErrorState, useSlow } from "@/components/states";
import { Button } from "@/components/ui/button";
import { Card } from "@/components/ui/card";
import { LinkButton } from "@/components/ui/link-button";
import { Menu } from "@/components/ui/menu";
import { Skeleton } from "@/components/ui/small";
import { formatRelative, plural } from "@/lib/format";
import { useGo, useUrlChange, useUrlState } from "@/lib/url";

type Summary = components["schemas"]["TemplateSummary"];

/** Every template with a live picture of it. */
export default function Templates() {
  const [cursor] = useUrlState("cursor");
  const [q] = useUrlState("q");
  const change = useUrlChange();
  const writes = may(useRole(), "templates:write");
  const list = usePage(["templates"], { q }, (cursor) => ok(api.GET("/v1/templates", { params: { query: { cursor, q: q || undefined, limit: 12 } } })));
  const slow = useSlow(list.isPending);
  const button = writes && (
    <LinkButton to="/templates/new">
      <Plus aria-hidden /> New template
    </LinkButton>
  );
  const items = list.data?.items;
  return (
    <Page title="Templates" actions={button}>
      <div className="mb-5">
        <SearchBox label="Search templates" />
      </div>
      {list.error && !items ? (
        <ErrorState error={list.error} what="Templates" onRetry={() => void list.refetch()} />
      ) : items?.length === 0 ? (
        <Card>
          {q ? (
            <EmptyByFilter what="templates" onClear={() => change({ q: undefined })} />
          ) : (
            <EmptyState icon={<LayoutTemplate />} title="No template yet" action={button} call="POST /v1/templates">
              A template is one mail with places for names and links. Campaigns send it; each keeps the version it was started with.
            </EmptyState>
          )}
        </Card>
      ) : (
        <ul className="grid gap-4 sm:grid-cols-2 lg:grid-cols-3 xl:grid-cols-4">
          {items?.map((item) => (
            <TemplateCard key={item.template_id} item={item} writes={writes} />
          ))}
          {!items && slow && Array.from({ length: 8 }, (_, at) => <Skeleton key={at} className="h-64" />)}
        </ul>
      )}
      {(list.data?.next || cursor) && (
        <div className="mt-5 flex justify-end gap-2">
          {cursor && (
            <Button variant="ghost" size="sm" onClick={() => change({ cursor: undefined })}>
              First page
            </Button>
          )}
          {list.data?.next && (
            <Button variant="secondary" size="sm" onClick={() => change({ cursor: list.data.next ?? undefined })}>
              Next page
            </Button>
          )}
        </div>
      )}
    </Page>
  );
}

function TemplateCard({ item, writes }: { item: Summary; writes: boolean }) {
  const go = useGo();
  const path = { params: { path: { template_id: item.template_id } } };
  const preview = useQuery({
    queryKey: key("templates", item.template_id, "thumbnail", item.version),
    queryFn: () => ok(api.POST("/v1/templates/{template_id}/preview", { ...path, body: {} as never })),
    staleTime: 5 * 60_000,
    retry: false,
  });
  const copy = useAct(() => ok(api.POST("/v1/templates/{template_id}/duplicate", { ...path, body: {} as never })), {
    done: "Copied",
    refresh: ["templates"],
    onDone: ({ id }) => go(`/templates/${id}`),
  });
  const restore = useAct(() => ok(api.POST("/v1/templates/{template_id}/restore", path)), { refresh: ["templates", "trash"] });
  const remove = useAct(() => ok(api.DELETE("/v1/templates/{template_id}", path)), { done: `${item.name} is in the trash`, refresh: ["templates", "trash"], undo: () => restore.mutate() });
  return (
    <li className="group relative overflow-hidden rounded-lg border bg-surface shadow-xs transition-shadow hover:shadow-md">
      {preview.data ? <Thumbnail url={preview.data.url} /> : <div className="grid h-44 place-items-center bg-surface-2 p-4 text-center text-sm text-muted-foreground">{preview.error ? item.subject : ""}</div>}
      <div className="flex items-start gap-2 border-t p-3.5">
        <div className="min-w-0 flex-1">
          <h2 className="truncate text-sm font-medium">
            <Link to={`/templates/${item.template_id}`} className="rounded-sm after:absolute after:inset-x-0 after:top-0 after:h-44 after:content-['']">
              {item.name}
            </Link>
          </h2>
          <p className="truncate text-xs text-muted-foreground">{item.subject}</p>
          <p className="mt-1 text-xs text-muted-foreground">
            {formatRelative(item.updated_at)}
            {item.used_in > 0 && <>, in {plural(item.used_in, "campaign")}</>}
          </p>
        </div>
        {writes && (
          <Menu
            trigger={
              <Button variant="ghost" size="icon" aria-label={`More for ${item.name}`}>
                <MoreHorizontal aria-hidden />
              </Button>
            }
            entries={[
              { label: "Edit", icon: <Pencil aria-hidden />, to: `/templates/${item.template_id}` },
              { label: "Duplicate", icon: <Copy aria-hidden />, onSelect: () => copy.mutate() },
              "separator",
              { label: "Delete", icon: <Trash2 aria-hidden />, danger: true, onSelect: () => remove.mutate() },
            ]}
          />
        )}
      </div>
    </li>
  );
}
