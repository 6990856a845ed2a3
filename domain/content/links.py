"""Which links of a template are tracked, and how merge tags may stand in a link's address."""

from enum import Enum

from domain.content.merge_tags import UNSUBSCRIBE_URL, Foreign, Segment, Tag


class LinkKind(Enum):
    """How a link's address is treated.

    TRACKED: fixed http(s) address, goes through the redirect. FIXED: left as it is (mailto, tel,
    anchors, data-no-track). UNSUBSCRIBE: the recipient's own page. PERSONAL: scheme and host are
    fixed, a value is percent-encoded behind them. FROM_FIELD: the whole address is a value.
    HOST_FROM_FIELD: a value would decide scheme or host in part, which is refused.
    """

    TRACKED = "tracked"
    FIXED = "fixed"
    UNSUBSCRIBE = "unsubscribe"
    PERSONAL = "personal"
    FROM_FIELD = "from_field"
    HOST_FROM_FIELD = "host_from_field"


def is_web_address(target: str) -> bool:
    """Tell whether this is an absolute http(s) address with a host."""
    scheme, colon, rest = target.partition("://")
    return bool(colon) and scheme.lower() in {"http", "https"} and rest[:1] not in {"", "/", "?"}


def classify(target: str, segments: list[Segment], *, track: bool) -> LinkKind:
    """Return how to treat this address; `segments` are those of the address itself."""
    tags = [segment for segment in segments if isinstance(segment, Tag)]
    if not tags:
        foreign = any(isinstance(segment, Foreign) for segment in segments)
        trackable = track and not foreign and is_web_address(target)
        return LinkKind.TRACKED if trackable else LinkKind.FIXED
    first = segments[0]
    if len(segments) == 1:
        own_page = tags[0].name == UNSUBSCRIBE_URL
        return LinkKind.UNSUBSCRIBE if own_page else LinkKind.FROM_FIELD
    if isinstance(first, str) and _host_is_fixed(first):
        return LinkKind.PERSONAL
    return LinkKind.FIXED if isinstance(first, Foreign) else LinkKind.HOST_FROM_FIELD


def _host_is_fixed(prefix: str) -> bool:
    """Tell whether the text before the first value ends the authority (RFC 3986, 3.2)."""
    if prefix.lower().startswith(("mailto:", "tel:", "#")):
        return True
    if not is_web_address(prefix):
        return False
    authority_and_more = prefix.partition("://")[2]
    return any(mark in authority_and_more for mark in "/?#")
