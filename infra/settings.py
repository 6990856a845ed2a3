"""Settings, read once from the environment; nothing else reads it.

Order for each value: the variable, the file named by `<variable>_FILE`, what a running
`engine up` wrote to `endpoints.json` in the data directory, the default.
"""

import os
import re
from collections.abc import Callable, Mapping
from email.utils import parseaddr
from enum import StrEnum
from pathlib import Path
from typing import TypeVar
from urllib.parse import urlsplit

import msgspec

from domain.delivery.delivery_mode_events import DeliveryMode
from domain.delivery.dns_records import Setup
from infra.edge_values import (
    Limit,
    Network,
    parse_hosts,
    parse_limit,
    parse_networks,
    parse_origins,
    parse_servers,
    parse_spf_terms,
)

T = TypeVar("T")

MIN_SECRET_BYTES = 32
MOST_DOMAIN_OCTETS = 189  # 254 for an address, less the local part and the at sign
_MAIL_DOMAIN = re.compile(r"([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z]([a-z0-9-]{0,61}[a-z0-9])")
PLACEHOLDERS = (
    "change-me",
    "change_me",
    "changeme",
    "placeholder",
    "password",
    "default",
    "example",
)
"""What stands in samples that were copied; 32 random bytes hold none of it."""


class SettingsError(Exception):
    """A setting is missing or wrong; the message names it and says what to do."""


class Secret:
    """A value that never shows itself in a repr, a log or a traceback."""

    __slots__ = ("_value",)

    def __init__(self, value: str) -> None:
        self._value = value

    def reveal(self) -> str:
        """Return the value itself."""
        return self._value

    def __repr__(self) -> str:
        return "Secret(***)"

    def __bool__(self) -> bool:
        return bool(self._value)


class TlsPolicy(StrEnum):
    """What STARTTLS must do before mail goes out."""

    REQUIRE = "require"
    MAY = "may"
    OFF = "off"


class SmtpSettings(msgspec.Struct, frozen=True, kw_only=True):
    """The relay that mail is handed to."""

    host: str  # ENGINE_SMTP_HOST: name of the relay
    port: int  # ENGINE_SMTP_PORT
    username: str  # ENGINE_SMTP_USERNAME: empty for no AUTH
    password: Secret  # ENGINE_SMTP_PASSWORD
    tls: TlsPolicy  # ENGINE_SMTP_TLS: require, may or off (off only for loopback)
    rate_per_s: float  # ENGINE_SMTP_RATE: messages a second allowed; 0 is unlimited
    connections: int  # ENGINE_SMTP_CONNECTIONS: parallel connections of one dispatcher
    max_age_s: int  # ENGINE_SMTP_MAX_AGE_S: a connection to any relay is changed after this


class SandboxSettings(msgspec.Struct, frozen=True):
    """The sink for what test keys send; spoken to without credentials, encrypted if it offers."""

    host: str  # ENGINE_SANDBOX_SMTP_HOST: empty where there is none
    port: int  # ENGINE_SANDBOX_SMTP_PORT


class EdgeSettings(msgspec.Struct, frozen=True, kw_only=True):
    """Who may talk to the HTTP process, from where, and how often."""

    hosts: frozenset[str]  # ENGINE_HTTP_HOSTS: names we answer to, beside the public URL's
    origins: frozenset[str]  # ENGINE_CORS_ORIGINS: web apps elsewhere that may call us
    proxies: tuple[Network, ...]  # ENGINE_TRUSTED_PROXIES: whose X-Forwarded-* we believe
    network_limit: Limit | None  # ENGINE_LIMIT_NETWORK: of a /24 or /64
    key_limit: Limit | None  # ENGINE_LIMIT_KEY: of an API key or a session
    workspace_limit: Limit | None  # ENGINE_LIMIT_WORKSPACE


class SignInSettings(msgspec.Struct, frozen=True, kw_only=True):
    """Who else may vouch for people; empty where nobody does."""

    gotrue_issuer: str  # ENGINE_GOTRUE_ISSUER: of a Supabase project, without a slash at the end
    gotrue_jwks_url: str  # ENGINE_GOTRUE_JWKS_URL: its keys; by default beneath the issuer
    gotrue_audience: str  # ENGINE_GOTRUE_AUDIENCE
    oidc_issuer: str  # ENGINE_OIDC_ISSUER: an OpenID provider, exactly as it names itself
    oidc_client_id: str  # ENGINE_OIDC_CLIENT_ID
    oidc_client_secret: Secret  # ENGINE_OIDC_CLIENT_SECRET


