-- A file that somebody looks at before it is imported: `reviewing` waits for a word, `checking` is
-- read by the importer without a row being written, then `reviewing` again with the report.
-- The report holds counts, codes and row numbers: nothing personal.

ALTER TABLE imports
    ADD sha256       text,
    ADD repairs      text[]  NOT NULL DEFAULT '{}',   -- what is repaired in each address
    ADD report       jsonb,
    ADD checked_rows integer NOT NULL DEFAULT 0;
CREATE INDEX imports_checking ON imports (requested_at) WHERE status = 'checking';

GRANT UPDATE (status, mapping, repairs, report, checked_rows, requested_by, consent_source,
              consent_text, error_code, error, requested_at, changed_at) ON imports TO engine_app;
GRANT DELETE ON import_parts TO engine_app;
