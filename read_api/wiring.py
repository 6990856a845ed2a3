"""What handlers ask for by name, built from the adapters."""

import os
from typing import Any
from uuid import UUID

from litestar import Request
from litestar.concurrency import sync_to_thread
from litestar.di import Provide

from commands.content.preview_template import Viewer
from commands.identity.letters import Letters
from commands.identity.sign_in import Door
from commands.ports import EventLog
from domain.shared.platform import PLATFORM
from infra.bootstrap import Adapters
from infra.clock import new_id, now
from infra.crypto.export_links import ExportLinks
from infra.crypto.links import SignedLinks
from infra.crypto.passwords import Argon2Passwords
from infra.crypto.tokens import new_token
from infra.crypto.totp import TotpCodes
from infra.crypto.url_tokens import new_url_token
from infra.crypto.vault import KeyVault
from infra.domain_names import PublicDomainNames
from infra.email_addresses import EmailValidator
from infra.erasure_receipts import ErasureReceipts
from infra.eventstore.mapper import Mapper
from infra.exports.places import ExportPlaces
from infra.html.nh3_sanitizer import Nh3Sanitizer
from infra.mime.preview import PreviewRenderer
from infra.nats.health import nats_check
from infra.postgres.accounts import PostgresAccounts
from infra.postgres.api_tokens import PostgresApiTokens
from infra.postgres.attempts import PostgresAttempts
from infra.postgres.audience import PostgresAudience
from infra.postgres.campaign_runs import PostgresCampaignRuns
from infra.postgres.checkpoints import Checkpoints
from infra.postgres.contact_directory import ContactDirectory
from infra.postgres.contact_values import PostgresContactValues
from infra.postgres.dead_letters import PostgresDeadLetters
from infra.postgres.delivery_modes import PostgresDeliveryModes
from infra.postgres.do_not_mail import PostgresDoNotMail
from infra.postgres.erasure_preview import ErasurePreviews
from infra.postgres.erasures import PostgresErasures
from infra.postgres.export_files import ExportFiles
from infra.postgres.export_jobs import PostgresExports
from infra.postgres.health import PostgresHealth, VaultHealth
from infra.postgres.import_intake import PostgresImportIntake
from infra.postgres.import_progress import PostgresImports
from infra.postgres.import_reviews import PostgresImportReviews
from infra.postgres.invitations import PostgresInvitations
from infra.postgres.kill_switches import KillSwitchBoard, PostgresKillSwitches
from infra.postgres.lanes import PostgresLanes
from infra.postgres.linked_identities import PostgresLinkedIdentities
from infra.postgres.members import Memberships, PostgresMembers
from infra.postgres.operators import PostgresViewings, ViewingLookup
from infra.postgres.relays import PostgresRelays
from infra.postgres.request_keys import RequestKeys
from infra.postgres.retention import PostgresRetention
from infra.postgres.second_factors import PostgresSecondFactors
from infra.postgres.send_rates import KnownRates, PostgresSendRates
from infra.postgres.sending_domains import PostgresSendingDomains
from infra.postgres.session_lookup import SessionLookup
from infra.postgres.sessions import PostgresSessions
from infra.postgres.single_use_tokens import PostgresSingleUseTokens
from infra.postgres.snapshots import PostgresSnapshots
from infra.postgres.suppressions import PostgresSuppressions
from infra.postgres.system_mails import PostgresSystemMails
from infra.postgres.template_previews import PostgresPreviews
from infra.postgres.token_lookup import TokenLookup
from infra.postgres.tracked_campaigns import TrackedCampaigns
from infra.postgres.trash import PostgresTrash
from infra.postgres.uncertain_messages import PostgresUncertainMessages
from infra.postgres.uploads import Uploads
from infra.postgres.verified_addresses import VerifiedAddresses
from infra.postgres.workspace_overviews import WorkspaceOverviews
from read_api.edge.api_keys import ApiKeyAuthenticator
from read_api.edge.authentication import Authentication
from read_api.edge.client_label import provide_client_label
from read_api.edge.foreign_sign_in import ForeignTokens, ProviderSignIn
from read_api.edge.form import provide_form
from read_api.edge.hit_buffer import HitBuffer
from read_api.edge.paging import PageProvider
from read_api.edge.permission_guard import provide_permissions, provide_person
from read_api.edge.request_marks import caller_of
from read_api.edge.session_authenticator import SessionAuthenticator
from read_api.edge.signed_links import LinkReader
from read_api.edge.sse import LiveStreams
from read_api.edge.tenant_reads import ReadsProvider, TenantReads
from read_api.edge.upload import provide_upload
from read_api.edge.viewing_authenticator import ViewingAuthenticator
from read_api.edge.write_context import WriteContext
from read_api.public.health import HealthChecks
from read_api.queries.actor_names import ActorNames
from schemas.messages import SWITCHES

