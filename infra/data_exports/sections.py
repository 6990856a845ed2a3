"""What an export of data holds, section by section: a query by keyset each.

Personal columns are null of whoever is erased, whatever the read models still show.
"""

from typing import LiteralString

import msgspec

FIRST_ID = "00000000-0000-0000-0000-000000000000"


class Section(msgspec.Struct, frozen=True, kw_only=True):
    """One pair of files. The first `keys` columns of the query are the sort key, and not shown."""

    name: str
    query: LiteralString
    first: tuple[str, ...]
    people: bool = False  # the rows show people; the key is the person
    columns: tuple[str, ...]

    @property
    def keys(self) -> int:
        """How many columns the sort key has."""
        return len(self.first)


_OF_WORKSPACE: LiteralString = "workspace_id = %(workspace_id)s"
_OF_CONTACT: LiteralString = "workspace_id = %(workspace_id)s AND contact_id = %(contact_id)s"
_CONTACT_COLUMNS = (
    "contact_id", "email", "first_name", "last_name", "fields", "status", "status_at",
    "import_id", "added_at", "deleted_at", "restored_at", "erased_at",
)  # fmt: skip
_CONTACT: LiteralString = """
SELECT c.contact_id, c.contact_id, CASE WHEN e.contact_id IS NULL THEN c.email END,
       CASE WHEN e.contact_id IS NULL THEN c.first_name END,
       CASE WHEN e.contact_id IS NULL THEN c.last_name END,
       CASE WHEN e.contact_id IS NULL THEN c.fields END, c.status, c.status_at, c.import_id,
       c.added_at, c.deleted_at, c.restored_at, coalesce(c.erased_at, e.asked_at)
  FROM contacts c LEFT JOIN erasures e
    ON e.workspace_id = c.workspace_id AND e.contact_id = c.contact_id
 WHERE c.workspace_id = %(workspace_id)s AND c.contact_id > %(after_0)s::uuid
"""
_MESSAGE_COLUMNS = (
    "message_id", "campaign_id", "contact_id", "status", "reason", "attempt", "queued_at",
    "sent_at", "opened_at", "clicked_at", "opens", "clicks",
)  # fmt: skip
_MESSAGES: LiteralString = """
SELECT message_id, message_id, campaign_id, contact_id, status, reason, attempt, queued_at,
       sent_at, opened_at, clicked_at, opens, clicks
"""
_SUPPRESSION_COLUMNS = ("contact_id", "reason", "detail", "campaign_id", "since")
_SUPPRESSIONS: LiteralString = """
SELECT position, contact_id, reason, detail, campaign_id, since FROM suppressions WHERE
"""
_CONSENT_COLUMNS = (
    "contact_id", "kind", "source", "text", "campaign_id", "happened_at", "recorded_at", "actor",
    "ip",
)  # fmt: skip
_BY_POSITION: LiteralString = (
    " AND position > %(after_0)s::bigint ORDER BY position LIMIT %(limit)s"
)

WORKSPACE = (
    Section(
        name="contacts",
        query=_CONTACT + " ORDER BY c.contact_id LIMIT %(limit)s",
        first=(FIRST_ID,),
        people=True,
        columns=_CONTACT_COLUMNS,
    ),
    Section(
        name="templates",
        query="SELECT t.template_id, t.template_id, v.name, v.subject, v.preheader, v.html, v.text,"
        " v.defaults, v.warnings, t.added_at, t.updated_at, t.version, t.deleted_at"
        " FROM templates t JOIN template_versions v ON v.workspace_id = t.workspace_id"
        " AND v.template_id = t.template_id AND v.version = t.version"
        " WHERE t.workspace_id = %(workspace_id)s AND t.template_id > %(after_0)s::uuid"
        " ORDER BY 1 LIMIT %(limit)s",
        first=(FIRST_ID,),
        columns=(
            "template_id", "name", "subject", "preheader", "html", "text", "defaults", "warnings",
            "added_at", "updated_at", "version", "deleted_at",
        ),
    ),
    Section(
        name="campaigns",
        query="SELECT c.campaign_id, c.campaign_id, c.name, c.template_id, c.status, c.audience,"
        " c.send_at, c.drafted_at, c.launched_at, c.ended_at, c.deleted_at, s.queued, s.sent,"
        " s.bounced, s.failed, s.uncertain, s.skipped, s.opens, s.opened, s.clicks, s.clicked,"
        " s.unsubscribed FROM campaigns c LEFT JOIN campaign_stats s"
        " ON s.workspace_id = c.workspace_id AND s.campaign_id = c.campaign_id"
        " WHERE c.workspace_id = %(workspace_id)s AND c.campaign_id > %(after_0)s::uuid"
        " ORDER BY 1 LIMIT %(limit)s",
        first=(FIRST_ID,),
        columns=(
            "campaign_id", "name", "template_id", "status", "audience", "send_at", "drafted_at",
            "launched_at", "ended_at", "deleted_at", "queued", "sent", "bounced", "failed",
            "uncertain", "skipped", "opens", "opened", "clicks", "clicked", "unsubscribed",
        ),
    ),
    Section(
        name="messages",
        query=_MESSAGES + " FROM messages WHERE " + _OF_WORKSPACE
        + " AND message_id > %(after_0)s::uuid ORDER BY 1 LIMIT %(limit)s",
        first=(FIRST_ID,),
        columns=_MESSAGE_COLUMNS,
    ),
    Section(
        name="suppressions",
        query=_SUPPRESSIONS + _OF_WORKSPACE + _BY_POSITION,
        first=("0",),
        columns=_SUPPRESSION_COLUMNS,
    ),
    Section(
        name="consents",
        query="SELECT contact_id, position, contact_id, kind, source, text, campaign_id,"
        " happened_at, recorded_at, actor, ip FROM consents WHERE "
        + _OF_WORKSPACE
        + " AND (contact_id, position) > (%(after_0)s::uuid, %(after_1)s::bigint)"
        " ORDER BY contact_id, position LIMIT %(limit)s",
        first=(FIRST_ID, "0"),
        columns=_CONSENT_COLUMNS,
    ),
)  # fmt: skip

