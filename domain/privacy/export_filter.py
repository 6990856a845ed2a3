"""Which events of a workspace an auditor wants."""

from datetime import datetime
from uuid import UUID

import msgspec


class ExportFilter(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """All conditions hold at once; None asks nothing.

    `since` is included, `until` is not; `after` is not included, `upto` is. `type` is a tag or
    its leading parts: `campaigns`, `campaigns.campaign_launched`, `campaigns.campaign_launched.v1`.
    """

    since: datetime | None = None
    until: datetime | None = None
    after: int = 0
    upto: int | None = None
    actor: str | None = None
    stream_id: UUID | None = None
    type: str | None = None

    def wants(
        self, *, position: int, recorded_at: datetime, stream_id: UUID, tag: str, actor: str
    ) -> bool:
        """Tell whether an event is asked for."""
        return (
            position > self.after
            and (self.upto is None or position <= self.upto)
            and (self.since is None or recorded_at >= self.since)
            and (self.until is None or recorded_at < self.until)
            and (self.stream_id is None or stream_id == self.stream_id)
            and (self.actor is None or actor == self.actor)
            and (self.type is None or is_of_type(tag, self.type))
        )


def is_of_type(tag: str, wanted: str) -> bool:
    """Tell whether a tag is the wanted one, or begins with its dotted parts."""
    return tag == wanted or tag.startswith(wanted + ".")