class DomainSettings(msgspec.Struct, frozen=True, kw_only=True):
    """What sending domains have to publish, and who may send without it."""

    dns_servers: tuple[tuple[str, int], ...]  # ENGINE_DNS_SERVERS: empty: those of the machine
    own_tracking: bool  # ENGINE_OWN_TRACKING_HOSTS: links may lead to track.<sending domain>
    setup: Setup  # ENGINE_SPF_INCLUDE, and the hosts of return path and tracking
    required: bool  # ENGINE_REQUIRE_VERIFIED_DOMAINS: auto, always or never
    warm_up: bool  # ENGINE_WARM_UP: on or off, for verified domains of which nobody said either


class Settings(msgspec.Struct, frozen=True, kw_only=True):
    """Everything that can be set, with the variable that sets it."""

    data_dir: Path  # ENGINE_DATA_DIR: where embedded services keep their data
    database_url: str  # ENGINE_DATABASE_URL: host, port and database of the log; user and
    # password in it are used by `engine db migrate` alone
    vault_url: str  # ENGINE_VAULT_URL: the same for the key vault
    vault_keys_dir: Path  # ENGINE_VAULT_KEYS_DIR: keys of the epochs, erasures, live keys
    vault_rotate_days: int  # ENGINE_VAULT_ROTATE_DAYS: age at which an epoch ends; 0 is never
    exports_dir: Path  # ENGINE_EXPORTS_DIR: files of exports that auditors asked for
    export_keep_days: int  # ENGINE_EXPORT_KEEP_DAYS: then an export's file is deleted
    nats_url: str  # ENGINE_NATS_URL
    smtp: SmtpSettings
    sandbox: SandboxSettings
    domains: DomainSettings
    bulk_mode: DeliveryMode  # ENGINE_DELIVERY_MODE: at_most_once or at_least_once
    system_mail_from: tuple[str, str]  # ENGINE_SYSTEM_MAIL_FROM: name and address
    return_path_domain: str  # ENGINE_RETURN_PATH_DOMAIN: where bounces arrive; empty: the sender's
    http_host: str  # ENGINE_HTTP_HOST
    http_port: int  # ENGINE_HTTP_PORT
    edge: EdgeSettings
    egress_allow: frozenset[str]  # ENGINE_EGRESS_ALLOW: origins that need not be public
    sign_in: SignInSettings
    public_url: str  # ENGINE_PUBLIC_URL: where people and programs reach the API
    tracking_url: str  # ENGINE_TRACKING_URL: base of tracking and unsubscribe links
    secret_key: Secret  # ENGINE_SECRET_KEY: root of all derived keys, at least 32 bytes
    bounce_listen: tuple[str, int] | None  # ENGINE_BOUNCE_LISTEN: where reports come in over SMTP
    catcher_smtp_port: int  # ENGINE_CATCHER_SMTP_PORT: the embedded mail catcher
    catcher_http_port: int  # ENGINE_CATCHER_HTTP_PORT: its inbox page
    postgres_port: int  # ENGINE_POSTGRES_PORT: the embedded PostgreSQL
    nats_port: int  # ENGINE_NATS_PORT: the embedded NATS
    archive_after_days: int  # ENGINE_ARCHIVE_AFTER_DAYS: how long a month must be over; 0 is never
    archive_dir: Path  # ENGINE_ARCHIVE_DIR: where archived months lie
    log_verify_days: int  # ENGINE_LOG_VERIFY_DAYS: a whole verification so often; 0: only once
    projector_partitions: int  # ENGINE_PROJECTOR_PARTITIONS: of each new projection
    rebuild_processes: int  # ENGINE_REBUILD_PROCESSES: that rebuild a read model together: 1, 2
    metrics_host: str  # ENGINE_METRICS_HOST: where the scheduler shows metrics
    metrics_port: int  # ENGINE_METRICS_PORT: 0 shows none
    api_metrics_port: int  # ENGINE_API_METRICS_PORT: the API's own, on metrics_host; 0 shows none
    otlp_endpoint: str  # ENGINE_OTLP_ENDPOINT: where traces go (OTLP over HTTP); empty: nowhere
    otlp_sample: float  # ENGINE_OTLP_SAMPLE: the part of requests that is traced
    embedded: frozenset[str]  # parts that `engine up` runs itself: no URL was given for them


