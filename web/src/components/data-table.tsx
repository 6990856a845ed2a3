/** A table of one page of a list, with every state a list can have. */
import { ChevronLeft, ChevronRight } from "lucide-react";
import type { KeyboardEvent, ReactNode } from "react";

import { Skeleton } from "@/components/ui/small";
import { Button } from "@/components/ui/button";
import { cn } from "@/lib/cn";
import { useGo, useUrlChange, useUrlState } from "@/lib/url";

import { ErrorState, useSlow } from "./states";

export type Column<Row> = {
  header: string;
  cell: (row: Row) => ReactNode;
  align?: "right";
  className?: string;
  sort?: string; // the value of ?sort= that this column stands for; "-name" is the other way round
};

type Props<Row> = {
  caption: string;
  columns: Column<Row>[];
  rows: Row[] | undefined;
  rowKey: (row: Row) => string;
  to?: (row: Row) => string;
  onOpen?: (row: Row) => void;
  next?: string | null;
  total?: ReactNode;
  error?: unknown;
  onRetry?: () => void;
  loading: boolean;
  empty: ReactNode;
};

const cellClass = "px-4 py-2.5 first:pl-5 last:pr-5";

/** Rows are found with the arrow keys and opened with Enter. */
export function DataTable<Row>(props: Props<Row>) {
  const { caption, columns, rows, rowKey, to, onOpen, next, total, error, onRetry, loading, empty } = props;
  const slow = useSlow(loading && !rows);
  const go = useGo();
  const [sort, setSort] = useUrlState("sort");

  if (error && !rows) return <ErrorState error={error} onRetry={onRetry} what={caption} />;
  if (rows?.length === 0 && !loading) return <>{empty}</>;

  const open = (row: Row) => (to ? go(to(row)) : onOpen?.(row));
  const onKey = (event: KeyboardEvent<HTMLTableRowElement>, row: Row) => {
    if (event.target !== event.currentTarget) return;
    const { currentTarget: line } = event;
    const step = event.key === "ArrowDown" ? line.nextElementSibling : event.key === "ArrowUp" ? line.previousElementSibling : null;
    if (step instanceof HTMLElement) step.focus();
    else if (event.key === "Enter") open(row);
    else return;
    event.preventDefault();
  };

  return (
    <>
      {Boolean(error) && rows && <p role="alert" className="border-b bg-warn-surface px-5 py-2 text-xs text-warn">Shown as it was: the newest could not be loaded.</p>}
      <div className="overflow-x-auto" role="region" aria-label={caption} tabIndex={0}>
        <table className="w-full text-left text-sm">
          <caption className="sr-only">{caption}</caption>
          <thead className="border-b text-xs text-muted-foreground">
            <tr>
              {columns.map((column) => (
                <th
                  key={column.header}
                  scope="col"
                  aria-sort={column.sort ? (sort === column.sort ? "ascending" : sort === `-${column.sort}` ? "descending" : "none") : undefined}
                  className={cn(cellClass, "font-medium whitespace-nowrap", column.align === "right" && "text-right", column.className)}
                >
                  {column.sort ? (
                    <button type="button" className="rounded-sm hover:text-foreground" onClick={() => setSort(sort === column.sort ? `-${column.sort}` : (column.sort ?? ""))}>
                      {column.header} {sort === column.sort ? "↑" : sort === `-${column.sort}` ? "↓" : ""}
                    </button>
                  ) : (
                    column.header
                  )}
                </th>
              ))}
            </tr>
          </thead>
          <tbody className="divide-y">
            {rows?.map((row) => (
              <tr
                key={rowKey(row)}
                tabIndex={to || onOpen ? 0 : undefined}
                onKeyDown={to || onOpen ? (event) => onKey(event, row) : undefined}
                onClick={
                  to || onOpen
                    ? (event) => {
                        if (!(event.target as HTMLElement).closest("a,button,input,label,[role=checkbox]")) open(row);
                      }
                    : undefined
                }
                className={cn("transition-colors -outline-offset-2", (to || onOpen) && "cursor-pointer hover:bg-surface-2/60")}
              >
                {columns.map((column) => (
                  <td key={column.header} className={cn(cellClass, column.align === "right" && "text-right tabular-nums", column.className)}>
                    {column.cell(row)}
                  </td>
                ))}
              </tr>
            ))}
            {!rows &&
              slow &&
              Array.from({ length: 6 }, (_, at) => (
                <tr key={at}>
                  {columns.map((column) => (
                    <td key={column.header} className={cellClass}>
                      <Skeleton className="h-5 w-full max-w-40" />
                    </td>
                  ))}
                </tr>
              ))}
          </tbody>
        </table>
      </div>
      <Pager next={next ?? null} total={total} />
    </>
  );
}

/** Forward by cursor, back by the browser's history: the address is the place in the list. */
function Pager({ next, total }: { next: string | null; total?: ReactNode }) {
  const [cursor, setCursor] = useUrlState("cursor");
  const change = useUrlChange();
  if (!next && !cursor && !total) return null;
  return (
    <div className="flex items-center justify-between gap-3 border-t px-5 py-2.5 text-xs text-muted-foreground">
      <span aria-live="polite">{total}</span>
      <div className="flex gap-2">
        {cursor && (
          <Button variant="ghost" size="sm" onClick={() => change({ cursor: undefined })}>
            <ChevronLeft aria-hidden /> First page
          </Button>
        )}
        {next && (
          <Button variant="secondary" size="sm" onClick={() => setCursor(next)}>
            Next page <ChevronRight aria-hidden />
          </Button>
        )}
      </div>
    </div>
  );
}
