"""Checks of relays that somebody asked for: connect, encrypt, log in, and hang up.

Made by the dispatcher, whose network and whose keys the mail will have. Two dispatchers may make
the same check; the first one's word counts.
"""

import asyncio

import structlog

from commands.delivery.change_relay import change_relay
from domain.delivery import relay as decisions
from domain.shared.errors import DomainError
from infra.clock import new_id
from infra.eventstore.log import PostgresEventLog
from infra.postgres.relays import KnownRelay, PostgresRelays
from infra.smtp.connect import ConnectError, open_connection
from workers.acting import acting
from workers.dispatching.persistence import AWAY
from workers.dispatching.relay_pool import options_of

log = structlog.get_logger()

LOOK_EVERY_S = 0.5


class RelayChecks:
    """Looks for checks that were asked for, until cancelled."""

    def __init__(self, log_: PostgresEventLog, relays: PostgresRelays) -> None:
        self._log = log_
        self._relays = relays

    async def run(self) -> None:
        """Make each check that is asked for; what failed is asked again at the next look."""
        while True:
            await asyncio.sleep(LOOK_EVERY_S)
            try:
                asked = await asyncio.to_thread(self._relays.to_check)
                await asyncio.gather(*(self._check(one) for one in asked))
            except (*AWAY, DomainError) as error:
                log.warning("relay_checks_wait", error=error)

    async def _check(self, relay: KnownRelay) -> None:
        reason, codes = await self._met(relay)
        log.info("relay_checked", relay_id=str(relay.relay_id), reason=reason, codes=codes)
        context = acting("dispatcher", relay.workspace_id, new_id())
        await asyncio.to_thread(
            lambda: change_relay(
                relay.relay_id,
                lambda state: decisions.finish_check(
                    state, relay_id=relay.relay_id, reason=reason, codes=codes
                ),
                context,
                self._log,
                self._relays,
            )
        )

    async def _met(self, relay: KnownRelay) -> tuple[str, str]:
        """Return what the connection met: the reason and the reply's codes, empty when well."""
        try:
            credentials = await asyncio.to_thread(self._relays.credentials, relay)
        except LookupError:
            return "credentials_unreadable", ""
        try:
            transport, _ = await open_connection(options_of(relay, credentials))
        except ConnectError as error:
            return error.reason, error.reply.codes if error.reply else ""
        transport.write(b"QUIT\r\n")
        transport.close()
        return "", ""
