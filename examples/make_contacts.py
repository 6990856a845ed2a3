"""Make examples/contacts.csv: a messy address list of invented people at reserved domains.

Run it to write the file and, beside it, how many rows of each kind it put in:

    python examples/make_contacts.py

The same seed always gives the same bytes. Nobody in it exists: every domain is one that RFC 2606
and RFC 6761 reserve for documentation. Two of them are answered specially by the mail catcher:
people called gone... at bounce.example.com do not exist (550 5.1.1), and slow.example.com takes a
message only at the second try (450).
"""

import csv
import io
import json
import random
from collections import Counter
from pathlib import Path

SEED = 20240229
ROWS = 5600
HEADER = (
    "E-Mail", "First Name", "Last name", "Company ", "City", "Joined", "Tags", "Consent?", "Notes",
    "",
)  # fmt: skip

# Share of rows per hundred; what is left is ordinary.
SHARES = {"duplicate": 9, "invalid": 8, "empty": 3, "bounce": 1, "slow": 1, "idn": 5}

PEOPLE = (
    ("Ada", "Okafor"), ("Bram", "de Wit"), ("Chloé", "Lefèvre"), ("Dušan", "Kovač"),
    ("Erzsébet", "Nagy"), ("Fionnuala", "Ó Briain"), ("Günther", "Weiß"), ("Håkon", "Ødegård"),
    ("İpek", "Çelik"), ("Jürgen", "Großmann"), ("Katarzyna", "Wójcik"), ("Łukasz", "Żak"),
    ("María José", "Núñez"), ("Nguyễn", "Văn An"), ("Ólafur", "Þórsson"), ("Zoë", "D'Arcy"),
    ("Ірина", "Шевчук"), ("Борис", "Орлов"), ("Ελένη", "Παππά"), ("ليلى", "حداد"),
    ("נועה", "לוי"), ("优", "陈"), ("美咲", "佐藤"), ("지우", "박"),
    ("अनन्या", "शर्मा"), ("สมชาย", "ใจดี"), ("ნინო", "ბერიძე"), ("Անի", "Սարգսյան"),
    ("Tom", "Baker-Smith"), ("Rosa", "Lindqvist"), ("Sam", "Achterberg"), ("Uma", "Falk"),
)  # fmt: skip
COMPANIES = (
    "", "", "", "Kite & Anchor", "Blåbær AS", "Müller, Söhne & Co.", "紙飛行機株式会社",
    "Old Mill\nUnit 4, Harbour Road", "Café «Été»", "=Sum Consulting", "Пекарня №7",
    'The "Red" Door', "Zürcher Velowerk",
)  # fmt: skip
CITIES = ("Bergen", "Łódź", "São Paulo", "München", "Αθήνα", "京都", "تونس", "Cork", "", "Zürich")
TAGS = ("newsletter", "vip", "beta", "webinar", "Frühjahr", "早期")
CONSENT = ("yes", "Yes", "TRUE", "1", "no", "")
NOTES = ("", "", "", "met at the fair", "prefers\r\nevening mail", "\tcalled twice", "👋 hi")
DOMAINS = (
    "example.com", "example.org", "example.net", "mail.example.com", "post.example.org",
    "Inbox.Example.net", "team.example.com",
)  # fmt: skip
IDN_DOMAINS = ("bücher.example", "smørrebrød.example", "пошта.example", "例え.example")

INVALID = (
    "nobody", "n/a", "none", "@example.com", "lonely@", "two@@example.com", ".first@example.com",
    "last.@example.com", "dots..dots@example.com", "in side@example.com", "in@exa mple.org",
    "one@example.com; two@example.org", "mailto:hello@example.com", "Ada <ada@example.com>",
    "x@example.com\r\nBcc: all@example.org", '"quoted"@example.com', "ip@[192.0.2.1]",
    f"{'l' * 65}@example.com", f"x@{'d' * 64}.example", "x@-dash.example", "x@under_score.example",
    "x@example..com", "x@example", "broken>@example.net", "(note)@example.org",
    "ada\uff20example.com", "zero\u200bwidth@example.com", "x@" + "long." * 50 + "example",
    "router@attic.local", "x@example.123",
)  # fmt: skip
EMPTY = ("", "", " ", "   ", "\t", "\u00a0")


