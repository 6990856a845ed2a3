import { Dialog } from "@base-ui/react/dialog";
import { Outlet } from "@tanstack/react-router";
import { Menu as MenuIcon, Search } from "lucide-react";
import { useEffect, useState } from "react";

import { currentWorkspace } from "@/api/client";
import { Kbd } from "@/components/ui/small";
import { useShortcuts } from "@/lib/shortcuts";
import { useGo, usePath } from "@/lib/url";

import { CommandPalette } from "./command-palette";
import { Logo } from "./logo";
import { OfflineBar } from "./offline-bar";
import { ProfileMenu } from "./profile-menu";
import { SessionExpired } from "./session-expired";
import { useSessionStart } from "./session-start";
import { ShortcutSheet } from "./shortcut-sheet";
import { Sidebar, usePlaces } from "./sidebar";
import { LAST_WORKSPACE } from "./workspace-switcher";

/** Everything around a screen of a workspace. */
export function Shell() {
  const state = useSessionStart();
  const workspace = currentWorkspace();
  useEffect(() => {
    if (workspace) localStorage.setItem(LAST_WORKSPACE, workspace);
  }, [workspace]);
  if (state === "unknown" || state === "out") return null;
  return <Frame key={workspace} />;
}

function Frame() {
  const [palette, openPalette] = useState(false);
  const [sheet, openSheet] = useState(false);
  const [drawer, openDrawer] = useState(false);
  const path = usePath();
  const go = useGo();
  const places = usePlaces();
  useEffect(() => openDrawer(false), [path]);
  useShortcuts({
    "mod+k": () => openPalette(true),
    "?": () => openSheet(true),
    "/": () => document.querySelector<HTMLInputElement>("[data-search]")?.focus(),
    c: () => go("/campaigns/new"),
    ...Object.fromEntries(places.flatMap((place) => (place.shortcut ? [[`g ${place.shortcut}`, () => go(place.path)]] : []))),
  });
  return (
    <div className="min-h-dvh lg:grid lg:grid-cols-[15.5rem_minmax(0,1fr)]">
      <a href="#main" className="sr-only z-60 rounded-md bg-primary px-3 py-2 text-sm font-medium text-primary-foreground focus:not-sr-only focus:fixed focus:top-2 focus:left-2">
        Skip to content
      </a>
      <aside className="sticky top-0 hidden h-dvh border-r bg-surface lg:block">
        <Sidebar />
      </aside>
      <div className="flex min-w-0 flex-col">
        <header className="sticky top-0 z-30 flex h-14 items-center gap-3 border-b bg-background/90 px-4 backdrop-blur sm:px-6 lg:px-8">
          <button type="button" className="grid size-9 place-items-center rounded-md hover:bg-surface-2 lg:hidden" aria-label="Open navigation" onClick={() => openDrawer(true)}>
            <MenuIcon className="size-5" aria-hidden />
          </button>
          <Logo small className="lg:hidden" />
          <button
            type="button"
            onClick={() => openPalette(true)}
            className="flex h-8 min-w-0 items-center gap-2 rounded-md border bg-surface px-2.5 text-sm text-muted-foreground shadow-xs hover:border-input sm:w-72"
          >
            <Search className="size-4 shrink-0" aria-hidden />
            <span className="flex-1 truncate text-left">Go to…</span>
            <span className="hidden sm:inline">
              <Kbd>Ctrl K</Kbd>
            </span>
          </button>
          <div className="ml-auto flex items-center gap-2">
            <ProfileMenu />
          </div>
        </header>
        <OfflineBar />
        <main id="main" tabIndex={-1} className="flex-1">
          <Outlet />
        </main>
      </div>
      <Dialog.Root open={drawer} onOpenChange={openDrawer}>
        <Dialog.Portal>
          <Dialog.Backdrop className="fixed inset-0 z-40 bg-overlay" />
          <Dialog.Popup className="fixed inset-y-0 left-0 z-50 w-72 max-w-[85vw] border-r bg-surface outline-hidden">
            <Dialog.Title className="sr-only">Navigation</Dialog.Title>
            <Sidebar onGo={() => openDrawer(false)} />
          </Dialog.Popup>
        </Dialog.Portal>
      </Dialog.Root>
      <CommandPalette open={palette} onOpenChange={openPalette} />
      <ShortcutSheet open={sheet} onOpenChange={openSheet} />
      <SessionExpired />
    </div>
  );
}
