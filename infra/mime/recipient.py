"""What differs from one mail of a campaign to the next."""

from collections.abc import Callable, Sequence
from datetime import datetime
from uuid import UUID

import msgspec


class Recipient(msgspec.Struct, frozen=True, kw_only=True):
    """One recipient; the URLs are signed by the caller. `link_urls[n]` stands for link n.

    `link_urls` may be a function of n. `email` is the address as it will be sent, with an ASCII
    domain where the local part is ASCII. `sent_at` is UTC-aware and becomes the Date field.
    """

    email: str
    fields: dict[str, str] = {}
    message_id: UUID
    sent_at: datetime
    unsubscribe_url: str
    open_url: str = ""
    link_urls: Sequence[str] | Callable[[int], str] = ()

    @property
    def needs_smtputf8(self) -> bool:
        """Tell whether the address can only be written in UTF-8 (RFC 6531)."""
        return not self.email.isascii()

    @property
    def display_name(self) -> str:
        """Return first and last name, as far as known."""
        names = (self.fields.get("first_name", ""), self.fields.get("last_name", ""))
        return " ".join(name.strip() for name in names if name and name.strip())
