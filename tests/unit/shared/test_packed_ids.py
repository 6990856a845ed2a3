"""Ids go into one field and come out the same, in order."""

from uuid import UUID

from hypothesis import given
from hypothesis import strategies as st

from domain.shared.packed_ids import count_ids, pack_ids, unpack_ids


@given(st.lists(st.uuids(), max_size=500))
def test_what_is_packed_comes_out_in_order(ids: list[UUID]) -> None:
    packed = pack_ids(ids)
    assert list(unpack_ids(packed)) == ids
    assert count_ids(packed) == len(ids)


def test_the_stored_form_is_fixed() -> None:
    assert pack_ids([UUID(int=1)]) == "AAAAAAAAAAAAAAAAAAAAAQ=="
