/** State that lives in the address, so that a page can be shared and opened again. */
import { useNavigate, useParams, useRouterState, useSearch } from "@tanstack/react-router";
import { useCallback } from "react";

type Search = Record<string, string | undefined>;

/** Goes to a path; "/contacts" is below the workspace of the address bar, "//login" is not. */
export function useGo() {
  const navigate = useNavigate();
  const here = useHere();
  return useCallback((to: string, options: { replace?: boolean } = {}) => void navigate({ href: here(to), ...options } as never), [navigate, here]);
}

/** Makes a path absolute: "/contacts" below this workspace, "//login" as "/login". */
export function useHere() {
  const { ws } = useParams({ strict: false }) as { ws?: string };
  return useCallback((to: string) => absolute(to, ws), [ws]);
}

export function absolute(to: string, workspace: string | undefined): string {
  if (to.startsWith("//")) return to.slice(1);
  return workspace ? `/w/${workspace}${to === "/" ? "" : to}` : to;
}

/** One parameter of the query string; the default is left out of it. */
export function useUrlState(name: string, byDefault = ""): [string, (value: string) => void] {
  const search = useSearch({ strict: false }) as Search;
  const change = useUrlChange();
  const set = useCallback((value: string) => change({ [name]: value === byDefault ? undefined : value }), [change, name, byDefault]);
  return [String(search[name] ?? byDefault), set];
}

/** Changes several parameters at once; a change of a filter starts again at the first page. */
export function useUrlChange() {
  const navigate = useNavigate();
  return useCallback(
    (values: Search, options: { keepCursor?: boolean } = {}) =>
      void navigate({
        to: ".",
        replace: true,
        resetScroll: false,
        search: ((old: Search) => {
          const next = { ...old, ...values };
          if (!options.keepCursor && !("cursor" in values)) delete next.cursor;
          for (const [name, value] of Object.entries(next)) if (value === undefined || value === "") delete next[name];
          return next;
        }) as never,
      } as never),
    [navigate],
  );
}

export const usePath = () => useRouterState({ select: (state) => state.location.pathname });
export const useRouteParams = () => useParams({ strict: false }) as Record<string, string>;
