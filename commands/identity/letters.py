"""The mails of accounts: the secret of a link stands behind its `#`, so in no server's log."""

from collections.abc import Callable
from datetime import datetime, timedelta
from uuid import UUID

from commands.identity.ports import Purpose, SingleUseTokens
from commands.ports import Effect, SystemMail, SystemMails
from domain.shared.platform import PLATFORM

LINK_VALID_S = 3600
"""Short, and used once (OWASP ASVS 5.0, 6.4.3)."""
NEWS_FOR = timedelta(days=1)


class Letters:
    """Makes the effects that queue mail. `public_url` is the setting, never a request's Host."""

    def __init__(
        self,
        mails: SystemMails,
        tokens: SingleUseTokens,
        new_id: Callable[[], UUID],
        *,
        public_url: str,
    ) -> None:
        self._mails = mails
        self._tokens = tokens
        self._new_id = new_id
        self._public_url = public_url

    def with_link(self, purpose: Purpose, user_id: UUID, email: str) -> list[Effect]:
        """Return the effects of a mail whose link works once."""
        token, expires_at, good = self._tokens.issue(purpose, user_id, valid_s=LINK_VALID_S)
        page = f"{purpose.value.replace('_', '-')}#token={token}"
        return [good, self._mail(purpose.value, user_id, email, page, expires_at)]

    def news(self, kind: str, user_id: UUID, email: str, *, page: str, now: datetime) -> Effect:
        """Return the effect of a mail that only tells."""
        return self._mail(kind, user_id, email, page, now + NEWS_FOR)

    def _mail(self, kind: str, user_id: UUID, to: str, page: str, until: datetime) -> Effect:
        return self._mails.queue(
            SystemMail(
                workspace_id=PLATFORM,
                mail_id=self._new_id(),
                kind=kind,
                subject_id=user_id,
                to_address=to,
                values={"link": f"{self._public_url}/{page}"},
                expires_at=until,
            )
        )
