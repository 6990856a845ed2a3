import { useQuery } from "@tanstack/react-query";
import { KeyRound, RefreshCw, Trash2 } from "lucide-react";
import { useState } from "react";

import { useAct } from "@/api/act";
import { api, ok } from "@/api/client";
import { may } from "@/api/permissions";
import { key, useRole } from "@/api/queries";
import type { components } from "@/api/schema";
import { Page } from "@/components/page";
import { ErrorState } from "@/components/states";
import { Button } from "@/components/ui/button";
import { Callout } from "@/components/ui/callout";
import { Card } from "@/components/ui/card";
import { ConfirmDialog } from "@/components/ui/dialog";
import { CopyField, RelativeTime, Skeleton } from "@/components/ui/small";
import { StatusBadge, type Tone } from "@/components/ui/status-badge";
import { formatDateTime } from "@/lib/format";
import { useGo, useRouteParams } from "@/lib/url";

import { DomainState } from "./domains";

type Record_ = components["schemas"]["DnsRecord"];

const STATES: Record<string, [string, Tone]> = {
  ok: ["Right", "good"],
  missing: ["Not found", "bad"],
  wrong: ["Differs", "warn"],
  unreachable: ["DNS did not answer", "warn"],
  unchecked: ["Not checked", "neutral"],
};
const NAMES: Record<string, string> = {
  spf: "SPF",
  dkim_rsa: "DKIM (RSA)",
  dkim_ed25519: "DKIM (Ed25519)",
  next_dkim_rsa: "DKIM (RSA), new key",
  next_dkim_ed25519: "DKIM (Ed25519), new key",
  dmarc: "DMARC",
  return_path: "Return path",
  tracking: "Tracking host",
};

/** One domain: what to publish, what was found, and what to do about the difference. */
export default function Domain() {
  const { id = "" } = useRouteParams();
  const [removing, remove] = useState(false);
  const manages = may(useRole(), "delivery:manage");
  const go = useGo();
  const params = { params: { path: { domain_id: id } } };
  const query = useQuery({
    queryKey: key("domains", id),
    queryFn: () => ok(api.GET("/v1/sending-domains/{domain_id}", params)),
    refetchInterval: ({ state }) => (state.data?.state === "verified" ? 60_000 : 5_000),
  });
  const check = useAct(() => ok(api.POST("/v1/sending-domains/{domain_id}/check", params)), { done: "Looking into the DNS now", refresh: ["domains"] });
  const rotate = useAct(() => ok(api.POST("/v1/sending-domains/{domain_id}/rotate-dkim", params)), {
    done: "A new DKIM key is ready: publish its record; the old one signs until it is found",
    refresh: ["domains"],
  });
  const drop = useAct(() => ok(api.DELETE("/v1/sending-domains/{domain_id}", params)), { done: "Domain removed", refresh: ["domains"], onDone: () => go("/domains") });
  const domain = query.data;
  const back = { to: "/domains", label: "Sending domains" };
  if (query.error && !domain)
    return (
      <Page title="Sending domain" back={back}>
        <ErrorState error={query.error} what="This domain" onRetry={() => void query.refetch()} />
      </Page>
    );
  const zone = domain?.records.map((record) => `${record.name}.\t3600\tIN\t${record.type}\t${record.type === "TXT" ? JSON.stringify(record.expected) : record.expected}`).join("\n");
  return (
    <Page
      title={domain?.domain ?? "Sending domain"}
      back={back}
      description={
        domain && (
          <span className="flex flex-wrap items-center gap-x-3 gap-y-1">
            <DomainState state={domain.state} />
            <span>{domain.checked_at ? <>Checked <RelativeTime at={domain.checked_at} /></> : "Not checked yet"}</span>
            {domain.next_check_at && <span>Next check {formatDateTime(domain.next_check_at)}</span>}
          </span>
        )
      }
      actions={
        manages && (
          <>
            <Button variant="secondary" pending={rotate.isPending} onClick={() => rotate.mutate()}>
              <KeyRound aria-hidden /> New DKIM key
            </Button>
            <Button variant="secondary" onClick={() => remove(true)}>
              <Trash2 aria-hidden /> Remove
            </Button>
            <Button pending={check.isPending} onClick={() => check.mutate()}>
              <RefreshCw aria-hidden /> Check now
            </Button>
          </>
        )
      }
    >
      {!domain ? (
        <Skeleton className="h-80" />
      ) : (
        <div className="grid gap-5">
          {domain.broken_at && (
            <Callout tone="bad" title="This domain was verified and is broken now">
              Campaigns from it are paused until the records below are right again.
            </Callout>
          )}
          <Card title="DNS records" description="Publish these at the provider where the domain's DNS is kept, then check." flush>
            <ul className="divide-y">
              {domain.records.map((record) => (
                <RecordRow key={record.record + record.name} record={record} />
              ))}
            </ul>
          </Card>
          {zone && (
            <Card title="All records as zone text" description="For providers that take a zone file.">
              <pre className="mb-2 overflow-x-auto rounded-md bg-surface-2 p-3 font-mono text-xs" tabIndex={0} role="region" aria-label="Zone text">
                {zone}
              </pre>
            </Card>
          )}
        </div>
      )}
      <ConfirmDialog
        open={removing}
        onOpenChange={remove}
        title={`Remove ${domain?.domain ?? "this domain"}?`}
        description="Mail from it is refused from now on. Its keys are destroyed; adding it again makes new ones."
        action="Remove domain"
        danger
        typed={domain?.domain}
        pending={drop.isPending}
        onConfirm={() => drop.mutate()}
      />
    </Page>
  );
}

function RecordRow({ record }: { record: Record_ }) {
  const [label, tone] = STATES[record.state] ?? [record.state, "neutral" as Tone];
  return (
    <li className="grid gap-3 px-5 py-4">
      <div className="flex flex-wrap items-center gap-2">
        <h3 className="text-sm font-semibold">{NAMES[record.record] ?? record.record}</h3>
        <span className="text-xs text-muted-foreground">
          {record.type} record, {record.required ? "required" : "advised"}
        </span>
        <span className="ml-auto">
          <StatusBadge tone={tone}>{label}</StatusBadge>
        </span>
      </div>
      <dl className="grid gap-2 text-sm md:grid-cols-[5rem_minmax(0,1fr)] md:items-center">
        <dt className="text-xs text-muted-foreground">Host</dt>
        <dd>
          <CopyField value={record.name} label="host" />
        </dd>
        <dt className="text-xs text-muted-foreground">Value</dt>
        <dd>
          <CopyField value={record.expected} label="value" />
        </dd>
        {record.found.length > 0 && record.state !== "ok" && (
          <>
            <dt className="text-xs text-muted-foreground">Found now</dt>
            <dd className="grid gap-1">
              {record.found.map((value) => (
                <code key={value} className="rounded-md bg-warn-surface px-2.5 py-1.5 font-mono text-xs break-all">
                  {value}
                </code>
              ))}
            </dd>
          </>
        )}
      </dl>
      {record.advice && <p className="text-xs text-muted-foreground">{record.advice}</p>}
    </li>
  );
}
