"""The texts of system mail: what the engine itself writes to one person, by kind.

Names that people chose stand in these texts (a workspace's, an inviter's): `plain_name` keeps them
from looking like a link or a second sentence of ours.
"""

import re
from collections.abc import Mapping
from datetime import datetime
from types import MappingProxyType

import msgspec

MAX_NAME = 60
_CONTROLS = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069]+")
_LINKING = re.compile(r"(?<=\w)[.:/@\\]+(?=\S)|[<>{}]|/{2,}")


class SystemMailError(Exception):
    """A kind that has no text, or a value that its text needs and did not get: our own mistake."""


class Letter(msgspec.Struct, frozen=True, kw_only=True):
    """What a mail says: paragraphs, and a labelled link between the first and the others."""

    subject: str
    paragraphs: tuple[str, ...]
    action: str = ""
    link: str = ""


class _Text(msgspec.Struct, frozen=True, kw_only=True):
    subject: str
    paragraphs: tuple[str, ...]
    action: str = ""
    names: tuple[str, ...] = ()


_UNTIL = "The link works once, until {until}."
_NOT_ASKED = "If you did not ask for this, ignore this mail: nothing changes."
_NOT_YOU = "If this was not you, reset your password now and sign out everywhere."

TEXTS: Mapping[str, _Text] = MappingProxyType(
    {
        "verify_address": _Text(
            subject="Confirm your e-mail address",
            paragraphs=(
                "Somebody registered an account with this e-mail address. If you did, confirm it.",
                _UNTIL,
                _NOT_ASKED,
            ),
            action="Confirm the address",
        ),
        "address_known": _Text(
            subject="You have an account already",
            paragraphs=(
                "Somebody tried to register an account with this e-mail address, but it has one.",
                "If it was you, sign in, or reset your password if you lost it.",
                _NOT_ASKED,
            ),
            action="Sign in",
        ),
        "reset_password": _Text(
            subject="Reset your password",
            paragraphs=(
                "Somebody asked to reset the password of your account.",
                _UNTIL,
                _NOT_ASKED,
            ),
            action="Choose a new password",
        ),
        "password_changed": _Text(
            subject="Your password was changed",
            paragraphs=(
                "The password of your account was changed, and its other sessions were ended.",
                _NOT_YOU,
            ),
            action="Reset the password",
        ),
        "invitation": _Text(
            subject="Invitation to {workspace}",
            paragraphs=(
                'You are invited to the workspace "{workspace}" as {role}.',
                _UNTIL,
                "If you do not know this workspace, ignore this mail.",
            ),
            action="See the invitation",
            names=("workspace", "role"),
        ),
        "sign_in_new_device": _Text(
            subject="New sign-in to your account",
            paragraphs=("Your account was signed in to from a new device.", _NOT_YOU),
            action="See your sessions",
        ),
        "export_ready": _Text(
            subject="Your export is ready",
            paragraphs=(
                "The export that was asked for is ready to be downloaded until {until}.",
                "Whoever has the link can download it: do not pass this mail on.",
            ),
            action="Download the export",
        ),
        "second_factor_changed": _Text(
            subject="Your second factor was changed",
            paragraphs=("The second factor of your account was changed: {change}.", _NOT_YOU),
            action="Reset the password",
            names=("change",),
        ),
    }
)
KINDS = frozenset(TEXTS)
_SINGLE_USE = frozenset(kind for kind, text in TEXTS.items() if _UNTIL in text.paragraphs) | {
    "export_ready"
}


def compose(kind: str, values: Mapping[str, str], *, expires_at: datetime) -> Letter:
    """Return the letter. `values` hold `link` and the names that the kind's text mentions.

    Without a `link` the kinds that only tell have no button. Raises SystemMailError for an
    unknown kind or a missing value.
    """
    text = TEXTS.get(kind)
    if text is None:
        raise SystemMailError(f"there is no text for system mail of the kind {kind!r}")
    needed = {*text.names, *({"link"} if kind in _SINGLE_USE else ())}
    if missing := needed - values.keys():
        raise SystemMailError(f"{kind} needs the values {', '.join(sorted(missing))}")
    filled = {name: plain_name(values[name]) for name in text.names}
    filled["until"] = f"{expires_at:%H:%M} UTC on {expires_at.day} {expires_at:%B %Y}"
    link = values.get("link", "")
    return Letter(
        subject=text.subject.format_map(filled),
        paragraphs=tuple(paragraph.format_map(filled) for paragraph in text.paragraphs),
        action=text.action if link else "",
        link=link,
    )


def plain_name(name: str) -> str:
    """Return a name as one short line that no mail program turns into a link."""
    line = _LINKING.sub(" ", _CONTROLS.sub(" ", name))
    words = " ".join(line.split())
    return words if len(words) <= MAX_NAME else words[: MAX_NAME - 1].rstrip() + "…"