DEFAULTS = {
    "ENGINE_DATA_DIR": ".engine",
    "ENGINE_DATABASE_URL": "",
    "ENGINE_VAULT_URL": "",
    "ENGINE_VAULT_KEYS_DIR": "",
    "ENGINE_VAULT_ROTATE_DAYS": "30",
    "ENGINE_EXPORTS_DIR": "",
    "ENGINE_EXPORT_KEEP_DAYS": "7",
    "ENGINE_NATS_URL": "",
    "ENGINE_SMTP_HOST": "",
    "ENGINE_SMTP_PORT": "587",
    "ENGINE_SMTP_USERNAME": "",
    "ENGINE_SMTP_PASSWORD": "",
    "ENGINE_SMTP_TLS": "require",
    "ENGINE_SMTP_RATE": "0",
    "ENGINE_SMTP_CONNECTIONS": "8",
    "ENGINE_SMTP_MAX_AGE_S": "300",
    "ENGINE_SANDBOX_SMTP_HOST": "",
    "ENGINE_SANDBOX_SMTP_PORT": "25",
    "ENGINE_DELIVERY_MODE": "at_most_once",
    "ENGINE_SYSTEM_MAIL_FROM": "",
    "ENGINE_RETURN_PATH_DOMAIN": "",
    "ENGINE_DNS_SERVERS": "",
    "ENGINE_SPF_INCLUDE": "",
    "ENGINE_REQUIRE_VERIFIED_DOMAINS": "auto",
    "ENGINE_WARM_UP": "on",
    "ENGINE_BOUNCE_LISTEN": "",
    "ENGINE_HTTP_HOST": "127.0.0.1",
    "ENGINE_HTTP_PORT": "8080",
    "ENGINE_HTTP_HOSTS": "",
    "ENGINE_CORS_ORIGINS": "",
    "ENGINE_TRUSTED_PROXIES": "",
    "ENGINE_LIMIT_NETWORK": "6000/60",
    "ENGINE_LIMIT_KEY": "3000/60",
    "ENGINE_LIMIT_WORKSPACE": "6000/60",
    "ENGINE_EGRESS_ALLOW": "",
    "ENGINE_GOTRUE_ISSUER": "",
    "ENGINE_GOTRUE_JWKS_URL": "",
    "ENGINE_GOTRUE_AUDIENCE": "authenticated",
    "ENGINE_OIDC_ISSUER": "",
    "ENGINE_OIDC_CLIENT_ID": "",
    "ENGINE_OIDC_CLIENT_SECRET": "",
    "ENGINE_PUBLIC_URL": "",
    "ENGINE_TRACKING_URL": "",
    "ENGINE_OWN_TRACKING_HOSTS": "no",
    "ENGINE_SECRET_KEY": "",
    "ENGINE_CATCHER_SMTP_PORT": "8025",
    "ENGINE_CATCHER_HTTP_PORT": "8026",
    "ENGINE_POSTGRES_PORT": "8032",
    "ENGINE_NATS_PORT": "8042",
    "ENGINE_ARCHIVE_AFTER_DAYS": "0",
    "ENGINE_ARCHIVE_DIR": "",
    "ENGINE_LOG_VERIFY_DAYS": "1",
    "ENGINE_PROJECTOR_PARTITIONS": "1",
    "ENGINE_REBUILD_PROCESSES": "2",
    "ENGINE_METRICS_HOST": "127.0.0.1",
    "ENGINE_METRICS_PORT": "0",
    "ENGINE_API_METRICS_PORT": "0",
    "ENGINE_OTLP_ENDPOINT": "",
    "ENGINE_OTLP_SAMPLE": "1",
}


