"""Decide once a campaign what each merge tag of a snapshot becomes."""

from domain.content import merge_tags
from domain.content.errors import MergeTagSyntaxError
from domain.content.escaping import Place, html_text
from domain.content.merge_tags import Foreign, Segment, Tag
from domain.content.slots import Part, UnsubscribeSlot, Value
from domain.content.snapshot import ForeignTags, Snapshot


class TagResolver:
    """Parses pieces of a snapshot and turns their tags into parts; collects warnings."""

    def __init__(self, snapshot: Snapshot) -> None:
        self._snapshot = snapshot
        self._known = merge_tags.CONTACT_FIELDS | merge_tags.RESERVED | snapshot.fields
        self._known |= snapshot.defaults.keys()
        self.warnings: list[str] = []

    def parse(self, source: str, *, where: str, encoded: bool = False) -> list[Segment]:
        """Parse; every Tag of the result can be filled in, what is kept as text is Foreign.

        Raises MergeTagSyntaxError and, unless foreign tags are kept, UnknownMergeTagError.
        """
        try:
            segments = merge_tags.parse(source, encoded=encoded)
        except MergeTagSyntaxError as error:
            raise MergeTagSyntaxError(f"in {where}: {error}") from None
        return [self._known_or_foreign(segment, source) for segment in segments]

    def _known_or_foreign(self, segment: Segment, source: str) -> Segment:
        if isinstance(segment, str) or (isinstance(segment, Tag) and segment.name in self._known):
            return segment
        if self._snapshot.foreign_tags is ForeignTags.REFUSE:
            self._refuse(segment, source)
        self.warnings.append(f"{segment.source} is sent as it stands")
        return Foreign(segment.source, segment.offset)

    def _refuse(self, segment: Tag | Foreign, source: str) -> None:
        """Refuse with the places in the whole HTML when the tag is there, else in its piece."""
        everywhere = merge_tags.find_tags(self._snapshot.html)
        same = [tag for tag in everywhere if tag.source == segment.source]
        problems = merge_tags.check(
            same or [segment],
            source=self._snapshot.html if same else source,
            fields=self._snapshot.fields,
            defaults=self._snapshot.defaults,
        )
        merge_tags.require(problems)

    def fill(self, segments: list[Segment], place: Place) -> list[Part]:
        """Return the segments as parts; values will be escaped for `place`, texts are kept."""
        return [self._part(segment, place) for segment in segments]

    def _part(self, segment: Segment, place: Place) -> Part:
        if isinstance(segment, str):
            return segment
        if isinstance(segment, Foreign):
            return segment.source
        html = place not in {Place.PLAIN, Place.HEADER}
        if segment.name == merge_tags.UNSUBSCRIBE_URL:
            return UnsubscribeSlot(html=html)
        if segment.name == merge_tags.POSTAL_ADDRESS:
            return self._address(place)
        default = self._snapshot.defaults.get(segment.name, "")
        return Value(segment, place, segment.default if segment.default is not None else default)

    def _address(self, place: Place) -> str:
        address = self._snapshot.postal_address.strip()
        if place is Place.PLAIN:
            return address
        one_line = ", ".join(line.strip() for line in address.splitlines() if line.strip())
        return html_text(address).replace("\n", "<br>") if place is Place.HTML else one_line
