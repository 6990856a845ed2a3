"""The mail of one campaign, compiled once; renders what goes to one person."""

from datetime import datetime
from uuid import UUID

import msgspec
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey

from domain.shared.errors import DomainError, NotFoundError
from infra.crypto.links import SignedLinks
from infra.crypto.return_paths import ReturnPaths
from infra.dkim.keys import SigningKeys
from infra.dkim.signer import Signer
from infra.mime.compiled_message import CompiledMessage, Sending, compile_message
from infra.mime.recipient import Recipient
from infra.postgres.campaign_runs import CampaignRun
from infra.postgres.connections import Pool
from infra.postgres.email_queue import Claimed
from infra.postgres.sender_hosts import PostgresSenderHosts, SenderHosts
from infra.postgres.snapshots import load_snapshot
from infra.smtp.mail import OutgoingMail

MOST_COMPILED = 64
_fields = msgspec.json.Decoder(dict[str, str])


class Ready(msgspec.Struct, frozen=True):
    """A claimed message and the bytes that are to be sent for it."""

    task: Claimed
    mail: OutgoingMail


class CampaignMail:
    """One campaign's compiled message, its sender and its links."""

    def __init__(
        self,
        run: CampaignRun,
        message: CompiledMessage,
        *,
        sender: str,
        links: SignedLinks,
        return_paths: ReturnPaths,
    ) -> None:
        self._run = run
        self._message = message
        self._sender = sender
        self._links = links
        self._return_paths = return_paths
        self._signer: Signer | None = None
        self._hosts = SenderHosts()
        self._own_links = links

    def sign_with(self, keys: SigningKeys) -> None:
        """Sign from now on with the keys the domain has now; with none, not at all."""
        found = tuple(keys.of(self._run.workspace_id, _ascii_domain(self._sender)))
        if found != (self._signer.keys if self._signer else ()):
            self._signer = Signer(found, self._message.field_names) if found else None

    @property
    def signs_slowly(self) -> bool:
        """Whether a key is RSA: its signature takes twenty times as long as Ed25519's."""
        keys = self._signer.keys if self._signer else ()
        return any(isinstance(key.private_key, RSAPrivateKey) for key in keys)

    def leave_from(self, known: PostgresSenderHosts) -> None:
        """Use from now on the hosts that the sending domain has; else the installation's."""
        hosts = known.of(self._run.workspace_id, _ascii_domain(self._sender))
        if hosts != self._hosts:
            own = self._links.at_host(hosts.tracking) if hosts.tracking else self._links
            self._hosts, self._own_links = hosts, own

    def render(self, task: Claimed, address: str, *, sent_at: datetime) -> Ready:
        """Return the finished mail. Raises DomainError for a person it cannot be made for."""
        urls = self._own_links.of_message(
            workspace_id=self._run.workspace_id,
            campaign_id=self._run.campaign_id,
            contact_id=task.contact_id,
            links=len(self._message.links),
        )
        recipient = Recipient(
            email=address,
            fields=_merge_values(task, address),
            message_id=task.message_id,
            sent_at=sent_at,
            unsubscribe_url=urls.unsubscribe_url,
            open_url=urls.open_url,
            link_urls=urls.link_urls,
        )
        data = self._message.render(recipient, self._signer)
        smtputf8 = self._message.needs_smtputf8 or recipient.needs_smtputf8
        mail_from = self._sender
        if self._return_paths.domain:
            mail_from = self._return_paths.of(
                self._run.workspace_id, task.message_id, domain=self._hosts.return_path
            )
        mail = OutgoingMail(
            task.message_id, mail_from, address, data, smtputf8=smtputf8, is_plain=True
        )
        return Ready(task, mail)


class CampaignMails:
    """Compiled campaigns of this process, the latest 64; a snapshot never changes."""

    def __init__(
        self,
        pool: Pool,
        links: SignedLinks,
        *,
        return_paths: ReturnPaths,
        keys: SigningKeys,
        hosts: PostgresSenderHosts,
    ) -> None:
        self._pool = pool
        self._links = links
        self._return_paths = return_paths
        self._keys = keys
        self._hosts = hosts
        self._compiled: dict[tuple[UUID, UUID, str], CampaignMail | DomainError] = {}

    def of(self, run: CampaignRun) -> CampaignMail:
        """Return the campaign's mail. Raises the DomainError that compiling it met."""
        key = (run.workspace_id, run.campaign_id, run.snapshot)
        if key not in self._compiled:
            while len(self._compiled) >= MOST_COMPILED:
                self._compiled.pop(next(iter(self._compiled)))
            try:
                self._compiled[key] = self._compile(run)
            except DomainError as error:
                self._compiled[key] = error
        found = self._compiled[key]
        if isinstance(found, DomainError):
            raise found
        found.sign_with(self._keys)
        found.leave_from(self._hosts)
        return found

    def _compile(self, run: CampaignRun) -> CampaignMail:
        snapshot = load_snapshot(self._pool, run.workspace_id, run.snapshot)
        if snapshot is None:
            raise NotFoundError(f"the snapshot {run.snapshot} is not in this workspace")
        domain = _ascii_domain(snapshot.from_email)
        sending = Sending(
            domain=domain,
            list_id=f"{run.workspace_id.hex}.{domain}",
            feedback_id=f"{run.campaign_id.hex}:{run.workspace_id.hex}:campaign:emailengine",
        )
        return CampaignMail(
            run,
            compile_message(snapshot, sending),
            sender=snapshot.from_email,
            links=self._links,
            return_paths=self._return_paths,
        )


def _merge_values(task: Claimed, address: str) -> dict[str, str]:
    values = _fields.decode(task.fields) if task.fields else {}
    for name, value in (("first_name", task.first_name), ("last_name", task.last_name)):
        if value:
            values[name] = value
    values["email"] = address
    return values


def _ascii_domain(address: str) -> str:
    domain = address.rpartition("@")[2].lower()
    return domain if domain.isascii() else domain.encode("idna").decode("ascii")
