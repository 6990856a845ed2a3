"""What a mail server's reply means for the person, the lane and the next attempt.

Sources: RFC 5321 4.2 (reply codes), RFC 3463 and RFC 2034 (enhanced codes), RFC 7505 (null MX),
RFC 6531 (5.6.7), and the practice that a block (5.7.x) says nothing about the person addressed.
"""

import re
from enum import StrEnum

import msgspec

MAX_TEXT = 500

_ENHANCED = re.compile(r"([245])\.(\d{1,3})\.(\d{1,3})(?:\s+|$)")
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]+")
_ADDRESS = re.compile(r"[^\s<>()\"';,:@]{1,256}@[^\s<>()\"';,:@]{1,256}")
_POLICY_WORDS = ("spam", "block", "blacklist", "denylist", "policy", "reputation", "dmarc")
_QUOTA_WORDS = ("quota", "mailbox full", "mailbox is full", "over limit", "storage allocation")
_GREYLIST_WORDS = ("greylist", "graylist")
_RATE_WORDS = ("throttl", "rate limit", "too many", "too fast", "rate exceeded")


class Phase(StrEnum):
    """The step of the conversation that a reply answered."""

    PRECHECK = "precheck"
    CONNECT = "connect"
    MAIL = "mail"
    RCPT = "rcpt"
    DATA = "data"
    DOT = "dot"


class Disposition(StrEnum):
    """Whether the message is through, may be tried again, or is over."""

    ACCEPTED = "accepted"
    TRANSIENT = "transient"
    PERMANENT = "permanent"


class Cause(StrEnum):
    """What or whom a refusal is about."""

    NONE = "none"
    RECIPIENT = "recipient"
    MAILBOX_FULL = "mailbox_full"
    CONNECTION = "connection"
    RATE = "rate"
    POLICY = "policy"
    AUTHENTICATION = "authentication"
    SENDER = "sender"
    TOO_LARGE = "too_large"
    CONTENT = "content"
    EAI_UNSUPPORTED = "eai_unsupported"
    ROUTING = "routing"
    EXPIRED = "expired"
    PROTOCOL = "protocol"
    UNKNOWN = "unknown"


class SmtpReply(msgspec.Struct, frozen=True):
    """One complete reply; `enhanced` is the RFC 3463 code when the server gave a valid one."""

    code: int
    enhanced: tuple[int, int, int] | None
    text: str

    def redacted(self) -> "SmtpReply":
        """Return the reply with anything shaped like an address taken out.

        Servers repeat the recipient in their text; facts and logs keep only this form.
        """
        if "@" not in self.text:
            return self
        return SmtpReply(self.code, self.enhanced, _ADDRESS.sub("[address]", self.text))

    @property
    def status(self) -> str:
        """The enhanced code as it is written, such as `5.1.1`; empty when there was none."""
        return ".".join(map(str, self.enhanced)) if self.enhanced else ""

    @property
    def codes(self) -> str:
        """Both codes, such as `550 5.1.1`: what names nobody."""
        return f"{self.code} {self.status}".rstrip()

    def __str__(self) -> str:
        """Show the reply as a server writes it, on one line."""
        return f"{self.codes} {self.text}".rstrip()


class Verdict(msgspec.Struct, frozen=True, kw_only=True):
    """What to do about one reply."""

    disposition: Disposition
    cause: Cause = Cause.NONE

    @property
    def suppresses(self) -> bool:
        """Whether the person must not be mailed again: the address itself is dead."""
        return self.disposition is Disposition.PERMANENT and self.cause is Cause.RECIPIENT

    @property
    def blocks_lane(self) -> bool:
        """Whether further mail of this lane would meet the same refusal, whoever it is for."""
        return self.disposition is Disposition.PERMANENT and self.cause in _LANE_CAUSES

    @property
    def slows_lane(self) -> bool:
        """Whether the whole lane, not only this message, should wait."""
        return self.disposition is Disposition.TRANSIENT and self.cause in _SLOWING_CAUSES


_LANE_CAUSES = frozenset({Cause.POLICY, Cause.AUTHENTICATION, Cause.SENDER})
_SLOWING_CAUSES = frozenset({Cause.RATE, Cause.CONNECTION, Cause.POLICY})


def parse_reply(code: int, text: str) -> SmtpReply:
    """Split the enhanced status off the text of a reply.

    An enhanced code whose class contradicts the reply code is ignored (RFC 2034 section 4).
    The text is cut at 500 characters and freed of control characters: it ends up in logs.
    """
    clean = _CONTROL.sub(" ", text).strip()
    found = _ENHANCED.match(clean)
    if found is None or int(found[1]) != code // 100:
        return SmtpReply(code, None, clean[:MAX_TEXT])
    enhanced = (int(found[1]), int(found[2]), int(found[3]))
    return SmtpReply(code, enhanced, clean[found.end() :][:MAX_TEXT])


