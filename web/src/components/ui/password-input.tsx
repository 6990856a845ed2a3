import { Eye, EyeOff } from "lucide-react";
import { type ComponentProps, useState } from "react";

import { cn } from "@/lib/cn";

import { Input } from "./input";

/** A password field that can be read before it is sent; pasting is never in the way. */
export function PasswordInput({ className, ...rest }: ComponentProps<"input">) {
  const [shown, show] = useState(false);
  return (
    <div className="relative">
      <Input type={shown ? "text" : "password"} className={cn("pr-10", className)} {...rest} />
      <button
        type="button"
        className="absolute inset-y-0 right-0 grid w-9 place-items-center rounded-md text-muted-foreground hover:text-foreground"
        onClick={() => show(!shown)}
        aria-label={shown ? "Hide password" : "Show password"}
        aria-pressed={shown}
      >
        {shown ? <EyeOff className="size-4" aria-hidden /> : <Eye className="size-4" aria-hidden />}
      </button>
    </div>
  );
}
