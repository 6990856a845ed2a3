"""The keyed hash under which a workspace knows an address: stable, and no address in clear.

It outlives an erasure: an address that comes again is recognised, and stays unmailed.
"""

import re
from collections.abc import Iterable, Iterator
from uuid import UUID

from domain.contacts.email_address import AddressChecker, ValidAddress
from infra.crypto.derive import derive_key, mac
from infra.settings import Secret

KEY_BYTES = 32
# The second also parts what the first keeps together: O'Brien is one, a@b.com|c@d.com are two.
_LIKE_AN_ADDRESS = (
    re.compile(r"""[^\s<>()\[\],;:"“”„]+@[^\s<>()\[\],;:"“”„]+"""),
    re.compile(r"""[^\s<>()\[\],;:"“”„|/'&=]+@[^\s<>()\[\],;:"“”„|/'&=]+"""),
)


class AddressKeys:
    """Keys of one workspace."""

    def __init__(self, secret_key: Secret, workspace_id: UUID, checker: AddressChecker) -> None:
        self._key = derive_key(secret_key, "contact-address", context=workspace_id.bytes)
        self._checker = checker

    def of(self, address: ValidAddress) -> bytes:
        """Return the key of an address; two spellings of one mailbox have the same."""
        return mac(self._key, address.key.encode(), length=KEY_BYTES)

    def mentioned(self, cells: Iterable[str]) -> set[bytes]:
        """Return the keys of all addresses that can be made out in these cells."""
        found = set()
        for cell in cells:
            if "@" in cell:
                for text in {cell.strip(), *_parts(cell)}:
                    address = self._checker.check(text)
                    if isinstance(address, ValidAddress):
                        found.add(self.of(address))
        return found


def _parts(cell: str) -> Iterator[str]:
    for pattern in _LIKE_AN_ADDRESS:
        for match in pattern.findall(cell):
            yield match.strip(".*_`'")
