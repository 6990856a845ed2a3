"""The master key of each epoch, kept outside both databases: destroying it closes the epoch.

Now files in a directory of their own; a key management service fits behind the same five verbs.
"""

import os
import re
from pathlib import Path
from typing import Protocol

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from infra.crypto.derive import derive_key
from infra.crypto.key_wrap import WRAPPED_BYTES, new_key, unwrap, wrap
from infra.files.durable import sync_folder, write_private
from infra.settings import Secret, SettingsError

_NAME = re.compile(r"epoch-(\d{4,})\.key")


class EpochKeyError(SettingsError):
    """The key of an epoch is missing or cannot be opened; the message says which and what to do."""


class EpochKeys(Protocol):
    """Who keeps the master keys."""

    def known(self) -> list[int]:
        """Return the epochs that have a key, ascending."""

    def create(self, epoch: int, *, from_secret: bool = False) -> None:
        """Make the key of an epoch; when there is one, whoever made it, it stays."""

    def wrap(self, epoch: int, key: bytes, owner: bytes) -> bytes:
        """Wrap a key under the epoch's. Raises EpochKeyError."""

    def unwrap(self, epoch: int, wrapped: bytes, owner: bytes) -> bytes:
        """Unwrap it again. Raises EpochKeyError, and InvalidTag for what was not wrapped here."""

    def destroy(self, epoch: int) -> None:
        """Destroy the key: whatever it wraps is lost, in every copy and backup."""


class FileEpochKeys:
    """`epoch-NNNN.key` in one directory; random, wrapped under the installation's secret."""

    def __init__(self, folder: Path, secret_key: Secret) -> None:
        self._folder = folder
        self._secret_key = secret_key

    def known(self) -> list[int]:
        """See the port."""
        if not self._folder.is_dir():
            return []
        found = (_NAME.fullmatch(file.name) for file in self._folder.iterdir())
        return sorted(int(match[1]) for match in found if match)

    def create(self, epoch: int, *, from_secret: bool = False) -> None:
        """See the port. `from_secret` keeps a vault readable that had no epoch keys yet."""
        file = self._file(epoch)
        if file.exists():
            return
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        key = derive_key(self._secret_key, "vault-master") if from_secret else new_key()
        draft = file.with_name(f"{file.name}.{os.urandom(8).hex()}.new")
        write_private(draft, wrap(self._lid(), key, file.name.encode()))
        try:
            os.link(draft, file)  # of two starters one is first, and both find a whole file
        except FileExistsError:
            pass
        finally:
            draft.unlink()
        sync_folder(self._folder)

    def wrap(self, epoch: int, key: bytes, owner: bytes) -> bytes:
        """See the port."""
        return wrap(self._open(epoch), key, owner)

    def unwrap(self, epoch: int, wrapped: bytes, owner: bytes) -> bytes:
        """See the port."""
        return unwrap(self._open(epoch), wrapped, owner)

    def destroy(self, epoch: int) -> None:
        """See the port. Overwritten first: what a file system keeps of old blocks is its affair."""
        file = self._file(epoch)
        try:
            with file.open("r+b") as out:
                out.write(os.urandom(WRAPPED_BYTES))
                out.flush()
                os.fsync(out.fileno())
        except FileNotFoundError:
            return
        file.unlink()
        sync_folder(self._folder)

    def _open(self, epoch: int) -> AESGCM:
        file = self._file(epoch)
        try:
            return AESGCM(unwrap(self._lid(), file.read_bytes(), file.name.encode()))
        except FileNotFoundError:
            raise EpochKeyError(
                f"the vault's key {file} is missing: bring back the directory of this "
                "installation, or name it with ENGINE_VAULT_KEYS_DIR; no other key opens its data"
            ) from None
        except InvalidTag:
            raise EpochKeyError(
                f"the vault's key {file} cannot be opened: it is damaged, or ENGINE_SECRET_KEY is "
                "not the one it was made with"
            ) from None

    def _lid(self) -> AESGCM:
        return AESGCM(derive_key(self._secret_key, "vault-epoch-key"))

    def _file(self, epoch: int) -> Path:
        return self._folder / f"epoch-{epoch:04}.key"
