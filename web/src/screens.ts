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
  "/forgot": () => import("./routes/auth/forgot"),
  "/reset-password": () => import("./routes/auth/reset-password"),
  "/verify-address": () => import("./routes/auth/verify-address"),
  "/invitation": () => import("./routes/auth/invitation"),
  "/new-workspace": () => import("./routes/auth/new-workspace"),
};

/** Below /w/$ws, in the shell. */
export const SCREENS: Record<string, Load> = {
  "/": () => import("./routes/overview/overview"),
  "/onboarding/$step": () => import("./routes/onboarding/onboarding"),
  "/profile": () => import("./routes/profile/profile"),
  "/profile/$tab": () => import("./routes/profile/profile"),
  "/campaigns": () => import("./routes/campaigns/campaigns"),
  "/campaigns/new": () => import("./routes/campaigns/new"),
  "/campaigns/$id/edit": () => import("./routes/campaigns/edit"),
  "/campaigns/$id": () => import("./routes/campaigns/campaign"),
  "/contacts": () => import("./routes/contacts/contacts"),
  "/contacts/imports": () => import("./routes/contacts/imports"),
  "/contacts/imports/new": () => import("./routes/contacts/new-import"),
  "/contacts/imports/$id/review": () => import("./routes/contacts/review-import"),
  "/contacts/imports/$id": () => import("./routes/contacts/import"),
  "/contacts/$id": () => import("./routes/contacts/contact"),
  "/templates": () => import("./routes/templates/templates"),
  "/templates/new": () => import("./routes/templates/template"),
  "/templates/$id": () => import("./routes/templates/template"),
  "/messages": () => import("./routes/messages/messages"),
  "/messages/$id": () => import("./routes/messages/message"),
  "/suppressions": () => import("./routes/suppressions/suppressions"),
  "/sending": () => import("./routes/delivery/sending"),
  "/dead-letters": () => import("./routes/delivery/dead-letters"),
  "/domains": () => import("./routes/domains/domains"),
  "/domains/$id": () => import("./routes/domains/domain"),
  "/settings/workspace": () => import("./routes/settings/workspace"),
  "/settings/members": () => import("./routes/settings/members"),
  "/settings/api-keys": () => import("./routes/settings/api-keys"),
  "/settings/audit": () => import("./routes/settings/audit"),
  "/settings/privacy": () => import("./routes/settings/privacy"),
  "/settings/trash": () => import("./routes/settings/trash"),
  "/operator/workspaces": () => import("./routes/operator/workspaces"),
  "/operator/kill-switches": () => import("./routes/operator/kill-switches"),
};
