"""Check one workspace's part of the log against its chain of seals, leaf by leaf."""

from collections.abc import Callable, Iterator, Mapping
from uuid import UUID

import msgspec

from infra.eventstore.leaves import Leaf
from infra.eventstore.merkle import merkle_root
from infra.eventstore.seals import Seal, SealHead, head_after


class Fault(msgspec.Struct, frozen=True, kw_only=True):
    """The first bad position of a workspace, and what is wrong there."""

    workspace_id: UUID
    position: int
    seal: int | None  # the number of the seal that says so
    what: str


Locate = Callable[[Seal, list[Leaf]], tuple[int, str]]
"""Names the first bad position of a seal whose root differs, and what is wrong with it."""


class ChainCheck:
    """Takes the leaves in order; stops at the first fault."""

    def __init__(
        self,
        workspace_id: UUID,
        seals: Iterator[Seal],
        *,
        start: SealHead,
        keys: Mapping[str, bytes],
        locate: Locate,
    ) -> None:
        self.head = start
        self.fault: Fault | None = None
        self.events = self.seals = 0
        self._workspace_id = workspace_id
        self._following = seals
        self._keys = keys
        self._locate = locate
        self._open: Seal | None = None
        self._leaves: list[Leaf] = []

    def add(self, leaf: Leaf) -> None:
        """Take the next leaf."""
        while self.fault is None:
            seal = self._open or self._next(leaf.position)
            if seal is None:
                self._fail(leaf.position, "this row is in no seal, though later ones are sealed")
            elif leaf.position <= seal.last_position:
                self._leaves.append(leaf)
                return
            else:
                self._close(seal)

    def refuse(self, position: int, what: str) -> None:
        """Take note of a row that cannot be a leaf."""
        self._fail(position, what)

    def finish(self) -> None:
        """Close what is open, and every seal that is left without rows."""
        while self.fault is None:
            seal = self._open or self._next(self.head.last_position + 1)
            if seal is None:
                return
            self._close(seal)

    def _next(self, position: int) -> Seal | None:
        """Open the next seal when it follows the last one and is signed.

        Otherwise the fault is at `position`, where its range should begin: what a bad seal says of
        itself counts for nothing.
        """
        seal = next(self._following, None)
        if seal is None:
            return None
        wrong = self._misfit(seal)
        if wrong:
            self._fail(position, wrong, seal.number)
            return None
        self._open = seal
        return seal

    def _misfit(self, seal: Seal) -> str | None:
        head, public_key = self.head, self._keys.get(seal.key_id)
        if seal.number != head.number + 1:
            return f"seal {head.number + 1} is missing: seal {seal.number} comes next"
        if public_key is None:
            return f"seal {seal.number} is signed with key {seal.key_id}, which is not trusted"
        if not seal.is_signed_by(public_key):
            return f"the signature of seal {seal.number} is wrong: the seal was changed"
        if seal.previous != head.hash or seal.first_position <= head.last_position:
            return f"seal {seal.number} does not follow the seal before it: one was replaced"
        return None

    def _close(self, seal: Seal) -> None:
        leaves, self._leaves, self._open = self._leaves, [], None
        if merkle_root([leaf.hash for leaf in leaves]) != seal.root:
            position, what = self._locate(seal, leaves)
            self._fail(position, what, seal.number)
            return
        self.events += seal.event_count
        self.seals += 1
        self.head = head_after(seal)

    def _fail(self, position: int, what: str, seal: int | None = None) -> None:
        if self.fault is None:
            self.fault = Fault(
                workspace_id=self._workspace_id, position=position, seal=seal, what=what
            )
            self._leaves = []
