"""What the demo found: three views of the same campaign, and whether they agree."""

from typing import Any

from projections.campaign_stats import FINAL
from workers.demo.story import Sending, Told

Figures = dict[str, Any]


def figures(told: Told, *, seconds: float) -> Figures:
    """Return the flat figures; `sent` to `unsubscribed` are of the first campaign.

    `skipped` counts both campaigns; `lost` is who has no recorded outcome in either of them.
    """
    first, second = told.first, told.second
    return {
        **told.imported,
        "sent": first.facts,
        "accepted": len(first.mails),
        "duplicate_sends": first.repeated + second.repeated,
        "lost": _lost(first) + _lost(second),
        "bounced": first.stats["bounced"],
        "uncertain": first.stats["uncertain"] + second.stats["uncertain"],
        "opened": first.stats["opened"],
        "clicked": first.stats["clicked"],
        "unsubscribed": first.stats["unsubscribed"],
        "skipped": first.stats["skipped"] + second.stats["skipped"],
        "second_sent": second.facts,
        "second_accepted": len(second.mails),
        "projections_verified": not told.unverified,
        "log_verified": not told.log_faults,
        "send_rate_per_s": round(len(first.mails) / first.seconds, 1),
        "seconds": round(seconds, 1),
    }


def disagreements(told: Told) -> list[str]:
    """Return a sentence for each figure that does not agree; empty is a good demo."""
    first, second, deeds = told.first, told.second, told.behaviour
    rows = told.imported
    unwilling = set(deeds.unsubscribed)
    checks = [
        ("rows of the file", rows["rows"], "rows with a verdict", _verdicts(rows)),
        ("valid contacts", rows["valid"], "outcomes of the first campaign", _outcomes(first)),
        ("valid contacts", rows["valid"], "outcomes of the second campaign", _outcomes(second)),
        *_agreement("first", first),
        *_agreement("second", second),
        ("opens made", len(deeds.opened), "opened", first.stats["opened"]),
        ("clicks made", len(deeds.clicked), "clicked", first.stats["clicked"]),
        ("people who left", len(unwilling), "unsubscribed", first.stats["unsubscribed"]),
        ("mails to people who left", _mails_to(second, unwilling), "allowed", 0),
        (
            "left or bounced",
            len(unwilling) + first.stats["bounced"],
            "skipped by the second campaign",
            second.stats["skipped"],
        ),
        ("mails sent twice", first.repeated + second.repeated, "allowed", 0),
        ("people without an outcome", _lost(first) + _lost(second), "allowed", 0),
    ]
    found = [f"{a} {x:,} ≠ {b} {y:,}" for a, x, b, y in checks if x != y]
    found += [f"the read model {name} does not match the log" for name in told.unverified]
    return found + [f"log order: {fault}" for fault in told.log_faults]


def text(shown: Figures, problems: list[str], *, places: dict[str, str]) -> str:
    """Return the report for a person."""
    lines = ["", "Imported", *_lines(shown, "rows", "valid", "duplicates", "invalid", "empty")]
    lines += ["First campaign", *_lines(shown, "sent", "accepted", "bounced", "uncertain")]
    lines += _lines(shown, "opened", "clicked", "unsubscribed", "send_rate_per_s")
    lines += ["Second campaign", *_lines(shown, "second_sent", "second_accepted", "skipped")]
    lines += ["Proof", *_lines(shown, "duplicate_sends", "lost")]
    lines += _lines(shown, "projections_verified", "log_verified", "seconds")
    lines += [""]
    if problems:
        lines += ["These figures do NOT agree:", *(f"  {problem}" for problem in problems)]
    else:
        lines += ["The log, the read models and the mailbox agree."]
    return "\n".join([*lines, *(f"{name:<8} {place}" for name, place in places.items())])


def _agreement(which: str, sending: Sending) -> list[tuple[str, int, str, int]]:
    return [
        (f"{which}: accepted at the server", len(sending.mails), "EmailSent facts", sending.facts),
        (f"{which}: EmailSent facts", sending.facts, "sent in the stats", sending.stats["sent"]),
    ]


def _verdicts(rows: dict[str, int]) -> int:
    return sum(rows[name] for name in ("valid", "duplicates", "invalid", "empty"))


def _outcomes(sending: Sending) -> int:
    return sum(sending.stats[name] for name in FINAL)


def _lost(sending: Sending) -> int:
    """Return who was queued and has no outcome: queued people are not skipped before."""
    outcomes = _outcomes(sending)
    return max(sending.stats["queued"] + sending.stats["skipped"] - outcomes, 0)


def _mails_to(sending: Sending, recipients: set[str]) -> int:
    return sum(mail.recipient in recipients for mail in sending.mails)


def _lines(shown: Figures, *names: str) -> list[str]:
    return [f"  {name.replace('_', ' '):<22}{_shown(shown[name]):>12}" for name in names]


def _shown(value: object) -> str:
    if isinstance(value, bool):
        return "yes" if value else "NO"
    return f"{value:,}" if isinstance(value, int | float) else str(value)
