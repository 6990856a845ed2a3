"""The importer: reads uploaded contact files row by row and records a fact for each new person."""

from collections.abc import Sequence
from uuid import UUID

import structlog

from domain.contacts import decider
from domain.contacts.column_mapping import ColumnMapping, resolve_mapping, suggest_mapping
from domain.contacts.contact_row import ContactFileError, ContactRow
from domain.contacts.decider import IMPORT
from domain.contacts.events import ContactImported, ImportCompleted
from domain.contacts.import_report import judge_repaired
from domain.contacts.import_row import ImportableContact, RejectedRow
from domain.shared.context import Context
from domain.shared.errors import ConcurrentChangeError
from domain.shared.ids import derive_id, time_ms_of
from domain.shared.model import Fact
from infra.bootstrap import Adapters
from infra.crypto.address_keys import AddressKeys
from infra.email_addresses import EmailValidator
from infra.files.csv_source import ContactFile, open_contacts
from infra.postgres.advisory_locks import IMPORT_LOCK
from infra.postgres.import_intake import PostgresImportIntake
from infra.postgres.import_progress import (
    Chunk,
    PostgresImports,
    RunningImport,
    storable,
)
from infra.postgres.import_reviews import CheckJob
from workers.acting import acting
from workers.import_checker import ImportChecker, chunks
from workers.jobs import Heartbeat, alone, work_on_one
from workers.runtime import Stop, run_steps

log = structlog.get_logger()

RETRIES = 10
NAME = "importer"
KNOWN = "The address belongs to a contact already, or stands earlier in this file."
IN_TRASH = "The address belongs to a contact in the trash: restore the contact instead."