def load_settings(environ: Mapping[str, str] | None = None) -> Settings:
    """Read the environment. Raises SettingsError naming the variable that is wrong."""
    env = os.environ if environ is None else environ
    data_dir = Path(env.get("ENGINE_DATA_DIR") or DEFAULTS["ENGINE_DATA_DIR"]).absolute()
    written = _endpoints(data_dir)

    if env.get("ENGINE_DATABASE_URL"):
        written.pop("ENGINE_VAULT_URL", None)  # of another server, perhaps of a killed engine

    def get(name: str) -> str:
        return env.get(name) or _from_file(env, name) or written.get(name) or DEFAULTS[name]

    def port(name: str) -> int:
        return _number(name, get(name), low=0, high=65535)

    def parsed(name: str, parse: Callable[[str], T]) -> T:
        try:
            return parse(get(name))
        except ValueError as error:
            raise SettingsError(f"{name}: {error}") from error

    embedded = frozenset(
        part
        for part, name in (
            ("postgres", "ENGINE_DATABASE_URL"),
            ("nats", "ENGINE_NATS_URL"),
            ("smtp", "ENGINE_SMTP_HOST"),
        )
        if not env.get(name)
    )
    pg = f"postgresql://127.0.0.1:{port('ENGINE_POSTGRES_PORT')}"
    database_url = get("ENGINE_DATABASE_URL") or f"{pg}/engine"
    in_catcher = "smtp" in embedded
    host, http_port = get("ENGINE_HTTP_HOST"), port("ENGINE_HTTP_PORT")
    public_url = (get("ENGINE_PUBLIC_URL") or f"http://{host}:{http_port}").rstrip("/")
    sandbox = SandboxSettings(get("ENGINE_SANDBOX_SMTP_HOST"), port("ENGINE_SANDBOX_SMTP_PORT"))
    if in_catcher and not sandbox.host:
        sandbox = SandboxSettings("127.0.0.1", port("ENGINE_CATCHER_SMTP_PORT"))
    return Settings(
        data_dir=data_dir,
        database_url=database_url,
        vault_url=get("ENGINE_VAULT_URL") or _sibling(database_url, "vault"),
        vault_keys_dir=Path(get("ENGINE_VAULT_KEYS_DIR") or data_dir / "vault-keys").absolute(),
        vault_rotate_days=_number(
            "ENGINE_VAULT_ROTATE_DAYS", get("ENGINE_VAULT_ROTATE_DAYS"), low=0, high=3650
        ),
        exports_dir=Path(get("ENGINE_EXPORTS_DIR") or data_dir / "exports").absolute(),
        export_keep_days=_number(
            "ENGINE_EXPORT_KEEP_DAYS", get("ENGINE_EXPORT_KEEP_DAYS"), low=1, high=365
        ),
        nats_url=get("ENGINE_NATS_URL") or f"nats://127.0.0.1:{port('ENGINE_NATS_PORT')}",
        smtp=SmtpSettings(
            host="127.0.0.1" if in_catcher else get("ENGINE_SMTP_HOST"),
            port=port("ENGINE_CATCHER_SMTP_PORT" if in_catcher else "ENGINE_SMTP_PORT"),
            username=get("ENGINE_SMTP_USERNAME"),
            password=Secret(get("ENGINE_SMTP_PASSWORD")),
            tls=TlsPolicy.OFF if in_catcher else _tls(get("ENGINE_SMTP_TLS")),
            rate_per_s=_rate(get("ENGINE_SMTP_RATE")),
            connections=_number(
                "ENGINE_SMTP_CONNECTIONS", get("ENGINE_SMTP_CONNECTIONS"), low=1, high=100
            ),
            max_age_s=_number(
                "ENGINE_SMTP_MAX_AGE_S", get("ENGINE_SMTP_MAX_AGE_S"), low=1, high=86_400
            ),
        ),
        sandbox=sandbox,
        bulk_mode=parsed("ENGINE_DELIVERY_MODE", DeliveryMode),
        domains=DomainSettings(
            dns_servers=parsed("ENGINE_DNS_SERVERS", parse_servers),
            own_tracking=parsed("ENGINE_OWN_TRACKING_HOSTS", _yes_or_no),
            setup=Setup(
                spf_terms=parsed("ENGINE_SPF_INCLUDE", parse_spf_terms),
                return_path_host=parsed("ENGINE_RETURN_PATH_DOMAIN", _mail_domain),
                tracking_host=urlsplit(get("ENGINE_TRACKING_URL")).hostname or "",
            ),
            required=_required(
                get("ENGINE_REQUIRE_VERIFIED_DOMAINS"),
                leaves_the_machine=not in_catcher
                and (get("ENGINE_SMTP_HOST"), port("ENGINE_SMTP_PORT"))
                != (sandbox.host, sandbox.port),
            ),
            warm_up=_switch("ENGINE_WARM_UP", get("ENGINE_WARM_UP")),
        ),
        system_mail_from=_mailbox(get("ENGINE_SYSTEM_MAIL_FROM"), public_url=public_url),
        return_path_domain=parsed("ENGINE_RETURN_PATH_DOMAIN", _mail_domain),
        http_host=host,
        http_port=http_port,
        public_url=public_url,
        tracking_url=_tracking_url(get("ENGINE_TRACKING_URL"), public_url=public_url),
        edge=EdgeSettings(
            hosts=parsed("ENGINE_HTTP_HOSTS", parse_hosts),
            origins=parsed("ENGINE_CORS_ORIGINS", parse_origins),
            proxies=parsed("ENGINE_TRUSTED_PROXIES", parse_networks),
            network_limit=parsed("ENGINE_LIMIT_NETWORK", parse_limit),
            key_limit=parsed("ENGINE_LIMIT_KEY", parse_limit),
            workspace_limit=parsed("ENGINE_LIMIT_WORKSPACE", parse_limit),
        ),
        egress_allow=parsed("ENGINE_EGRESS_ALLOW", parse_origins),
        sign_in=_sign_in(get),
        secret_key=_secret_key(get("ENGINE_SECRET_KEY"), data_dir),
        bounce_listen=parsed("ENGINE_BOUNCE_LISTEN", _listen),
        catcher_smtp_port=port("ENGINE_CATCHER_SMTP_PORT"),
        catcher_http_port=port("ENGINE_CATCHER_HTTP_PORT"),
        postgres_port=port("ENGINE_POSTGRES_PORT"),
        nats_port=port("ENGINE_NATS_PORT"),
        archive_after_days=_number(
            "ENGINE_ARCHIVE_AFTER_DAYS", get("ENGINE_ARCHIVE_AFTER_DAYS"), low=0, high=36_500
        ),
        archive_dir=Path(get("ENGINE_ARCHIVE_DIR") or data_dir / "archive").absolute(),
        log_verify_days=_number(
            "ENGINE_LOG_VERIFY_DAYS", get("ENGINE_LOG_VERIFY_DAYS"), low=0, high=3650
        ),
        projector_partitions=_number(
            "ENGINE_PROJECTOR_PARTITIONS", get("ENGINE_PROJECTOR_PARTITIONS"), low=1, high=64
        ),
        rebuild_processes=_number(
            "ENGINE_REBUILD_PROCESSES", get("ENGINE_REBUILD_PROCESSES"), low=1, high=2
        ),
        metrics_host=get("ENGINE_METRICS_HOST"),
        metrics_port=port("ENGINE_METRICS_PORT"),
        api_metrics_port=port("ENGINE_API_METRICS_PORT"),
        otlp_endpoint=get("ENGINE_OTLP_ENDPOINT"),
        otlp_sample=parsed("ENGINE_OTLP_SAMPLE", _part),
        embedded=embedded,
    )


