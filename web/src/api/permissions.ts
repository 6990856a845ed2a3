/** What each role may do: the same table as domain/tenancy/roles.py (a test compares them). */
const VIEW = ["workspace:read", "contacts:read", "templates:read", "campaigns:read", "messages:read", "delivery:read"];
const EDIT = [...VIEW, "contacts:write", "templates:write", "campaigns:write", "campaigns:send"];
const ADMINISTER = [
  ...EDIT,
  "workspace:write",
  "contacts:erase",
  "delivery:manage",
  "audit:read",
  "audit:export",
  "keys:manage",
  "members:manage",
  "members:read",
  "privacy:export",
  "privacy:manage",
];

const PERMISSIONS: Record<string, readonly string[]> = {
  owner: [...ADMINISTER, "personal:open", "billing:manage"],
  admin: ADMINISTER,
  editor: EDIT,
  viewer: VIEW,
  billing: ["workspace:read", "billing:manage"],
};

export function may(role: string | undefined, permission: string | undefined): boolean {
  if (!permission) return true;
  return role !== undefined && (PERMISSIONS[role] ?? []).includes(permission);
}

/** What the role may do, to offer as scopes of a key. */
export const granted = (role: string | undefined): readonly string[] => (role ? (PERMISSIONS[role] ?? []) : []);
