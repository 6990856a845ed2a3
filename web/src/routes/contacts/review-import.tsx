import { useQuery } from "@tanstack/react-query";
import { useState } from "react";

import { useAct } from "@/api/act";
import { api, ok } from "@/api/client";
import { asProblem } from "@/api/problem";
import { key } from "@/api/queries";
import type { components } from "@/api/schema";
import { Page } from "@/components/page";
import { ErrorState } from "@/components/states";
import { Button } from "@/components/ui/button";
import { Callout } from "@/components/ui/callout";
import { Card } from "@/components/ui/card";
import { Field } from "@/components/ui/field";
import { Input, NativeSelect, Textarea } from "@/components/ui/input";
import { Progress } from "@/components/ui/progress";
import { Skeleton } from "@/components/ui/small";
import { StatTile } from "@/components/ui/stat-tile";
import { StatusBadge, type Tone } from "@/components/ui/status-badge";
import { type StepState, Stepper } from "@/components/ui/stepper";
import { Checkbox } from "@/components/ui/toggles";
import { formatNumber, plural } from "@/lib/format";
import { useGo, useRouteParams, useUrlState } from "@/lib/url";

type Preview = components["schemas"]["ImportPreview"];
type Review = components["schemas"]["ImportReview"];
type Repair = components["schemas"]["Repair"];

const REPAIRS: Record<Repair, string> = {
  mailto_prefix: "Take away “mailto:”",
  display_name: "Take the address out of “Name <address>”",
  wide_at: "Turn the wide ＠ into @",
  space: "Take away spaces inside the address",
  domain_typo: "Correct usual slips in the domain (gmial.com)",
};
const SURE: Record<string, [string, Tone]> = { sure: ["Sure", "good"], likely: ["Likely", "info"], unsure: ["Please look", "warn"] };
const OWN = "own";

/** Map and review: what is in the file, how it will be read, and what is wrong with which rows. */
export default function ReviewImport() {
  const { id = "" } = useRouteParams();
  const [step] = useUrlState("step", "map");
  const go = useGo();
  const path = { params: { path: { import_id: id } } };
  const found = useQuery({
    queryKey: key("imports", id),
    queryFn: () => ok(api.GET("/v1/contacts/imports/{import_id}", path)),
    refetchInterval: ({ state }) => (state.data?.status === "checking" ? 700 : false),
  });
  const preview = useQuery({ queryKey: key("imports", id, "preview"), queryFn: () => ok(api.GET("/v1/contacts/imports/{import_id}/preview", path)), staleTime: Infinity });
  const status = found.data?.status;
  const review = useQuery({
    queryKey: key("imports", id, "review", found.data?.changed_at),
    queryFn: () => ok(api.GET("/v1/contacts/imports/{import_id}/review", path)),
    enabled: status === "reviewing",
    retry: false,
  });
  const cancel = useAct(() => ok(api.POST("/v1/contacts/imports/{import_id}/cancel", path)), { done: "Cancelled; nothing was written", refresh: ["imports"], onDone: () => go("/contacts/imports") });
  const back = { to: "/contacts/imports", label: "Imports" };
  const error = found.error ?? preview.error;
  if (error)
    return (
      <Page title="Import contacts" back={back}>
        <ErrorState error={error} what="This import" onRetry={() => void Promise.all([found.refetch(), preview.refetch()])} />
      </Page>
    );
  const checked = review.data !== undefined && status === "reviewing";
  const states: Record<string, StepState> = { map: checked ? "done" : "open", review: checked ? (review.data.invalid > 0 ? "warning" : "done") : "open" };
  return (
    <Page
      title="Import contacts"
      back={back}
      description="Nothing is written yet."
      actions={
        <Button variant="secondary" pending={cancel.isPending} onClick={() => cancel.mutate()}>
          Cancel import
        </Button>
      }
    >
      <div className="mb-5">
        <Stepper
          label="Steps of the import"
          steps={[
            { to: `/contacts/imports/${id}/review?step=map`, label: "Map the columns", state: states.map ?? "open", current: step !== "review" },
            { to: `/contacts/imports/${id}/review?step=review`, label: "Review and import", state: states.review ?? "open", current: step === "review" },
          ]}
        />
      </div>
      {!preview.data || !found.data ? (
        <Skeleton className="h-96" />
      ) : step === "review" ? (
        <Result importId={id} checking={status === "checking"} checkedRows={found.data.checked_rows} review={checked ? review.data : undefined} problem={review.error} mapping={found.data.mapping} />
      ) : (
        <Mapping importId={id} preview={preview.data} mapping={found.data.mapping} />
      )}
    </Page>
  );
}