def judge(reply: SmtpReply, *, phase: Phase) -> Verdict:
    """Decide what a reply means; the phase tells a fault of the sender from one of the recipient.

    Only a positive completion (2xx) is an acceptance: a 3xx where a final reply was due is not.
    """
    match reply.code // 100:
        case 2:
            return Verdict(disposition=Disposition.ACCEPTED)
        case 5:
            return Verdict(disposition=Disposition.PERMANENT, cause=_permanent_cause(reply, phase))
        case _:
            return Verdict(disposition=Disposition.TRANSIENT, cause=_transient_cause(reply, phase))


def _transient_cause(reply: SmtpReply, phase: Phase) -> Cause:
    words = reply.text.lower()
    if reply.code == _CLOSING or phase is Phase.CONNECT:
        return Cause.CONNECTION
    if any(word in words for word in _RATE_WORDS):
        return Cause.RATE
    if reply.enhanced is None:
        return Cause.RECIPIENT if reply.code in _MAILBOX_CODES else Cause.UNKNOWN
    _, subject, detail = reply.enhanced
    if subject == _POLICY_SUBJECT:
        # Greylisting is about this sender-recipient pair; other 4.7.x about our pace or standing.
        return Cause.RECIPIENT if any(word in words for word in _GREYLIST_WORDS) else Cause.RATE
    if (subject, detail) == (2, 2):
        return Cause.MAILBOX_FULL
    return Cause.CONNECTION if subject in _SYSTEM_SUBJECTS else Cause.RECIPIENT


def _permanent_cause(reply: SmtpReply, phase: Phase) -> Cause:
    if reply.code in _AUTH_CODES:
        return Cause.AUTHENTICATION
    _, subject, detail = reply.enhanced or (5, 0, 0)
    by_status = _BY_DETAIL.get((subject, detail), _BY_SUBJECT.get(subject))
    if by_status is None:
        return _cause_by_code(reply, phase)
    if by_status is Cause.RECIPIENT and phase is Phase.MAIL:
        # In answer to MAIL the address in question is ours.
        return Cause.SENDER
    if (subject, detail) == (5, 0) and phase is Phase.RCPT:
        # Some large providers answer an unknown mailbox with 5.5.0.
        return Cause.RECIPIENT
    return by_status


def _cause_by_code(reply: SmtpReply, phase: Phase) -> Cause:
    """Fall back on code, phase and wording for servers that give no enhanced status."""
    words = reply.text.lower()
    if any(word in words for word in _POLICY_WORDS):
        return Cause.POLICY
    if reply.code == _EXCEEDED:
        quota = any(word in words for word in _QUOTA_WORDS)
        return Cause.MAILBOX_FULL if quota else Cause.TOO_LARGE
    if phase is Phase.CONNECT:
        return Cause.POLICY
    if phase is Phase.MAIL:
        return Cause.POLICY if reply.code == _FAILED else Cause.SENDER
    if reply.code in _NO_MAILBOX_CODES and phase is Phase.RCPT:
        return Cause.RECIPIENT
    return Cause.PROTOCOL if reply.code in _SYNTAX_CODES else Cause.UNKNOWN


_CLOSING = 421
_EXCEEDED = 552
_FAILED = 554
_AUTH_CODES = frozenset({530, 534, 535, 538})
_MAILBOX_CODES = frozenset({450, 451, 452})
_NO_MAILBOX_CODES = frozenset({550, 551, 553})
_SYNTAX_CODES = range(500, 505)
_POLICY_SUBJECT = 7
_SYSTEM_SUBJECTS = frozenset({3, 4})

# The second and third numbers of RFC 3463 codes; the registry adds 5.1.10 (RFC 7505) and others.
_BY_DETAIL = {
    (1, 7): Cause.SENDER,
    (1, 8): Cause.SENDER,
    (2, 1): Cause.RECIPIENT,
    (2, 2): Cause.MAILBOX_FULL,
    (2, 3): Cause.TOO_LARGE,
    (3, 4): Cause.TOO_LARGE,
    (4, 7): Cause.EXPIRED,
    (6, 7): Cause.EAI_UNSUPPORTED,
}
_BY_SUBJECT = {
    1: Cause.RECIPIENT,
    2: Cause.UNKNOWN,
    3: Cause.UNKNOWN,
    4: Cause.ROUTING,
    5: Cause.PROTOCOL,
    6: Cause.CONTENT,
    7: Cause.POLICY,
}
