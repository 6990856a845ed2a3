"""The drill: back up, erase, rotate, restore the oldest backup of both databases elsewhere."""

from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from infra.backup.programs import find_program, run_program
from infra.bootstrap import Adapters
from infra.embedded.postgres import EmbeddedPostgres
from infra.eventstore.mapper import PersonErasedError
from infra.settings import Settings
from tests.support.asking import asking
from tests.support.backups import PEOPLE, in_plain, moved_in, new_home, settled_house, who_is
from tests.support.builders import contact_imported, fact
from tests.support.cli import Engine, environment
from tests.support.importing import ContactBook, numbered
from tests.support.vault import crack, stolen_rows
from tests.support.working import catch_up, run_imports

pytestmark = [pytest.mark.e2e, pytest.mark.slow]

ANN = "person7@example.com"
LOST = 3


@pytest.fixture
def fresh_server(services_dir: Path) -> Iterator[EmbeddedPostgres]:
    with EmbeddedPostgres(services_dir / "elsewhere", fsync=False) as server:
        yield server


def test_after_the_restore_of_the_oldest_backup_the_erased_stay_erased_and_the_others_are_back(
    settings: Settings, app: Adapters, worker: Adapters, fresh_server: EmbeddedPostgres,
    tmp_path: Path,
) -> None:  # fmt: skip
    engine = Engine(environment(settings))
    book = settled_house(app, worker, tmp_path)
    ann = who_is(book, ANN)
    oldest = tmp_path / "oldest"
    made = engine.json("backup", str(oldest))
    text = in_plain(oldest / "log.dump") + in_plain(oldest / "vault.dump")
    assert made["events"] == PEOPLE + 4
    assert "@example.com" not in text, "nobody stands in a backup in clear"
    assert "Canary" not in text
    assert str(ann) in text, "and yet it is all there"

    worker.vault.destroy(book.workspace_id, ann)
    book.hand_over(numbered(range(100, 100 + LOST)))  # whom the backup does not know
    run_imports(worker)
    lost_head = worker.reader.head()
    assert engine.json("vault", "rotate")["destroyed"] == [1]

    with new_home(settings, fresh_server) as home:
        there = Engine(environment(home))
        assert "the database does not answer" in there.refused("workspace", "list"), "not ready"
        done = there.json("restore", str(oldest))
        assert (done["events"], done["horizon"]) == (made["events"], made["horizon"])
        assert (done["erased_again"], done["keys_restored"]) == (1, PEOPLE - 1 + LOST)

        with moved_in(home) as restored:
            back = ContactBook(restored, tmp_path, workspace_id=book.workspace_id)
            everyone = sorted(f"person{n}@example.com" for n in range(PEOPLE))
            others = [email for email in everyone if email != ANN]
            assert [email for email in back.people() if email] == others
            assert [email for email in back.readable() if email] == others
            assert there.json("log", "verify-order")["ok"]
            assert all(model["ok"] for model in there.json("projections", "verify"))

            # A thief with the restored vault, the old dump's, the secret and every key there is.
            assert ann not in crack(restored, stolen_rows(home.vault_url))
            assert len(crack(restored, stolen_rows(home.vault_url))) == PEOPLE - 1 + LOST
            raw = fresh_server.url("thief")
            with psycopg.connect(fresh_server.dsn(), autocommit=True) as admin:
                admin.execute("CREATE DATABASE thief")
            load(oldest / "vault.dump", raw)
            rows = [row for row in stolen_rows(raw) if row[1] == ann]
            assert len(rows) == 1, "her wrapped key is in the old dump"
            assert crack(restored, rows) == {}
            assert ann not in {k.subject_id for k in restored.outside_vault.live_keys.subjects()}

            with pytest.raises(PersonErasedError):
                restored.log.record([fact(contact_imported(ann))], asking(book.workspace_id))
            back.hand_over(numbered(range(200, 203)))
            run_imports(restored)
            catch_up(restored)
            assert len(back.readable()) == len(back.people()) == PEOPLE + 3
            first_new = restored.reader.page(done["horizon"])[0].position
            assert first_new > lost_head, "no position is given twice"


def load(dump: Path, url: str) -> None:
    with psycopg.connect(url) as connection:
        program = find_program("pg_restore", server=connection)
    run_program([program, str(dump)], url)
