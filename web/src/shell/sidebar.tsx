import { Link } from "@/components/link";
import { may } from "@/api/permissions";
import { useMe, useRole } from "@/api/queries";
import { cn } from "@/lib/cn";
import { useHere, usePath } from "@/lib/url";
import { PLACES, type Place } from "@/navigation";

import { WorkspaceSwitcher } from "./workspace-switcher";

const GROUPS: Place["group"][] = ["Work", "Delivery", "Settings", "Operator"];

/** The places this person may go to. */
export function usePlaces(): Place[] {
  const role = useRole();
  const me = useMe();
  return PLACES.filter((place) => (place.operator ? me.data?.operator : may(role, place.permission)));
}

export function Sidebar({ onGo }: { onGo?: () => void }) {
  const places = usePlaces();
  const path = usePath();
  const here = useHere();
  const active = places
    .map((place) => here(place.path))
    .filter((target) => path === target || path.startsWith(`${target}/`))
    .sort((a, b) => b.length - a.length)[0];
  return (
    <div className="flex h-full flex-col gap-1 overflow-y-auto p-3">
      <WorkspaceSwitcher />
      <nav aria-label="Main" className="mt-2 flex-1">
        {GROUPS.map((group) => {
          const inGroup = places.filter((place) => place.group === group);
          if (inGroup.length === 0) return null;
          return (
            <div key={group} className="mb-4">
              {group !== "Work" && <div className="px-2 pb-1 text-xs font-medium text-muted-foreground">{group}</div>}
              <ul className="grid gap-px">
                {inGroup.map((place) => {
                  const current = here(place.path) === active;
                  return (
                    <li key={place.path}>
                      <Link
                        to={place.path}
                        onClick={onGo}
                        aria-current={current ? "page" : undefined}
                        className={cn(
                          "flex items-center gap-2.5 rounded-md px-2 py-1.5 text-sm font-medium text-muted-foreground hover:bg-surface-2 hover:text-foreground",
                          current && "bg-accent text-accent-foreground hover:bg-accent hover:text-accent-foreground",
                        )}
                      >
                        <place.icon className="size-4 shrink-0" aria-hidden />
                        {place.label}
                      </Link>
                    </li>
                  );
                })}
              </ul>
            </div>
          );
        })}
      </nav>
    </div>
  );
}
