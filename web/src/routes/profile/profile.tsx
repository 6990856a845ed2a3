import { useQuery } from "@tanstack/react-query";
import { Monitor } from "lucide-react";
import { type FormEvent, useState } from "react";

import { useAct } from "@/api/act";
import { api, download, ok } from "@/api/client";
import { asProblem } from "@/api/problem";
import { key, queryClient, useMe } from "@/api/queries";
import { signedOut } from "@/api/session";
import { Page } from "@/components/page";
import { ErrorState } from "@/components/states";
import { Button } from "@/components/ui/button";
import { Callout } from "@/components/ui/callout";
import { Card, KeyValues } from "@/components/ui/card";
import { ConfirmDialog } from "@/components/ui/dialog";
import { Field } from "@/components/ui/field";
import { PasswordInput } from "@/components/ui/password-input";
import { RadioCards } from "@/components/ui/radio-cards";
import { RelativeTime, Skeleton } from "@/components/ui/small";
import { StatusBadge } from "@/components/ui/status-badge";
import { Tabs } from "@/components/ui/tabs";
import { toastProblem } from "@/components/ui/toast";
import { Switch } from "@/components/ui/toggles";
import { setSingleKeys, singleKeysOn } from "@/lib/shortcuts";
import { type Theme, setTheme, useTheme } from "@/lib/theme";
import { useGo, usePath } from "@/lib/url";

import { SecondFactor } from "./second-factor";

const TABS = ["account", "security", "sessions", "appearance"];

/** A person's own account: who, how they sign in, where they are signed in, how it looks. */
export default function Profile() {
  const here = usePath().split("/").pop() ?? "";
  const go = useGo();
  return (
    <Page title="Profile">
      <Tabs
        label="Profile"
        value={TABS.includes(here) ? here : "account"}
        onChange={(tab) => go(tab === "account" ? "/profile" : `/profile/${tab}`, { replace: true })}
        tabs={[
          { value: "account", label: "Account", content: <Account /> },
          { value: "security", label: "Password and second factor", content: <Security /> },
          { value: "sessions", label: "Sessions", content: <Sessions /> },
          { value: "appearance", label: "Appearance and keys", content: <Appearance /> },
        ]}
      />
    </Page>
  );
}

function Account() {
  const me = useMe();
  const [closing, close] = useState(false);
  const [password, write] = useState("");
  const remove = useAct(() => ok(api.DELETE("/v1/me", { body: { password } })), {
    quiet: true,
    onDone: () => {
      queryClient.clear();
      signedOut();
    },
  });
  if (me.error && !me.data) return <ErrorState error={me.error} what="Your account" onRetry={() => void me.refetch()} />;
  if (!me.data) return <Skeleton className="h-48" />;
  return (
    <div className="grid max-w-2xl gap-5">
      <Card title="Account">
        <KeyValues
          items={[
            ["E-mail", me.data.email],
            ["Second factor", me.data.second_factor ? "On" : "Off"],
            ["Workspaces", String(me.data.memberships.length)],
            ...(me.data.operator ? ([["Operator", "Yes, of this installation"]] as [string, string][]) : []),
          ]}
        />
      </Card>
      <Card title="Your data" description="All that is kept about your account: sessions, memberships, and each event of it.">
        <Button variant="secondary" onClick={() => void download("/v1/me/data", "account.json").catch(toastProblem)}>
          Download as JSON
        </Button>
      </Card>
      <Card title="Close the account" description="Your address is erased everywhere, in old backups too. Workspaces stay; one that only you own must go to somebody first.">
        <Button variant="danger" onClick={() => close(true)}>
          Close the account…
        </Button>
      </Card>
      <ConfirmDialog
        open={closing}
        onOpenChange={close}
        danger
        title={`Close the account of ${me.data.email}?`}
        description="This cannot be undone: the key of your personal data is destroyed."
        action="Close the account"
        pending={remove.isPending}
        onConfirm={() => remove.mutate(undefined)}
      >
        <div className="grid gap-3">
          {remove.error && <Callout tone="bad">{asProblem(remove.error).message}</Callout>}
          <Field label="Password">
            <PasswordInput value={password} onChange={(event) => write(event.target.value)} autoComplete="current-password" />
          </Field>
        </div>
      </ConfirmDialog>
    </div>
  );
}

function Security() {
  return (
    <div className="grid max-w-2xl gap-5">
      <Password />
      <SecondFactor />
    </div>
  );
}