def _yes_or_no(text: str) -> bool:
    if text not in {"yes", "no"}:
        raise ValueError(f"{text!r}: use yes or no")
    return text == "yes"


def _required(text: str, *, leaves_the_machine: bool) -> bool:
    answers = {"always": True, "never": False, "auto": leaves_the_machine}
    if text not in answers:
        raise SettingsError(f"ENGINE_REQUIRE_VERIFIED_DOMAINS={text!r}: use auto, always or never")
    return answers[text]


def _switch(name: str, text: str) -> bool:
    if text not in {"on", "off"}:
        raise SettingsError(f"{name}={text!r}: use on or off")
    return text == "on"


def _sign_in(get: Callable[[str], str]) -> SignInSettings:
    gotrue, oidc = get("ENGINE_GOTRUE_ISSUER"), get("ENGINE_OIDC_ISSUER")
    client_id, secret = get("ENGINE_OIDC_CLIENT_ID"), get("ENGINE_OIDC_CLIENT_SECRET")
    if len({bool(oidc), bool(client_id), bool(secret)}) > 1:
        raise SettingsError(
            "ENGINE_OIDC_ISSUER, ENGINE_OIDC_CLIENT_ID and ENGINE_OIDC_CLIENT_SECRET go together"
        )
    return SignInSettings(
        gotrue_issuer=gotrue,
        gotrue_jwks_url=get("ENGINE_GOTRUE_JWKS_URL") or f"{gotrue}/.well-known/jwks.json",
        gotrue_audience=get("ENGINE_GOTRUE_AUDIENCE"),
        oidc_issuer=oidc,
        oidc_client_id=client_id,
        oidc_client_secret=Secret(secret),
    )


