"""Whose messages are claimed next: workspaces share what goes out, then their lanes do.

Start-time fair queueing: a workspace that was served less goes first, counted in messages, so that
neither a thousand campaigns nor a large audience buys a larger share. Who had nothing to send
saves nothing up: coming back it begins level with whoever was served least.
"""

from collections.abc import Hashable, Iterable
from typing import Generic, TypeVar
from uuid import UUID

L = TypeVar("L", bound=Hashable)


class FairTurns(Generic[L]):
    """The lanes that have something to send, as they were listed last."""

    def __init__(self) -> None:
        self._waiting: dict[UUID, dict[L, None]] = {}  # a workspace's lanes, the next one first
        self._served: dict[UUID, int] = {}

    def __bool__(self) -> bool:
        return bool(self._waiting)

    def offer(self, lanes: Iterable[tuple[UUID, L]]) -> None:
        """Replace the list; each workspace's lanes keep the order of their turns."""
        listed: dict[UUID, dict[L, None]] = {}
        for workspace, lane in lanes:
            listed.setdefault(workspace, {})[lane] = None
        level = min((self._served[one] for one in listed if one in self._served), default=0)
        self._served = {one: self._served.get(one, level) for one in listed}
        self._waiting = {
            workspace: {lane: None for lane in self._waiting.get(workspace, {}) if lane in new}
            | new
            for workspace, new in listed.items()
        }

    def next(self) -> L | None:
        """Return the lane whose turn it is; None when all are through."""
        if not self._waiting:
            return None
        workspace = min(self._waiting, key=self._served.__getitem__)
        return next(iter(self._waiting[workspace]))

    def took(self, workspace: UUID, lane: L, messages: int, *, has_more: bool) -> None:
        """Count what the lane's turn took; without more it waits for the next list."""
        self._served[workspace] += messages
        lanes = self._waiting[workspace]
        del lanes[lane]
        if has_more:
            lanes[lane] = None
        elif not lanes:
            del self._waiting[workspace]
