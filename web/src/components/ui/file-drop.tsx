import { Upload } from "lucide-react";
import { type ReactNode, useId, useRef, useState } from "react";

import { cn } from "@/lib/cn";

/** Takes a file by drop or by a button; `accept` is the list of endings. */
export function FileDrop({ onFile, accept, label, hint, disabled }: { onFile: (file: File) => void; accept: string; label: string; hint?: ReactNode; disabled?: boolean }) {
  const [over, hover] = useState(false);
  const input = useRef<HTMLInputElement>(null);
  const id = useId();
  return (
    <div
      data-file-drop
      onDragOver={(event) => {
        event.preventDefault();
        hover(true);
      }}
      onDragLeave={() => hover(false)}
      onDrop={(event) => {
        event.preventDefault();
        hover(false);
        const [file] = event.dataTransfer.files;
        if (file && !disabled) onFile(file);
      }}
      className={cn(
        "grid place-items-center gap-2 rounded-lg border-2 border-dashed border-input/60 bg-surface px-6 py-10 text-center transition-colors has-focus-visible:outline-2 has-focus-visible:outline-offset-2 has-focus-visible:outline-ring",
        over && "border-primary bg-accent",
      )}
    >
      <Upload className="size-6 text-muted-foreground" aria-hidden />
      <label htmlFor={id} className="text-sm font-medium">
        {label}{" "}
        <span className="cursor-pointer text-link underline underline-offset-4">or choose a file</span>
      </label>
      <input
        ref={input}
        id={id}
        type="file"
        accept={accept}
        disabled={disabled}
        aria-describedby={hint ? `${id}-hint` : undefined}
        className="sr-only"
        onChange={(event) => {
          const file = event.target.files?.[0];
          if (file) onFile(file);
          event.target.value = "";
        }}
      />
      {hint && (
        <p id={`${id}-hint`} className="max-w-prose text-xs text-muted-foreground">
          {hint}
        </p>
      )}
    </div>
  );
}
