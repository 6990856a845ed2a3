import { useMutation } from "@tanstack/react-query";
import { useState } from "react";

import { api, ok } from "@/api/client";
import { asProblem } from "@/api/problem";
import { queryClient } from "@/api/queries";
import { Button } from "@/components/ui/button";
import { Field } from "@/components/ui/field";
import { Input } from "@/components/ui/input";
import { useGo } from "@/lib/url";

import { AuthPage } from "./auth-page";

/** An account without a workspace: it founds the first one. */
export function NoWorkspace() {
  const [name, write] = useState("");
  const go = useGo();
  const found = useMutation({
    mutationFn: () => ok(api.POST("/v1/workspaces", { body: { name } })),
    onSuccess: async ({ id }) => {
      await queryClient.invalidateQueries({ queryKey: ["workspaces"] });
      go(`//w/${id}`);
    },
  });
  return (
    <AuthPage title="Name your workspace" lead="A workspace holds contacts, templates and campaigns of one company or brand. You can invite others later.">
      <form
        className="grid gap-4"
        onSubmit={(event) => {
          event.preventDefault();
          found.mutate();
        }}
      >
        <Field label="Workspace name" error={found.error ? asProblem(found.error).message : undefined}>
          <Input value={name} onChange={(event) => write(event.target.value)} required autoComplete="organization" />
        </Field>
        <Button type="submit" size="lg" pending={found.isPending}>
          Create workspace
        </Button>
      </form>
    </AuthPage>
  );
}
