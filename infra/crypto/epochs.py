"""The vault's epochs in its database: which is current, how one is opened."""

from cryptography.exceptions import InvalidTag
from psycopg import Connection, Cursor
from psycopg.rows import TupleRow

from infra.crypto.epoch_keys import EpochKeyError, EpochKeys
from infra.crypto.key_wrap import KEY_BYTES
from infra.postgres.advisory_locks import EPOCH_LOCK

CLOSED = "VE001"  # the SQLSTATE with which the vault refuses keys of another epoch
_PROOF_OWNER = b"epoch-proof"
_OPEN = "INSERT INTO epochs (epoch, proof) VALUES (%b, %b)"
_NEWEST = "SELECT epoch, proof FROM epochs ORDER BY epoch DESC LIMIT 1"


def current_epoch(connection: Connection[TupleRow], keys: EpochKeys) -> int:
    """Return the current epoch, whose key is there and the right one; a new vault opens its first.

    Raises EpochKeyError: a vault that has an epoch never gets another key for it.
    """
    row = connection.execute(_NEWEST).fetchone()
    if row is None:
        with connection.transaction():
            hold_epoch(connection)
            row = connection.execute(_NEWEST).fetchone()
            if row is None:
                return open_epoch(connection, keys, 1)
    epoch, proof = int(row[0]), row[1]
    if proof is None:
        keys.create(epoch, from_secret=True)
    else:
        _check(keys, epoch, bytes(proof))
    return epoch


def hold_epoch(connection: Connection[TupleRow] | Cursor[TupleRow]) -> None:
    """Wait for all who mint and keep them out until the transaction ends."""
    connection.execute("SELECT pg_advisory_xact_lock(%s, 0)", (EPOCH_LOCK,))


def open_epoch(connection: Connection[TupleRow], keys: EpochKeys, epoch: int) -> int:
    """Make a key and the current epoch, in the caller's transaction that holds the lock."""
    keys.create(epoch)
    return name_epoch(connection, keys, epoch)


def name_epoch(connection: Connection[TupleRow], keys: EpochKeys, epoch: int) -> int:
    """Make `epoch` current, whose key must be there: in a transaction that holds the lock."""
    proof = keys.wrap(epoch, bytes(KEY_BYTES), _PROOF_OWNER)
    connection.execute(_OPEN, (epoch, proof))
    return epoch


def _check(keys: EpochKeys, epoch: int, proof: bytes) -> None:
    try:
        keys.unwrap(epoch, proof, _PROOF_OWNER)
    except InvalidTag:
        raise EpochKeyError(
            f"the key of epoch {epoch} in ENGINE_VAULT_KEYS_DIR is of another vault: each vault "
            "needs the directory it was made with"
        ) from None
