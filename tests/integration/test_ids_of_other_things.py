"""An id that names something else of the same workspace is an id that is not there."""

import pytest
from litestar.testing import TestClient

from infra.bootstrap import Adapters
from read_api.app import create_app
from tests.support.http_client import issued_token
from tests.support.sending import Mailing

pytestmark = pytest.mark.integration


def test_the_id_of_another_thing_is_not_found(app: Adapters, worker: Adapters) -> None:
    mailing = Mailing(app, worker)
    campaign = mailing.draft()
    scopes = ("delivery:manage", "templates:write", "campaigns:write")
    token = issued_token(app, mailing.workspace, *scopes)
    with TestClient(create_app(app)) as client:
        for path in (
            f"/v1/sending-domains/{campaign}",
            f"/v1/templates/{campaign}",
            f"/v1/campaigns/{mailing.template}",
        ):
            answer = client.delete(path, headers={"Authorization": f"Bearer {token}"})
            assert (answer.status_code, answer.json()["code"]) == (404, "not_found"), path
