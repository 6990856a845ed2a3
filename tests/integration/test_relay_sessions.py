"""DP-7: whose password opened a connection, their mail alone goes over it."""

import ssl
from base64 import b64decode
from pathlib import Path

import pytest

from commands.delivery.add_relay import AddRelay, Credentials, add_relay
from domain.delivery.relay_events import RelayAdded
from infra.bootstrap import Adapters
from infra.clock import new_id
from infra.postgres.relays import PostgresRelays
from tests.support.asking import asking
from tests.support.certificates import self_signed
from tests.support.faulty_smtp import Peer, Script, say
from tests.support.sending import Mailing

pytestmark = pytest.mark.integration
IN_CLEAR = b"250-faulty\r\n250-PIPELINING\r\n250 STARTTLS\r\n"
ENCRYPTED = b"250-faulty\r\n250-PIPELINING\r\n250 AUTH PLAIN\r\n"


async def offers(peer: Peer) -> bool:
    await peer.write(ENCRYPTED if peer.writer.get_extra_info("ssl_object") else IN_CLEAR)
    return True


def test_dp7_two_workspaces_at_one_relay_have_sessions_of_their_own(
    app: Adapters, worker: Adapters, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    certificate = self_signed(tmp_path)
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    tls.load_cert_chain(certificate)
    script = Script(ehlo=offers, starttls=say(b"220 go ahead"), tls=tls)
    houses = {name: Mailing(app, worker) for name in ("one", "two")}

    def with_relays(port: int) -> None:
        for name, house in houses.items():
            house.add_contacts([f"p{n}@{name}.example" for n in range(150)])
            house.started()
            _add_relay(worker, house, port, user=name)

    heard = houses["one"].dispatch_to(
        script,
        begin=with_relays,
        until=lambda: all(house.tasks() == 0 for house in houses.values()),
    )
    working = [session for session in heard.sessions if any(_recipient(c) for c in session)]
    assert len(working) >= 2
    for session in working:
        verbs = [command.split(" ")[0] for command in session]
        assert verbs[:4] == ["EHLO", "STARTTLS", "EHLO", "AUTH"]
        assert verbs.count("AUTH") == 1
        user = b64decode(session[3].split(" ")[2]).split(b"\0")[1].decode()
        domains = {found for command in session if (found := _recipient(command))}
        assert domains == {f"{user}.example"}
    for house in houses.values():
        assert house.counted()["EmailSent"] == 150


def _recipient(command: str) -> str:
    is_rcpt = command.upper().startswith("RCPT")
    return command.partition("@")[2].partition(">")[0] if is_rcpt else ""


def _add_relay(worker: Adapters, house: Mailing, port: int, *, user: str) -> None:
    added = RelayAdded(
        relay_id=new_id(),
        label=user,
        host="127.0.0.1",
        port=port,
        tls="require",
        has_credentials=True,
        rate_per_s=0,
        connections=2,
        messages_per_connection=500,
        weight=1,
        may_be_private=True,
    )
    command = AddRelay(added=added, credentials=Credentials(username=user, password="secret"))
    relays = PostgresRelays(worker.pool, worker.vault)
    add_relay(command, asking(house.workspace), worker.log, relays)
