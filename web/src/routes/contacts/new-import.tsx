import { useState } from "react";

import { useAct } from "@/api/act";
import { authorized, remember } from "@/api/client";
import { Problem, asProblem } from "@/api/problem";
import { Page } from "@/components/page";
import { Callout } from "@/components/ui/callout";
import { FileDrop } from "@/components/ui/file-drop";
import { formatBytes } from "@/lib/format";
import { useGo } from "@/lib/url";

const LIMIT = 100 * 1024 * 1024;

async function upload(file: File): Promise<{ id: string }> {
  const form = new FormData();
  form.append("file", file);
  const answer = await authorized(new Request(new URL("/v1/contacts/imports?review=true", window.location.origin), { method: "POST", body: form }));
  if (!answer.ok) throw new Problem(await answer.json().catch(() => ({})), answer.status);
  await remember(answer);
  return (await answer.json()) as { id: string };
}

/** Takes a file. Nothing is written before its columns and rows were seen. */
export default function NewImport() {
  const [file, choose] = useState<File | null>(null);
  const go = useGo();
  const send = useAct(upload, { quiet: true, refresh: ["imports"], onDone: ({ id }) => go(`/contacts/imports/${id}/review`) });
  const take = (chosen: File) => {
    choose(chosen);
    if (chosen.size <= LIMIT) send.mutate(chosen);
  };
  return (
    <Page title="Import contacts" back={{ to: "/contacts/imports", label: "Imports" }} description="A CSV file with a header row; encoding and delimiter are found by themselves. Nothing is written before you have seen how the file is read.">
      <div className="grid max-w-3xl gap-5">
        {send.error && <Callout tone="bad">{asProblem(send.error).message}</Callout>}
        {file && file.size > LIMIT && <Callout tone="bad" title="This file is larger than 100 MiB">Split it into parts; each keeps the header row.</Callout>}
        <FileDrop
          label="Drop a CSV file here"
          hint="Up to 100 MiB. A column with e-mail addresses is all that is needed; other columns become fields."
          accept=".csv,.txt,.tsv,text/csv"
          onFile={take}
          disabled={send.isPending}
        />
        <p role="status" className="text-sm text-muted-foreground">
          {send.isPending && file ? `Uploading ${file.name}, ${formatBytes(file.size)}…` : ""}
        </p>
      </div>
    </Page>
  );
}
