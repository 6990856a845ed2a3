"""The checker: judges every row of a file under review as the importer would, and writes none."""

from collections.abc import Iterator, Sequence
from itertools import islice

from domain.contacts.column_mapping import ColumnMapping, resolve_mapping, suggest_mapping
from domain.contacts.contact_row import ContactFileError, ContactRow
from domain.contacts.import_report import ImportReport, judge_repaired, repair_for
from domain.contacts.import_row import ImportableContact
from infra.bootstrap import Adapters
from infra.crypto.address_keys import AddressKeys
from infra.email_addresses import EmailValidator
from infra.files.csv_source import open_contacts
from infra.postgres.import_intake import PostgresImportIntake
from infra.postgres.import_progress import PostgresImports
from infra.postgres.import_reviews import CheckJob, PostgresImportReviews
from workers.jobs import Heartbeat
from workers.runtime import Stop

CHUNK_ROWS = 2_000


class ImportChecker:
    """The importer's other half. A check that is killed begins again: it only reads."""

    def __init__(self, adapters: Adapters, heartbeat: Heartbeat) -> None:
        self._adapters = adapters
        self._heartbeat = heartbeat
        self._reviews = PostgresImportReviews(adapters.pool)
        self._imports = PostgresImports(adapters.pool)
        self._intake = PostgresImportIntake(adapters.pool)
        self._validator = EmailValidator()

    def jobs(self) -> list[CheckJob]:
        """Return the files to be checked, the oldest first."""
        return self._reviews.checking()

    def check(self, job: CheckJob, stop: Stop) -> None:
        """Judge all rows of one file and keep the report; the caller holds the job's lock."""
        report, taken = ImportReport(), set[bytes]()
        try:
            with open_contacts(self._intake.read(job.workspace_id, job.import_id)) as file:
                overrides = job.mapping or None
                mapping = resolve_mapping(
                    file.header, explicit=suggest_mapping(file.header, overrides=overrides)
                )
                for rows in chunks(file.rows()):
                    self._heartbeat.beat()
                    self._judge(job, rows, mapping, report, taken)
                    if stop or not self._reviews.checked(job, report.rows):
                        return
                self._reviews.report(
                    job,
                    report,
                    header=file.header,
                    encoding=file.encoding.name,
                    delimiter=file.delimiter,
                )
        except ContactFileError as error:
            self._reviews.unreadable(job, code=error.code, error=str(error))

    def _judge(
        self,
        job: CheckJob,
        rows: Sequence[ContactRow],
        mapping: ColumnMapping,
        report: ImportReport,
        taken: set[bytes],
    ) -> None:
        """Count the verdicts of a chunk; `taken` are the addresses that came before."""
        keys = AddressKeys(self._adapters.settings.secret_key, job.workspace_id, self._validator)
        verdicts = [
            judge_repaired(row, mapping=mapping, repairs=job.repairs, validator=self._validator)
            for row in rows
        ]
        found = {
            verdict.row_number: keys.of(verdict.address)
            for verdict in verdicts
            if isinstance(verdict, ImportableContact)
        }
        known = self._imports.known(job.workspace_id, list(found.values()))
        for verdict in verdicts:
            if isinstance(verdict, ImportableContact):
                key = found[verdict.row_number]
                report.accept(verdict, is_known=key in known or key in taken)
                taken.add(key)
            else:
                repair = repair_for(verdict, mapping=mapping, validator=self._validator)
                report.reject(verdict, repair=repair)


def chunks(rows: Iterator[ContactRow]) -> Iterator[list[ContactRow]]:
    """Cut the rows into lists of 2,000, the last one shorter."""
    while chunk := list(islice(rows, CHUNK_ROWS)):
        yield chunk
