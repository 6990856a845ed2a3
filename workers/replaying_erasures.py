"""Tell a restored log again who was erased: the ledger outside of it knows, the backup may not."""

from collections import defaultdict
from uuid import UUID

from domain.privacy import decider
from domain.privacy.decider import ERASURE, erasure_stream
from infra.bootstrap import Adapters
from infra.clock import new_id
from infra.postgres.known_contacts import known_contacts
from workers.acting import acting

NAME = "restore"


def replay_erasures(adapters: Adapters) -> int:
    """Record ContactAnonymized where it is missing; return how many persons the log knows of.

    Their keys are destroyed already (`infra.crypto.settle`). May be repeated.
    """
    people: dict[UUID, list[UUID]] = defaultdict(list)
    for workspace_id, subject_id in adapters.outside_vault.ledger.people():
        people[workspace_id].append(subject_id)
    replayed = 0
    for workspace_id, subjects in people.items():
        for contact_id in known_contacts(adapters.pool, workspace_id, subjects):
            _record(adapters, workspace_id, contact_id)
            replayed += 1
    return replayed


def _record(adapters: Adapters, workspace_id: UUID, contact_id: UUID) -> None:
    adapters.log.decide(
        ERASURE,
        erasure_stream(contact_id),
        lambda erasure: decider.anonymize(erasure, contact_id=contact_id, key_sha256=""),
        acting(NAME, workspace_id, new_id()),
    )
