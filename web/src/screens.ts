/**
 * Every screen: its address and the file that draws it, loaded when it is gone to.
 * A screen's file exports one component by default. Add a line to add a screen.
 */
import type { ComponentType } from "react";

type Load = () => Promise<{ default: ComponentType }>;

/** Without a workspace, and for whoever is not signed in. */
export const PUBLIC_SCREENS: Record<string, Load> = {
  "/login": () => import("./routes/auth/login"),
  "/register": () => import("./routes/auth/register"),
};

/** Below /w/$ws, in the shell. */
export const SCREENS: Record<string, Load> = {
  "/": () => import("./routes/overview/overview"),
};
