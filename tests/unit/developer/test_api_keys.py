"""Issuing, rotating and revoking keys: the commands on the log in memory."""

from datetime import timedelta
from uuid import UUID, uuid4

import msgspec
import pytest

from commands.developer.issue_api_key import IssueApiKey, issue_api_key
from commands.developer.revoke_api_key import RevokeApiKey, revoke_api_key
from commands.developer.rotate_api_key import RotateApiKey, rotate_api_key
from commands.developer.secret import Secret
from domain.developer.decider import MOST_OVERLAP
from domain.developer.events import ApiTokenIssued, ApiTokenRevoked, ApiTokenRotated
from domain.developer.scopes import Grant
from domain.shared.context import Context
from domain.shared.errors import (
    IllegalTransitionError,
    InvalidInputError,
    NotFoundError,
    PermissionMissingError,
    SecretShownError,
)
from infra.eventstore.memory import MemoryEventLog
from tests.support.asking import asking
from tests.support.memory_ports import MemoryApiTokens, Said

WORKSPACE, KEY = uuid4(), uuid4()
FIRST, SECOND = Secret("ee_live_first_secret"), Secret("ee_live_second_secret")
READ = frozenset({"contacts:read"})


def issue(
    log: MemoryEventLog,
    *,
    key: UUID = KEY,
    grant: Grant | None = None,
    permissions: frozenset[str] = READ,
    context: Context | None = None,
    secret: Secret = FIRST,
) -> int:
    command = IssueApiKey(
        token_id=key,
        name=" shop ",
        secret=secret,
        grant=grant or Grant(scopes=("contacts:read",)),
        permissions=permissions,
    )
    return issue_api_key(command, context or asking(WORKSPACE), log, MemoryApiTokens())


def rotate(
    log: MemoryEventLog,
    *,
    overlap: timedelta = timedelta(hours=1),
    permissions: frozenset[str] = READ,
    context: Context | None = None,
    secret: Secret = SECOND,
) -> int:
    context = context or asking(WORKSPACE)
    command = RotateApiKey(
        token_id=KEY, secret=secret, old_ends_at=context.now + overlap, permissions=permissions
    )
    return rotate_api_key(command, context, log, MemoryApiTokens())


def revoke(log: MemoryEventLog, key: UUID = KEY) -> int:
    return revoke_api_key(RevokeApiKey(token_id=key), asking(WORKSPACE), log, MemoryApiTokens())


def test_a_key_is_let_in_with_its_grant_and_without_its_secret() -> None:
    log = MemoryEventLog()
    issue(log, context=asking(WORKSPACE, actor="user:7"))
    issued = ApiTokenIssued(
        token_id=KEY,
        name="shop",
        sha256=FIRST.sha256,
        scopes=("contacts:read",),
        prefix="ee_live_first_",
    )
    assert log.events == [(WORKSPACE, KEY, issued)]
    assert log.effects == [Said("let in", (WORKSPACE, issued, "user:7"))]
    assert b"secret" not in msgspec.json.encode(issued)
    assert "first" not in repr(FIRST)


def test_nobody_issues_or_rotates_above_his_own() -> None:
    log = MemoryEventLog()
    with pytest.raises(PermissionMissingError):
        issue(log, grant=Grant(scopes=("audit:read",)))
    issue(log, grant=Grant(scopes=("audit:read",)), permissions=frozenset({"audit:read"}))
    with pytest.raises(PermissionMissingError):
        rotate(log)
    assert len(log.events) == 1


def test_a_key_that_issues_keys_is_bound_by_its_own_grant() -> None:
    log = MemoryEventLog()
    issue(log, grant=Grant(scopes=("contacts:read",), test=True))
    itself = asking(WORKSPACE, actor=f"token:{KEY}")
    with pytest.raises(PermissionMissingError, match="test keys"):
        issue(log, key=uuid4(), context=itself)
    issue(log, key=uuid4(), grant=Grant(scopes=("contacts:read",), test=True), context=itself)


def test_the_same_command_again_shows_no_second_secret() -> None:
    log, context = MemoryEventLog(), asking(WORKSPACE)
    issue(log, context=context)
    with pytest.raises(SecretShownError):
        issue(log, context=context, secret=SECOND)
    again = asking(WORKSPACE)
    rotate(log, context=again)
    with pytest.raises(SecretShownError):
        rotate(log, context=again, secret=Secret("ee_live_third"))
    assert len(log.events) == 2


def test_a_rotation_lets_the_new_secret_in_beside_the_old() -> None:
    log = MemoryEventLog()
    issue(log)
    context = asking(WORKSPACE)
    rotate(log, context=context)
    rotated = ApiTokenRotated(
        token_id=KEY,
        sha256=SECOND.sha256,
        prefix="ee_live_second",
        old_ends_at=context.now + timedelta(hours=1),
    )
    assert log.events[-1] == (WORKSPACE, KEY, rotated)
    assert log.effects[-1] == Said("let in too", (WORKSPACE, rotated))


@pytest.mark.parametrize("overlap", [timedelta(seconds=-1), MOST_OVERLAP + timedelta(seconds=1)])
def test_the_old_secret_ends_within_a_month(overlap: timedelta) -> None:
    log = MemoryEventLog()
    issue(log)
    with pytest.raises(InvalidInputError, match="30 days"):
        rotate(log, overlap=overlap)


def test_what_is_over_is_not_rotated() -> None:
    log = MemoryEventLog()
    with pytest.raises(NotFoundError):
        rotate(log)
    soon = asking(WORKSPACE).now + timedelta(seconds=1)
    issue(log, grant=Grant(scopes=("contacts:read",), expires_at=soon))
    late = msgspec.structs.replace(asking(WORKSPACE), now=soon)
    with pytest.raises(IllegalTransitionError, match="expired"):
        rotate(log, context=late)
    revoke(log)
    with pytest.raises(IllegalTransitionError, match="revoked"):
        rotate(log)


def test_a_revoked_key_is_refused_and_an_unknown_one_is_not_there() -> None:
    log = MemoryEventLog()
    issue(log)
    revoke(log)
    assert log.events[-1] == (WORKSPACE, KEY, ApiTokenRevoked(token_id=KEY))
    assert log.effects[-1] == Said("refuse", (WORKSPACE, KEY))
    with pytest.raises(NotFoundError):
        revoke(log, uuid4())
