"""What the Sanitizer port returns."""

import msgspec


class CleanHtml(msgspec.Struct, frozen=True):
    """A whole, safe HTML document, and what was taken out of the original.

    A warning is one English sentence that starts with the line in the original.
    """

    html: str
    warnings: tuple[str, ...] = ()
