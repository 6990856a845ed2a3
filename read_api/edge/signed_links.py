"""The port `commands.http.ports.Links` on the tokens of `infra.crypto.links`."""

from infra.crypto.links import LinkKind, LinkTarget, SignedLinks


class LinkReader:
    """Reads each kind of token with its own key."""

    def __init__(self, links: SignedLinks) -> None:
        self._links = links

    def opened(self, token: str) -> LinkTarget | None:
        """See the port."""
        return self._links.verify(LinkKind.OPEN, token)

    def clicked(self, token: str) -> LinkTarget | None:
        """See the port."""
        return self._links.verify(LinkKind.CLICK, token)

    def unsubscribing(self, token: str) -> LinkTarget | None:
        """See the port."""
        return self._links.verify(LinkKind.UNSUBSCRIBE, token)