AnyRequest = Request[Any, Any, Any]  # the vendor's three free parameters


class Wiring:
    """The parts of one HTTP process that live as long as it does."""

    def __init__(self, adapters: Adapters) -> None:
        self.adapters = adapters
        self._passwords = Argon2Passwords(at_once=os.cpu_count() or 1)
        self.campaigns = TrackedCampaigns(adapters.pool)
        self.hits = HitBuffer(lambda: adapters.log, self.campaigns, now=now, new_id=new_id)
        self.live = LiveStreams(authentication(adapters))

    def dependencies(self) -> dict[str, Provide]:
        """Return every port and provider by the name that handlers use."""
        return {
            name: constant(value) for name, value in {**self._ports(), **self._public()}.items()
        } | self._per_request()

    def _ports(self) -> dict[str, object]:
        pool = self.adapters.pool
        intake = PostgresImportIntake(pool)
        return {
            "contacts": ContactDirectory(pool),
            "do_not_mail": PostgresDoNotMail(),
            "mail_addresses": PostgresSuppressions(pool, self.adapters.settings.secret_key),
            "intake": intake,
            "uploads": Uploads(pool, intake),
            "imports": PostgresImports(pool),
            "import_reviews": PostgresImportReviews(pool),
            "exports": PostgresExports(pool),
            "rate_limits": self.adapters.rate_buckets,
            "foreign_tokens": ForeignTokens.of(self.adapters.settings),
            "provider": ProviderSignIn.of(self.adapters.settings, now=now),
            "identities": PostgresLinkedIdentities(self.adapters.settings.secret_key),
            "codes": TotpCodes(self.adapters.settings.secret_key),
            "api_tokens": PostgresApiTokens(),
            "new_secret": new_token,
            "new_token": new_url_token,
            "addresses": EmailValidator(),
            "members": PostgresMembers(),
            "memberships": Memberships(pool),
            "viewings": PostgresViewings(),
            "lanes": PostgresLanes(pool),
            "switches": PostgresKillSwitches(),
            "send_rates": PostgresSendRates(),
            "known_rates": KnownRates(pool),
            "delivery_modes": PostgresDeliveryModes(pool),
            "bulk_mode": self.adapters.settings.bulk_mode,
            "switch_board": KillSwitchBoard(pool),
            "switches_turned": lambda: self.adapters.waker.wake(SWITCHES),
            "overviews": WorkspaceOverviews(pool),
            "verified_addresses": VerifiedAddresses(pool),
            "sanitizer": Nh3Sanitizer(),
            "snapshots": PostgresSnapshots(),
            "runs": PostgresCampaignRuns(),
            "audience": PostgresAudience(pool),
            "senders": self.adapters.sender_domains,
            "domain_names": PublicDomainNames(),
            "domain_setup": self.adapters.settings.domains.setup,
            "erasures": PostgresErasures(pool),
            "dead_letters": PostgresDeadLetters(pool),
            "uncertain": PostgresUncertainMessages(pool),
            "trash": PostgresTrash(pool),
            "retention": PostgresRetention(pool),
            "receipts": ErasureReceipts(pool, self.adapters.settings.secret_key),
        }

    def _public(self) -> dict[str, object]:
        settings = self.adapters.settings
        return {
            "viewer": Viewer(
                PostgresContactValues(self.adapters.pool),
                PreviewRenderer(settings.public_url),
                PostgresPreviews(self.adapters.pool, settings.secret_key),
                PostgresAudience(self.adapters.pool),
            ),
            "shown_previews": PostgresPreviews(self.adapters.pool, settings.secret_key),
            "links": LinkReader(SignedLinks(settings.secret_key, public_url=settings.tracking_url)),
            "export_links": ExportLinks(settings.secret_key, public_url=settings.public_url),
            "export_files": ExportFiles(self.adapters.pool, ExportPlaces(settings.exports_dir)),
            "public_url": settings.public_url,
            "relay_rate_per_s": settings.smtp.rate_per_s,
            "hits": self.hits,
            "live": self.live,
            "checkpoints": Checkpoints(self.adapters.pool),
            "campaigns": self.campaigns,
            "health": health_checks(self.adapters),
            "access_tokens": self.adapters.access_tokens,
            "new_id_now": new_id,
            "now": now,
        }

    def _per_request(self) -> dict[str, Provide]:
        pool = self.adapters.pool
        reads = ReadsProvider(pool, Checkpoints(pool))
        writes = WriteContext(
            RequestKeys(pool, self.adapters.settings.secret_key),
            now=now,
            new_id=new_id,
            has_sandbox=bool(self.adapters.settings.sandbox.host),
        )
        return {
            "log": Provide(self._log),
            "keys": Provide(self._keys),
            "mails": Provide(self._mails),
            "invitations": Provide(self._invitations),
            "previews": Provide(self._previews),
            "audit_mapper": Provide(self._audit_mapper),
            "actor_names": Provide(self._actor_names),
            "accounts": Provide(self._accounts),
            "door": Provide(self._door),
            "letters": Provide(self._letters),
            "client_label": Provide(provide_client_label),
            "claim": Provide(writes.claim),
            "context": Provide(writes.context),
            "account_context": Provide(writes.account_context),
            "new_id": Provide(writes.new_id),
            "permissions": Provide(provide_permissions),
            "person": Provide(provide_person),
            "factors": Provide(self._factors),
            "domains": Provide(self._domains),
            "relays": Provide(self._relays),
            "upload": Provide(provide_upload),
            "form": Provide(provide_form),
            "reads": Provide(reads.provide),
            "platform_reads": constant(TenantReads(pool, PLATFORM)),
            "account_reads": Provide(reads.provide_account),
            "page": Provide(PageProvider(self.adapters.settings.secret_key).provide),
        }

    async def _log(self) -> EventLog:
        """Open the log at first use, in a thread: the process starts without a database."""
        return await sync_to_thread(lambda: self.adapters.log)

    async def _keys(self) -> KeyVault:
        """Open the vault at first use, in a thread, for the same reason."""
        return await sync_to_thread(lambda: self.adapters.vault)

    async def _mails(self) -> PostgresSystemMails:
        return PostgresSystemMails(await self._keys())

    async def _domains(self) -> PostgresSendingDomains:
        return PostgresSendingDomains(await self._keys())

    async def _relays(self) -> PostgresRelays:
        return PostgresRelays(self.adapters.pool, await self._keys())

    async def _factors(self) -> PostgresSecondFactors:
        return PostgresSecondFactors(self.adapters.pool, await self._keys())

    async def _accounts(self) -> PostgresAccounts:
        return await sync_to_thread(lambda: self.adapters.accounts)

    async def _door(self) -> Door:
        """Return what signing in needs."""
        pool, accounts = self.adapters.pool, await self._accounts()
        return Door(
            accounts=accounts,
            passwords=self._passwords,
            sessions=PostgresSessions(pool, self.adapters.settings.secret_key),
            tokens=PostgresSingleUseTokens(pool),
            access=self.adapters.access_tokens,
            attempts=PostgresAttempts(pool, self.adapters.rate_buckets, accounts),
        )

    async def _letters(self) -> Letters:
        tokens = PostgresSingleUseTokens(self.adapters.pool)
        public_url = self.adapters.settings.public_url
        return Letters(await self._mails(), tokens, new_id, public_url=public_url)

    async def _invitations(self) -> PostgresInvitations:
        secret_key = self.adapters.settings.secret_key
        return PostgresInvitations(self.adapters.pool, await self._keys(), secret_key)

    async def _previews(self) -> ErasurePreviews:
        return ErasurePreviews(self.adapters.pool, await self._keys())

    async def _audit_mapper(self) -> Mapper:
        """Open events with keys of its own, which may be forgotten without slowing appends."""
        return Mapper(await sync_to_thread(self.adapters.another_vault))

    async def _actor_names(self, request: AnyRequest) -> ActorNames:
        """Show who people are to those who may see the members; with keys as of now."""
        vault = await sync_to_thread(self.adapters.another_vault)
        accounts = PostgresAccounts(self.adapters.pool, vault, self.adapters.settings.secret_key)

        def address_of(user_id: UUID) -> str | None:
            found = accounts.by_id(user_id)
            return found.email if found else None

        may_see = "members:read" in caller_of(request).permissions
        return ActorNames(Mapper(vault), address_of=address_of if may_see else None)


def authentication(adapters: Adapters) -> Authentication:
    """Return who lets in, each kind of credential by its authenticator."""
    return Authentication(
        [
            ApiKeyAuthenticator(TokenLookup(adapters.pool)),
            SessionAuthenticator(adapters.access_tokens, SessionLookup(adapters.pool)),
            ViewingAuthenticator(
                ViewingLookup(adapters.pool), lambda: adapters.log, now=now, new_id=new_id
            ),
        ]
    )


def health_checks(adapters: Adapters) -> HealthChecks:
    """Return what asks each part whether it is well."""
    postgres = PostgresHealth(adapters.pool)
    vault = VaultHealth(adapters.vault_pool, adapters.outside_vault)
    nats_url = adapters.settings.nats_url
    return lambda: postgres.checks() | vault.checks() | {"nats": nats_check(nats_url)}


def constant(value: object) -> Provide:
    """Provide the same object to every request."""

    def provide() -> Any:  # noqa: ANN401 - whatever the handler's own annotation says it is
        return value

    return Provide(provide, sync_to_thread=False)
