"""What may stand in a mail: elements, attributes, addresses."""

from domain.content.errors import MergeTagSyntaxError
from domain.content.merge_tags import Foreign, Tag, parse
from domain.content.names import names

ELEMENTS = names(
    "a abbr address article aside b big blockquote br caption center cite code col colgroup dd del"
    " dfn div dl dt em figcaption figure font footer h1 h2 h3 h4 h5 h6 header hr i img ins kbd li"
    " main mark nav ol p pre q s samp section small span strike strong sub sup table tbody td"
    " tfoot th thead time tr tt u ul var wbr"
)
# Elements whose content is not meant to be read and goes with them.
DROPPED_WITH_CONTENT = names(
    "script style title textarea xmp iframe noembed noframes plaintext object applet audio video"
    " canvas select template svg math head frameset"
)
_EVERYWHERE = names(
    "align valign bgcolor width height border role class id style title dir lang hidden"
    " aria-hidden aria-label aria-labelledby aria-describedby"
)
_CELL = names("background abbr colspan rowspan headers scope nowrap cellpadding cellspacing")
_BY_ELEMENT = {
    "a": names("href target name data-no-track"),
    "img": names("src alt hspace vspace"),
    "table": names("background cellpadding cellspacing summary frame rules"),
    "td": _CELL,
    "th": _CELL,
    "tr": names("background"),
    "col": names("span"),
    "colgroup": names("span"),
    "font": names("color face size"),
    "hr": names("color noshade size"),
    "ol": names("start type reversed"),
    "ul": names("type"),
    "li": names("type value"),
    "br": names("clear"),
    "time": names("datetime"),
}
ATTRIBUTES = {
    element: set(_EVERYWHERE | _BY_ELEMENT.get(element, frozenset())) for element in ELEMENTS
}
BODY_ATTRIBUTES = names(
    "bgcolor style class id dir lang text link vlink alink leftmargin topmargin marginwidth"
    " marginheight width"
)
ADDRESSES = frozenset({"href", "src", "background"})
LINK_SCHEMES = frozenset({"http", "https", "mailto", "tel"})
PICTURE_SCHEMES = frozenset({"http", "https", "cid"})


def is_allowed_address(address: str, *, picture: bool) -> bool:
    """Tell whether an address may stand: absolute with a safe scheme, an anchor, or a merge tag.

    Relative addresses have no meaning in a mail, and `//host` would take the reader's scheme.
    """
    address = address.strip()
    if not address.isprintable():
        return False
    if address.startswith("{{"):
        return _starts_with_tag(address)
    scheme, colon, rest = address.partition(":")
    if not colon or not rest:
        return address.startswith("#") and not picture
    return scheme.lower() in (PICTURE_SCHEMES if picture else LINK_SCHEMES)


def _starts_with_tag(address: str) -> bool:
    try:
        return isinstance(parse(address)[0], Tag | Foreign)
    except MergeTagSyntaxError:
        return False
