import { Dialog } from "@base-ui/react/dialog";
import { Moon, Plus, Search, Sun } from "lucide-react";
import { type KeyboardEvent, type ReactNode, useEffect, useId, useMemo, useState } from "react";

import { may } from "@/api/permissions";
import { useRole } from "@/api/queries";
import { Kbd } from "@/components/ui/small";
import { cn } from "@/lib/cn";
import { setTheme } from "@/lib/theme";
import { useGo } from "@/lib/url";

import { usePlaces } from "./sidebar";

type Command = { label: string; hint?: string; icon: ReactNode; run: () => void };

function useCommands(): Command[] {
  const places = usePlaces();
  const role = useRole();
  const go = useGo();
  return useMemo(() => {
    const create = [
      { label: "New campaign", path: "/campaigns/new", permission: "campaigns:write" },
      { label: "New template", path: "/templates/new", permission: "templates:write" },
      { label: "Import contacts", path: "/contacts/imports/new", permission: "contacts:write" },
    ].filter((item) => may(role, item.permission));
    return [
      ...places.map((place) => ({
        label: place.label,
        hint: place.shortcut && `g ${place.shortcut}`,
        icon: <place.icon className="size-4" aria-hidden />,
        run: () => go(place.path),
      })),
      ...create.map((item) => ({ label: item.label, icon: <Plus className="size-4" aria-hidden />, run: () => go(item.path) })),
      { label: "Light theme", icon: <Sun className="size-4" aria-hidden />, run: () => setTheme("light") },
      { label: "Dark theme", icon: <Moon className="size-4" aria-hidden />, run: () => setTheme("dark") },
    ];
  }, [places, role, go]);
}

/** Ctrl K: go anywhere and do the usual things without the mouse (a combobox of the ARIA guide). */
export function CommandPalette({ open, onOpenChange }: { open: boolean; onOpenChange: (open: boolean) => void }) {
  const commands = useCommands();
  const [text, write] = useState("");
  const [at, move] = useState(0);
  const id = useId();
  const words = text.toLowerCase().split(/\s+/).filter(Boolean);
  const found = commands.filter((command) => words.every((word) => command.label.toLowerCase().includes(word)));
  useEffect(() => {
    if (open) {
      write("");
      move(0);
    }
  }, [open]);
  const run = (command: Command | undefined) => {
    if (!command) return;
    onOpenChange(false);
    command.run();
  };
  const onKey = (event: KeyboardEvent) => {
    const step = event.key === "ArrowDown" ? 1 : event.key === "ArrowUp" ? -1 : 0;
    if (step && found.length > 0) move((at + step + found.length) % found.length);
    else if (event.key === "Enter") run(found[at]);
    else return;
    event.preventDefault();
  };
  return (
    <Dialog.Root open={open} onOpenChange={onOpenChange}>
      <Dialog.Portal>
        <Dialog.Backdrop className="fixed inset-0 z-40 bg-overlay" />
        <Dialog.Popup className="fixed top-[12vh] left-1/2 z-50 w-[calc(100vw-2rem)] max-w-lg -translate-x-1/2 overflow-hidden rounded-lg border bg-surface shadow-xl outline-hidden">
          <Dialog.Title className="sr-only">Command palette</Dialog.Title>
          <div className="flex items-center gap-2.5 border-b px-4">
            <Search className="size-4 text-muted-foreground" aria-hidden />
            <input
              role="combobox"
              aria-expanded
              aria-controls={`${id}-list`}
              aria-activedescendant={found[at] ? `${id}-${at}` : undefined}
              aria-label="Go to a page or run a command"
              placeholder="Go to a page or run a command"
              className="h-12 flex-1 bg-transparent text-sm outline-none"
              value={text}
              onChange={(event) => {
                write(event.target.value);
                move(0);
              }}
              onKeyDown={onKey}
            />
            <Kbd>Esc</Kbd>
          </div>
          <div id={`${id}-list`} role="listbox" aria-label="Commands" className="max-h-80 overflow-y-auto p-1.5">
            {found.map((command, index) => (
              <div
                key={command.label}
                id={`${id}-${index}`}
                role="option"
                aria-selected={index === at}
                onMouseMove={() => move(index)}
                onClick={() => run(command)}
                className={cn("flex cursor-default items-center gap-3 rounded-md px-2.5 py-2 text-sm", index === at && "bg-accent text-accent-foreground")}
              >
                {command.icon}
                <span className="flex-1">{command.label}</span>
                {command.hint && <Kbd>{command.hint}</Kbd>}
              </div>
            ))}
          </div>
          <p role="status" className={cn("px-4 pb-4 text-sm text-muted-foreground", found.length > 0 && "sr-only")}>
            {found.length === 0 ? `Nothing is called “${text}”.` : `${found.length} found`}
          </p>
        </Dialog.Popup>
      </Dialog.Portal>
    </Dialog.Root>
  );
}