function Password() {
  const [current, writeCurrent] = useState("");
  const [next, writeNext] = useState("");
  const change = useAct(() => ok(api.PUT("/v1/me/password", { body: { current_password: current, new_password: next } })), {
    done: "Password changed; your other sessions have ended",
    refresh: ["sessions"],
    quiet: true,
    onDone: () => {
      writeCurrent("");
      writeNext("");
    },
  });
  const problem = change.error ? asProblem(change.error) : null;
  const submit = (event: FormEvent) => {
    event.preventDefault();
    change.mutate(undefined);
  };
  return (
    <Card title="Password">
      <form onSubmit={submit} className="grid gap-4">
        {problem && Object.keys(problem.fields).length === 0 && <Callout tone="bad">{problem.message}</Callout>}
        <Field label="Present password" error={problem?.fields.current_password}>
          <PasswordInput value={current} onChange={(event) => writeCurrent(event.target.value)} autoComplete="current-password" required />
        </Field>
        <Field label="New password" hint="At least 8 characters. A sentence of your own is good." error={problem?.fields.new_password}>
          <PasswordInput value={next} onChange={(event) => writeNext(event.target.value)} autoComplete="new-password" minLength={8} required />
        </Field>
        <div>
          <Button type="submit" variant="secondary" pending={change.isPending}>
            Change the password
          </Button>
        </div>
      </form>
    </Card>
  );
}

function Sessions() {
  const sessions = useQuery({ queryKey: key("sessions"), queryFn: () => ok(api.GET("/v1/sessions")) });
  const end = useAct((id: string) => ok(api.DELETE("/v1/sessions/{session_id}", { params: { path: { session_id: id } } })), {
    done: "Session ended",
    refresh: ["sessions"],
  });
  const [ending, ask] = useState(false);
  const endAll = useAct(() => ok(api.DELETE("/v1/sessions")), {
    onDone: () => {
      queryClient.clear();
      signedOut();
    },
  });
  if (sessions.error && !sessions.data) return <ErrorState error={sessions.error} what="Your sessions" onRetry={() => void sessions.refetch()} />;
  if (!sessions.data) return <Skeleton className="h-48 max-w-2xl" />;
  return (
    <div className="max-w-2xl">
      <Card
        flush
        title="Where you are signed in"
        description="A session ends after 14 days unused, 90 days in any case."
        actions={
          <Button variant="secondary" size="sm" onClick={() => ask(true)}>
            Sign out everywhere
          </Button>
        }
      >
        <ul className="divide-y">
          {sessions.data.items.map((session) => (
            <li key={session.session_id} className="flex flex-wrap items-center gap-x-4 gap-y-2 px-5 py-3">
              <Monitor className="size-4 text-muted-foreground" aria-hidden />
              <div className="min-w-0 flex-1 basis-48">
                <div className="flex flex-wrap items-center gap-2 text-sm font-medium">
                  {session.client || "A program"} {session.current && <StatusBadge tone="good">this one</StatusBadge>}
                </div>
                <div className="text-xs text-muted-foreground">
                  {session.ip ? `${session.ip} · ` : ""}used <RelativeTime at={session.used_at} />
                  {session.second_factor ? " · with a second factor" : ""}
                </div>
              </div>
              {!session.current && (
                <Button variant="ghost" size="sm" pending={end.isPending && end.variables === session.session_id} onClick={() => end.mutate(session.session_id)} aria-label={`End the session of ${session.client || "a program"}`}>
                  End
                </Button>
              )}
            </li>
          ))}
        </ul>
      </Card>
      <ConfirmDialog
        open={ending}
        onOpenChange={ask}
        title={`End all ${sessions.data.items.length} sessions?`}
        description="This one too: you sign in again after."
        action="Sign out everywhere"
        pending={endAll.isPending}
        onConfirm={() => endAll.mutate(undefined)}
      />
    </div>
  );
}

function Appearance() {
  const theme = useTheme();
  const [single, turn] = useState(singleKeysOn);
  return (
    <div className="grid max-w-2xl gap-5">
      <Card>
        <RadioCards<Theme>
          label="Theme"
          value={theme}
          onChange={setTheme}
          options={[
            { value: "system", label: "As the system", hint: "Follows the device, also when it changes in the evening." },
            { value: "light", label: "Light" },
            { value: "dark", label: "Dark" },
          ]}
        />
      </Card>
      <Card>
        <Switch
          label="Single-letter shortcuts"
          hint="“g c” goes to the campaigns, “/” to the search, “?” shows all. They rest while you type. Turn them off when a speech program presses keys."
          checked={single}
          onChange={(on) => {
            setSingleKeys(on);
            turn(on);
          }}
        />
      </Card>
    </div>
  );
}
