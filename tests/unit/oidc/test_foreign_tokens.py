"""Tokens of another issuer are good by its own keys alone, which are asked for seldom."""

import base64
import hashlib
import hmac
import json
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from infra.egress.client import Egress
from infra.oidc.jwks import JwksCache, KeysUnavailableError, Limits
from infra.oidc.key_set import KeySetError, read_key_set
from infra.oidc.tokens import ForeignTokenError, unverified_issuer, verified_claims
from tests.support.fake_issuer import FakeIssuer

LIMITS = Limits(ttl_s=300, min_interval_s=30, stale_s=3600, patience_s=5)


class Clock:
    """A clock that the test moves."""

    now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def issuer() -> Iterator[FakeIssuer]:
    with FakeIssuer() as issuer:
        yield issuer


@pytest.fixture
def clock() -> Clock:
    return Clock()


def cache(issuer: FakeIssuer, clock: Clock, limits: Limits = LIMITS) -> JwksCache:
    egress = Egress(allow=frozenset({issuer.origin}))
    return JwksCache(lambda: egress.get(issuer.jwks_url), limits=limits, clock=clock)


def claims_of(token: str, keys: JwksCache, issuer: FakeIssuer) -> dict[str, Any]:
    return verified_claims(token, keys, issuer=issuer.issuer, audience="authenticated")


@pytest.mark.parametrize("algorithm", ["ES256", "RS256", "EdDSA"])
def test_a_token_of_the_issuer_is_good(issuer: FakeIssuer, clock: Clock, algorithm: str) -> None:
    issuer.rotate(algorithm)
    token = issuer.gotrue(sub="ada")
    assert claims_of(token, cache(issuer, clock), issuer)["sub"] == "ada"
    assert unverified_issuer(token) == issuer.issuer


def by_hand(claims: dict[str, object], *, secret: bytes | None = None) -> str:
    """Return a token that no library would make: HS256 with this secret, or `none`."""
    header = {"alg": "HS256" if secret else "none", "kid": "key-0"}
    signed = ".".join(encoded(json.dumps(part).encode()) for part in (header, claims))
    seal = hmac.digest(secret, signed.encode(), hashlib.sha256) if secret else b""
    return f"{signed}.{encoded(seal)}"


def encoded(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).decode().rstrip("=")


