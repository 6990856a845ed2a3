"""Opening an authenticated connection to a relay by aiosmtplib, under our TLS policy."""

import asyncio
import functools
import socket
import ssl
from typing import cast

import aiosmtplib
import msgspec
import structlog

from domain.delivery.smtp_reply import SmtpReply, parse_reply
from infra.egress.addresses import is_public
from infra.smtp.options import RelayOptions, TlsPolicy

_PERMANENT = 5
_MAX_SIZE_DIGITS = 15
_log: structlog.typing.FilteringBoundLogger = structlog.get_logger()


class Capabilities(msgspec.Struct, frozen=True, kw_only=True):
    """What the server offered in its last EHLO; `max_bytes` is 0 when it named no limit."""

    pipelining: bool = False
    eightbitmime: bool = False
    smtputf8: bool = False
    size: bool = False
    max_bytes: int = 0


class ConnectError(Exception):
    """No usable connection; `lasting` means that trying again at once would end the same way."""

    def __init__(
        self, reason: str, *, reply: SmtpReply | None = None, lasting: bool = False
    ) -> None:
        super().__init__(f"{reason}: {reply.redacted()}" if reply else reason)
        self.reason = reason
        self.reply = reply
        self.lasting = lasting


class _TlsFailedError(Exception):
    def __init__(self, error: ConnectError) -> None:
        super().__init__(str(error))
        self.error = error


async def open_connection(options: RelayOptions) -> tuple[asyncio.Transport, Capabilities]:
    """Connect, greet, encrypt and log in; the caller owns the transport.

    With the policy `may` a failed STARTTLS ends in a second, plain connection (RFC 7435), never
    in a half-upgraded one, and never with credentials on it.

    Raises:
        ConnectError: with a stable reason.
    """
    _refuse_credentials_in_clear(options)
    try:
        return await _open(options, upgrade=options.tls in {TlsPolicy.REQUIRE, TlsPolicy.MAY})
    except _TlsFailedError as failed:
        if options.tls is not TlsPolicy.MAY or options.username is not None:
            raise failed.error from failed
        _log.warning("smtp_tls_failed_continuing_in_clear", relay=options.host, error=str(failed))
    return await _open(options, upgrade=False)


def _refuse_credentials_in_clear(options: RelayOptions) -> None:
    if options.username is not None and options.tls is TlsPolicy.OFF:
        raise ConnectError("credentials_need_tls", lasting=True)


async def _open(options: RelayOptions, *, upgrade: bool) -> tuple[asyncio.Transport, Capabilities]:
    chosen = await _public_socket(options) if options.public_only else None
    client = aiosmtplib.SMTP(
        hostname=options.host,
        port=None if chosen else options.port,
        sock=chosen,
        local_hostname=options.local_hostname,
        timeout=options.connect_timeout_s,
        use_tls=options.tls is TlsPolicy.IMPLICIT,
        start_tls=False,
        tls_context=options.tls_context or await _tls_context(options),
    )
    try:
        # One deadline over all steps: a server that drips bytes cannot stretch it.
        async with asyncio.timeout(options.connect_timeout_s):
            await client.connect()
            await _greet(client)
            if upgrade:
                await _upgrade(client, options)
            if options.username is not None:
                await client.login(options.username, options.password or "")
        return _transport_of(client), _capabilities(client)
    except Exception as error:
        client.close()
        if isinstance(error, ConnectError | _TlsFailedError):
            raise
        translated = _translate(error)
        if translated is None:
            raise
        raise translated from error
    except asyncio.CancelledError:
        client.close()
        raise


async def _public_socket(options: RelayOptions) -> socket.socket:
    """Resolve once, and connect to that very address if all of them are public (IN-30)."""
    loop = asyncio.get_running_loop()
    made: socket.socket | None = None
    try:
        async with asyncio.timeout(options.connect_timeout_s):
            found = await loop.getaddrinfo(options.host, options.port, type=socket.SOCK_STREAM)
            if not all(is_public(str(entry[4][0])) for entry in found):
                raise ConnectError("host_not_public", lasting=True)
            family, kind, protocol, _, address = found[0]
            made = socket.socket(family, kind, protocol)
            made.setblocking(False)
            await loop.sock_connect(made, address)
    except OSError as error:  # TimeoutError too
        if made is not None:
            made.close()
        raise ConnectError("connect_failed") from error
    return made


