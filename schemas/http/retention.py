"""Retention as the API takes and shows it."""

from typing import Annotated

import msgspec

from schemas.http.fields import Request

Days = Annotated[int, msgspec.Meta(ge=1, le=3650)]


class RetentionBody(Request, frozen=True, kw_only=True):
    """How many days things are kept; what is left out is as by default. Null: see each field."""

    trash_days: Annotated[
        Days, msgspec.Meta(description="Deleted things, 1 to 365; for what is deleted from now on.")
    ] = 30
    inactive_contact_days: Annotated[
        Days | None,
        msgspec.Meta(description="Contacts that neither open nor click, 30 to 3650; null: stay."),
    ] = None
    engagement_days: Annotated[
        Days | None,
        msgspec.Meta(description="Who opened and clicked, 30 to 3650; null: stays."),
    ] = None
    import_file_days: Annotated[
        Days, msgspec.Meta(description="Files whose import has not ended, 1 to 30.")
    ] = 7
    rejected_row_days: Annotated[
        Days, msgspec.Meta(description="Rejected rows of imports, 1 to 365.")
    ] = 90
    export_days: Annotated[
        Days | None,
        msgspec.Meta(description="Finished exports, 1 to 30; null: as the installation says."),
    ] = None


class Retention(msgspec.Struct, frozen=True, kw_only=True):
    """How many days things are kept."""

    trash_days: int
    inactive_contact_days: int | None
    engagement_days: int | None
    import_file_days: int
    rejected_row_days: int
    export_days: int | None
