"""What a failed check of a relay means, and what to do about it.

The words are those of `infra/smtp/connect.py`, by the steps of a connection: reach, greet, encrypt,
log in.
"""

from collections.abc import Mapping
from types import MappingProxyType

import msgspec


class Advice(msgspec.Struct, frozen=True):
    """The step that failed, and what to do."""

    step: str
    text: str


_OF: Mapping[str, Advice] = MappingProxyType(
    {
        "host_not_public": Advice(
            "connect",
            "a workspace's relay has public addresses alone; the operator can allow others",
        ),
        "connect_failed": Advice(
            "connect",
            "its name is not found, or nobody answers there: compare host and port with what your "
            "provider says; many networks block port 25, so use 587 or 465",
        ),
        "connect_timeout": Advice(
            "connect",
            "no answer in time: a firewall drops the connection, or the port wants TLS from its "
            "first byte (465: `implicit`) or not (587: `require`)",
        ),
        "connection_lost": Advice(
            "greet", "the server hung up: ask your provider whether it knows our address"
        ),
        "banner_refused": Advice(
            "greet", "the server turns us away: ask your provider whether our address is blocked"
        ),
        "greeting_refused": Advice(
            "greet", "the server did not like our EHLO: ask your provider what it expects"
        ),
        "protocol_error": Advice("greet", "this is no SMTP server: compare host and port"),
        "tls_not_offered": Advice(
            "encrypt", "the server offers no STARTTLS here: try port 587, or 465 with `implicit`"
        ),
        "tls_refused": Advice(
            "encrypt", "the server refused STARTTLS: try port 465 with `implicit`"
        ),
        "tls_failed": Advice(
            "encrypt",
            "no verified TLS: the certificate must be valid for exactly this host name; use the "
            "name that your provider gives, not its address",
        ),
        "credentials_need_tls": Advice("encrypt", "a password goes only over verified TLS"),
        "credentials_unreadable": Advice(
            "log in", "the key of the password is gone: give user name and password anew"
        ),
        "auth_unavailable": Advice(
            "log in",
            "the server takes no password here: use its submission port (587 or 465), or remove "
            "the credentials if it knows us by our address",
        ),
        "auth_refused": Advice(
            "log in",
            "user name or password are wrong; some providers want an API key or an app password",
        ),
    }
)
_UNKNOWN = Advice("connect", "see the dispatcher's log")


def advice_for(reason: str) -> Advice | None:
    """Return what to do about a failure; None when nothing failed."""
    return _OF.get(reason, _UNKNOWN) if reason else None