def _transport_of(client: aiosmtplib.SMTP) -> asyncio.Transport:
    if client.transport is None or client.transport.is_closing():
        raise ConnectError("connection_lost")
    return cast(asyncio.Transport, client.transport)


async def _greet(client: aiosmtplib.SMTP) -> None:
    try:
        await client.ehlo()
    except aiosmtplib.SMTPHeloError as refused:
        if refused.code // 100 != _PERMANENT:
            raise
        # A server from before ESMTP: nothing is assumed of it (RFC 5321 3.2).
        await client.helo()


async def _upgrade(client: aiosmtplib.SMTP, options: RelayOptions) -> None:
    if not client.supports_extension("starttls"):
        if options.tls is TlsPolicy.REQUIRE or options.username is not None:
            raise ConnectError("tls_not_offered", lasting=True)
        return
    try:
        # Half the time: a server that says 220 and then nothing leaves some for the alternative.
        async with asyncio.timeout(options.connect_timeout_s / 2):
            await client.starttls()
            await client.ehlo()
    except aiosmtplib.SMTPResponseException as refused:
        reply = parse_reply(refused.code, refused.message)
        raise _TlsFailedError(ConnectError("tls_refused", reply=reply)) from refused
    except (aiosmtplib.SMTPException, OSError) as broken:  # of TLS, or of patience
        lasting = isinstance(broken, ssl.SSLCertVerificationError)
        raise _TlsFailedError(ConnectError("tls_failed", lasting=lasting)) from broken


async def _tls_context(options: RelayOptions) -> ssl.SSLContext | None:
    if options.tls is TlsPolicy.OFF:
        return None
    # Opportunistic: an unverified channel still beats a plain one, and carries no secret.
    verify = options.tls is not TlsPolicy.MAY or options.username is not None
    return await asyncio.to_thread(_default_context, verify=verify)


@functools.cache
def _default_context(*, verify: bool) -> ssl.SSLContext:
    """Load the system's trust store: tens of milliseconds, so once a process."""
    context = ssl.create_default_context()
    if not verify:
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    return context


def _translate(error: Exception) -> ConnectError | None:
    """Name a failure of the library; the first class that fits wins."""
    if isinstance(error, aiosmtplib.SMTPResponseException):
        return _translate_reply(error)
    for kind, reason in _REASONS:
        if isinstance(error, kind):
            return ConnectError(reason, lasting=reason == "auth_unavailable")
    return None


def _translate_reply(error: aiosmtplib.SMTPResponseException) -> ConnectError:
    if error.code < 0:
        return ConnectError("protocol_error")
    reply = parse_reply(error.code, error.message)
    lasting = error.code // 100 == _PERMANENT
    if isinstance(error, aiosmtplib.SMTPAuthenticationError):
        return ConnectError("auth_refused", reply=reply, lasting=lasting)
    if isinstance(error, aiosmtplib.SMTPConnectResponseError):
        return ConnectError("banner_refused", reply=reply, lasting=lasting)
    return ConnectError("greeting_refused", reply=reply)


_REASONS: tuple[tuple[type[Exception], str], ...] = (
    (TimeoutError, "connect_timeout"),
    (ssl.SSLError, "tls_failed"),
    (aiosmtplib.SMTPServerDisconnected, "connection_lost"),
    (aiosmtplib.SMTPConnectError, "connect_failed"),
    (OSError, "connect_failed"),
    (aiosmtplib.SMTPException, "auth_unavailable"),
)


def _capabilities(client: aiosmtplib.SMTP) -> Capabilities:
    offered = client.esmtp_extensions
    limit = offered.get("size", "").strip()
    return Capabilities(
        pipelining="pipelining" in offered,
        eightbitmime="8bitmime" in offered,
        # RFC 6531 3.1: SMTPUTF8 without 8BITMIME is not an offer.
        smtputf8="smtputf8" in offered and "8bitmime" in offered,
        size="size" in offered,
        max_bytes=int(limit)
        if limit.isascii() and limit.isdigit() and len(limit) <= _MAX_SIZE_DIGITS
        else 0,
    )
