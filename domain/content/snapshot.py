"""Everything that decides what the mails of a campaign look like; it never changes."""

from enum import Enum
from hashlib import sha256

import msgspec


class ForeignTags(Enum):
    """What to do with `{{...}}` that cannot be filled in.

    REFUSE is for campaigns: a half-filled mail helps nobody. KEEP sends them as the text they are,
    for templates that another system fills in later.
    """

    REFUSE = "refuse"
    KEEP = "keep"


class Snapshot(msgspec.Struct, frozen=True, kw_only=True):
    """The frozen content of a campaign. `html` is the sanitizer's output; `text` may be empty.

    `fields` are the custom fields that contacts of the workspace have.
    """

    subject: str
    html: str
    text: str = ""
    from_email: str
    from_name: str = ""
    reply_to: str = ""
    postal_address: str
    defaults: dict[str, str] = {}
    fields: frozenset[str] = frozenset()
    foreign_tags: ForeignTags = ForeignTags.REFUSE
    track_opens: bool = True
    track_clicks: bool = True

    def digest(self) -> str:
        """Return the SHA-256, in hex, of the canonical JSON: the snapshot's identity."""
        return sha256(msgspec.json.encode(self, order="deterministic")).hexdigest()
