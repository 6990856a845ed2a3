"""Which merge tags can a template of this workspace use?"""

from collections.abc import Iterable

import msgspec
from litestar import get
from litestar.di import NamedDependency
from litestar.params import SkipValidation

from domain.content.merge_tags import FILTERS
from domain.content.tag_catalog import CatalogTag, of_contacts, of_field, of_mail
from read_api.edge.tenant_reads import TenantReads
from schemas.http.content import MergeTag, MergeTags

# Names only: an example that is somebody's value would be personal data.
FIELDS = """
SELECT DISTINCT name FROM (
    SELECT fields FROM contacts
     WHERE workspace_id = %(workspace_id)s AND fields IS NOT NULL
     ORDER BY contact_id DESC LIMIT 1000) AS newest, jsonb_object_keys(newest.fields) AS name
 ORDER BY name LIMIT 200
"""
FALLBACK = '{{ name | default: "there" }}'


class _Field(msgspec.Struct, frozen=True):
    name: str


@get(
    "/v1/merge-tags",
    sync_to_thread=True,
    opt={"permission": "templates:read", "reads": ("contact_list",)},
    summary="The merge tags there are",
    tags=["templates"],
)
def get_merge_tags(reads: NamedDependency[SkipValidation[TenantReads]]) -> MergeTags:
    """List tags with examples; custom ones are fields of the 1,000 newest contacts."""
    custom = [
        of_field(row.name, row.name.replace("_", " ")) for row in reads.rows(_Field, FIELDS, {})
    ]
    return MergeTags(
        items=[
            *_shown("contact", of_contacts()),
            *_shown("custom", custom),
            *_shown("mail", of_mail()),
        ],
        filters=list(FILTERS),
        fallback=FALLBACK,
    )


def _shown(kind: str, tags: Iterable[CatalogTag]) -> list[MergeTag]:
    return [
        MergeTag(
            name=tag.name, kind=kind, meaning=tag.meaning, example=tag.example, syntax=tag.syntax
        )
        for tag in tags
    ]
