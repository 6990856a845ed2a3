import { useQuery } from "@tanstack/react-query";
import { useBlocker } from "@tanstack/react-router";
import { Braces, History, Monitor, Moon, Save, Smartphone } from "lucide-react";
import { useEffect, useMemo, useRef, useState } from "react";

import { useAct } from "@/api/act";
import { api, ok } from "@/api/client";
import { may } from "@/api/permissions";
import { type Problem, asProblem } from "@/api/problem";
import { key, queryClient, useRole } from "@/api/queries";
import type { components } from "@/api/schema";
import { Page } from "@/components/page";
import { PreviewFrame } from "@/components/preview-frame";
import { ErrorState } from "@/components/states";
import { Button } from "@/components/ui/button";
import { Callout } from "@/components/ui/callout";
import { Dialog } from "@/components/ui/dialog";
import { Field } from "@/components/ui/field";
import { Input } from "@/components/ui/input";
import { Menu } from "@/components/ui/menu";
import { Kbd, Skeleton } from "@/components/ui/small";
import { StatusBadge, type Tone } from "@/components/ui/status-badge";
import { Switch } from "@/components/ui/toggles";
import { cn } from "@/lib/cn";
import { formatBytes, formatDateTime, formatTime, plural } from "@/lib/format";
import { useShortcuts } from "@/lib/shortcuts";
import { useGo, useRouteParams, useUrlState } from "@/lib/url";

import { type EditorHandle, HtmlEditor } from "./html-editor";
import { STARTER } from "./starter";

type Draft = components["schemas"]["NewTemplate"];
type Template = components["schemas"]["Template"];

const CLIPPED = 102_400; // bytes; Gmail hides what is beyond
/** Write a mail and see it as a reader would: desktop, phone, dark, without images, as text. */
export default function TemplateScreen() {
  const { id } = useRouteParams();
  const query = useQuery({
    queryKey: key("templates", id ?? "new"),
    queryFn: () => ok(api.GET("/v1/templates/{template_id}", { params: { path: { template_id: id ?? "" } } })),
    enabled: id !== undefined,
    refetchOnWindowFocus: false,
  });
  if (id === undefined) return <Editor key="new" saved={null} />;
  if (query.data) return <Editor key={query.data.template_id} saved={query.data} />;
  return (
    <Page title="Template" back={{ to: "/templates", label: "Templates" }}>
      {query.error ? <ErrorState error={query.error} what="This template" onRetry={() => void query.refetch()} /> : <Skeleton className="h-[36rem]" />}
    </Page>
  );
}

function asDraft(saved: Template | null): Draft {
  if (!saved) return { name: "", subject: "", preheader: "", html: STARTER, text: "", defaults: {}, keep_foreign_tags: false };
  return {
    name: saved.name,
    subject: saved.subject,
    preheader: saved.preheader,
    html: saved.html,
    text: saved.own_text ? saved.text : "",
    defaults: saved.defaults,
    keep_foreign_tags: saved.keep_foreign_tags,
  };
}

