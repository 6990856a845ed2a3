import type { ComponentProps } from "react";

import { cn } from "@/lib/cn";

export const controlClass =
  "w-full rounded-md border border-input bg-surface px-3 text-sm text-foreground shadow-xs transition-colors hover:border-foreground/50 disabled:cursor-not-allowed disabled:opacity-60 aria-invalid:border-bad any-pointer-coarse:text-base";

export function Input({ className, ...rest }: ComponentProps<"input">) {
  return <input className={cn(controlClass, "h-9", className)} {...rest} />;
}

export function Textarea({ className, ...rest }: ComponentProps<"textarea">) {
  return <textarea className={cn(controlClass, "min-h-24 py-2", className)} {...rest} />;
}

/** The browser's own select: keyboard, touch and screen readers are right by themselves. */
export function NativeSelect({ className, ...rest }: ComponentProps<"select">) {
  return <select className={cn(controlClass, "h-9 pr-8", className)} {...rest} />;
}
