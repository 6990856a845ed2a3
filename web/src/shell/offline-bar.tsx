import { CloudOff } from "lucide-react";
import { useSyncExternalStore } from "react";

function subscribe(listener: () => void) {
  window.addEventListener("online", listener);
  window.addEventListener("offline", listener);
  return () => {
    window.removeEventListener("online", listener);
    window.removeEventListener("offline", listener);
  };
}

export function OfflineBar() {
  const online = useSyncExternalStore(subscribe, () => navigator.onLine);
  return (
    <div role="status">
      {!online && (
        <p className="flex items-center justify-center gap-2 bg-warn-surface px-4 py-1.5 text-xs font-medium text-warn">
          <CloudOff className="size-3.5" aria-hidden /> No connection. What you see may be old; nothing you typed is lost.
        </p>
      )}
    </div>
  );
}
