import { ErrorState } from "@/components/states";
import { Card, KeyValues } from "@/components/ui/card";
import { LinkButton } from "@/components/ui/link-button";
import { Skeleton } from "@/components/ui/small";
import { formatNumber } from "@/lib/format";

import { useAudience } from "./edit";

const WORDS: Record<string, string> = {
  unsubscribed: "Unsubscribed",
  deleted: "In the trash",
  erased: "Erased",
  complaint: "Complained",
  hard_bounce: "Hard bounce",
  soft_bounces: "Bounced again and again",
  manual: "Suppressed by hand",
};

/** Who would get it, and who is left out and why. */
export function AudienceStep({ campaignId }: { campaignId: string }) {
  const audience = useAudience(campaignId);
  if (audience.error) return <ErrorState error={audience.error} what="The audience" onRetry={() => void audience.refetch()} />;
  if (!audience.data) return <Skeleton className="h-64" />;
  const { contacts, will_receive: receive, excluded } = audience.data;
  return (
    <div className="grid max-w-3xl gap-5">
      <Card title="All contacts of the workspace" description="The list is frozen when the campaign starts: whoever is added later does not get it.">
        <div className="text-3xl font-semibold tracking-tight tabular-nums">{formatNumber(receive)}</div>
        <p className="text-sm text-muted-foreground">will receive it, as things are now</p>
        <KeyValues
          className="mt-5"
          items={[
            ["Contacts", formatNumber(contacts)],
            ...excluded.map((item): [string, string] => [`Left out: ${(WORDS[item.reason] ?? item.reason.replaceAll("_", " ")).toLowerCase()}`, formatNumber(item.contacts)]),
          ]}
        />
      </Card>
      <div>
        <LinkButton variant="secondary" to={`/campaigns/${campaignId}/edit?step=schedule`}>
          Schedule
        </LinkButton>
      </div>
    </div>
  );
}
