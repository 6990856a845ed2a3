"""Which names can be sending domains, and which organisation a name belongs to."""

from functools import cached_property

from publicsuffixlist import PublicSuffixList

from domain.contacts.email_address import InvalidAddress
from domain.shared.errors import InvalidInputError
from infra.email_addresses import EmailValidator

MOST_DOMAIN_OCTETS = 189  # what is left of an address with the longest local part


class PublicDomainNames:
    """The port `commands.delivery.sending_domain_ports.DomainNames`, by the Public Suffix List."""

    def __init__(self) -> None:
        self._addresses = EmailValidator()

    @cached_property
    def _suffixes(self) -> PublicSuffixList:
        return PublicSuffixList()

    def normal(self, text: str) -> str:
        """See the port."""
        found = self._addresses.check(f"x@{text.strip().rstrip('.')}")
        if isinstance(found, InvalidAddress):
            raise InvalidInputError(
                f"this is no domain that can send mail: {found.reason} Write it as acme.com"
            )
        domain = found.address.partition("@")[2].lower()
        if len(domain) > MOST_DOMAIN_OCTETS:
            raise InvalidInputError("the domain is too long to send from")
        if self._suffixes.privatesuffix(domain) is None:
            raise InvalidInputError(
                f"{domain} is a public suffix, under which everybody has a domain: name your own"
            )
        return domain

    def organisation(self, domain: str) -> str:
        """Return the organisational domain (RFC 7489, 3.2)."""
        return str(self._suffixes.privatesuffix(domain) or domain)
