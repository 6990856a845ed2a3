"""The life of a workspace's retention settings: chosen, and chosen again."""

from uuid import UUID

from domain.privacy.events import RetentionChosen
from domain.privacy.retention_settings import BOUNDS, RetentionSettings
from domain.shared.errors import InvalidInputError
from domain.shared.ids import derive_id, time_ms_of
from domain.shared.model import StreamModel


def choose(settings: RetentionSettings, *, wanted: RetentionSettings) -> list[RetentionChosen]:
    """Keep things so long from now on; says nothing when it is so already.

    Raises InvalidInputError beyond the bounds, and for engagement that is forgotten before it
    could show that a contact is active.
    """
    for name, (fewest, most) in BOUNDS.items():
        days = getattr(wanted, name)
        if days is not None and not fewest <= days <= most:
            raise InvalidInputError(f"`{name}` is from {fewest} to {most} days, not {days}")
    inactive, engagement = wanted.inactive_contact_days, wanted.engagement_days
    if inactive is not None and engagement is not None and engagement < inactive:
        raise InvalidInputError(
            "`engagement_days` must not be below `inactive_contact_days`: who reacted would look "
            "inactive once it is forgotten"
        )
    return [] if wanted == settings else [RetentionChosen(settings=wanted)]


def evolve(settings: RetentionSettings, event: RetentionChosen) -> RetentionSettings:  # noqa: ARG001 - the last counts
    """Fold the one fact there is."""
    return event.settings


RETENTION: StreamModel[RetentionSettings, RetentionChosen] = StreamModel(
    name="retention", initial=RetentionSettings(), evolve=evolve
)


def retention_stream(workspace_id: UUID) -> UUID:
    """Return the stream of a workspace's settings."""
    return derive_id(time_ms_of(workspace_id), workspace_id.bytes, b"retention")