class Importer:
    """Takes one import at a time; a chunk of rows is one transaction, so it resumes anywhere."""

    def __init__(self, adapters: Adapters) -> None:
        self._adapters = adapters
        self._imports = PostgresImports(adapters.pool)
        self._intake = PostgresImportIntake(adapters.pool)
        self._validator = EmailValidator()
        self.heartbeat = Heartbeat(adapters, NAME)
        self._checker = ImportChecker(adapters, self.heartbeat)

    def step(self, stop: Stop) -> bool:
        """Work on the oldest file that nobody else has; tells whether there was one.

        Files under review come first: somebody waits for them.

        An import that breaks is left for a later step and does not hold up the ones behind it.
        Raises its error when there was nothing else to do.
        """
        jobs: list[RunningImport | CheckJob] = [*self._checker.jobs(), *self._imports.running()]
        return work_on_one(
            jobs,
            lambda job: self._work_if_free(job, stop),
            id_of=lambda job: job.import_id,
        )

    def _work_if_free(self, job: RunningImport | CheckJob, stop: Stop) -> bool:
        with alone(self._adapters, IMPORT_LOCK, job.import_id) as connection:
            if connection is not None:
                if isinstance(job, CheckJob):
                    self._checker.check(job, stop)
                else:
                    self._import(job, stop)
        return connection is not None

    def _import(self, job: RunningImport, stop: Stop) -> None:
        try:
            with open_contacts(self._intake.read(job.workspace_id, job.import_id)) as file:
                mapping = _mapping(file, job)
                self._imports.opened(
                    job,
                    header=file.header,
                    encoding=file.encoding.name,
                    delimiter=file.delimiter,
                )
                at = job.next_row
                for rows in chunks(file.rows(start_row=at + 1)):
                    if stop:
                        return
                    self.heartbeat.beat()
                    self._record(job, at, rows, mapping)
                    at += len(rows)
        except ContactFileError as error:
            self._fail(job, error)
            return
        self._complete(job)

    def _record(
        self, job: RunningImport, at: int, rows: Sequence[ContactRow], mapping: ColumnMapping
    ) -> None:
        """Give each row its verdict, in one transaction; again when an address was just taken."""
        keys = AddressKeys(self._adapters.settings.secret_key, job.workspace_id, self._validator)
        verdicts = [
            judge_repaired(row, mapping=mapping, repairs=job.repairs, validator=self._validator)
            for row in rows
        ]
        candidates = [
            (keys.of(verdict.address), verdict)
            for verdict in verdicts
            if isinstance(verdict, ImportableContact)
        ]
        rejected = [verdict for verdict in verdicts if isinstance(verdict, RejectedRow)]
        for _ in range(RETRIES):
            new, repeated = self._split(job.workspace_id, candidates)
            trashed = self._trashed(job.workspace_id, candidates, repeated)
            duplicates = [
                _duplicate(who, rows[who.row_number - at - 1], in_trash=who.row_number in trashed)
                for who in repeated
            ]
            try:
                self._append(job, at, len(rows), new, duplicates, rejected, keys)
            except ConcurrentChangeError:
                continue
            return
        raise ConcurrentChangeError("addresses are taken faster than this import can read them")

    def _split(
        self, workspace_id: UUID, candidates: Sequence[tuple[bytes, ImportableContact]]
    ) -> tuple[dict[bytes, ImportableContact], list[ImportableContact]]:
        """Tell new addresses from those known before or met twice in this chunk."""
        known = self._imports.known(workspace_id, [key for key, _ in candidates])
        new: dict[bytes, ImportableContact] = {}
        repeated = []
        for key, contact in candidates:
            if key in known or key in new:
                repeated.append(contact)
            else:
                new[key] = contact
        return new, repeated

    def _trashed(
        self,
        workspace_id: UUID,
        candidates: Sequence[tuple[bytes, ImportableContact]],
        repeated: Sequence[ImportableContact],
    ) -> set[int]:
        """Return the rows of those whose contact is in the trash."""
        if not repeated:
            return set()
        rows = {who.row_number for who in repeated}
        keys = {who.row_number: key for key, who in candidates if who.row_number in rows}
        trashed = self._imports.in_trash(workspace_id, list(set(keys.values())))
        return {row for row, key in keys.items() if key in trashed}

    def _append(
        self,
        job: RunningImport,
        at: int,
        rows: int,
        new: dict[bytes, ImportableContact],
        duplicates: Sequence[RejectedRow],
        rejected: Sequence[RejectedRow],
        keys: AddressKeys,
    ) -> None:
        born_ms = time_ms_of(job.import_id)
        listed = self._imports.listed(job.workspace_id, list(new))
        ids = [
            listed[key].contact_id
            if key in listed
            else derive_id(born_ms, job.workspace_id.bytes, key)
            for key in new
        ]
        stopped = {who.contact_id: who.stopped for who in listed.values()}
        facts = [
            Fact(
                derive_id(born_ms, contact_id.bytes, b"imported"),
                _imported(job, contact_id, who, stopped.get(contact_id, "")),
            )
            for contact_id, who in zip(ids, new.values(), strict=True)
        ]
        out = sorted([*rejected, *duplicates], key=lambda row: row.row_number)
        effect = Chunk(
            workspace_id=job.workspace_id,
            import_id=job.import_id,
            first_row=at,
            rows=rows,
            address_keys=list(new),
            contact_ids=ids,
            rejected=out,
            mentions=[
                (row.row_number, key) for row in out for key in sorted(keys.mentioned(row.cells))
            ],
            duplicates=len(duplicates),
            invalid=sum(not row.is_empty for row in rejected),
            empty=sum(row.is_empty for row in rejected),
        )
        self._adapters.log.record(
            facts, self._context(job, b"chunk", str(at).encode()), effects=[effect]
        )

    def _complete(self, job: RunningImport) -> None:
        done = self._imports.state(job.workspace_id, job.import_id)
        if done is None or done.status != "running":
            return
        outcome = ImportCompleted(
            import_id=job.import_id,
            rows=done.rows,
            valid=done.valid,
            duplicates=done.duplicates,
            invalid=done.invalid,
            empty=done.empty,
        )
        self._adapters.log.decide(
            IMPORT,
            job.import_id,
            lambda state: decider.complete_import(state, outcome=outcome),
            self._context(job, b"complete"),
            effects=lambda _: [self._imports.completed(job)],
        )
        log.info("import_completed", import_id=str(job.import_id), rows=outcome.rows)

    def _fail(self, job: RunningImport, error: ContactFileError) -> None:
        reason = storable(str(error))  # it may name a column
        self._adapters.log.decide(
            IMPORT,
            job.import_id,
            lambda state: decider.fail_import(
                state, import_id=job.import_id, code=error.code, reason=reason
            ),
            self._context(job, b"fail"),
            effects=lambda _: [self._imports.failed(job, code=error.code, error=reason)],
        )
        log.warning("import_failed", import_id=str(job.import_id), code=error.code)

    def _context(self, job: RunningImport, *what: bytes) -> Context:
        command = derive_id(time_ms_of(job.import_id), job.import_id.bytes, *what)
        return acting(NAME, job.workspace_id, command, correlation_id=job.import_id)


def _mapping(file: ContactFile, job: RunningImport) -> ColumnMapping:
    overrides = job.mapping or None
    return resolve_mapping(file.header, explicit=suggest_mapping(file.header, overrides=overrides))


def _imported(
    job: RunningImport, contact_id: UUID, who: ImportableContact, stopped: str
) -> ContactImported:
    return ContactImported(
        contact_id=contact_id,
        import_id=job.import_id,
        row=who.row_number,
        email=who.address.address,
        first_name=who.first_name,
        last_name=who.last_name,
        fields=who.custom_fields or None,
        stopped=stopped,
    )


def _duplicate(contact: ImportableContact, row: ContactRow, *, in_trash: bool) -> RejectedRow:
    return RejectedRow(
        row_number=contact.row_number,
        line_number=contact.line_number,
        code="deleted" if in_trash else "duplicate",
        reason=IN_TRASH if in_trash else KNOWN,
        cells=row.cells,
    )


def run(adapters: Adapters, stop: Stop) -> None:
    """Import until the stop."""
    importer = Importer(adapters)

    def step() -> bool:
        importer.heartbeat.beat()
        return importer.step(stop)

    run_steps(NAME, stop, step, idle_s=0.5)
