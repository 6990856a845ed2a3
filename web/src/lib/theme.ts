import { useSyncExternalStore } from "react";

export type Theme = "light" | "dark" | "system";
const listeners = new Set<() => void>();
const system = matchMedia("(prefers-color-scheme: dark)");

function stored(): Theme {
  try {
    const value = localStorage.getItem("theme");
    return value === "light" || value === "dark" ? value : "system";
  } catch {
    return "system";
  }
}

function apply() {
  const theme = stored();
  document.documentElement.classList.toggle("dark", theme === "dark" || (theme === "system" && system.matches));
  for (const listener of listeners) listener();
}

system.addEventListener("change", apply);

export function setTheme(theme: Theme) {
  try {
    if (theme === "system") localStorage.removeItem("theme");
    else localStorage.setItem("theme", theme);
  } catch {
    // Storage may be forbidden: then the system decides.
  }
  apply();
}

export const useTheme = () =>
  useSyncExternalStore((listener) => {
    listeners.add(listener);
    return () => listeners.delete(listener);
  }, stored);