const slug = (header: string) =>
  header
    .toLowerCase()
    .replaceAll(/[^a-z0-9]+/g, "_")
    .replaceAll(/^_+|_+$/g, "") || "field";

function Mapping({ importId, preview, mapping }: { importId: string; preview: Preview; mapping: Record<string, string> }) {
  const [fields, choose] = useState<Record<string, string>>(() => {
    const of = Object.fromEntries(Object.entries(mapping).map(([field, header]) => [header, field]));
    return Object.fromEntries(preview.columns.map((column) => [column.header, of[column.header] ?? column.field ?? ""]));
  });
  const go = useGo();
  const check = useAct(
    () => {
      const chosen: Record<string, string> = { first_name: "", last_name: "" };
      for (const column of preview.columns) {
        const field = fields[column.header];
        if (field) chosen[field] = column.header;
        else if (column.field) chosen[column.field] ??= "";
      }
      return ok(api.POST("/v1/contacts/imports/{import_id}/check", { params: { path: { import_id: importId } }, body: { mapping: chosen, repairs: [] } }));
    },
    { quiet: true, refresh: ["imports"], onDone: () => go(`/contacts/imports/${importId}/review?step=review`) },
  );
  const used = Object.values(fields).filter(Boolean);
  const twice = used.find((field, at) => used.indexOf(field) !== at);
  const hasEmail = used.includes("email");
  return (
    <div className="grid gap-5">
      <Card title="Columns" description={`${plural(preview.columns.length, "column")}, ${preview.encoding}${preview.encoding_note ? ` (${preview.encoding_note})` : ""}, delimiter ${preview.delimiter === "\t" ? "tab" : `“${preview.delimiter}”`}`} flush>
        <div className="overflow-x-auto" tabIndex={0} role="region" aria-label="Columns of the file">
          <table className="w-full text-left text-sm">
            <caption className="sr-only">Columns of the file and the fields they become</caption>
            <thead className="border-b text-xs text-muted-foreground">
              <tr>
                {["Column", "Samples", "Becomes", "How sure"].map((header) => (
                  <th key={header} scope="col" className="px-5 py-2.5 font-medium">
                    {header}
                  </th>
                ))}
              </tr>
            </thead>
            <tbody className="divide-y">
              {preview.columns.map((column) => {
                const field = fields[column.header] ?? "";
                const [label, tone] = SURE[column.confidence] ?? [column.confidence, "neutral" as Tone];
                return (
                  <tr key={column.header}>
                    <th scope="row" className="px-5 py-2.5 font-medium">
                      {column.header}
                    </th>
                    <td className="max-w-72 px-5 py-2.5 text-xs text-muted-foreground">
                      <span className="line-clamp-2">{column.samples.join(" · ") || "empty"}</span>
                    </td>
                    <td className="px-5 py-2.5">
                      <NativeSelect
                        className="h-8 min-w-44"
                        aria-label={`${column.header} becomes`}
                        value={field && !["email", "first_name", "last_name"].includes(field) ? OWN : field}
                        onChange={(event) => choose({ ...fields, [column.header]: event.target.value === OWN ? slug(column.header) : event.target.value })}
                      >
                        <option value="">Left out</option>
                        <option value="email">E-mail address</option>
                        <option value="first_name">First name</option>
                        <option value="last_name">Last name</option>
                        <option value={OWN}>Field “{field && !["email", "first_name", "last_name"].includes(field) ? field : slug(column.header)}”</option>
                      </NativeSelect>
                    </td>
                    <td className="px-5 py-2.5">
                      <StatusBadge tone={field ? tone : "neutral"}>{field ? label : "Left out"}</StatusBadge>
                    </td>
                  </tr>
                );
              })}
            </tbody>
          </table>
        </div>
      </Card>
      <Card title="First rows" flush>
        <div className="overflow-x-auto" tabIndex={0} role="region" aria-label="First rows of the file">
          <table className="w-full text-left text-xs whitespace-nowrap">
            <caption className="sr-only">First rows of the file</caption>
            <thead className="border-b text-muted-foreground">
              <tr>
                {preview.columns.map((column) => (
                  <th key={column.header} scope="col" className="px-5 py-2 font-medium">
                    {column.header}
                  </th>
                ))}
              </tr>
            </thead>
            <tbody className="divide-y">
              {preview.rows.slice(0, 8).map((row, at) => (
                <tr key={at}>
                  {row.map((cell, place) => (
                    <td key={place} className="max-w-60 truncate px-5 py-1.5">
                      {cell}
                    </td>
                  ))}
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      </Card>
      {check.error && <Callout tone="bad">{asProblem(check.error).message}</Callout>}
      {!hasEmail && <Callout tone="warn">Say which column holds the e-mail address.</Callout>}
      {twice && <Callout tone="warn">Two columns become “{twice.replaceAll("_", " ")}”: leave one out.</Callout>}
      <div>
        <Button size="lg" disabled={!hasEmail || twice !== undefined} pending={check.isPending} onClick={() => check.mutate()}>
          Check the rows
        </Button>
      </div>
    </div>
  );
}

type ResultProps = { importId: string; checking: boolean; checkedRows: number; review: Review | undefined; problem: unknown; mapping: Record<string, string> };

function Result({ importId, checking, checkedRows, review, problem, mapping }: ResultProps) {
  const [source, writeSource] = useState("");
  const [text, writeText] = useState("");
  const go = useGo();
  const path = { params: { path: { import_id: importId } } };
  const repair = useAct((repairs: Repair[]) => ok(api.POST("/v1/contacts/imports/{import_id}/check", { ...path, body: { mapping, repairs } })), { refresh: ["imports"] });
  const commit = useAct(() => ok(api.POST("/v1/contacts/imports/{import_id}/commit", { ...path, body: { consent_source: source, consent_text: text } })), {
    quiet: true,
    refresh: ["imports", "contacts", "onboarding"],
    onDone: () => go(`/contacts/imports/${importId}`),
  });
  if (checking || (!review && !problem))
    return (
      <Card>
        <p role="status" className="mb-3 text-sm">
          Checking every row: {formatNumber(checkedRows)} so far. You may leave this page.
        </p>
        <Progress value={0} of={null} label="Checking rows" />
      </Card>
    );
  if (!review)
    return (
      <Callout tone="info" title="The rows were not checked yet">
        Go back to the columns and check them.
      </Callout>
    );
  const chosen = new Set(review.repairs);
  return (
    <div className="grid gap-5">
      <div className="grid grid-cols-2 gap-3 lg:grid-cols-4">
        <StatTile label="Rows" value={formatNumber(review.rows)} detail={review.empty > 0 && `${formatNumber(review.empty)} empty`} />
        <StatTile label="Will be imported" value={formatNumber(review.valid)} />
        <StatTile label="Twice in the file" value={formatNumber(review.duplicates)} detail="The first of them counts" />
        <StatTile label="Will be rejected" value={formatNumber(review.invalid)} detail="You can fetch them with their reasons" />
      </div>
      {review.problems.length > 0 && (
        <Card title="What is wrong" description="A repair changes the rows it fits, here and nowhere else; the count is made again." flush>
          <ul className="divide-y">
            {review.problems.map((item) => (
              <li key={item.code} className="flex flex-wrap items-center gap-x-4 gap-y-2 px-5 py-3">
                <span className="w-20 text-right text-sm font-semibold tabular-nums">{formatNumber(item.rows)}</span>
                <div className="min-w-0 flex-1">
                  <div className="text-sm">{item.reason}</div>
                  {item.examples.length > 0 && <div className="text-xs text-muted-foreground">rows {item.examples.slice(0, 5).join(", ")}</div>}
                </div>
                {item.repair && item.repairable > 0 && (
                  <Button
                    size="sm"
                    variant="secondary"
                    pending={repair.isPending}
                    onClick={() => item.repair && repair.mutate([...chosen, item.repair])}
                  >
                    {REPAIRS[item.repair]} ({formatNumber(item.repairable)})
                  </Button>
                )}
              </li>
            ))}
          </ul>
        </Card>
      )}
      {review.repairs.length > 0 && (
        <Card title="Repairs chosen">
          <ul className="grid gap-2">
            {review.repairs.map((name) => (
              <li key={name}>
                <label className="flex items-center gap-2.5 text-sm">
                  <Checkbox checked onCheckedChange={() => repair.mutate(review.repairs.filter((other) => other !== name))} />
                  {REPAIRS[name]}
                </label>
              </li>
            ))}
          </ul>
        </Card>
      )}
      <Card title="How did these people agree?" description="Kept with each contact, to be shown when somebody asks (GDPR, article 7).">
        <div className="grid max-w-2xl gap-4">
          <Field label="Source" optional hint="For example: sign-up form of our shop">
            <Input value={source} onChange={(event) => writeSource(event.target.value)} maxLength={200} />
          </Field>
          <Field label="What they agreed to" optional>
            <Textarea value={text} onChange={(event) => writeText(event.target.value)} maxLength={2000} />
          </Field>
        </div>
      </Card>
      {commit.error && <Callout tone="bad">{asProblem(commit.error).message}</Callout>}
      <div>
        <Button size="lg" disabled={review.valid === 0} pending={commit.isPending} onClick={() => commit.mutate()}>
          Import {plural(review.valid, "contact")}
        </Button>
      </div>
    </div>
  );
}
