/** TanStack Query's client and the queries that many screens share. */
import { QueryClient, queryOptions, useQuery } from "@tanstack/react-query";

import { api, currentWorkspace, ok } from "./client";
import { asProblem } from "./problem";

export const queryClient = new QueryClient({
  defaultOptions: {
    queries: {
      staleTime: 15_000,
      retry: (count, error) => {
        const problem = asProblem(error);
        return count < 2 && (problem.isOffline || problem.status >= 500 || problem.code === "not_caught_up");
      },
      refetchOnWindowFocus: true,
    },
    mutations: { retry: false },
  },
});

/** Keys begin with the workspace, so that nothing of one is ever shown in another. */
export const key = (...parts: unknown[]) => [currentWorkspace(), ...parts] as const;

export const meQuery = queryOptions({ queryKey: ["me"], queryFn: () => ok(api.GET("/v1/me")), staleTime: 60_000 });
export const workspacesQuery = queryOptions({
  queryKey: ["workspaces"],
  queryFn: () => ok(api.GET("/v1/workspaces")),
  staleTime: 60_000,
});

export const useMe = () => useQuery(meQuery);
export const useWorkspaces = () => useQuery(workspacesQuery);

/** The role of the person in the workspace of the address bar; undefined while it is not known. */
export function useRole(): string | undefined {
  const workspaces = useWorkspaces();
  return workspaces.data?.items.find((item) => item.workspace_id === currentWorkspace())?.role;
}
