/** Lists that are read page by page: the place in the list is in the address. */
import { type UseQueryResult, keepPreviousData, useQuery } from "@tanstack/react-query";

import { useUrlState } from "@/lib/url";

import { key } from "./queries";

type Page = { items: unknown[]; next?: string | null };
type Again<Answer> = number | false | ((answer: Answer) => number | false);

/**
 * Reads the page that the address names; what was shown stays until the next one is there.
 * `name` and `filters` are the query's key, `again` says when it is read anew (ms).
 */
export function usePage<Answer extends Page>(name: string[], filters: Record<string, unknown>, read: (cursor: string | undefined) => Promise<Answer>, again: Again<Answer> = false) {
  const [cursor] = useUrlState("cursor");
  return useQuery({
    queryKey: key(...name, { cursor, ...filters }),
    queryFn: () => read(cursor || undefined),
    placeholderData: keepPreviousData,
    refetchInterval: ({ state }) => (typeof again === "function" ? state.data !== undefined && again(state.data) : again),
  });
}

/** What a DataTable needs of a query over a page of a list. */
export function tableOf<Row>(query: UseQueryResult<{ items: Row[]; next?: string | null }>) {
  return {
    rows: query.data?.items,
    next: query.data?.next,
    error: query.error ?? undefined,
    onRetry: () => void query.refetch(),
    loading: query.isPending,
  };
}