def public_bytes(issuer: FakeIssuer) -> bytes:
    form = (Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    raw: bytes = issuer.keys["key-0"][1].public_key().public_bytes(*form)
    return raw


def test_a_forged_token_is_refused(issuer: FakeIssuer, clock: Clock) -> None:
    keys, now = cache(issuer, clock), int(time.time())
    with FakeIssuer() as stranger:
        pass
    good = issuer.gotrue_claims()
    header, body, seal = issuer.sign(good).split(".")
    forged = {
        "none": by_hand(good),
        "HS256 by the public key": by_hand(good, secret=public_bytes(issuer)),
        "another's key": stranger.sign(good),
        "no kid": issuer.sign(good, kid=""),
        "its own key": stranger.sign(good, jwk={"kty": "EC"}),
        "a key to fetch": issuer.sign(good, jku="https://example.com/keys"),
        "a certificate to fetch": issuer.sign(good, x5u="https://example.com/cert"),
        "crit": issuer.sign(good, crit=["exp"], exp=1),
        "no signature": f"{header}.{body}.",
        "another body": f"{header}.{by_hand(good | {'sub': 'eve'}).split('.')[1]}.{seal}",
        "over": issuer.gotrue(exp=now - 60),
        "of the future": issuer.gotrue(iat=now + 3600),
        "not yet": issuer.gotrue(nbf=now + 3600),
        "no exp": issuer.gotrue(exp=None),
        "no iat": issuer.gotrue(iat=None),
        "no sub": issuer.gotrue(sub=None),
        "empty sub": issuer.gotrue(sub=""),
        "no aud": issuer.gotrue(aud=None),
        "other aud": issuer.gotrue(aud="anon"),
        "other iss": issuer.gotrue(iss=issuer.issuer + "/"),
        "no iss": issuer.gotrue(iss=None),
        "not a token": "a.b.c",
    }
    for name, token in forged.items():
        with pytest.raises(ForeignTokenError):
            pytest.fail(f"{name}: {claims_of(token, keys, issuer)}")
    assert claims_of(issuer.sign(good), keys, issuer) == good


def test_only_keys_to_verify_by_are_taken() -> None:
    with FakeIssuer() as issuer:
        pass
    (good,) = issuer.key_set()["keys"]  # type: ignore[misc] # a list of one
    bad = [
        {"kty": "oct", "k": "AAAA", "kid": "symmetric"},
        good | {"kid": "to encrypt", "use": "enc"},
        good | {"kid": "other algorithm", "alg": "RS256"},
        good | {"kid": "private", "d": "AAAA"},
        {**good, "kid": 7},
        {"kid": "broken", "kty": "EC", "crv": "P-256", "x": "?", "y": "?"},
        "text",
    ]
    assert set(read_key_set(json.dumps({"keys": [good, *bad]}).encode())) == {"key-0"}
    for document in (b"", b"[]", b"{}", b'{"keys": 1}', json.dumps({"keys": [{}] * 51}).encode()):
        with pytest.raises(KeySetError):
            read_key_set(document)


def test_a_rotated_key_is_known_at_once(issuer: FakeIssuer, clock: Clock) -> None:
    keys = cache(issuer, clock)
    claims_of(issuer.gotrue(), keys, issuer)
    clock.now += LIMITS.min_interval_s
    issuer.rotate("EdDSA")
    claims_of(issuer.gotrue(), keys, issuer)
    assert len(issuer.asked) == 2


def test_a_removed_key_is_refused_once_the_set_is_old(issuer: FakeIssuer, clock: Clock) -> None:
    keys, token = cache(issuer, clock), issuer.gotrue()
    claims_of(token, keys, issuer)
    issuer.rotate("ES256")
    del issuer.keys["key-0"]
    clock.now += LIMITS.ttl_s + 1
    with pytest.raises(ForeignTokenError):
        claims_of(token, keys, issuer)


def test_a_flood_of_unknown_keys_makes_one_fetch_an_interval(
    issuer: FakeIssuer, clock: Clock
) -> None:
    keys = cache(issuer, clock)
    assert keys.key("key-0") is not None
    clock.now += LIMITS.min_interval_s
    with ThreadPoolExecutor(16) as threads:
        for _ in range(2):
            assert set(threads.map(keys.key, [f"made-up-{n}" for n in range(200)])) == {None}
    assert len(issuer.asked) == 2
    clock.now += LIMITS.min_interval_s
    assert keys.key("made-up") is None
    assert len(issuer.asked) == 3
    assert keys.key("x" * 10_000) is None


@pytest.mark.parametrize("mode", ["broken", "down"])
def test_known_keys_outlive_the_issuer_for_a_bounded_time(
    issuer: FakeIssuer, clock: Clock, mode: str
) -> None:
    keys, token = cache(issuer, clock), issuer.gotrue()
    claims_of(token, keys, issuer)
    issuer.mode = mode
    clock.now += LIMITS.stale_s - 1
    claims_of(token, keys, issuer)
    clock.now += 2
    with pytest.raises(KeysUnavailableError):
        claims_of(token, keys, issuer)
    issuer.mode = "ok"
    clock.now += LIMITS.min_interval_s
    claims_of(token, keys, issuer)


def test_a_slow_issuer_takes_few_threads(clock: Clock) -> None:
    """The fetch ends when the test lets it; most of those who ask are answered before."""
    let_go, answered = threading.Event(), threading.Semaphore(0)

    def fetch() -> bytes:
        assert let_go.wait(30)
        return b'{"keys": []}'

    keys = JwksCache(fetch, limits=LIMITS._replace(patience_s=30), clock=clock)

    def ask(number: int) -> None:
        with pytest.raises(KeysUnavailableError):
            keys.key(f"made-up-{number}")
        answered.release()

    with ThreadPoolExecutor(16) as threads:
        asked = [threads.submit(ask, number) for number in range(16)]
        assert all(answered.acquire(timeout=10) for _ in range(12))
        assert not answered.acquire(blocking=False)
        let_go.set()
        for each in asked:
            each.result()