function Editor({ saved }: { saved: Template | null }) {
  const [draft, write] = useState<Draft>(() => asDraft(saved));
  const [kept, keep] = useState<Draft>(draft);
  const [version, setVersion] = useState(saved?.version ?? 0);
  const [keptAt, setKeptAt] = useState<string | null>(null);
  const [history, showHistory] = useState(false);
  const editor = useRef<EditorHandle>(null);
  const writes = may(useRole(), "templates:write");
  const go = useGo();
  const tags = useQuery({ queryKey: key("merge-tags"), queryFn: () => ok(api.GET("/v1/merge-tags")), staleTime: 60_000 });
  const dirty = JSON.stringify(draft) !== JSON.stringify(kept);

  const save = useAct(
    async () => {
      if (!saved) return { ...(await ok(api.POST("/v1/templates", { body: draft }))), version: 1 };
      const path = { template_id: saved.template_id };
      return ok(api.PUT("/v1/templates/{template_id}", { params: { path, header: { "If-Match": `"${version}"` } }, body: draft } as never)) as Promise<components["schemas"]["RevisedTemplate"]>;
    },
    {
      quiet: true,
      onDone: (result) => {
        keep(draft);
        setVersion(result.version);
        setKeptAt(new Date().toISOString());
        void queryClient.invalidateQueries({ queryKey: key("templates"), predicate: ({ queryKey }) => queryKey[2] !== saved?.template_id });
        if (!saved) go(`/templates/${result.id}`, { replace: true });
      },
    },
  );
  const problem: Problem | null = save.error ? asProblem(save.error) : null;
  useShortcuts({ "mod+s": () => writes && dirty && save.mutate() });
  useBlocker({ shouldBlockFn: () => dirty && !save.isSuccess && !window.confirm("Leave without saving this template?"), enableBeforeUnload: () => dirty, disabled: !dirty } as never);

  const set = (change: Partial<Draft>) => write({ ...draft, ...change });
  return (
    <Page
      wide
      title={saved ? draft.name || "Template" : "New template"}
      back={{ to: "/templates", label: "Templates" }}
      description={
        <span role="status" className="text-xs">
          {save.isPending ? "Saving…" : dirty ? "Not saved" : keptAt ? `Saved ${formatTime(keptAt)}` : saved ? `Version ${version}` : "Begin with this mail, or paste your own HTML."}
        </span>
      }
      actions={
        <>
          {saved && (
            <Button variant="secondary" onClick={() => showHistory(true)}>
              <History aria-hidden /> Versions
            </Button>
          )}
          {writes && (
            <Button pending={save.isPending} disabled={!dirty && saved !== null} onClick={() => save.mutate()}>
              <Save aria-hidden /> Save
            </Button>
          )}
        </>
      }
    >
      {problem && (
        <Callout tone="bad" title={problem.status === 412 ? "Somebody saved this template before you" : problem.title} className="mb-4">
          {problem.message}
          {Object.entries(problem.fields).map(([field, detail]) => (
            <span key={field} className="block">
              {field}: {detail}
            </span>
          ))}
        </Callout>
      )}
      <div className="grid gap-5 xl:grid-cols-2">
        <div className="grid content-start gap-4">
          <div className="grid gap-4 sm:grid-cols-2">
            <Field label="Name" hint="For you; readers do not see it.">
              <Input value={draft.name} onChange={(event) => set({ name: event.target.value })} required />
            </Field>
            <Field label="Subject">
              <Input value={draft.subject} onChange={(event) => set({ subject: event.target.value })} required />
            </Field>
          </div>
          <Field label="Preheader" optional hint="What inboxes show behind the subject.">
            <Input value={draft.preheader} onChange={(event) => set({ preheader: event.target.value })} />
          </Field>
          <div>
            <div className="mb-1.5 flex items-center justify-between gap-3">
              <span className="text-sm font-medium">HTML</span>
              <span className="flex items-center gap-3">
                <span className="hidden text-xs text-muted-foreground sm:inline">
                  <Kbd>Esc</Kbd> then <Kbd>Tab</Kbd> leaves the editor
                </span>
                <Menu
                  trigger={
                    <Button variant="secondary" size="sm">
                      <Braces aria-hidden /> Merge tag
                    </Button>
                  }
                  entries={(tags.data?.items ?? []).map((tag) => ({
                    label: (
                      <span>
                        <span className="block font-mono text-xs">{tag.syntax}</span>
                        <span className="block text-xs text-muted-foreground">{tag.meaning}</span>
                      </span>
                    ),
                    onSelect: () => editor.current?.insert(tag.syntax),
                  }))}
                />
              </span>
            </div>
            <HtmlEditor ref={editor} label="HTML" value={draft.html} onChange={(html) => write((now) => ({ ...now, html }))} />
          </div>
        </div>
        <Preview draft={draft} onLine={(line) => editor.current?.goTo(line)} />
      </div>
      {saved && (
        <Versions
          open={history}
          onOpenChange={showHistory}
          template={saved}
          onRestored={(template) => {
            const next = asDraft(template);
            write(next);
            keep(next);
            setVersion(template.version);
          }}
        />
      )}
    </Page>
  );
}

