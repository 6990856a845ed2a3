"""The keys that sign a domain's mail, and the port behind which they are kept."""

from collections.abc import Sequence
from typing import Protocol
from uuid import UUID

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey

PrivateKey = RSAPrivateKey | Ed25519PrivateKey


class SigningKey:
    """One key of a domain; its public half is at `<selector>._domainkey.<domain>`.

    Keys compare by selector and domain: what a selector stands for never changes.
    """

    __slots__ = ("domain", "private_key", "selector")

    def __init__(self, domain: str, selector: str, private_key: PrivateKey) -> None:
        self.domain = domain
        self.selector = selector
        self.private_key = private_key

    @property
    def algorithm(self) -> str:
        """Return the tag `a=` (RFC 6376, 3.5; RFC 8463, 3)."""
        kind = "rsa" if isinstance(self.private_key, RSAPrivateKey) else "ed25519"
        return f"{kind}-sha256"

    def __repr__(self) -> str:
        return f"SigningKey({self.selector}._domainkey.{self.domain}, {self.algorithm})"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, SigningKey) and self._name == other._name

    def __hash__(self) -> int:
        return hash(self._name)

    @property
    def _name(self) -> tuple[str, str]:
        return self.domain, self.selector


class SigningKeys(Protocol):
    """Where the dispatcher gets keys; asked once a claim, so an adapter remembers them a while."""

    def of(self, workspace_id: UUID, domain: str) -> Sequence[SigningKey]:
        """Return the keys to sign this From domain's mail with; none: it goes out unsigned.

        `domain` is in lower-case ASCII (A-labels). A key's own domain is this one or one above it
        (DMARC's relaxed alignment). Each key makes a signature of its own, in this order.
        """
        ...


class NoSigningKeys:
    """An installation that signs nothing itself."""

    def of(self, workspace_id: UUID, domain: str) -> Sequence[SigningKey]:
        """Return none."""
        del workspace_id, domain
        return ()
