"""Build the adapters of a process from its settings; the only place that wires."""

from functools import cached_property

from psycopg import Connection, connect
from psycopg.rows import TupleRow

from infra.crypto.access_tokens import Ed25519AccessTokens
from infra.crypto.epoch_keys import FileEpochKeys
from infra.crypto.erasure_ledger import ErasureLedger
from infra.crypto.live_keys import LiveKeys
from infra.crypto.vault import KeyVault, OutsideVault
from infra.eventstore.log import PostgresEventLog
from infra.eventstore.mapper import Mapper
from infra.eventstore.reader import LogReader
from infra.eventstore.recorder import TenantRecorder, open_datastore
from infra.nats.waker import Waker
from infra.postgres.accounts import PostgresAccounts
from infra.postgres.connections import Pool, Role, open_pool, role_dsn
from infra.postgres.rate_buckets import RateBuckets
from infra.postgres.sending_domains import PostgresSenderDomains
from infra.settings import Settings


class Adapters:
    """What a process may use; everything is made at first use and closed once."""

    def __init__(self, settings: Settings, *, role: Role, name: str, pool_size: int = 4) -> None:
        self.settings = settings
        self._role = role
        self._name = name
        self._pool_size = pool_size

    @cached_property
    def pool(self) -> Pool:
        """Connections to the log's database, in this process's role."""
        return open_pool(self._dsn(self._role), size=self._pool_size)

    @cached_property
    def vault(self) -> KeyVault:
        """The key vault."""
        return KeyVault(self.vault_pool, self.outside_vault)

    def another_vault(self) -> KeyVault:
        """Open the key vault without the keys in memory: what opens is not erased as of now."""
        return KeyVault(self.vault_pool, self.outside_vault)

    @cached_property
    def vault_pool(self) -> Pool:
        """Connections to the vault's database."""
        url, key = self.settings.vault_url, self.settings.secret_key
        return open_pool(role_dsn(url, Role.VAULT, key, name=self._name), size=2)

    @cached_property
    def outside_vault(self) -> OutsideVault:
        """What the vault keeps outside its database."""
        folder = self.settings.vault_keys_dir
        return OutsideVault(
            keys=FileEpochKeys(folder, self.settings.secret_key),
            ledger=ErasureLedger(folder / "erasures.log"),
            live_keys=LiveKeys(folder),
        )

    def vault_connection(self) -> Connection[TupleRow]:
        """Open a connection to the vault of its own, in autocommit, for work that lasts."""
        url, key = self.settings.vault_url, self.settings.secret_key
        return connect(
            role_dsn(url, Role.VAULT, key, name=self._name, bounded=False), autocommit=True
        )

    @cached_property
    def mapper(self) -> Mapper:
        """Events to bytes and back."""
        return Mapper(self.vault)

    @cached_property
    def waker(self) -> Waker:
        """Pings the followers of the log."""
        return Waker(self.settings.nats_url)

    @cached_property
    def log(self) -> PostgresEventLog:
        """The event log."""
        self._datastore = open_datastore(self._dsn(self._role), size=self._pool_size)
        return PostgresEventLog(TenantRecorder(self._datastore), self.mapper, wake=self.waker.wake)

    @cached_property
    def rate_buckets(self) -> RateBuckets:
        """Rate limits that all processes share."""
        return RateBuckets(self.pool, self.settings.secret_key)

    @cached_property
    def access_tokens(self) -> Ed25519AccessTokens:
        """Signs and reads access tokens."""
        return Ed25519AccessTokens(self.settings.secret_key, issuer=self.settings.public_url)

    @cached_property
    def accounts(self) -> PostgresAccounts:
        """Who has an account."""
        return PostgresAccounts(self.pool, self.vault, self.settings.secret_key)

    @cached_property
    def sender_domains(self) -> PostgresSenderDomains:
        """Which domains mail may be sent from."""
        return PostgresSenderDomains(self.pool, required=self.settings.domains.required)

    @cached_property
    def reader(self) -> LogReader:
        """The log by position; only for the worker's role."""
        return LogReader(self.pool)

    def connection(self, role: Role, *, bounded: bool = True) -> Connection[TupleRow]:
        """Open a connection of its own in autocommit; unbounded ones may run for long."""
        return connect(self._dsn(role, bounded=bounded), autocommit=True)

    def close(self) -> None:
        """Close what was opened."""
        made = self.__dict__
        if "waker" in made:
            self.waker.close()
        if "_datastore" in made:
            self._datastore.close()
        for name in ("pool", "vault_pool"):
            if name in made:
                made[name].close()

    def _dsn(self, role: Role, *, bounded: bool = True) -> str:
        return role_dsn(
            self.settings.database_url,
            role,
            self.settings.secret_key,
            name=self._name,
            bounded=bounded,
        )
