import { FileText } from "lucide-react";
import { useState } from "react";

import { useAct } from "@/api/act";
import { authorized, remember } from "@/api/client";
import { Problem, asProblem } from "@/api/problem";
import { Page } from "@/components/page";
import { Button } from "@/components/ui/button";
import { Callout } from "@/components/ui/callout";
import { Card } from "@/components/ui/card";
import { Field } from "@/components/ui/field";
import { FileDrop } from "@/components/ui/file-drop";
import { Input, Textarea } from "@/components/ui/input";
import { formatBytes } from "@/lib/format";
import { useGo } from "@/lib/url";

const LIMIT = 100 * 1024 * 1024;

async function upload({ file, source, text }: { file: File; source: string; text: string }): Promise<{ id: string }> {
  const form = new FormData();
  form.append("file", file);
  const query = new URLSearchParams({ consent_source: source, consent_text: text });
  const answer = await authorized(new Request(new URL(`/v1/contacts/imports?${query}`, window.location.origin), { method: "POST", body: form }));
  if (!answer.ok) throw new Problem(await answer.json().catch(() => ({})), answer.status);
  await remember(answer);
  return (await answer.json()) as { id: string };
}

/** Takes a file and how the people in it agreed to get mail. */
export default function NewImport() {
  const [file, choose] = useState<File | null>(null);
  const [source, writeSource] = useState("");
  const [text, writeText] = useState("");
  const go = useGo();
  const send = useAct(upload, { quiet: true, refresh: ["imports"], onDone: ({ id }) => go(`/contacts/imports/${id}`) });
  const tooBig = file !== null && file.size > LIMIT;
  return (
    <Page title="Import contacts" back={{ to: "/contacts/imports", label: "Imports" }} description="A CSV file with a header row; encoding and delimiter are found by themselves. Rows that cannot be imported are kept for you, with the reason.">
      <form
        className="grid max-w-3xl gap-5"
        onSubmit={(event) => {
          event.preventDefault();
          if (file) send.mutate({ file, source, text });
        }}
      >
        {send.error && <Callout tone="bad">{asProblem(send.error).message}</Callout>}
        {file ? (
          <Card>
            <div className="flex items-center gap-3">
              <FileText className="size-5 text-muted-foreground" aria-hidden />
              <div className="min-w-0 flex-1">
                <div className="truncate text-sm font-medium">{file.name}</div>
                <div className="text-xs text-muted-foreground">{formatBytes(file.size)}</div>
              </div>
              <Button variant="ghost" size="sm" onClick={() => choose(null)}>
                Choose another
              </Button>
            </div>
          </Card>
        ) : (
          <FileDrop label="Drop a CSV file here" hint="Up to 100 MiB. An “e-mail” column is all that is needed; other columns become fields." accept=".csv,.txt,.tsv,text/csv" onFile={choose} />
        )}
        {tooBig && <Callout tone="bad" title="This file is larger than 100 MiB">Split it, or use the command line: engine contacts import takes the same limit for each part.</Callout>}
        <Card title="How did these people agree?" description="Kept with each contact, to be shown when somebody asks (GDPR, article 7).">
          <div className="grid gap-4">
            <Field label="Source" optional hint="For example: sign-up form of our shop">
              <Input value={source} onChange={(event) => writeSource(event.target.value)} maxLength={200} />
            </Field>
            <Field label="What they agreed to" optional>
              <Textarea value={text} onChange={(event) => writeText(event.target.value)} maxLength={2000} />
            </Field>
          </div>
        </Card>
        <div>
          <Button type="submit" size="lg" disabled={!file || tooBig} pending={send.isPending}>
            Import
          </Button>
        </div>
      </form>
    </Page>
  );
}