const MODES = [
  { value: "desktop", label: "Desktop", icon: Monitor },
  { value: "phone", label: "Phone", icon: Smartphone },
  { value: "dark", label: "Dark", icon: Moon },
] as const;

function useSettled<T>(value: T, ms: number): T {
  const [settled, set] = useState(value);
  useEffect(() => {
    const timer = setTimeout(() => set(value), ms);
    return () => clearTimeout(timer);
  }, [value, ms]);
  return settled;
}

function Preview({ draft, onLine }: { draft: Draft; onLine: (line: number) => void }) {
  const [mode, choose] = useUrlState("preview", "desktop");
  const [images, show] = useState(false);
  const settled = useSettled(draft, 600);
  const body = useMemo(() => ({ template: { ...settled, name: settled.name || "Preview", subject: settled.subject || "No subject yet" } }), [settled]);
  const preview = useQuery({
    queryKey: key("preview", body),
    queryFn: () => ok(api.POST("/v1/templates/preview", { body: body as never })),
    placeholderData: (old) => old,
    retry: false,
    staleTime: 4 * 60_000,
    gcTime: 60_000,
    refetchOnWindowFocus: false,
  });
  const problem = preview.error ? asProblem(preview.error) : null;
  const line = problem ? Number(/line (\d+)/.exec(problem.message)?.[1] ?? 0) : 0;
  return (
    <section aria-label="Preview" className="grid content-start gap-3">
      <div className="flex flex-wrap items-center justify-between gap-3">
        <div role="group" aria-label="Show as" className="flex flex-wrap gap-1">
          {MODES.map((item) => (
            <Button key={item.value} size="sm" variant="ghost" aria-pressed={mode === item.value} onClick={() => choose(item.value)} className={cn(mode === item.value && "bg-accent text-accent-foreground")}>
              <item.icon aria-hidden /> {item.label}
            </Button>
          ))}
          <Button size="sm" variant="ghost" aria-pressed={mode === "text"} onClick={() => choose("text")} className={cn(mode === "text" && "bg-accent text-accent-foreground")}>
            Text
          </Button>
        </div>
        <Switch checked={images} onChange={show} label="Load images" />
      </div>
      {problem && (
        <Callout
          tone="warn"
          title="This cannot be sent yet"
          action={
            line > 0 && (
              <Button size="sm" variant="secondary" onClick={() => onLine(line)}>
                Go to line {line}
              </Button>
            )
          }
        >
          {problem.message}
        </Callout>
      )}
      {preview.data && (
        <>
          <div className="rounded-md border bg-surface px-4 py-3">
            <div className="truncate text-sm font-semibold">{preview.data.subject}</div>
            <div className="truncate text-xs text-muted-foreground">{preview.data.preheader || "No preheader: inboxes show the first words of the mail"}</div>
          </div>
          {mode === "text" ? (
            <pre className="h-[38rem] overflow-auto rounded-md border bg-surface p-4 font-mono text-xs whitespace-pre-wrap" tabIndex={0} role="region" aria-label="Text part">
              {preview.data.text}
            </pre>
          ) : (
            <PreviewFrame url={preview.data.url} title="The mail as its reader sees it" mode={mode as "desktop"} images={images} />
          )}
          <div className="flex flex-wrap items-center gap-3 text-xs text-muted-foreground">
            <span>
              HTML {formatBytes(preview.data.html_bytes)}, text {formatBytes(preview.data.text_bytes)}
            </span>
            {preview.data.html_bytes > CLIPPED && <StatusBadge tone="warn">Gmail clips above 102 kB</StatusBadge>}
          </div>
        </>
      )}
      <Findings draft={settled} onLine={onLine} />
      {!preview.data && preview.isPending && <Skeleton className="h-[38rem]" />}
    </section>
  );
}

