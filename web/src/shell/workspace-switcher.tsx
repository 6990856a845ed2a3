import { Check, ChevronsUpDown, Plus } from "lucide-react";

import { currentWorkspace } from "@/api/client";
import { useWorkspaces } from "@/api/queries";
import { Menu } from "@/components/ui/menu";
import { Avatar } from "@/components/ui/small";

export const LAST_WORKSPACE = "last-workspace";

export function WorkspaceSwitcher() {
  const { data } = useWorkspaces();
  const here = data?.items.find((item) => item.workspace_id === currentWorkspace());
  const name = here?.name || "Workspace";
  return (
    <Menu
      align="start"
      trigger={
        <button type="button" className="flex w-full items-center gap-2.5 rounded-md p-1.5 text-left hover:bg-surface-2">
          <Avatar name={name} />
          <span className="min-w-0 flex-1">
            <span className="block truncate text-sm font-semibold">{name}</span>
            <span className="block text-xs text-muted-foreground capitalize">{here?.role ?? " "}</span>
          </span>
          <ChevronsUpDown className="size-4 text-muted-foreground" aria-hidden />
          <span className="sr-only">, switch workspace</span>
        </button>
      }
      entries={[
        { heading: "Workspaces" },
        ...(data?.items ?? []).map((item) => ({
          label: item.name || "New workspace",
          icon: item.workspace_id === here?.workspace_id ? <Check aria-hidden /> : <span className="size-4" />,
          to: `//w/${item.workspace_id}`,
        })),
        "separator" as const,
        { label: "New workspace", icon: <Plus aria-hidden />, to: "//new-workspace" },
      ]}
    />
  );
}
