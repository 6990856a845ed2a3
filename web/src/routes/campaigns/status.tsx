import { StatusBadge, type Tone } from "@/components/ui/status-badge";

const TONES: Record<string, Tone> = { draft: "neutral", scheduled: "info", running: "accent", paused: "warn", completed: "good", cancelled: "neutral" };

export function CampaignStatus({ status }: { status: string }) {
  return (
    <StatusBadge tone={TONES[status] ?? "neutral"} pulse={status === "running"}>
      {status.charAt(0).toUpperCase() + status.slice(1)}
    </StatusBadge>
  );
}
