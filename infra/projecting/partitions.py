"""A share of the workspaces: one projection is fed by several workers, each workspace by one."""

from uuid import UUID

import msgspec

LOW_BITS = 0xFFFFFFFF


class Partition(msgspec.Struct, frozen=True, order=True):
    """Share `number` of `of`. A workspace is in one of them, for as long as `of` is the same."""

    number: int = 0
    of: int = 1

    def holds(self, workspace_id: UUID) -> bool:
        """Tell whether the workspace is of this share; as SQL's `workspace_partition`."""
        return (workspace_id.int & LOW_BITS) % self.of == self.number

    def __str__(self) -> str:
        return f"{self.number}/{self.of}"


WHOLE = Partition()


def partitions(of: int) -> list[Partition]:
    """Return all shares of a division."""
    return [Partition(number, of) for number in range(of)]
