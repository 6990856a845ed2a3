import { Link as RouterLink } from "@tanstack/react-router";
import type { ComponentProps } from "react";

import { useHere } from "@/lib/url";

type Props = Omit<ComponentProps<"a">, "href"> & { to: string };

/** A link below this workspace ("/contacts"), or outside of it with two slashes ("//login"). */
export function Link({ to, ...rest }: Props) {
  const here = useHere();
  const [path, query] = here(to).split("?") as [string, string | undefined];
  return <RouterLink to={path} search={query ? Object.fromEntries(new URLSearchParams(query)) : undefined} preload="intent" {...(rest as object)} />;
}

/** The same as text in a sentence. */
export function TextLink(props: Props) {
  return <Link {...props} className="font-medium text-link underline-offset-4 hover:underline" />;
}
