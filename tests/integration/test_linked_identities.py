"""An identity elsewhere is linked once in Postgres, whoever signs in at the same time."""

from concurrent.futures import ThreadPoolExecutor
from uuid import UUID

import pytest

from commands.identity.link_account import LinkAccount, link_account
from domain.identity.linked_identity import KnownAccount
from domain.shared.platform import PLATFORM
from infra.bootstrap import Adapters
from infra.clock import new_id
from infra.postgres.linked_identities import PostgresLinkedIdentities
from infra.postgres.tenant_scope import tenant_scope
from tests.support.asking import asking

pytestmark = pytest.mark.integration

SUBJECT = "canary-subject-7431"


class NewAccounts:
    """Answers each question with another account: only the log can make them agree."""

    def at(self, address: str) -> KnownAccount:
        del address
        return KnownAccount(new_id(), address_verified=True)


def test_of_many_first_sights_one_links_and_the_subject_is_sealed(app: Adapters) -> None:
    identities = PostgresLinkedIdentities(app.settings.secret_key)
    command = LinkAccount(
        issuer="https://idp.example", subject=SUBJECT, verified_address="ada@example.com"
    )

    def sign_in(_: int) -> UUID:
        return link_account(command, asking(PLATFORM), app.log, identities, NewAccounts())

    with ThreadPoolExecutor(4) as threads:
        (linked,) = set(threads.map(sign_in, range(8)))
    with tenant_scope(app.pool, PLATFORM) as cursor:
        rows = cursor.execute("SELECT user_id, identity_key FROM linked_identities").fetchall()
        events = cursor.execute("SELECT data FROM events").fetchall()
    assert [user_id for user_id, _ in rows] == [linked]
    assert len(events) == 1
    assert SUBJECT not in repr((rows, events))
