import { StatusBadge, type Tone } from "@/components/ui/status-badge";

const LOOKS: Record<string, [string, Tone]> = {
  subscribed: ["Subscribed", "good"],
  unsubscribed: ["Unsubscribed", "neutral"],
  suppressed: ["Suppressed", "bad"],
};

export function ContactStatus({ status, erased }: { status: string; erased?: boolean }) {
  if (erased) return <StatusBadge>Erased</StatusBadge>;
  const [label, tone] = LOOKS[status] ?? [status, "neutral" as Tone];
  return <StatusBadge tone={tone}>{label}</StatusBadge>;
}
