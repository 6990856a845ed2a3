import { Outlet, createRootRoute, createRoute, createRouter, lazyRouteComponent } from "@tanstack/react-router";

import { PUBLIC_SCREENS, SCREENS } from "./screens";
import { Home } from "./shell/home";
import { NotFound, RouteError } from "./shell/route-states";
import { Shell } from "./shell/shell";

const root = createRootRoute({ component: Outlet, notFoundComponent: NotFound, errorComponent: RouteError });
const home = createRoute({ getParentRoute: () => root, path: "/", component: Home });
const open = Object.entries(PUBLIC_SCREENS).map(([path, load]) =>
  createRoute({ getParentRoute: () => root, path, component: lazyRouteComponent(load) }),
);
const workspace = createRoute({ getParentRoute: () => root, path: "/w/$ws", component: Shell, notFoundComponent: NotFound });
const inside = Object.entries(SCREENS).map(([path, load]) =>
  createRoute({ getParentRoute: () => workspace, path, component: lazyRouteComponent(load) }),
);

/** Search parameters are plain strings: `?q=ada&status=paused`. */
export const router = createRouter({
  routeTree: root.addChildren([home, ...open, workspace.addChildren(inside)]),
  defaultPreload: "intent",
  defaultPendingMs: 150,
  defaultPendingMinMs: 300,
  scrollRestoration: true,
  defaultErrorComponent: RouteError,
  defaultNotFoundComponent: NotFound,
  parseSearch: (text) => Object.fromEntries(new URLSearchParams(text)),
  stringifySearch: (values) => {
    const known = Object.entries(values).filter(([, value]) => value !== undefined && value !== "");
    const text = new URLSearchParams(known as [string, string][]).toString();
    return text ? `?${text}` : "";
  },
});
