"""Who somebody is elsewhere: by a GoTrue token, or by a sign-in at an OpenID provider."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from urllib.parse import parse_qs, urlsplit

import pytest

from infra.egress.client import Egress
from infra.oidc.gotrue import GoTrueTokens
from infra.oidc.identity import ForeignIdentity
from infra.oidc.jwks import JwksCache, KeysUnavailableError
from infra.oidc.provider import Begun, BroughtBack, OidcProvider
from infra.oidc.round_trip import RoundTrips
from infra.oidc.tokens import ForeignTokenError
from infra.settings import Secret, SettingsError, SignInSettings, load_settings
from tests.support.fake_issuer import CLIENT_ID, CLIENT_SECRET, FakeIssuer

SECRET = Secret("a-secret-of-the-installation-123456")
CALLBACK = "https://engine.example/v1/sessions/oidc/callback"


class Clock:
    """The time, as the test has it."""

    at = datetime.now(UTC)

    def __call__(self) -> datetime:
        return self.at


@pytest.fixture
def issuer() -> Iterator[FakeIssuer]:
    with FakeIssuer() as issuer:
        yield issuer


def provider(issuer: FakeIssuer, clock: Clock | None = None) -> OidcProvider:
    settings = SignInSettings(
        gotrue_issuer="",
        gotrue_jwks_url="",
        gotrue_audience="",
        oidc_issuer=issuer.issuer,
        oidc_client_id=CLIENT_ID,
        oidc_client_secret=Secret(CLIENT_SECRET),
    )
    egress = Egress(allow=frozenset({issuer.origin}))
    trips = RoundTrips(SECRET, now=clock or Clock())
    return OidcProvider(settings, egress, trips, redirect_uri=CALLBACK)


def brought(begun: Begun, location: str, **changes: str | None) -> BroughtBack:
    """Return what the browser brings that was sent to this location."""
    query = {name: values[0] for name, values in parse_qs(urlsplit(location).query).items()}
    given = {"state": query.get("state", ""), "code": query["code"], "iss": query.get("iss")}
    return BroughtBack(**({"cookie": begun.cookie} | given | changes))  # type: ignore[arg-type]


def sign_in(at: OidcProvider, issuer: FakeIssuer, **changes: str | None) -> ForeignIdentity:
    begun = at.begin()
    return at.finish(brought(begun, issuer.approve(begun.url), **changes))


def test_a_gotrue_token_says_who_it_is(issuer: FakeIssuer) -> None:
    egress = Egress(allow=frozenset({issuer.origin}))
    cache = JwksCache(lambda: egress.get(issuer.jwks_url))
    tokens = GoTrueTokens(cache, issuer=issuer.issuer, audience="authenticated")

    def of(**claims: object) -> ForeignIdentity:
        return tokens.identity(issuer.gotrue(sub="ada", **claims))

    plain = of()
    assert (plain.issuer, plain.subject) == (issuer.issuer, "ada")
    assert plain.verified_address is None, "user_metadata is written by the person"
    assert not plain.second_factor
    assert of(aal="aal2").second_factor
    by_hook, by_server = of(email_verified=True), of(app_metadata={"email_verified": True})
    assert by_hook.verified_address == by_server.verified_address == "ada@example.com"
    assert of(email_verified="true").verified_address is None
    assert of(email_verified=True, email="").verified_address is None
    assert "ada" not in repr(by_hook)
    for wrong in ({"role": "anon"}, {"role": "service_role"}, {"is_anonymous": True}):
        with pytest.raises(ForeignTokenError):
            of(**wrong)


def test_a_sign_in_at_the_provider_says_who_it_was(issuer: FakeIssuer) -> None:
    at = provider(issuer)
    query = parse_qs(urlsplit(at.begin().url).query)
    assert query["redirect_uri"] == [CALLBACK]
    assert query["code_challenge_method"] == ["S256"]
    assert query["response_type"] == ["code"]
    found = sign_in(at, issuer)
    assert found.subject == "subject-of-ada"
    assert found.verified_address == "ada@example.com"
    assert not found.second_factor
    issuer.grant = {"email_verified": False, "amr": ["pwd", "mfa"]}
    found = sign_in(at, issuer)
    assert (found.verified_address, found.second_factor) == (None, True)


@pytest.mark.parametrize(
    "changes",
    [
        {"cookie": ""},
        {"cookie": "00" * 40},
        {"cookie": "not hex"},
        {"state": ""},
        {"state": "of another browser"},
        {"state": "ü"},
        {"iss": None},
        {"iss": "https://evil.example"},
        {"code": "made up"},
    ],
)
def test_an_answer_of_another_browser_or_provider_is_refused(
    issuer: FakeIssuer, changes: dict[str, str | None]
) -> None:
    with pytest.raises(ForeignTokenError):
        sign_in(provider(issuer), issuer, **changes)
    assert f"{issuer.issuer}/token".removeprefix(issuer.origin) not in issuer.asked or (
        "code" in changes
    ), "the secrets of a sign-in go to nobody before the answer is known to be ours"


def test_another_browsers_answer_does_not_sign_in_this_one(issuer: FakeIssuer) -> None:
    at = provider(issuer)
    mine, theirs = at.begin(), at.begin()
    answer = brought(theirs, issuer.approve(theirs.url), cookie=mine.cookie)
    with pytest.raises(ForeignTokenError):
        at.finish(answer)


def test_a_code_is_good_once_and_a_sign_in_ten_minutes(issuer: FakeIssuer) -> None:
    clock = Clock()
    at = provider(issuer, clock)
    begun = at.begin()
    answer = brought(begun, issuer.approve(begun.url))
    at.finish(answer)
    with pytest.raises(ForeignTokenError):
        at.finish(answer)
    begun = at.begin()
    clock.at += timedelta(minutes=10)
    with pytest.raises(ForeignTokenError):
        at.finish(brought(begun, issuer.approve(begun.url)))


@pytest.mark.parametrize(
    "forged",
    [
        {"nonce": "of another sign-in"},
        {"aud": "another client"},
        {"aud": [CLIENT_ID, "another client"]},
        {"azp": "another client"},
        {"iss": "https://evil.example"},
        {"exp": 1},
    ],
)
def test_an_id_token_that_is_not_for_this_sign_in_is_refused(
    issuer: FakeIssuer, forged: dict[str, object]
) -> None:
    issuer.forge = forged
    with pytest.raises(ForeignTokenError):
        sign_in(provider(issuer), issuer)


def test_a_provider_that_is_away_is_asked_once_in_a_while(issuer: FakeIssuer) -> None:
    at = provider(issuer)
    issuer.mode = "down"
    for _ in range(3):
        with pytest.raises(KeysUnavailableError):
            at.begin()
    assert len(issuer.asked) == 1
    issuer.mode = "ok"
    at = provider(issuer)
    begun = at.begin()
    location = issuer.approve(begun.url)
    issuer.mode = "down"
    with pytest.raises(KeysUnavailableError):
        at.finish(brought(begun, location))


def test_settings_of_a_provider_go_together() -> None:
    with pytest.raises(SettingsError, match="go together"):
        load_settings({"ENGINE_OIDC_ISSUER": "https://idp.example"})
    loaded = load_settings({"ENGINE_GOTRUE_ISSUER": "https://x.supabase.co/auth/v1"}).sign_in
    assert loaded.gotrue_jwks_url == "https://x.supabase.co/auth/v1/.well-known/jwks.json"
