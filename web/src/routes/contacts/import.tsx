import { useQuery } from "@tanstack/react-query";
import { Download } from "lucide-react";

import { api, download, ok } from "@/api/client";
import { key } from "@/api/queries";
import { Page } from "@/components/page";
import { ErrorState } from "@/components/states";
import { Button } from "@/components/ui/button";
import { Callout } from "@/components/ui/callout";
import { Card, KeyValues } from "@/components/ui/card";
import { LinkButton } from "@/components/ui/link-button";
import { PartsBar } from "@/components/ui/progress";
import { Skeleton } from "@/components/ui/small";
import { StatTile } from "@/components/ui/stat-tile";
import { toastProblem } from "@/components/ui/toast";
import { formatBytes, formatDateTime, formatNumber } from "@/lib/format";
import { useRouteParams } from "@/lib/url";

import { ImportStatus } from "./imports";

/** One import: live while it runs, then its result. Leaving the page does not stop it. */
export default function Import() {
  const { id = "" } = useRouteParams();
  const query = useQuery({
    queryKey: key("imports", id),
    queryFn: () => ok(api.GET("/v1/contacts/imports/{import_id}", { params: { path: { import_id: id } } })),
    refetchInterval: ({ state }) => (state.data?.status === "running" || !state.data ? 1_000 : false),
    retry: (count, error) => count < 5 && "status" in error && error.status === 404, // accepted a moment ago
    retryDelay: 300,
  });
  const back = { to: "/contacts/imports", label: "Imports" };
  const found = query.data;
  if (query.error && !found)
    return (
      <Page title="Import" back={back}>
        <ErrorState error={query.error} what="This import" onRetry={() => void query.refetch()} />
      </Page>
    );
  if (!found)
    return (
      <Page title="Import" back={back}>
        <Skeleton className="h-80" />
      </Page>
    );
  const running = found.status === "running";
  return (
    <Page
      title={running ? "Importing" : found.status === "failed" ? "Import failed" : "Import done"}
      documentTitle={running ? `${formatNumber(found.rows)} rows · Import` : "Import"}
      back={back}
      description={
        <span className="flex flex-wrap items-center gap-3">
          <ImportStatus status={found.status} />
          <span>Begun {formatDateTime(found.requested_at)}</span>
          {running && <span>You may leave this page: it goes on.</span>}
        </span>
      }
      actions={
        <>
          {found.invalid + found.duplicates > 0 && !running && (
            <Button variant="secondary" onClick={() => void download(`/v1/contacts/imports/${id}/rejected.csv`, "rejected.csv").catch(toastProblem)}>
              <Download aria-hidden /> Rejected rows
            </Button>
          )}
          {!running && found.valid > 0 && <LinkButton to={`/contacts?import=${id}`}>See the contacts</LinkButton>}
        </>
      }
    >
      <div className="grid gap-5">
        {found.error && (
          <Callout tone="bad" title="The file could not be imported">
            {found.error}
          </Callout>
        )}
        <div className="grid grid-cols-2 gap-3 lg:grid-cols-4">
          <StatTile label="Rows read" value={formatNumber(found.rows)} />
          <StatTile label="Imported" value={formatNumber(found.valid)} />
          <StatTile label="Twice in the file or known" value={formatNumber(found.duplicates)} />
          <StatTile label="Rejected" value={formatNumber(found.invalid)} detail="Each with its reason in the file of rejected rows" />
        </div>
        <Card title="Rows">
          <PartsBar
            label="Rows"
            of={found.rows}
            parts={[
              { label: "Imported", value: found.valid, tone: "good" },
              { label: "Twice", value: found.duplicates, tone: "neutral" },
              { label: "Rejected", value: found.invalid, tone: "bad" },
              { label: "Empty", value: found.empty, tone: "info" },
            ]}
          />
          <p role="status" className="sr-only">
            {running ? "Import is running" : `Import ${found.status}: ${found.valid} imported, ${found.invalid} rejected`}
          </p>
        </Card>
        <Card title="How the file was read">
          <KeyValues
            items={[
              ["File", formatBytes(found.size_bytes)],
              ["Encoding", found.encoding ?? "–"],
              ["Delimiter", found.delimiter === "\t" ? "Tab" : (found.delimiter ?? "–")],
              ...Object.entries(found.mapping).map(([field, column]): [string, string] => [field.replaceAll("_", " "), `from “${column}”`]),
            ]}
          />
        </Card>
      </div>
    </Page>
  );
}
