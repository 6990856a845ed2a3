"""The library's own recorder cases, run against our recorder.

Left out is `NonInterleavingNotificationIDsBaseCase`: it asserts the effect of the table lock that
we replaced; tests/integration/test_no_event_is_skipped.py tests what that lock was for.
"""

from uuid import UUID, uuid4

import pytest
from eventsourcing.tests.persistence import ApplicationRecorderTestCase

from infra.bootstrap import Adapters
from infra.eventstore.recorder import TenantRecorder, open_datastore
from infra.postgres.connections import Role, role_dsn
from infra.settings import Settings

pytestmark = pytest.mark.integration


class TestTenantRecorder(ApplicationRecorderTestCase[TenantRecorder]):
    EXPECT_CONTIGUOUS_NOTIFICATION_IDS = False
    settings: Settings
    workspace_id: UUID

    @pytest.fixture(autouse=True)
    def _installation(self, settings: Settings) -> None:
        self.settings = settings
        self.workspace_id = uuid4()

    def create_recorder(self) -> TenantRecorder:
        dsn = role_dsn(self.settings.database_url, Role.APP, self.settings.secret_key)
        datastore = open_datastore(dsn, size=20)
        self.addCleanup(datastore.close)
        return TenantRecorder(datastore, workspace_id=self.workspace_id)

    def test_insert_subscribe(self) -> None:
        self.optional_test_insert_subscribe()


class TestTheFastMode:
    def test_is_refused(self, app: Adapters, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("POSTGRES_ENABLE_DB_FUNCTIONS", "yes")
        with pytest.raises(Exception, match="loses events"):
            _ = app.log
