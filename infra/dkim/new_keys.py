"""New keys of a sending domain: the halves to publish, and the private ones as PEM to be sealed."""

import base64

import msgspec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, generate_private_key
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_pem_private_key,
)

from infra.dkim.keys import PrivateKey

RSA_BITS = 2048  # RFC 8301, 3.2: what signers should use; longer ones do not fit into every DNS


class NewKey(msgspec.Struct, frozen=True):
    """`public_key` is what stands after `p=`; `pem` never leaves the process unsealed."""

    public_key: str
    pem: str

    def __repr__(self) -> str:
        """Show the public half alone."""
        return f"NewKey({self.public_key!r})"


def new_key(algorithm: str) -> NewKey:
    """Make a key, `rsa` (RFC 6376: SubjectPublicKeyInfo) or `ed25519` (RFC 8463: 32 bytes)."""
    key: PrivateKey
    if algorithm == "rsa":
        key = generate_private_key(public_exponent=65537, key_size=RSA_BITS)
        public = key.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    else:
        key = Ed25519PrivateKey.generate()
        public = key.public_key().public_bytes_raw()
    pem = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    return NewKey(base64.b64encode(public).decode(), pem.decode())


def read_key(pem: str) -> PrivateKey:
    """Return the private key of a PEM. Raises TypeError when it is of another kind."""
    key = load_pem_private_key(pem.encode(), password=None)
    if not isinstance(key, RSAPrivateKey | Ed25519PrivateKey):
        raise TypeError(f"a {type(key).__name__} does not sign mail")
    return key
