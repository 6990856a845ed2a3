import { ChevronLeft } from "lucide-react";
import { type ReactNode, useEffect, useRef } from "react";

import { Link } from "@/components/link";
import { cn } from "@/lib/cn";

type Props = {
  title: string;
  heading?: ReactNode;
  description?: ReactNode;
  actions?: ReactNode;
  back?: { to: string; label: string };
  wide?: boolean;
  documentTitle?: string;
  children: ReactNode;
};

/** A screen: its one h1, which takes the focus after a change of route, and the tab's title. */
export function Page({ title, heading, description, actions, back, wide, documentTitle, children }: Props) {
  const ref = useRef<HTMLHeadingElement>(null);
  useEffect(() => {
    if (document.activeElement === document.body || document.activeElement?.tagName === "A") ref.current?.focus({ preventScroll: true });
  }, []);
  useEffect(() => {
    document.title = `${documentTitle ?? title} · Email Engine`;
  }, [title, documentTitle]);
  return (
    <div className={cn("mx-auto w-full px-4 py-6 sm:px-6 lg:px-8", wide ? "max-w-400" : "max-w-6xl")}>
      {back && (
        <Link to={back.to} className="-ml-1 mb-2 inline-flex items-center gap-1 rounded-sm text-xs font-medium text-muted-foreground hover:text-foreground">
          <ChevronLeft className="size-3.5" aria-hidden />
          {back.label}
        </Link>
      )}
      <div className="mb-6 flex flex-wrap items-start justify-between gap-x-6 gap-y-3">
        <div className="min-w-0">
          <h1 ref={ref} tabIndex={-1} className="text-xl font-semibold tracking-tight break-words">
            {heading ?? title}
          </h1>
          {description && <div className="mt-1 max-w-prose text-sm text-muted-foreground">{description}</div>}
        </div>
        {actions && <div className="flex flex-wrap items-center gap-2">{actions}</div>}
      </div>
      {children}
    </div>
  );
}
