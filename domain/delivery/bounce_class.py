"""What a report of non-delivery says: is the mailbox dead, full, or are we not wanted?

Sources: RFC 3463 and the registry of enhanced status codes, RFC 3464 2.3 for the fields, and the
practice that a block (5.7.x) says nothing about the person addressed. Without a status that means
something, words decide; only words that name the mailbox make a bounce hard.
"""

import re
from enum import StrEnum

from domain.delivery.smtp_reply import Cause, Phase, SmtpReply, judge

Status = tuple[int, int, int]


class BounceClass(StrEnum):
    """Hard: the address is dead. Soft: not now. Policy: we are refused, whoever it is for."""

    HARD = "hard"
    SOFT = "soft"
    POLICY = "policy"


class BounceSource(StrEnum):
    """Who told: our relay in the conversation, or a report that came back later."""

    SMTP = "smtp"
    DSN = "dsn"


_STATUS = re.compile(r"(?<![\d.])([245])\.(\d{1,3})\.(\d{1,3})(?![\d.])")
_CODE = re.compile(r"(?<![\d.])([45]\d\d)(?=[ \-]|$)")
_OF_CAUSE = {
    Cause.RECIPIENT: BounceClass.HARD,
    Cause.POLICY: BounceClass.POLICY,
    Cause.AUTHENTICATION: BounceClass.POLICY,
    Cause.SENDER: BounceClass.POLICY,
}
_POLICY_SUBJECT = 7
_FAILED = 5
_MAILBOX_SUBJECTS = frozenset({0, 4, 5})
"""Subjects under which servers also report a mailbox that is not there: the words are asked."""
_FULL = (
    "quota", "mailbox full", "mailbox is full", "storage", "insufficient system", "over limit",
)  # fmt: skip
_DEAD = (
    "user unknown", "unknown user", "no such user", "no such mailbox", "no mailbox here",
    "unknown recipient", "recipient unknown", "invalid recipient", "invalid mailbox",
    "no such address", "does not exist", "doesn't exist", "doesn't have a", "not a valid",
    "no such recipient", "mailbox not found", "address not found", "recipient not found",
    "couldn't be found", "could not be found", "user not found", "mailbox unavailable",
    "account has been disabled", "account is disabled", "account disabled", "mailbox disabled",
    "no longer in use", "no longer available", "unrouteable address", "unknown or illegal alias",
    "undeliverable address", "not our customer", "unknown local part", "does not have an account",
    "host or domain name not found", "domain not found", "not listed in",
)  # fmt: skip
_REFUSED = (
    "spam", "blocked", "block list", "blocklist", "blacklist", "denylist", "reputation", "dmarc",
    "spf", "policy", "banned", "junk", "rejected due to", "not authorized", "not permitted",
    "unsolicited", "poor sender",
)  # fmt: skip


def classify(status: str, text: str) -> BounceClass:
    """Return the class of a failure; `status` is the report's field, `text` what a server said.

    The status counts when it says more than x.0.0, then one in the text, then the words.
    """
    words = " ".join(text.lower().split())
    enhanced = telling_status(status, text)
    if enhanced is None:
        return _by_words(words)
    cls, subject, detail = enhanced
    if subject == _POLICY_SUBJECT:
        return BounceClass.POLICY
    if cls != _FAILED:
        return BounceClass.SOFT
    if subject in _MAILBOX_SUBJECTS and (subject, detail) != _MAILBOX_ANY:
        return _by_words(words)
    reply = SmtpReply(_NO_MAILBOX, enhanced, text)
    return _OF_CAUSE.get(judge(reply, phase=Phase.RCPT).cause, BounceClass.SOFT)


def telling_status(status: str, text: str) -> Status | None:
    """Return the first status that says more than its class, or None."""
    for found in (*_STATUS.finditer(status), *_STATUS.finditer(text)):
        numbers = (int(found[1]), int(found[2]), int(found[3]))
        if numbers[1:] != (0, 0):
            return numbers
    return None


def reply_code(text: str) -> int:
    """Return the SMTP code in what a server said, 0 when there is none."""
    found = _CODE.search(text)
    return int(found[1]) if found else 0


def _by_words(words: str) -> BounceClass:
    """Return hard only when the mailbox is named as gone; a full or an unclear one is soft."""
    if any(word in words for word in _FULL):
        return BounceClass.SOFT
    if any(word in words for word in _REFUSED):
        return BounceClass.POLICY
    return BounceClass.HARD if any(word in words for word in _DEAD) else BounceClass.SOFT


_MAILBOX_ANY = (5, 0)  # some large providers answer an unknown mailbox with 5.5.0
_NO_MAILBOX = 550
