"""A JSON Web Key Set (RFC 7517), read strictly: public keys to verify by, one algorithm each."""

from collections.abc import Mapping
from typing import Any

import jwt
import msgspec
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, EllipticCurvePublicKey
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey

MAX_KEYS = 50
MIN_RSA_BITS = 2048  # RFC 7518, 3.3
PublicKey = RSAPublicKey | EllipticCurvePublicKey | Ed25519PublicKey


class KeySetError(Exception):
    """The document is not a key set."""


class VerifyingKey(msgspec.Struct, frozen=True):
    """A key and the one algorithm that it is for: no token can choose another (RFC 8725, 3.1)."""

    algorithm: str
    key: PublicKey


def read_key_set(document: bytes) -> Mapping[str, VerifyingKey]:
    """Return the usable keys by their `kid`. Raises KeySetError.

    Left out are symmetric keys, keys to encrypt with, weak ones, and those without an id.
    """
    try:
        keys = msgspec.json.decode(document, type=dict[str, Any])["keys"]
    except (msgspec.DecodeError, KeyError):
        raise KeySetError("this is not a JSON Web Key Set") from None
    if not isinstance(keys, list) or len(keys) > MAX_KEYS:
        raise KeySetError(f"a key set has a list of at most {MAX_KEYS} keys")
    found = {}
    for each in keys:
        usable = _usable(each) if isinstance(each, dict) else None
        if usable is not None:
            found[str(each["kid"])] = usable
    return found


def _usable(jwk: dict[str, Any]) -> VerifyingKey | None:
    if not isinstance(jwk.get("kid"), str) or jwk.get("use", "sig") != "sig":
        return None
    if jwk.get("kty") not in {"RSA", "EC", "OKP"} or "d" in jwk:
        return None
    try:
        key = jwt.PyJWK(jwk).key
    except jwt.PyJWTError:
        return None
    algorithm = _algorithm(key)
    if algorithm is None or jwk.get("alg", algorithm) != algorithm:
        return None
    return VerifyingKey(algorithm, key)


def _algorithm(key: object) -> str | None:
    match key:
        case RSAPublicKey() if key.key_size >= MIN_RSA_BITS:
            return "RS256"
        case EllipticCurvePublicKey() if isinstance(key.curve, SECP256R1):
            return "ES256"
        case Ed25519PublicKey():
            return "EdDSA"
        case _:
            return None
