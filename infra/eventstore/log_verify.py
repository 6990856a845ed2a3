"""Verify the log against its seals: every root, every link, every signature, in one pass."""

from collections.abc import Callable, Iterator, Mapping
from itertools import groupby
from uuid import UUID

import msgspec
from psycopg import Connection
from psycopg.rows import TupleRow

from infra.eventstore.chain_check import ChainCheck, Fault
from infra.eventstore.leaves import Leaf
from infra.eventstore.locate import first_fault
from infra.eventstore.seal_rows import (
    highest_position,
    last_sealed_position,
    log_head,
    read_index,
    sealed_upto,
    sealed_workspaces,
    seals_after,
    unsealed_for_long,
    workspaces_at,
)
from infra.eventstore.seals import Seal, SealHead
from infra.eventstore.verified_pages import LOWEST, LeafPage, leaf_pages

SEALS_A_READ = 32
UNSEALED_S = 60.0  # a sealer that is alive needs about one


class Verified(msgspec.Struct, frozen=True, kw_only=True):
    """What was verified; no faults means that the log says what it said when it was sealed."""

    upto: int  # the last position that should be sealed
    workspaces: int
    seals: int
    events: int
    faults: list[Fault]  # at most one a workspace, lowest position first

    @property
    def ok(self) -> bool:
        """Nothing is wrong."""
        return not self.faults


class LogVerifier:
    """Reads the log once, by position, and checks all workspaces beside each other."""

    def __init__(
        self,
        connection: Connection[TupleRow],
        *,
        keys: Mapping[str, bytes],
        only: UUID | None = None,
        starts: Mapping[UUID, SealHead] | None = None,
        after: int | None = None,
    ) -> None:
        """`keys` are the public keys that are trusted, by id; `starts` what was verified before.

        With `after`, a position up to which all was sealed and verified, reading begins there.
        """
        self._connection = connection
        self._keys = keys
        self._only = only
        self._starts = starts or {}
        self._after = after
        self._checks: dict[UUID, ChainCheck] = {}
        self._upto = 0

    def verify(self, *, seen: Callable[[int], object] = lambda _: None) -> Verified:
        """Verify; `seen` hears of every page's last position."""
        connection = self._connection
        self._upto = max(sealed_upto(connection), last_sealed_position(connection))
        workspaces = [self._only] if self._only else sealed_workspaces(connection)
        after = self._after
        if after is None:
            after = min((self._start(w).last_position for w in workspaces), default=LOWEST)
        for page in leaf_pages(connection, after or LOWEST, self._upto):
            self._take(page)
            seen(page.upto)
        for workspace_id in workspaces:
            self._check(workspace_id).finish()
        self._look_beyond()
        return self._verified()

    def results(self) -> Iterator[tuple[UUID, SealHead, Fault | None]]:
        """Yield each workspace, where its chain is good up to, and what is wrong after that."""
        for workspace_id, check in self._checks.items():
            yield workspace_id, check.head, check.fault

    def _take(self, page: LeafPage) -> None:
        for number, run in groupby(page.leaves, key=lambda pair: pair[1].workspace_id.int):
            workspace_id = UUID(int=number)
            if self._only in {None, workspace_id}:
                check, start = self._check(workspace_id), self._start(workspace_id)
                for leaf, _ in run:
                    if start.number == 0 or leaf.position > start.last_position:
                        check.add(leaf)
        if page.unreadable is not None:
            self._refuse(page.unreadable, "the event or its commit cannot be read any more")

    def _look_beyond(self) -> None:
        """Find rows that stand where no reader comes, but where a stream's fold would meet them."""
        position = highest_position(self._connection)
        if position > log_head(self._connection):
            self._refuse(position, "a row was added here, beyond the end of the log")

    def _refuse(self, position: int, what: str) -> None:
        for workspace_id in workspaces_at(self._connection, position):
            if self._only in {None, workspace_id}:
                self._check(workspace_id).refuse(position, what)

    def _check(self, workspace_id: UUID) -> ChainCheck:
        found = self._checks.get(workspace_id)
        if found is None:
            start = self._start(workspace_id)
            found = self._checks[workspace_id] = ChainCheck(
                workspace_id,
                self._seals(workspace_id, start.number),
                start=start,
                keys=self._keys,
                locate=self._locate,
            )
        return found

    def _start(self, workspace_id: UUID) -> SealHead:
        return self._starts.get(workspace_id, SealHead())

    def _seals(self, workspace_id: UUID, number: int) -> Iterator[Seal]:
        while seals := seals_after(self._connection, workspace_id, number, limit=SEALS_A_READ):
            for seal in seals:
                if seal.first_position > self._upto:  # sealed while we read
                    return
                yield seal
                number = seal.number

    def _locate(self, seal: Seal, leaves: list[Leaf]) -> tuple[int, str]:
        index = read_index(self._connection, seal)
        found = first_fault(self._connection, index, leaves) if index else None
        if found is not None:
            return found
        what = (
            f"the rows of seal {seal.number} are not those that were sealed; "
            f"its index does not say which of {seal.first_position} to {seal.last_position}"
        )
        return seal.first_position, what

    def _verified(self) -> Verified:
        faults = [check.fault for check in self._checks.values() if check.fault]
        waiting = unsealed_for_long(
            self._connection, self._upto, older_than_s=UNSEALED_S, only=self._only
        )
        if waiting:
            position, workspace_id, age_s = waiting
            what = f"not sealed for {age_s:,.0f} s: start `engine worker sealer`, verify again"
            faults.append(Fault(workspace_id=workspace_id, position=position, seal=None, what=what))
        return Verified(
            upto=self._upto,
            workspaces=len(self._checks),
            seals=sum(check.seals for check in self._checks.values()),
            events=sum(check.events for check in self._checks.values()),
            faults=sorted(faults, key=lambda fault: fault.position),
        )
