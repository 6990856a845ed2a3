"""Signing: what is the same for all messages of a campaign is written once."""

from base64 import b64encode
from collections.abc import Sequence
from hashlib import sha256

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.asymmetric.utils import Prehashed
from cryptography.hazmat.primitives.hashes import SHA256

from infra.dkim.keys import SigningKey
from infra.dkim.relaxed import fields_of, relaxed_body, relaxed_field

OVERSIGNED = frozenset(
    {"from", "reply-to", "to", "subject", "date", "mime-version", "content-type"}
)
"""Fields people and programs act on: signed once more than they occur, so that a second one, put
in by whoever passes the mail on, breaks the signature (RFC 6376, 8.15)."""
MIN_RSA_BITS = 2048  # RFC 8301, 3.2: below 1024 nobody verifies, below 2048 nobody should sign
_LINE = 72
_PADDING, _DIGEST = PKCS1v15(), Prehashed(SHA256())


class Signer:
    """Signs messages with the same header fields. May be shared by threads.

    `names` are the fields of every message in the order in which `sign` gets them, each once.
    Signing is where the interpreter's lock is let go of: threads sign side by side.
    """

    def __init__(self, keys: Sequence[SigningKey], names: Sequence[str]) -> None:
        self.keys = tuple(keys)
        signed = [*names, *(name for name in names if name.lower() in OVERSIGNED)]
        self._starts = [_start(key, signed) for key in keys]

    def sign(self, header: bytes, body_hash: bytes, *, at_s: int) -> bytes:
        """Return a DKIM-Signature field for each key, to stand before the message.

        `header` is the fields in canonical form, `body_hash` the SHA-256 of the canonical body.
        """
        end = b" t=%d; bh=%s;\r\n b=" % (at_s, b64encode(body_hash))
        fields = []
        for key, (start, canonical) in zip(self.keys, self._starts, strict=True):
            # The field itself is signed too, last, with an empty signature and no line break.
            itself = canonical + end.replace(b"\r\n", b"")
            signature = _signature(key, sha256(header + itself).digest())
            lines = [signature[at : at + _LINE] for at in range(0, len(signature), _LINE)]
            fields.append(start + end + b"\r\n ".join(lines) + b"\r\n")
        return b"".join(fields)


def signed(message: bytes, keys: Sequence[SigningKey], *, at_s: int) -> bytes:
    """Return a whole message with its signatures; for mail that is written one by one."""
    header, _, body = message.partition(b"\r\n\r\n")
    fields = fields_of(header + b"\r\n")
    signer = Signer(keys, [field.partition(b":")[0].decode() for field in fields])
    canonical = b"".join([relaxed_field(field) for field in fields])
    return signer.sign(canonical, sha256(relaxed_body(body)).digest(), at_s=at_s) + message


def _start(key: SigningKey, signed_names: Sequence[str]) -> tuple[bytes, bytes]:
    """Return the field up to the time of signing, as it is sent and as it is signed."""
    if isinstance(key.private_key, RSAPrivateKey) and key.private_key.key_size < MIN_RSA_BITS:
        raise ValueError(f"{key!r} is shorter than {MIN_RSA_BITS} bits: make a new key")
    lines = [
        f"DKIM-Signature: v=1; a={key.algorithm}; c=relaxed/relaxed;",
        f" d={key.domain}; s={key.selector};",
        *_folded_names(signed_names),
    ]
    start = "\r\n".join(lines).encode("ascii") + b"\r\n"
    return start, relaxed_field(start).removesuffix(b"\r\n")


def _folded_names(names: Sequence[str]) -> list[str]:
    lines = [" h="]
    for name in names:
        if len(lines[-1]) + len(name) > _LINE:
            lines.append(" ")
        lines[-1] += f"{name}:"
    return [*lines[:-1], lines[-1].removesuffix(":") + ";"]


def _signature(key: SigningKey, digest: bytes) -> bytes:
    private = key.private_key
    if isinstance(private, Ed25519PrivateKey):
        return b64encode(private.sign(digest))  # RFC 8463, 3: of the digest, not the header
    return b64encode(private.sign(digest, _PADDING, _DIGEST))
