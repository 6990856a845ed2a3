"""When soft bounces suppress a person, as the API takes and shows it."""

from typing import Annotated

import msgspec

from domain.delivery.soft_bounces import MAX_DAYS, MAX_OF_LAST
from schemas.http.fields import Request

Days = Annotated[int, msgspec.Meta(ge=0, le=MAX_DAYS)]
Sends = Annotated[int, msgspec.Meta(ge=1, le=MAX_OF_LAST)]


class SoftBouncePolicy(Request, frozen=True, kw_only=True):
    """So many `bounces` of the last `of_last` mails, over `over_days` days: no mail for a while."""

    bounces: Sends
    of_last: Sends
    over_days: Annotated[
        Days, msgspec.Meta(description="At least so long between the first and the last of them.")
    ]
    suppress_days: Annotated[int, msgspec.Meta(ge=1, le=MAX_DAYS)]
