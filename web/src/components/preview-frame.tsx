import { cn } from "@/lib/cn";

type Mode = "desktop" | "phone" | "dark" | "plain";

/** A mail in a sandboxed frame: no script, no request to another origin unless images are asked for. */
export function PreviewFrame({ url, title, mode, images }: { url: string; title: string; mode: Mode; images: boolean }) {
  return (
    <div className={cn("overflow-hidden rounded-md border bg-white", mode === "phone" && "mx-auto w-full max-w-[390px]")}>
      <iframe
        key={url + String(images)}
        src={images ? `${url}?images=true` : url}
        title={title}
        sandbox=""
        referrerPolicy="no-referrer"
        className={cn("h-[38rem] w-full bg-white", mode === "dark" && "hue-rotate-180 invert")}
      />
    </div>
  );
}

/** A small picture of a mail: the frame itself, scaled, and nothing to anybody but the eye. */
export function Thumbnail({ url }: { url: string }) {
  return (
    <div className="relative h-44 overflow-hidden bg-white" aria-hidden inert>
      <iframe src={url} title="" sandbox="" loading="lazy" tabIndex={-1} className="pointer-events-none absolute top-0 left-0 h-[640px] w-[250%] origin-top-left scale-40 border-0" />
    </div>
  );
}
