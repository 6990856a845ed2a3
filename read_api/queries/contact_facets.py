"""How many contacts are there of each kind, among those that somebody looks for?"""

from typing import LiteralString

import msgspec
from litestar import get
from litestar.di import NamedDependency, Provide
from litestar.params import SkipValidation

from read_api.edge.tenant_reads import TenantReads
from read_api.queries.contact_search import ContactSearch, provide_contact_search
from schemas.http.contacts import ContactFacets, Facet

COUNTED = 100_000
SHOWN_IMPORTS = 20
UP_TO: LiteralString = " LIMIT 100001"


class _Total(msgspec.Struct):
    total: int


class _Facet(msgspec.Struct):
    value: str
    count: int


def total_of(reads: TenantReads, search: ContactSearch) -> tuple[int, bool]:
    """Count who is looked for, up to 100,000; tells too whether there are more."""
    (found,) = reads.rows(_Total, total_query(search), search.values())
    return min(found.total, COUNTED), found.total > COUNTED


def total_query(search: ContactSearch) -> LiteralString:
    """Return the statement that counts no further than needed."""
    found: LiteralString = "SELECT FROM contacts" + search.where() + UP_TO
    return "SELECT count(*) AS total FROM (" + found + ") AS found"


def facet_query(search: ContactSearch, column: LiteralString) -> LiteralString:
    """Return the statement that counts the values of one column, whichever of them is chosen."""
    found: LiteralString = (
        "SELECT " + column + " FROM contacts" + search.where(without={column}) + UP_TO
    )
    return (
        "SELECT " + column + "::text AS value, count(*) AS count FROM (" + found + ") AS found"
        " GROUP BY 1 ORDER BY 2 DESC, 1 LIMIT %(fetch)s"
    )


@get(
    "/v1/contacts/facets",
    sync_to_thread=True,
    opt={"permission": "contacts:read", "reads": ("contact_list",)},
    dependencies={"search": Provide(provide_contact_search, sync_to_thread=False)},
    summary="How many contacts of each kind",
    tags=["contacts"],
)
def get_contact_facets(
    reads: NamedDependency[SkipValidation[TenantReads]],
    search: NamedDependency[SkipValidation[ContactSearch]],
) -> ContactFacets:
    """Count by status and by import, each without its own condition; imports the largest first."""
    total, is_about = total_of(reads, search)
    values = search.values() | {"fetch": SHOWN_IMPORTS}
    statuses = reads.rows(_Facet, facet_query(search, "status"), values)
    imports = reads.rows(_Facet, facet_query(search, "import_id"), values)
    return ContactFacets(
        total=total,
        total_is_about=is_about,
        status=[Facet(value=one.value, count=one.count) for one in statuses],
        import_id=[Facet(value=one.value, count=one.count) for one in imports],
    )