def build() -> tuple[bytes, dict[str, int]]:
    """Return the file and what is in it."""
    rng = random.Random(SEED)
    counts: Counter[str] = Counter()
    written: list[str] = []
    lines = [_line(HEADER)]
    for number in range(1, ROWS + 1):
        kind = _draw_kind(rng, has_earlier=bool(written))
        email = _email(rng, kind=kind, number=number, written=written)
        counts[kind] += 1
        lines.append(_row(rng, email=email, number=number))
        if number % 211 == 0:
            lines.append("\r\n")
    return ("\ufeff" + "".join(lines)).encode(), _key_of(counts)


def _draw_kind(rng: random.Random, *, has_earlier: bool) -> str:
    left = rng.randrange(100)
    for kind, share in SHARES.items():
        if left < share:
            return kind if has_earlier or kind != "duplicate" else "ordinary"
        left -= share
    return "ordinary"


def _email(rng: random.Random, *, kind: str, number: int, written: list[str]) -> str:
    match kind:
        case "empty":
            return rng.choice(EMPTY)
        case "invalid":
            return rng.choice(INVALID)
        case "duplicate":
            return _respelled(rng, rng.choice(written))
        case "bounce":
            address = f"gone.{number}@bounce.example.com"
        case "slow":
            address = f"patient.{number}@slow.example.com"
        case "idn":
            address = f"reader{number}@{rng.choice(IDN_DOMAINS)}"
        case _:
            address = _ordinary_address(rng, number=number)
    written.append(address)
    return address


def _ordinary_address(rng: random.Random, *, number: int) -> str:
    first, last = rng.choice(PEOPLE)
    name = f"{first}.{last}".replace(" ", "").replace("'", "")
    local = name if name.isascii() else f"friend{rng.choice('.+_-')}"
    return f"{rng.choice((local, local.lower()))}{number}@{rng.choice(DOMAINS)}"


def _respelled(rng: random.Random, address: str) -> str:
    """Write the same mailbox another way, as two lists that were merged would."""
    local, _, domain = address.partition("@")
    wide_local = "".join(chr(ord(c) + 0xFEE0) if c.isalnum() else c for c in local)
    return rng.choice((
        address,
        address.upper(),
        f"  {address} ",
        f"{address}\t",
        f"{local}@{domain.swapcase()}",
        f"{local}@{domain.encode('idna').decode()}",
        f"{wide_local}@{domain}",
        f"\u00a0{address.title()}",
    ))  # fmt: skip


def _row(rng: random.Random, *, email: str, number: int) -> str:
    first, last = rng.choice(PEOPLE)
    joined = f"{rng.randrange(2019, 2026)}-{rng.randrange(1, 13):02}-{rng.randrange(1, 29):02}"
    tags = "|".join(rng.sample(TAGS, rng.randrange(4)))
    cells = [
        email, first, f" {last}" if number % 40 == 0 else last, rng.choice(COMPANIES),
        rng.choice(CITIES), joined, tags, rng.choice(CONSENT), rng.choice(NOTES), "",
    ]  # fmt: skip
    if number % 50 == 0:
        cells = cells[:6]
    return _line(cells, end="\n" if number % 17 == 0 else "\r\n")


def _line(cells: tuple[str, ...] | list[str], *, end: str = "\r\n") -> str:
    buffer = io.StringIO(newline="")
    csv.writer(buffer, lineterminator=end).writerow(cells)
    return buffer.getvalue()


def _key_of(counts: Counter[str]) -> dict[str, int]:
    special = ("duplicate", "invalid", "empty")
    return {
        "rows": counts.total(),
        "valid_unique": counts.total() - sum(counts[kind] for kind in special),
        "duplicates": counts["duplicate"],
        "invalid": counts["invalid"],
        "empty": counts["empty"],
        "bouncing": counts["bounce"],
        "slow": counts["slow"],
    }


def main() -> None:
    """Write both files beside this one."""
    data, key = build()
    here = Path(__file__).parent
    (here / "contacts.csv").write_bytes(data)
    (here / "contacts.key.json").write_text(json.dumps(key, indent=2) + "\n")
    print(f"contacts.csv: {key}")


if __name__ == "__main__":
    main()
