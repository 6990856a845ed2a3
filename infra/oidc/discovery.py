"""What an OpenID provider says of itself (OpenID Connect Discovery 1.0), asked for seldom."""

from collections.abc import Callable
from threading import Lock
from time import monotonic

import msgspec

from infra.egress.client import EgressFailedError, EgressRefusedError
from infra.oidc.jwks import KeysUnavailableError

TTL_S = 3600.0
RETRY_S = 30.0


class ProviderDocument(msgspec.Struct, frozen=True):
    """The part that we need; what is not given is what the standard says of its absence."""

    issuer: str
    authorization_endpoint: str
    token_endpoint: str
    jwks_uri: str
    authorization_response_iss_parameter_supported: bool = False


class Discovery:
    """The document of one provider; when it is away, one thread in `RETRY_S` finds out."""

    def __init__(
        self, fetch: Callable[[], bytes], *, issuer: str, clock: Callable[[], float] = monotonic
    ) -> None:
        self._fetch = fetch
        self._issuer = issuer
        self._clock = clock
        self._lock = Lock()
        self._known: ProviderDocument | None = None
        self._again_at = clock()

    def document(self) -> ProviderDocument:
        """Return it. Raises KeysUnavailableError."""
        if self._clock() >= self._again_at and self._lock.acquire(blocking=False):
            try:
                self._refresh()
            finally:
                self._lock.release()
        if self._known is None:
            raise KeysUnavailableError("the provider cannot be reached")
        return self._known

    def _refresh(self) -> None:
        self._again_at = self._clock() + RETRY_S
        try:
            document = msgspec.json.decode(self._fetch(), type=ProviderDocument)
        except (EgressFailedError, EgressRefusedError, msgspec.DecodeError):
            return
        if document.issuer == self._issuer:  # OpenID Connect Discovery 1.0, 4.3
            self._known, self._again_at = document, self._clock() + TTL_S
