import { KeyRound, Plus } from "lucide-react";
import { useState } from "react";

import { useAct } from "@/api/act";
import { api, ok } from "@/api/client";
import { tableOf, usePage } from "@/api/pages";
import { asProblem } from "@/api/problem";
import { granted } from "@/api/permissions";
import { useRole } from "@/api/queries";
import type { components } from "@/api/schema";
import { DataTable } from "@/components/data-table";
import { Page } from "@/components/page";
import { EmptyState } from "@/components/states";
import { Button } from "@/components/ui/button";
import { Callout } from "@/components/ui/callout";
import { Card } from "@/components/ui/card";
import { ConfirmDialog, Dialog } from "@/components/ui/dialog";
import { Field } from "@/components/ui/field";
import { Input } from "@/components/ui/input";
import { CopyField, RelativeTime } from "@/components/ui/small";
import { StatusBadge } from "@/components/ui/status-badge";
import { Checkbox, Switch } from "@/components/ui/toggles";
import { formatDate } from "@/lib/format";

type ApiKey = components["schemas"]["ApiKey"];

/** Keys for programs: what each may do, when it was used, and their end. */
export default function ApiKeys() {
  const [making, make] = useState(false);
  const [secret, show] = useState("");
  const [ending, end] = useState<ApiKey | null>(null);
  const list = usePage(["api-keys"], {}, (cursor) => ok(api.GET("/v1/api-keys", { params: { query: { cursor } } })));
  const rotate = useAct((id: string) => ok(api.POST("/v1/api-keys/{key_id}/rotate", { params: { path: { key_id: id } }, body: { old_ends_in_s: 86_400 } })), {
    refresh: ["api-keys"],
    onDone: (shown) => show(shown.secret),
  });
  const revoke = useAct((id: string) => ok(api.DELETE("/v1/api-keys/{key_id}", { params: { path: { key_id: id } } })), {
    done: "The key is dead from now on",
    refresh: ["api-keys"],
    onDone: () => end(null),
  });
  const button = (
    <Button onClick={() => make(true)}>
      <Plus aria-hidden /> New key
    </Button>
  );
  return (
    <Page title="API keys" description="Everything this interface does, a program can do with a key. Give each program its own." actions={button}>
      <Card flush>
        <DataTable
          caption="API keys"
          {...tableOf(list)}
          rowKey={(row) => row.key_id}
          columns={[
            {
              header: "Name",
              cell: (row) => (
                <span>
                  <span className="block font-medium">{row.name}</span>
                  <span className="font-mono text-xs text-muted-foreground">{row.prefix}…</span>
                </span>
              ),
            },
            { header: "May", cell: (row) => (row.scopes === null ? "Everything" : <span className="line-clamp-2 max-w-xs text-xs text-muted-foreground">{row.scopes.join(", ")}</span>) },
            { header: "Last used", cell: (row) => (row.last_used_at ? <RelativeTime at={row.last_used_at} /> : "Never") },
            { header: "Ends", cell: (row) => (row.expires_at ? formatDate(row.expires_at) : "Never") },
            { header: "State", cell: (row) => <StatusBadge tone={row.revoked ? "bad" : row.test ? "info" : "good"}>{row.revoked ? "Revoked" : row.test ? "Test" : "Live"}</StatusBadge> },
            {
              header: "Actions",
              align: "right",
              cell: (row) =>
                !row.revoked && (
                  <span className="flex justify-end gap-1">
                    <Button variant="ghost" size="sm" onClick={() => rotate.mutate(row.key_id)} aria-label={`New secret for ${row.name}`}>
                      New secret
                    </Button>
                    <Button variant="ghost" size="sm" onClick={() => end(row)} aria-label={`Revoke ${row.name}`}>
                      Revoke
                    </Button>
                  </span>
                ),
            },
          ]}
          empty={
            <EmptyState icon={<KeyRound />} title="No key yet" action={button} call={'curl -H "Authorization: Bearer <key>" …/v1/campaigns'}>
              A key stands for a program. Test keys reach nobody.
            </EmptyState>
          }
        />
      </Card>
      {making && (
        <NewDialog
          onClose={() => make(false)}
          onMade={(made) => {
            make(false);
            show(made);
          }}
        />
      )}
      <Dialog open={secret !== ""} onOpenChange={(open) => !open && show("")} title="Copy the key now" description="It is shown this once. We keep only its fingerprint.">
        <CopyField value={secret} label="key" />
      </Dialog>
      <ConfirmDialog
        open={ending !== null}
        onOpenChange={(open) => !open && end(null)}
        title={`Revoke ${ending?.name ?? "the key"}?`}
        description="Programs that use it are refused at once. This cannot be undone."
        action="Revoke key"
        danger
        pending={revoke.isPending}
        onConfirm={() => ending && revoke.mutate(ending.key_id)}
      />
    </Page>
  );
}

function NewDialog({ onClose, onMade }: { onClose: () => void; onMade: (secret: string) => void }) {
  const mine = granted(useRole());
  const [name, write] = useState("");
  const [scopes, choose] = useState<Set<string>>(new Set(mine.filter((scope) => scope.endsWith(":read"))));
  const [test, setTest] = useState(false);
  const make = useAct(() => ok(api.POST("/v1/api-keys", { body: { name, scopes: [...scopes], test } as never })), {
    refresh: ["api-keys"],
    quiet: true,
    onDone: (shown) => onMade(shown.secret),
  });
  return (
    <Dialog open onOpenChange={(open) => !open && onClose()} title="New API key">
      <form
        className="grid gap-4"
        onSubmit={(event) => {
          event.preventDefault();
          make.mutate();
        }}
      >
        {make.error && <Callout tone="bad">{asProblem(make.error).message}</Callout>}
        <Field label="Name" hint="Which program uses it.">
          <Input value={name} onChange={(event) => write(event.target.value)} required maxLength={100} />
        </Field>
        <fieldset>
          <legend className="mb-2 text-sm font-medium">It may</legend>
          <div className="grid max-h-56 grid-cols-1 gap-2 overflow-y-auto rounded-md border p-3 sm:grid-cols-2" tabIndex={0} role="region" aria-label="Permissions">
            {mine.map((scope) => (
              <label key={scope} className="flex items-center gap-2 text-sm">
                <Checkbox
                  checked={scopes.has(scope)}
                  onCheckedChange={() => {
                    const next = new Set(scopes);
                    if (!next.delete(scope)) next.add(scope);
                    choose(next);
                  }}
                />
                {scope}
              </label>
            ))}
          </div>
        </fieldset>
        <Switch checked={test} onChange={setTest} label="Test key" hint="Its campaigns go to the sandbox and reach nobody." />
        <div className="flex justify-end gap-2">
          <Button variant="secondary" onClick={onClose}>
            Cancel
          </Button>
          <Button type="submit" pending={make.isPending} disabled={scopes.size === 0}>
            Create key
          </Button>
        </div>
      </form>
    </Dialog>
  );
}
