"""Which version a request changes, from its If-Match header."""

import pytest

from commands.http.if_match import expected_version
from domain.shared.errors import InvalidInputError, VersionRequiredError


@pytest.mark.parametrize(("header", "version"), [('"3"', 3), (' "12" ', 12), ("*", None)])
def test_a_version_is_read(header: str, version: int | None) -> None:
    assert expected_version(header) == version


def test_without_one_the_request_is_refused() -> None:
    with pytest.raises(VersionRequiredError, match="If-Match"):
        expected_version(None)


@pytest.mark.parametrize("header", ["3", '"x"', 'W/"3"', '""', '"1", "2"', '"9999999999"', '"٣"'])
def test_what_is_no_version_is_refused(header: str) -> None:
    with pytest.raises(InvalidInputError, match="as it was read"):
        expected_version(header)
