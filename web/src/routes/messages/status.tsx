import { StatusBadge, type Tone } from "@/components/ui/status-badge";

const LOOKS: Record<string, [string, Tone]> = {
  queued: ["Queued", "neutral"],
  sent: ["Sent", "good"],
  delivered: ["Delivered", "good"],
  deferred: ["Put off", "warn"],
  bounced: ["Bounced", "bad"],
  complained: ["Complaint", "bad"],
  failed: ["Failed", "bad"],
  skipped: ["Not sent", "neutral"],
  uncertain: ["Uncertain", "warn"],
  opened: ["Opened", "accent"],
  clicked: ["Clicked", "accent"],
};

export function MessageStatus({ status }: { status: string }) {
  const [label, tone] = LOOKS[status] ?? [status, "neutral" as Tone];
  return <StatusBadge tone={tone}>{label}</StatusBadge>;
}
