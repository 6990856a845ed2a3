import { LogOut, Monitor, Moon, ShieldCheck, Sun, User } from "lucide-react";

import { api, ok } from "@/api/client";
import { queryClient, useMe } from "@/api/queries";
import { signedOut } from "@/api/session";
import { Menu } from "@/components/ui/menu";
import { Avatar } from "@/components/ui/small";
import { type Theme, setTheme, useTheme } from "@/lib/theme";
import { toastProblem } from "@/components/ui/toast";

const THEMES: { theme: Theme; label: string; icon: typeof Sun }[] = [
  { theme: "light", label: "Light", icon: Sun },
  { theme: "dark", label: "Dark", icon: Moon },
  { theme: "system", label: "As the system", icon: Monitor },
];

export async function signOut() {
  try {
    await ok(api.DELETE("/v1/sessions/current"));
  } catch (error) {
    toastProblem(error);
  }
  queryClient.clear();
  signedOut();
}

export function ProfileMenu() {
  const me = useMe();
  const theme = useTheme();
  const email = me.data?.email ?? "";
  return (
    <Menu
      trigger={
        <button type="button" className="rounded-full" aria-label={`Account ${email}`}>
          <Avatar name={email} />
        </button>
      }
      entries={[
        { heading: email },
        { label: "Profile", icon: <User aria-hidden />, to: "/profile" },
        { label: "Security and sessions", icon: <ShieldCheck aria-hidden />, to: "/profile/security" },
        "separator",
        { heading: "Appearance" },
        ...THEMES.map((item) => ({
          label: item.theme === theme ? `${item.label} (now)` : item.label,
          icon: <item.icon aria-hidden />,
          onSelect: () => setTheme(item.theme),
        })),
        "separator",
        { label: "Sign out", icon: <LogOut aria-hidden />, onSelect: () => void signOut() },
      ]}
    />
  );
}
