/** Keyboard shortcuts. Single letters rest in fields and can be turned off (WCAG 2.1.4). */
import { useEffect, useRef } from "react";

const OFF = "single-keys";

export const singleKeysOn = () => localStorage.getItem(OFF) !== "off";
export const setSingleKeys = (on: boolean) => localStorage.setItem(OFF, on ? "on" : "off");

const isTyping = (target: EventTarget | null) =>
  target instanceof HTMLElement && (target.isContentEditable || /^(INPUT|TEXTAREA|SELECT)$/.test(target.tagName));

/** `keys` is "mod+k", "mod+s", "?", "/" or two letters such as "g c". */
export function useShortcuts(shortcuts: Record<string, () => void>) {
  const current = useRef(shortcuts);
  useEffect(() => {
    current.current = shortcuts;
  });
  useEffect(() => {
    let first = "";
    let timer: ReturnType<typeof setTimeout> | undefined;
    const onKey = (event: KeyboardEvent) => {
      if (event.defaultPrevented || event.altKey || event.isComposing) return;
      const mod = event.ctrlKey || event.metaKey;
      if (!mod && (isTyping(event.target) || !singleKeysOn())) return;
      if (!mod && document.querySelector("[role=dialog],[role=alertdialog]")) return;
      const pressed = mod ? `mod+${event.key.toLowerCase()}` : event.key;
      const run = current.current[first ? `${first} ${pressed}` : pressed];
      clearTimeout(timer);
      first = "";
      if (run) {
        event.preventDefault();
        run();
      } else if (!mod && pressed === "g") {
        first = "g";
        timer = setTimeout(() => {
          first = "";
        }, 1_000);
      }
    };
    window.addEventListener("keydown", onKey);
    return () => window.removeEventListener("keydown", onKey);
  }, []);
}
