"""What is published beside what has to be: a table of zones."""

from collections.abc import Mapping

import pytest

from domain.delivery.dns_records import (
    Answer,
    Answered,
    Finding,
    Lookup,
    Setup,
    judge,
    txt_strings,
    wanted_records,
)
from domain.delivery.sending_domain_events import DkimKey, RecordState

SETUP = Setup(
    spf_terms=("include:spf.relay.example",),
    return_path_host="bounce.relay.example",
    tracking_host="click.relay.example",
)
KEYS = (DkimKey("ee1r-a", "rsa", "MIIB" + "A" * 388), DkimKey("ee1e-a", "ed25519", "BBBB"))
RSA = f"v=DKIM1; k=rsa; p={KEYS[0].public_key}"
RELAY = {"spf.relay.example": ("v=spf1 ip4:192.0.2.1 -all",)}
Zone = Mapping[str, tuple[str, ...] | None]  # None: no server answers


def asks(zone: Zone) -> Lookup:
    def lookup(name: str, kind: str) -> Answer:
        del kind
        values = zone.get(name, ())
        if values is None:
            return Answer(Answered.UNREACHABLE)
        return Answer(Answered.FOUND if values else Answered.NONE, values)

    return lookup


def judged(record: str, zone: Zone, *, setup: Setup = SETUP) -> Finding:
    (wanted,) = [
        found for found in wanted_records("m.acme.example", KEYS, setup) if found.record == record
    ]
    return judge(
        wanted,
        domain="m.acme.example",
        organisation="acme.example",
        setup=setup,
        lookup=asks(zone),
    )


def test_what_has_to_be_published_and_what_is_advised() -> None:
    wanted = {found.record: found for found in wanted_records("acme.example", KEYS, SETUP)}
    assert wanted["dkim_rsa"].name == "ee1r-a._domainkey.acme.example"
    assert wanted["spf"].expected == "v=spf1 include:spf.relay.example ~all"
    assert (wanted["return_path"].name, wanted["return_path"].type) == (
        "bounce.acme.example",
        "CNAME",
    )
    required = {name for name, found in wanted.items() if found.required}
    assert required == {"dkim_rsa", "spf", "dmarc"}
    plain = {found.record: found.required for found in wanted_records("a.example", KEYS, Setup())}
    assert plain == {"dkim_rsa": True, "dkim_ed25519": False, "spf": False, "dmarc": True}


def test_a_long_value_is_split_into_strings_of_255_octets() -> None:
    pieces = txt_strings(RSA)
    assert [len(piece) for piece in pieces] == [255, len(RSA) - 255]
    assert "".join(pieces) == RSA


OK, MISSING, WRONG, UNREACHABLE = (
    RecordState.OK,
    RecordState.MISSING,
    RecordState.WRONG,
    RecordState.UNREACHABLE,
)


@pytest.mark.parametrize(
    ("published", "state"),
    [
        ((RSA,), OK),
        (("k=rsa;p=" + KEYS[0].public_key[:9] + " " + KEYS[0].public_key[9:],), OK),
        (("p=" + KEYS[0].public_key,), OK),
        ((), MISSING),
        (None, UNREACHABLE),
        ((RSA, RSA), WRONG),
        (("v=DKIM1; k=rsa; p=",), WRONG),
        (("v=DKIM1; k=rsa; p=AAAA",), WRONG),
        ((RSA.replace("k=rsa", "k=ed25519"),), WRONG),
        ((RSA + "; t=y:s",), WRONG),
        ((RSA.replace("DKIM1", "DKIM2"),), WRONG),
        (("anything else",), WRONG),
    ],
)
def test_dkim(published: tuple[str, ...] | None, state: RecordState) -> None:
    found = judged("dkim_rsa", {"ee1r-a._domainkey.m.acme.example": published})
    assert found.state is state
    assert found.advice
    assert found.is_missed is (state in {MISSING, WRONG})


