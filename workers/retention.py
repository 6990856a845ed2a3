"""Let go of what is kept too long: the trash, old rows and files, inactive people, engagement.

A step of the scheduler. Each piece is one transaction that records what it did, so whoever dies
leaves the rest to the next.
"""

from datetime import timedelta
from time import monotonic
from uuid import UUID

import structlog

from commands.privacy.ports import Erasures
from commands.privacy.purge_from_trash import PurgeFromTrash, purge_from_trash
from domain.contacts import decider, deletion
from domain.contacts.decider import CONSENT, IMPORT
from domain.contacts.events import DeletionCause
from domain.privacy.events import EngagementForgotten, RejectedRowsForgotten
from domain.privacy.retention import RETENTION, retention_stream
from domain.privacy.trash import Kind
from domain.shared.ids import derive_id, time_ms_of
from domain.shared.model import Fact
from infra.bootstrap import Adapters
from infra.clock import new_id
from infra.failpoints import Failpoint, failpoint
from infra.postgres.erasures import PostgresErasures
from infra.postgres.import_progress import import_failed
from infra.postgres.import_reviews import PostgresImportReviews
from infra.postgres.retention import OldImport, PostgresRetention
from infra.postgres.sql_effect import StaleStateError
from infra.postgres.trash import PostgresTrash, Trashed
from workers.acting import acting

log = structlog.get_logger()

NAME = "retention"
LOOK_EVERY_S = 30.0
BATCH = 50
FILE_CODE = "expired"
FILE_REASON = (
    "The import had not ended when the time of its file was over: the file is deleted. "
    "Import it again."
)


class Retention:
    """Looks at all workspaces every half minute, and goes on at once while there is more."""

    def __init__(self, adapters: Adapters) -> None:
        self._adapters = adapters
        self._log = adapters.log
        self._trash = PostgresTrash(adapters.pool)
        self._kept = PostgresRetention(adapters.pool)
        self._reviews = PostgresImportReviews(adapters.pool)
        self._erasures: Erasures = PostgresErasures(adapters.pool)
        self._rest_until = 0.0

    def step(self) -> bool:
        """Do a batch of each chore; tells whether there may be more."""
        if monotonic() < self._rest_until:
            return False
        done = (
            self._purge()
            + self._forget_rejections()
            + self._forget_files()
            + self._forget_engagement()
            + self._part_with_inactive()
        )
        if not done:
            self._rest_until = monotonic() + LOOK_EVERY_S
        return done > 0

    def _purge(self) -> int:
        return sum(self._purge_one(item) for item in self._trash.due(limit=BATCH))

    def _purge_one(self, item: Trashed) -> bool:
        purged = purge_from_trash(
            PurgeFromTrash(kind=item.kind, thing_id=item.thing_id),
            acting(NAME, item.workspace_id, new_id()),
            self._log,
            self._trash,
            self._erasures,
            self._adapters.vault,
        )
        failpoint(Failpoint.RETENTION_PURGED)
        log.info("purged_from_trash", kind=item.kind, thing_id=str(item.thing_id), purged=purged)
        return purged

    def _forget_rejections(self) -> int:
        done = 0
        for old in self._kept.old_rejections(limit=BATCH):
            fact = Fact(
                derive_id(time_ms_of(old.import_id), old.import_id.bytes, b"rejections forgotten"),
                RejectedRowsForgotten(import_id=old.import_id, rows=old.rows),
            )
            try:
                self._log.record(
                    [fact] if old.rows else [],
                    acting(NAME, old.workspace_id, new_id()),
                    effects=[self._kept.forget_rejections(old)],
                )
            except StaleStateError:
                continue  # another scheduler was faster
            done += 1
        return done

    def _forget_files(self) -> int:
        return sum(self._forget_file(old) for old in self._kept.old_files(limit=BATCH))

    def _forget_file(self, old: OldImport) -> bool:
        if self._reviews.drop(old.workspace_id, old.import_id):
            return True
        failed = import_failed(old.workspace_id, old.import_id, code=FILE_CODE, error=FILE_REASON)
        self._log.decide(
            IMPORT,
            old.import_id,
            lambda state: decider.fail_import(
                state, import_id=old.import_id, code=FILE_CODE, reason=FILE_REASON
            ),
            acting(NAME, old.workspace_id, new_id(), correlation_id=old.import_id),
            effects=lambda _: [failed],
        )
        return True

    def _forget_engagement(self) -> int:
        done = 0
        for workspace_id, before in self._kept.old_engagement(limit=BATCH):
            forgets = self._kept.remembers(workspace_id, before)
            facts = [Fact(new_id(), EngagementForgotten(before=before))] if forgets else []
            forgotten = self._kept.engagement_forgotten(workspace_id)
            self._log.record(facts, acting(NAME, workspace_id, new_id()), effects=[forgotten])
            done += 1
        return done

    def _part_with_inactive(self) -> int:
        done = 0
        for workspace_id, days in self._kept.looking_for_inactive(limit=1):
            people = self._kept.inactive(workspace_id, days, limit=BATCH)
            for person in people:
                self._delete_inactive(workspace_id, person)
            if len(people) < BATCH:
                self._kept.looked(workspace_id)
            done += max(1, len(people))
        return done

    def _delete_inactive(self, workspace_id: UUID, person: UUID) -> None:
        context = acting(NAME, workspace_id, new_id())
        kept = self._log.state(RETENTION, retention_stream(workspace_id), context)
        until = context.now + timedelta(days=kept.trash_days)
        put = self._trash.put(Kind.CONTACT, person, context, purge_at=until)
        self._log.decide(
            CONSENT,
            person,
            lambda consent: deletion.delete(
                consent, contact_id=person, until=until, cause=DeletionCause.INACTIVE
            ),
            context,
            effects=lambda _: [put],
        )
