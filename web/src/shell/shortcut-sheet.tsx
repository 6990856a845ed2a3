import { Dialog } from "@/components/ui/dialog";
import { Kbd } from "@/components/ui/small";

import { usePlaces } from "./sidebar";

export function ShortcutSheet({ open, onOpenChange }: { open: boolean; onOpenChange: (open: boolean) => void }) {
  const places = usePlaces();
  const rows: [string, string][] = [
    ["Ctrl K", "Command palette"],
    ["?", "This list"],
    ["/", "Search in a list"],
    ...places.filter((place) => place.shortcut).map((place): [string, string] => [`g ${place.shortcut}`, `Go to ${place.label}`]),
    ["↑ ↓", "Move in a table"],
    ["Enter", "Open the row"],
    ["Ctrl S", "Save in an editor"],
    ["Esc", "Close what is open"],
  ];
  return (
    <Dialog open={open} onOpenChange={onOpenChange} title="Keyboard shortcuts" description="Single keys rest while you type; Profile turns them off.">
      <dl className="grid grid-cols-[auto_1fr] gap-x-6 gap-y-2 text-sm">
        {rows.map(([keys, what]) => (
          <div key={keys} className="contents">
            <dt>
              <Kbd>{keys}</Kbd>
            </dt>
            <dd>{what}</dd>
          </div>
        ))}
      </dl>
    </Dialog>
  );
}
