"""A mail of the system as it leaves: its letter, its return path, and a signature."""

from domain.delivery.system_mail import compose
from domain.shared.platform import PLATFORM
from infra.crypto.return_paths import ReturnKind, ReturnPaths
from infra.dkim.keys import SigningKeys
from infra.dkim.signer import signed
from infra.mime.system_message import Sender, system_message
from infra.postgres.system_mails import ClaimedMail, Content
from infra.smtp.mail import OutgoingMail


class SystemEnvelopes:
    """Writes mails of one sender; asks for keys, so not for the event loop.

    The installation's own domains are kept in PLATFORM: no workspace's key signs for it.
    """

    def __init__(self, sender: Sender, *, return_paths: ReturnPaths, keys: SigningKeys) -> None:
        self._sender = sender
        self._return_paths = return_paths
        self._keys = keys

    def written(self, mail: ClaimedMail, content: Content) -> OutgoingMail:
        """Return the mail. Raises SystemMailError and UnsafeHeaderError for what cannot be."""
        letter = compose(mail.kind, content.values, expires_at=mail.expires_at)
        data = system_message(
            letter,
            sender=self._sender,
            to_address=content.to_address,
            mail_id=mail.mail_id,
            sent_at=mail.claimed_at,
        )
        if keys := self._keys.of(PLATFORM, self._sender.address.rpartition("@")[2].lower()):
            data = signed(data, keys, at_s=int(mail.claimed_at.timestamp()))
        mail_from = self._sender.address
        if self._return_paths.domain:
            mail_from = self._return_paths.of(
                mail.workspace_id, mail.mail_id, kind=ReturnKind.SYSTEM
            )
        return OutgoingMail(
            mail.mail_id,
            mail_from,
            content.to_address,
            data,
            smtputf8=not content.to_address.isascii(),
        )
