/** The one list of places: the sidebar, the command palette and the "g" shortcuts are made of it. */
import { Activity, Ban, Building2, FileUp, Flag, Globe, History, KeyRound, LayoutDashboard, LayoutTemplate, type LucideIcon, Mail, Send, Server, ShieldCheck, Skull, Trash2, UserCog, Users } from "lucide-react";

export type Place = {
  label: string;
  path: string;
  icon: LucideIcon;
  group: "Work" | "Delivery" | "Settings" | "Operator";
  permission?: string;
  operator?: boolean;
  shortcut?: string; // after "g"
};

export const PLACES: Place[] = [
  { label: "Overview", path: "/", icon: LayoutDashboard, group: "Work", shortcut: "o" },
  { label: "Campaigns", path: "/campaigns", icon: Send, group: "Work", permission: "campaigns:read", shortcut: "c" },
  { label: "Templates", path: "/templates", icon: LayoutTemplate, group: "Work", permission: "templates:read", shortcut: "t" },
  { label: "Contacts", path: "/contacts", icon: Users, group: "Work", permission: "contacts:read", shortcut: "k" },
  { label: "Imports", path: "/contacts/imports", icon: FileUp, group: "Work", permission: "contacts:read" },
  { label: "Suppressions", path: "/suppressions", icon: Ban, group: "Work", permission: "contacts:read" },
  { label: "Messages", path: "/messages", icon: Mail, group: "Delivery", permission: "messages:read", shortcut: "m" },
  { label: "Sending", path: "/sending", icon: Activity, group: "Delivery", permission: "delivery:read", shortcut: "a" },
  { label: "Dead letters", path: "/dead-letters", icon: Skull, group: "Delivery", permission: "messages:read" },
  { label: "Domains", path: "/domains", icon: Globe, group: "Delivery", permission: "delivery:read" },
  { label: "Workspace", path: "/settings/workspace", icon: Building2, group: "Settings", permission: "workspace:read", shortcut: "s" },
  { label: "Members", path: "/settings/members", icon: UserCog, group: "Settings", permission: "members:read" },
  { label: "API keys", path: "/settings/api-keys", icon: KeyRound, group: "Settings", permission: "keys:manage" },
  { label: "Audit log", path: "/settings/audit", icon: History, group: "Settings", permission: "audit:read" },
  { label: "Privacy", path: "/settings/privacy", icon: ShieldCheck, group: "Settings", permission: "privacy:manage" },
  { label: "Trash", path: "/settings/trash", icon: Trash2, group: "Settings", permission: "workspace:read" },
  { label: "All workspaces", path: "/operator/workspaces", icon: Server, group: "Operator", operator: true },
  { label: "Kill switches", path: "/operator/kill-switches", icon: Flag, group: "Operator", operator: true },
];
