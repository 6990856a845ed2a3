"""The live audit log of a real server: nothing is left out, and it ends when it must."""

import signal
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from queue import Queue
from typing import Any

import httpx
import msgspec
import psycopg
import pytest

from commands.developer.revoke_api_key import RevokeApiKey, revoke_api_key
from infra.bootstrap import Adapters
from infra.embedded.ports import free_port
from infra.postgres.api_tokens import PostgresApiTokens
from infra.postgres.token_lookup import TokenLookup
from infra.settings import Settings
from read_api.edge.sse import MOST_OF_A_WORKSPACE
from tests.e2e.test_api_process import api_process
from tests.support.asking import asking
from tests.support.http_client import House, found_house, issued_token
from tests.support.logging_facts import record_facts
from tests.support.working import catch_up

pytestmark = [pytest.mark.e2e, pytest.mark.slow]

PATIENCE_S = 20.0
END = "end"


class Listener:
    """One client; what it hears comes in a queue of (id, line), the last one is END."""

    def __init__(self, url: str, token: str, **headers: str) -> None:
        self._heard = Queue[tuple[int, dict[str, Any]] | str]()
        self._client = httpx.Client(timeout=PATIENCE_S)
        self._asked = self._client.stream(
            "GET", url, headers={"Authorization": f"Bearer {token}", **headers}
        )
        self.answer = self._asked.__enter__()
        self._thread = threading.Thread(target=self._listen, daemon=True)
        self._thread.start()

    def next(self) -> tuple[int, dict[str, Any]] | str:
        return self._heard.get(timeout=PATIENCE_S)

    def lines(self, count: int) -> list[tuple[int, dict[str, Any]]]:
        found = [self.next() for _ in range(count)]
        assert END not in found
        return found  # type: ignore[return-value] # no END among them

    def is_silent(self) -> bool:
        return self._heard.empty()

    def close(self) -> None:
        """Hang up; the thread that reads ends with it."""
        line: socket.socket = self.answer.extensions["network_stream"].get_extra_info("socket")
        with suppress(OSError):
            line.shutdown(socket.SHUT_RDWR)
        self._thread.join()
        self._asked.__exit__(None, None, None)
        self._client.close()

    def _listen(self) -> None:
        fields: dict[str, str] = {}
        with suppress(httpx.HTTPError):
            for line in self.answer.iter_lines():
                name, _, value = line.partition(": ")
                if line:
                    fields[name] = value
                elif "data" in fields:
                    self._heard.put((int(fields["id"]), msgspec.json.decode(fields["data"])))
                    fields = {}
        self._heard.put(END)


@contextmanager
def listening(url: str, house: House, **headers: str) -> Iterator[Listener]:
    listener = Listener(url, house.token, **headers)
    try:
        assert listener.answer.status_code == 200
        yield listener
    finally:
        listener.close()


def test_a_tail_tells_every_line_once_and_ends_with_the_credential_and_the_server(
    app: Adapters, worker: Adapters, settings: Settings
) -> None:
    house, other = found_house(app), found_house(app)
    catch_up(worker)
    port = free_port()
    url = f"http://127.0.0.1:{port}/v1/audit/tail"
    with api_process(settings, port) as process:
        with listening(url, house, **{"Last-Event-ID": "0"}) as listener:
            assert listener.answer.headers["content-type"].startswith("text/event-stream")
            founded = listener.lines(2)
            assert founded[0][1]["tag"] == "tenancy.workspace_created.v1"
            record_facts(app, other.workspace_id, 1)
            record_facts(app, house.workspace_id, 3)
            catch_up(worker)
            heard = [*founded, *listener.lines(3)]
            assert all(line["position"] == position for position, line in heard)
            listed = httpx.get(
                f"http://127.0.0.1:{port}/v1/audit", headers=house.headers, timeout=PATIENCE_S
            ).json()["items"]
            assert [line for _, line in reversed(heard)] == listed
        resumed = {"Last-Event-ID": str(founded[0][0])}
        with listening(url, house, **resumed) as listener:
            assert listener.lines(4) == heard[1:]
            assert connections(settings) == {"idle"}  # none is in a transaction while it waits
        with listening(url, other) as listener:  # from now on: nothing of what was
            assert listener.is_silent()
            ends_when_revoked(app, url, house)
            refuses_one_too_many(url, house)
            process.send_signal(signal.SIGTERM)
            assert process.wait(timeout=15) == 0
            assert listener.next() == END


def connections(settings: Settings) -> set[str]:
    with psycopg.connect(settings.database_url) as admin:
        rows = admin.execute(
            "SELECT DISTINCT state FROM pg_stat_activity"
            " WHERE application_name = 'engine-api' AND datname = current_database()"
        ).fetchall()
    return {row[0] for row in rows}


def ends_when_revoked(app: Adapters, url: str, house: House) -> None:
    token = issued_token(app, house.workspace_id)
    listener = Listener(url, token)
    revoke(app, house, token)
    began = time.monotonic()
    assert listener.next() == END
    assert time.monotonic() - began < 5  # what the product promises
    listener.close()


def revoke(app: Adapters, house: House, token: str) -> None:
    owner = TokenLookup(app.pool).owner(token)
    assert owner is not None
    command = RevokeApiKey(token_id=owner.token_id)
    revoke_api_key(command, asking(house.workspace_id), app.log, PostgresApiTokens())


def refuses_one_too_many(url: str, house: House) -> None:
    """A client that is gone makes room: the streams of before are over."""
    held: list[Listener] = []
    deadline = time.monotonic() + PATIENCE_S
    while len(held) < MOST_OF_A_WORKSPACE:
        listener = Listener(url, house.token)
        if listener.answer.status_code == 200:
            held.append(listener)
        else:
            listener.close()
        assert time.monotonic() < deadline
    answer = httpx.get(url, headers=house.headers, timeout=PATIENCE_S)
    try:
        assert (answer.status_code, answer.json()["code"]) == (429, "too_many_streams")
    finally:
        for listener in held:
            listener.close()
