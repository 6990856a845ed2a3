"""A token is issued: its secret is let in, and is kept nowhere."""

import hashlib
from uuid import uuid4

import msgspec
import pytest

from commands.developer.issue_api_token import IssueApiToken, issue_api_token
from domain.developer.events import ApiTokenIssued
from domain.shared.errors import InvalidInputError
from infra.eventstore.memory import MemoryEventLog
from tests.support.asking import asking
from tests.support.memory_ports import MemoryApiTokens, Said

SECRET = "a-secret-of-256-bits"
DIGEST = hashlib.sha256(SECRET.encode()).digest()


def test_the_digest_is_recorded_and_let_in_the_secret_is_not() -> None:
    log, workspace, token = MemoryEventLog(), uuid4(), uuid4()
    command = IssueApiToken(
        token_id=token, name="shop", secret=SECRET, permissions=("personal:open",)
    )
    assert issue_api_token(command, asking(workspace), log, MemoryApiTokens()) == 1
    issued = ApiTokenIssued(
        token_id=token, name="shop", sha256=DIGEST.hex(), permissions=("personal:open",)
    )
    assert log.events == [(workspace, token, issued)]
    assert log.effects == [Said("let in", (workspace, issued, "test"))]
    assert SECRET.encode() not in msgspec.json.encode(issued)


def test_a_refused_token_opens_no_door() -> None:
    log = MemoryEventLog()
    command = IssueApiToken(token_id=uuid4(), name=" ", secret=SECRET)
    with pytest.raises(InvalidInputError, match="pass a `name`"):
        issue_api_token(command, asking(uuid4()), log, MemoryApiTokens())
    assert (log.events, log.effects) == ([], [])
