"""One request id, from HTTP through the log and NATS to the dispatcher's line about the mail."""

import asyncio
import io
import json
from uuid import UUID, uuid4

import pytest
from msgspec.structs import replace

from domain.delivery.events import HandoverStarted
from infra.bootstrap import Adapters
from infra.embedded.nats import EmbeddedNats
from infra.nats.connection import connect
from infra.observability.logging import configure_logging
from infra.postgres.connections import Role
from tests.support.faulty_smtp import Script
from tests.support.http_client import issued_token, serving
from tests.support.sending import Mailing
from workers.relay import Relay

pytestmark = pytest.mark.e2e


def lines(stream: io.StringIO, event: str) -> list[dict[str, object]]:
    said = [json.loads(line) for line in stream.getvalue().splitlines()]
    return [line for line in said if line["event"] == event]


def test_one_request_is_followed_by_its_id_to_the_mail_it_caused(
    app: Adapters, worker: Adapters, nats_server: EmbeddedNats
) -> None:
    stream = io.StringIO()
    configure_logging(service="test", stream=stream)
    mailing, request = Mailing(app, worker), uuid4()
    mailing.add_contacts(["ann@example.com", "ben@example.com"])
    campaign = mailing.draft()
    mailing.project()
    token = issued_token(app, mailing.workspace)
    with serving(app) as client:
        headers = {"Authorization": f"Bearer {token}", "X-Request-ID": str(request)}
        launched = client.post(f"/v1/campaigns/{campaign}/launch", headers=headers)
    assert (launched.status_code, launched.headers["x-request-id"]) == (202, str(request))
    (said,) = lines(stream, "http_request")
    assert said["request_id"] == str(request)

    told = mailing.ask(
        "SELECT command, correlation_id FROM commits WHERE correlation_id = %s", request
    )
    assert told == [("post_launch", request)], "in the log"

    heard = asyncio.run(published(replace_nats(worker, nats_server)))
    assert [ids for context, ids in heard if request in ids] == [[request]], "on the bus"
    assert {context for context, ids in heard if request in ids} == {"campaigns"}

    mailing.expand()
    mailing.dispatch_to(Script())
    handed = lines(stream, "chunk_handed_over")
    assert sum(int(str(line["messages"])) for line in handed) == 2
    assert {line["correlation_id"] for line in handed} == {str(request)}, "with the mail"
    assert mailing.of_type(HandoverStarted)
    followed = mailing.ask(
        "SELECT DISTINCT command FROM commits WHERE correlation_id = %s", request
    )
    assert {row[0] for row in followed} >= {"post_launch", "dispatcher"}
    assert "example.com" not in stream.getvalue()


def replace_nats(worker: Adapters, nats_server: EmbeddedNats) -> Adapters:
    settings = replace(worker.settings, nats_url=nats_server.url())
    return Adapters(settings, role=Role.WORKER, name="test-relay")


async def published(adapters: Adapters) -> list[tuple[str, list[UUID]]]:
    """Relay everything; return the context and the correlation ids of each envelope."""
    client = await connect(adapters.settings.nats_url, name="test")
    heard: list[tuple[str, list[UUID]]] = []

    async def hear(message: object) -> None:
        ids = (message.headers or {}).get("Engine-Correlations", "")  # type: ignore[attr-defined]
        context = message.subject.rpartition(".")[2]  # type: ignore[attr-defined]
        heard.append((context, [UUID(part) for part in ids.split(",") if part]))

    await client.subscribe("events.>", cb=hear)
    await client.flush()
    relay = Relay(adapters)
    while await relay.step():
        pass
    await client.flush()
    await relay.close()
    await client.close()
    adapters.close()
    return heard
