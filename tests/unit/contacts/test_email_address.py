import pytest

from domain.contacts.email_address import InvalidAddress, ValidAddress
from infra.email_addresses import EmailValidator

VALIDATOR = EmailValidator()


def accepted(text: str) -> ValidAddress:
    verdict = VALIDATOR.check(text)
    assert isinstance(verdict, ValidAddress), verdict
    return verdict


def refused(text: str) -> InvalidAddress:
    verdict = VALIDATOR.check(text)
    assert isinstance(verdict, InvalidAddress), verdict
    return verdict


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("ana@example.com", "ANA@EXAMPLE.COM"),
        ("Ana.B+x@Mail.example.org", "ana.b+x@mail.EXAMPLE.org"),
        ("x@bücher.example", "x@BÜCHER.EXAMPLE"),
        ("x@bücher.example", "x@xn--bcher-kva.example"),
        ("x@bücher.example", "x@bu\u0308cher.example"),
        ("ana1@example.com", "ａｎａ１@example.com"),
        ("fine@example.com", "ﬁne@example.com"),
        ("ana@example.com", "𝐀na@example.com"),
        ("josé@example.com", "jose\u0301@example.com"),
        ("JOSÉ@example.com", "josé@example.com"),
        ("x@faß.example", "x@FAß.example"),
    ],
)
def test_two_spellings_of_one_mailbox_have_one_key(one: str, other: str) -> None:
    assert accepted(one).key == accepted(other).key


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("a.na@example.com", "ana@example.com"),
        ("ana+news@example.com", "ana@example.com"),
        ("jose@example.com", "josé@example.com"),
        ("weiß@example.com", "weiss@example.com"),
        ("x@faß.example", "x@fass.example"),
        ("ana@example.com", "ana@example.org"),
    ],
)
def test_different_mailboxes_have_different_keys(one: str, other: str) -> None:
    assert accepted(one).key != accepted(other).key


def test_the_address_as_written_and_as_sent_are_both_kept() -> None:
    verdict = accepted("Ana@BÜCHER.example")
    assert verdict.as_written == "Ana@BÜCHER.example"
    assert verdict.address == "Ana@xn--bcher-kva.example"
    assert verdict.key == "ana@xn--bcher-kva.example"


@pytest.mark.parametrize(
    ("text", "needed"),
    [("ana@bücher.example", False), ("josé@example.com", True), ("例え@example.com", True)],
)
def test_smtputf8_is_needed_only_for_a_local_part_beyond_ascii(text: str, *, needed: bool) -> None:
    assert accepted(text).needs_smtputf8 is needed


def test_a_role_name_is_sent_in_lower_case() -> None:
    assert accepted("INFO@example.com").address == "info@example.com"
    assert accepted("Infos@example.com").address == "Infos@example.com"


@pytest.mark.parametrize("domain", ["example.com", "mail.example.org", "shop.example"])
def test_domains_reserved_for_documentation_pass(domain: str) -> None:
    assert accepted(f"ana@{domain}").address == f"ana@{domain}"


def test_the_test_domain_passes_only_where_it_is_allowed() -> None:
    assert refused("ana@shop.test").code == "reserved_domain"
    allowing = EmailValidator(allow_test_domain=True)
    assert isinstance(allowing.check("ana@shop.test"), ValidAddress)


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("", "empty"),
        ("N/A", "placeholder"),
        ("None", "placeholder"),
        ("plainaddress", "missing_at"),
        ("ana\uff20example.com", "wide_at"),
        ("@example.com", "missing_local_part"),
        ("ana@", "missing_domain"),
        ("ana@@example.com", "several_at"),
        ("a@example.com,b@example.com", "several_addresses"),
        ("a@example.com b@example.com", "several_addresses"),
        ("mailto:ana@example.com", "mailto_prefix"),
        ("Ana <ana@example.com>", "display_name"),
        ("<ana@example.com>", "display_name"),
        ('"ana b"@example.com', "quoted_local_part"),
        ("ana b@example.com", "space"),
        ("ana@exa mple.com", "space"),
        (" ana@example.com", "space"),
        ("ana@example.com\n", "line_break"),
        ("ana@example.com\r\nBcc: b@example.com", "line_break"),
        ("ana\x00@example.com", "invisible_character"),
        ("ana\u202e@example.com", "invisible_character"),
        (".ana@example.com", "misplaced_dot"),
        ("ana.@example.com", "misplaced_dot"),
        ("a..na@example.com", "misplaced_dot"),
        ("<script>@example.com", "bad_character"),
        ("ana(x)@example.com", "bad_character"),
        (f"{'l' * 65}@example.com", "local_part_too_long"),
        ("ana@[192.0.2.1]", "domain_literal"),
        ("ana@example", "bad_domain"),
        ("ana@example..com", "bad_domain"),
        ("ana@-example.com", "bad_domain"),
        ("ana@exa_mple.com", "bad_domain"),
        ("ana@example.com>", "bad_domain"),
        ("ana@ab--cd.example", "bad_domain"),
        ("ana@xn--zzzzzz.example", "bad_domain"),
        ("ana@192.0.2.1", "bad_domain"),
        (f"ana@{'d' * 64}.example", "bad_domain"),
        ("ana@shop.localhost", "reserved_domain"),
        ("\u0301ana@example.com", "bad_character"),
        (f"ana@{'ü.' * 60}example", "too_long"),
        (f"ana@{'d23456789.' * 26}example", "too_long"),
    ],
)
def test_a_fault_is_named_by_its_code(text: str, code: str) -> None:
    assert refused(text).code == code


def test_254_bytes_are_an_address_and_255_are_not() -> None:
    room = 254 - len("ana@") - len(".example")
    domain = "d" * 62 + "." + "e" * 60 + "." + "f" * 60 + "." + "g" * (room - 185)
    longest = f"ana@{domain}.example"
    assert len(longest) == 254
    assert accepted(longest).address == longest
    assert refused(f"b{longest}").code == "too_long"


def test_a_reason_never_repeats_the_cell() -> None:
    for text in ("secret name@example.com", "secretname", "secretname@@example.com"):
        assert "secret" not in refused(text).reason


@pytest.mark.parametrize(
    "text",
    ["a." * 25_000, "a" * 50_000, "-" * 50_000 + "@", "a@" + "a-" * 25_000, "@" * 50_000],
)
def test_evil_text_is_refused_at_once(text: str) -> None:
    assert refused(text).code