def chain(length: int) -> dict[str, tuple[str, ...]]:
    return {f"c{n}.example": (f"v=spf1 include:c{n + 1}.example -all",) for n in range(length)} | {
        f"c{length}.example": ("v=spf1 -all",)
    }


@pytest.mark.parametrize(
    ("published", "beside", "state", "advice"),
    [
        (("v=spf1 include:spf.relay.example -all", "google-site=1"), RELAY, OK, ""),
        (("V=SPF1 a mx:x.example +INCLUDE:SPF.relay.example ?all",), RELAY, OK, ""),
        (
            ("v=spf1 include:own.example -all",),
            RELAY | {"own.example": ("v=spf1 include:spf.relay.example -all",)},
            OK,
            "",
        ),
        (
            ("v=spf1 exp=x.example redirect=own.example",),
            RELAY | {"own.example": ("v=spf1 include:spf.relay.example -all",)},
            OK,
            "",
        ),
        (("v=spf1 include:spf.relay.example",), RELAY, OK, ""),
        ((), {}, MISSING, "no SPF"),
        (("v=spf10 -all",), {}, MISSING, "no SPF"),
        (None, {}, UNREACHABLE, "No DNS server"),
        (("v=spf1 -all", "v=spf1 ~all"), {}, WRONG, "two SPF"),
        (("v=spf1 ip4:192.0.2.9 -all",), {}, WRONG, "Add include:spf.relay.example"),
        (("v=spf1 -include:spf.relay.example -all",), RELAY, WRONG, "Add include"),
        (("v=spf1 -all include:spf.relay.example",), RELAY, WRONG, "Add include"),
        (("v=spf1 include:spf.relay.example",), {}, WRONG, "no single SPF"),
        (("v=spf1 include:spf.relay.example",), {"spf.relay.example": None}, UNREACHABLE, "read"),
        (("v=spf1 ipv4:192.0.2.9 -all",), {}, WRONG, "repair"),
        (("v=spf1 include:c0.example -all",), chain(9), WRONG, "Add include"),
        (("v=spf1 include:c0.example -all",), chain(10), WRONG, "more than 10"),
        (("v=spf1 include:m.acme.example",), {}, WRONG, "more than 10"),
    ],
)
def test_spf(
    published: tuple[str, ...] | None, beside: Zone, state: RecordState, advice: str
) -> None:
    found = judged("spf", {"m.acme.example": published, **beside})
    assert (found.state, advice in found.advice) == (state, True), found.advice


DMARC = "v=DMARC1; p=none; rua=mailto:ann@acme.example"


@pytest.mark.parametrize(
    ("own", "organisation", "state"),
    [
        ((DMARC, "other"), (), OK),
        (("v=DMARC1;p=REJECT; adkim=s",), (), OK),
        ((), (DMARC,), OK),
        ((), (), MISSING),
        (None, (DMARC,), UNREACHABLE),
        ((), None, UNREACHABLE),
        ((DMARC, DMARC), (), WRONG),
        (("v=DMARC1; rua=mailto:x@y",), (DMARC,), WRONG),
        (("v=DMARC1; p=all",), (), WRONG),
    ],
)
def test_dmarc(
    own: tuple[str, ...] | None, organisation: tuple[str, ...] | None, state: RecordState
) -> None:
    zone = {"_dmarc.m.acme.example": own, "_dmarc.acme.example": organisation}
    found = judged("dmarc", zone)
    assert found.state is state
    assert "@" not in repr(found.seen().found)


def test_a_host_leads_to_where_it_has_to() -> None:
    name = "bounce.m.acme.example"
    assert judged("return_path", {name: ("Bounce.relay.example.",)}).state is OK
    assert judged("return_path", {name: ("elsewhere.example.",)}).state is WRONG
    assert judged("return_path", {}).state is MISSING
    assert judged("return_path", {name: ("x.example.",)}).seen().found == ("x.example.",)