def _endpoints(data_dir: Path) -> dict[str, str]:
    file = data_dir / "endpoints.json"
    try:
        return msgspec.json.decode(file.read_bytes(), type=dict[str, str])
    except (OSError, msgspec.DecodeError):
        return {}


def _from_file(env: Mapping[str, str], name: str) -> str:
    path = env.get(f"{name}_FILE")
    if not path:
        return ""
    try:
        return Path(path).read_text().strip()
    except OSError as error:
        raise SettingsError(f"{name}_FILE names {path}, which cannot be read: {error}") from error


def _secret_key(given: str, data_dir: Path) -> Secret:
    """Take the given key, or the one that `engine up` made in the data directory; refuse weak."""
    if not given:
        file = data_dir / "secret.key"
        return Secret(file.read_text().strip() if file.exists() else "")
    low = given.casefold()
    if (
        len(given.encode()) < MIN_SECRET_BYTES
        or len(set(given)) < MIN_SECRET_BYTES // 4
        or any(word in low for word in PLACEHOLDERS)
    ):
        raise SettingsError(
            "ENGINE_SECRET_KEY is too weak: use at least 32 random bytes, "
            "for example the output of `openssl rand -base64 48`"
        )
    return Secret(given)


def _number(name: str, text: str, *, low: int, high: int) -> int:
    try:
        value = int(text)
    except ValueError:
        raise SettingsError(f"{name}={text!r} is not a whole number") from None
    if not low <= value <= high:
        raise SettingsError(f"{name}={value} is not between {low} and {high}")
    return value


def _rate(text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        raise SettingsError(f"ENGINE_SMTP_RATE={text!r} is not a number") from None
    if value < 0:
        raise SettingsError("ENGINE_SMTP_RATE must be 0 (unlimited) or messages a second")
    return value


def _part(text: str) -> float:
    part = float(text)
    if not 0 <= part <= 1:
        raise ValueError("write a number from 0 to 1")
    return part


def _mail_domain(text: str) -> str:
    """Return a domain that leaves room for 64 octets before it (RFC 5321, 4.5.3.1.3)."""
    domain = text.lower()
    if domain and not (_MAIL_DOMAIN.fullmatch(domain) and len(domain) <= MOST_DOMAIN_OCTETS):
        raise ValueError(f"{text!r} is not a domain: write it in ASCII, such as bounce.example.com")
    return domain


def _listen(text: str) -> tuple[str, int] | None:
    """Return host and port of `host:port` (an IPv6 address in brackets), None for nothing."""
    if not text:
        return None
    host, _, port = text.rpartition(":")
    if not port.isdecimal() or not 0 < int(port) <= 65535:  # noqa: PLR2004 - a port
        raise ValueError(f"{text!r} is not `host:port`")
    return host.strip("[]"), int(port)


def _tls(text: str) -> TlsPolicy:
    try:
        return TlsPolicy(text)
    except ValueError:
        raise SettingsError(f"ENGINE_SMTP_TLS={text!r}: use require, may or off") from None


def _tracking_url(text: str, *, public_url: str) -> str:
    """Return the base of links in mail; of its own, it has a host of its own, as an origin has."""
    url = urlsplit(text)
    if text and (
        url.scheme not in {"http", "https"}
        or not url.hostname
        or url.hostname == urlsplit(public_url).hostname
    ):
        raise SettingsError(
            f"ENGINE_TRACKING_URL={text!r}: name an http(s) address whose host is not that of "
            "ENGINE_PUBLIC_URL, such as https://t.example.com"
        )
    return text.rstrip("/") or public_url


def _mailbox(text: str, *, public_url: str) -> tuple[str, str]:
    """Return name and address; the default is nobody at the public host."""
    if not text:
        return "Email Engine", f"no-reply@{urlsplit(public_url).hostname or 'localhost'}"
    name, address = parseaddr(text)
    local, _, domain = address.rpartition("@")
    if not local or not domain or not address.isascii() or not (text.isprintable()):
        raise SettingsError(
            f"ENGINE_SYSTEM_MAIL_FROM={text!r} is not `Name <address>` with an ASCII address"
        )
    return name, address


def _sibling(url: str, database: str) -> str:
    return url.rsplit("/", 1)[0] + "/" + database
