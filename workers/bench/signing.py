"""Sending with signatures, beside the same letter unsigned."""

from pathlib import Path
from tempfile import TemporaryDirectory
from uuid import uuid4

import psycopg

from infra.crypto.sealed_text import seal_text
from infra.dkim.new_keys import new_key
from infra.postgres.signing_keys import PURPOSE
from workers.bench import sinks
from workers.bench.dispatching import Run, dispatch
from workers.bench.mailing import Mailing, new_mailing
from workers.bench.measure import Measured, measured
from workers.bench.stage import Stage

MAILS = 10_000
DOMAIN = "example.com"  # of the senders of `mailing`
_DOMAIN = """
INSERT INTO sending_domains (workspace_id, domain_id, domain, state, added_at, waiting_since,
                             records, next_check_at)
VALUES (%s, %s, %s, 'verified', now(), now(), '[]', 'infinity')
"""
_KEY = """
INSERT INTO dkim_keys (workspace_id, domain_id, selector, algorithm, phase, published, sealed)
VALUES (%s, %s, %s, %s, 'active', true, %s)
"""


def dispatch_dkim_rsa(stage: Stage) -> Measured:
    """From claim to recorded EmailSent, signed with RSA-2048; the limit is the same unsigned."""
    return _signed(stage, "dispatch_dkim_rsa", "rsa")


def dispatch_dkim_ed25519(stage: Stage) -> Measured:
    """From claim to recorded EmailSent, signed with Ed25519; the limit is the same unsigned."""
    return _signed(stage, "dispatch_dkim_ed25519", "ed25519")


def _signed(stage: Stage, name: str, algorithm: str) -> Measured:
    mailing = new_mailing(stage)
    mailing.add_contacts(MAILS, with_keys=MAILS)
    with TemporaryDirectory() as room, sinks.counting_sink(Path(room)) as port:
        unsigned = _send(mailing, port)
        _keep_key(mailing, algorithm)
        signed = _send(mailing, port)
    return measured(
        name,
        ours=signed.rate,
        limit=unsigned.rate,
        unit="messages/s",
        detail={
            "cpu_us_a_message": 1e6 * signed.cpu_s / signed.sent,
            "cpu_us_unsigned": 1e6 * unsigned.cpu_s / unsigned.sent,
        },
    )


def _send(mailing: Mailing, port: int) -> Run:
    mailing.queue()
    return dispatch(mailing.stage, port, MAILS)


def _keep_key(mailing: Mailing, algorithm: str) -> None:
    """Give the domain a key, as if its record had been seen."""
    workspace, domain_id, stage = mailing.workspace_id, uuid4(), mailing.stage
    purpose = PURPOSE + algorithm.encode()
    sealed = seal_text(
        stage.app.vault, workspace, domain_id, new_key(algorithm).pem, purpose=purpose
    )
    with psycopg.connect(stage.superuser_dsn, autocommit=True) as connection:
        connection.execute(_DOMAIN, (workspace, domain_id, DOMAIN))
        connection.execute(_KEY, (workspace, domain_id, algorithm, algorithm, sealed))