const SEVERITIES: Record<string, [string, Tone]> = { error: ["Must be mended", "bad"], warning: ["Harms", "warn"], hint: ["Advice", "info"] };

/** What is wrong with the mail, where, and what to do about it. */
function Findings({ draft, onLine }: { draft: Draft; onLine: (line: number) => void }) {
  const { name: _, ...content } = draft;
  const lint = useQuery({
    queryKey: key("lint", content),
    queryFn: () => ok(api.POST("/v1/templates/lint", { body: content as never })),
    placeholderData: (old) => old,
    retry: false,
    staleTime: Infinity,
    gcTime: 60_000,
    enabled: draft.html.trim() !== "",
  });
  const items = lint.data?.items;
  if (!items) return null;
  return (
    <section aria-label="Checks" className="rounded-md border bg-surface">
      <h2 className="px-4 pt-3 pb-2 text-sm font-semibold" role="status">
        {items.length === 0 ? "Checks: nothing to mend" : `Checks: ${plural(items.length, "finding")}`}
      </h2>
      <ul className="divide-y">
        {items.map((item, at) => {
          const [label, tone] = SEVERITIES[item.severity] ?? [item.severity, "neutral" as Tone];
          const { line } = item;
          return (
            <li key={at} className="flex items-start gap-3 px-4 py-2.5">
              <StatusBadge tone={tone}>{label}</StatusBadge>
              <div className="min-w-0 flex-1 text-sm">
                {item.message}
                <span className="block text-xs text-muted-foreground">{item.fix}</span>
              </div>
              {line !== null && item.part === "html" && (
                <Button size="sm" variant="ghost" onClick={() => onLine(line)}>
                  Line {line}
                </Button>
              )}
            </li>
          );
        })}
      </ul>
    </section>
  );
}

function Versions({ open, onOpenChange, template, onRestored }: { open: boolean; onOpenChange: (open: boolean) => void; template: Template; onRestored: (template: Template) => void }) {
  const path = { template_id: template.template_id };
  const list = useQuery({
    queryKey: key("templates", template.template_id, "versions"),
    queryFn: () => ok(api.GET("/v1/templates/{template_id}/versions", { params: { path } })),
    enabled: open,
    staleTime: 0,
  });
  const restore = useAct((version: number) => ok(api.POST("/v1/templates/{template_id}/versions/{version}/restore", { params: { path: { ...path, version } } })), {
    done: (_, version) => `Version ${version} is the newest again`,
    refresh: ["templates"],
    onDone: async () => {
      onRestored(await ok(api.GET("/v1/templates/{template_id}", { params: { path } })));
      onOpenChange(false);
    },
  });
  return (
    <Dialog side open={open} onOpenChange={onOpenChange} title="Versions" description="Each save is kept. A campaign keeps the version that it was started with.">
      {list.error ? (
        <ErrorState error={list.error} what="Versions" onRetry={() => void list.refetch()} />
      ) : (
        <ul className="divide-y">
          {list.data?.items.map((item) => (
            <li key={item.version} className="flex items-center gap-3 py-3">
              <div className="min-w-0 flex-1">
                <div className="text-sm font-medium">
                  Version {item.version}
                  {item.restored_from !== null && <span className="text-muted-foreground">, from version {item.restored_from}</span>}
                </div>
                <div className="truncate text-xs text-muted-foreground">
                  {formatDateTime(item.saved_at)}, “{item.subject}”
                </div>
              </div>
              {item.version !== template.version && (
                <Button size="sm" variant="secondary" pending={restore.isPending && restore.variables === item.version} onClick={() => restore.mutate(item.version)} aria-label={`Take version ${item.version} again`}>
                  Take again
                </Button>
              )}
            </li>
          ))}
        </ul>
      )}
    </Dialog>
  );
}

