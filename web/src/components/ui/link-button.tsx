import type { VariantProps } from "class-variance-authority";
import type { ReactNode } from "react";

import { Link } from "@/components/link";
import { cn } from "@/lib/cn";

import { buttonVariants } from "./button";

type Props = VariantProps<typeof buttonVariants> & { to: string; className?: string; children: ReactNode };

/** A link that looks like a button: opening it in a new tab works. */
export function LinkButton({ to, variant, size, className, children }: Props) {
  return (
    <Link to={to} className={cn(buttonVariants({ variant, size }), className)}>
      {children}
    </Link>
  );
}
