"""From the shape of an old tag to the next one, on the decoded dict; consumers see the newest.

Facts are never edited. Adding a field with a default keeps the tag; anything else is a new tag
and one function here, named `<noun_verb>_v1_to_v2`.
Upcasters do not see personal fields: these stand in the sealed box by their names and are read by
them in every later version. So such a name keeps its meaning for ever, and the tag its noun_verb.
"""

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any

Payload = dict[str, Any]  # decoded JSON: any shape an old release wrote

# old tag -> (next tag, function)
UPCASTERS: Mapping[str, tuple[str, Callable[[Payload], Payload]]] = MappingProxyType({})


def upcast(
    tag: str,
    payload: Payload,
    *,
    chain: Mapping[str, tuple[str, Callable[[Payload], Payload]]] = UPCASTERS,
) -> tuple[str, Payload]:
    """Follow the chain from this tag to the newest one."""
    while tag in chain:
        tag, step = chain[tag]
        payload = step(payload)
    return tag, payload
