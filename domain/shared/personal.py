"""Mark the fields of an event that hold personal data, so that the mapper seals them."""

from typing import Annotated, TypeVar

import msgspec

T = TypeVar("T")

PERSONAL = "personal"

Personal = Annotated[T, msgspec.Meta(extra={PERSONAL: True})]
"""A field whose stored form is sealed under the data subject's own key.

Always written `Personal[X | None]`: None means the value was absent, or that the person was
erased and the key is gone (crypto-shredding). The event names its subject in `SUBJECT`.
"""
