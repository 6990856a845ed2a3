import { Toast as Base } from "@base-ui/react/toast";
import { X } from "lucide-react";

import { asProblem } from "@/api/problem";
import { cn } from "@/lib/cn";

const manager = Base.createToastManager();
const UNDO_MS = 8_000;

/** Tells that something was done; with `undo` it can be taken back for eight seconds. */
export function toast(title: string, options: { description?: string; undo?: () => void; action?: { label: string; run: () => void } } = {}) {
  const action = options.undo ? { label: "Undo", run: options.undo } : options.action;
  const id = manager.add({
    title,
    description: options.description,
    timeout: action ? UNDO_MS : 5_000,
    actionProps: action && {
      children: action.label,
      onClick: () => {
        manager.close(id);
        action.run();
      },
    },
  });
}

/** Tells what was refused, in the API's own words. */
export function toastProblem(error: unknown, title?: string) {
  const problem = asProblem(error);
  manager.add({
    title: title ?? problem.title,
    description: problem.message + (problem.requestId ? ` (request ${problem.requestId.slice(0, 8)})` : ""),
    type: "error",
    priority: "high",
    timeout: 12_000,
  });
}

export function Toasts() {
  return (
    <Base.Provider toastManager={manager} limit={4}>
      <Base.Portal>
        <Base.Viewport className="fixed right-4 bottom-4 z-60 flex w-[calc(100vw-2rem)] flex-col gap-2 sm:w-96">
          <List />
        </Base.Viewport>
      </Base.Portal>
    </Base.Provider>
  );
}

function List() {
  const { toasts } = Base.useToastManager();
  return toasts.map((item) => (
    <Base.Root
      key={item.id}
      toast={item}
      className={cn(
        "rounded-md border bg-surface p-3 shadow-lg transition-opacity data-ending-style:opacity-0 data-starting-style:opacity-0",
        item.type === "error" && "border-bad/50",
      )}
    >
      <Base.Content className="flex items-start gap-3">
        <div className="min-w-0 flex-1">
          <Base.Title className={cn("text-sm font-medium", item.type === "error" && "text-bad")} />
          <Base.Description className="mt-0.5 text-xs break-words text-muted-foreground" />
        </div>
        {item.actionProps && <Base.Action className="rounded-sm px-2 py-1 text-sm font-medium text-link hover:bg-surface-2" />}
        <Base.Close className="grid size-6 place-items-center rounded-sm text-muted-foreground hover:bg-surface-2" aria-label="Dismiss">
          <X className="size-3.5" aria-hidden />
        </Base.Close>
      </Base.Content>
    </Base.Root>
  ));
}