CONTACT = (
    Section(
        name="profile",
        query=_CONTACT + " AND c.contact_id = %(contact_id)s LIMIT %(limit)s",
        first=(FIRST_ID,),
        people=True,
        columns=_CONTACT_COLUMNS,
    ),
    Section(
        name="consents",
        query="SELECT position, contact_id, kind, source, text, campaign_id, happened_at,"
        " recorded_at, actor, ip FROM (SELECT position, contact_id, kind, source, text,"
        " campaign_id, happened_at, recorded_at, actor, ip FROM consents WHERE "
        + _OF_CONTACT
        + " UNION ALL SELECT c.added_position, c.contact_id, 'given',"
        " coalesce(nullif(i.consent_source, ''), 'import'), coalesce(i.consent_text, ''), NULL,"
        " coalesce(i.requested_at, c.added_at), c.added_at,"
        " coalesce(nullif(i.requested_by, ''), 'worker:importer'), NULL FROM contacts c"
        " LEFT JOIN imports i ON i.workspace_id = c.workspace_id AND i.import_id = c.import_id"
        " WHERE c.workspace_id = %(workspace_id)s AND c.contact_id = %(contact_id)s) AS history"
        " WHERE true" + _BY_POSITION,
        first=("0",),
        columns=_CONSENT_COLUMNS,
    ),
    Section(
        name="suppressions",
        query=_SUPPRESSIONS + _OF_CONTACT + _BY_POSITION,
        first=("0",),
        columns=_SUPPRESSION_COLUMNS,
    ),
    Section(
        name="messages",
        query=_MESSAGES
        + ", CASE WHEN EXISTS (SELECT FROM erasures WHERE " + _OF_CONTACT + ") THEN NULL"
        " ELSE reply END FROM messages WHERE " + _OF_CONTACT
        + " AND message_id > %(after_0)s::uuid ORDER BY 1 LIMIT %(limit)s",
        first=(FIRST_ID,),
        columns=(*_MESSAGE_COLUMNS, "reply"),
    ),
    Section(
        name="dead_letters",
        query="SELECT message_id, message_id, campaign_id, code, status, reason, failed_at,"
        " transcript FROM dead_letters WHERE "
        + _OF_CONTACT
        + " AND message_id > %(after_0)s::uuid ORDER BY 1 LIMIT %(limit)s",
        first=(FIRST_ID,),
        columns=(
            "message_id", "campaign_id", "code", "status", "reason", "failed_at", "transcript",
        ),
    ),
    Section(
        name="rejected_rows",
        query="SELECT DISTINCT r.import_id, r.row, r.import_id, r.row, r.line, r.code, r.reason,"
        " r.cells FROM contact_addresses a JOIN import_rejection_addresses m"
        " ON m.workspace_id = a.workspace_id AND m.address_key = a.address_key"
        " JOIN import_rejections r ON r.workspace_id = m.workspace_id"
        " AND r.import_id = m.import_id AND r.row = m.row"
        " WHERE a.workspace_id = %(workspace_id)s AND a.contact_id = %(contact_id)s"
        " AND (r.import_id, r.row) > (%(after_0)s::uuid, %(after_1)s::integer)"
        " ORDER BY r.import_id, r.row LIMIT %(limit)s",
        first=(FIRST_ID, "0"),
        columns=("import_id", "row", "line", "code", "reason", "cells"),
    ),
    Section(
        name="erasure",
        query="SELECT contact_id, contact_id, stage, asked_at FROM erasures WHERE "
        + _OF_CONTACT
        + " AND contact_id > %(after_0)s::uuid LIMIT %(limit)s",
        first=(FIRST_ID,),
        columns=("contact_id", "stage", "asked_at"),
    ),
)  # fmt: skip
COUNT_OF_WORKSPACE: LiteralString = """
SELECT (SELECT count(*) FROM contacts WHERE workspace_id = %(workspace_id)s)
     + (SELECT count(*) FROM templates WHERE workspace_id = %(workspace_id)s)
     + (SELECT count(*) FROM campaigns WHERE workspace_id = %(workspace_id)s)
     + (SELECT count(*) FROM messages WHERE workspace_id = %(workspace_id)s)
     + (SELECT count(*) FROM suppressions WHERE workspace_id = %(workspace_id)s)
     + (SELECT count(*) FROM consents WHERE workspace_id = %(workspace_id)s)
"""
MODELS = (
    "contact_list", "template_list", "campaign_list", "campaign_stats", "message_ledger",
    "suppression_list", "consent_history",
)  # fmt: skip
"""The read models that are read, which must have seen the request first."""
