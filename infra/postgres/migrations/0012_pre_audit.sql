-- The auditors' tools: which request or verb asked, exports of the log, and tokens that may more.

-- What was asked: an operation of the API, a verb of the command line, a worker. No personal data.
ALTER TABLE commits ADD COLUMN command text NOT NULL DEFAULT '';

-- Working state of the exporter, written with the events that say so.
CREATE TABLE exports (
    workspace_id  uuid        NOT NULL,
    export_id     uuid        NOT NULL,
    state         text        NOT NULL DEFAULT 'running',  -- completed, failed, expired, deleted
    filter        jsonb       NOT NULL,
    open_personal boolean     NOT NULL,
    requested_by  text        NOT NULL,
    generation    integer     NOT NULL DEFAULT 0,   -- raised when all that is written must go
    upto          bigint,                          -- fixed when the work begins
    position      bigint      NOT NULL DEFAULT 0,   -- read so far
    events        bigint      NOT NULL DEFAULT 0,
    size_bytes    bigint,
    sha256        text,
    error         text,
    requested_at  timestamptz NOT NULL DEFAULT now(),
    completed_at  timestamptz,
    expires_at    timestamptz,
    PRIMARY KEY (workspace_id, export_id)
);
CREATE INDEX exports_busy ON exports (requested_at) WHERE state IN ('running', 'completed');

-- Who is in an opened export: 16-byte ids, a row a page. Written before the page is, so that an
-- erasure finds every file that could hold the person.
CREATE TABLE export_subjects (
    workspace_id uuid   NOT NULL,
    export_id    uuid   NOT NULL,
    position     bigint NOT NULL,
    subjects     bytea  NOT NULL,
    PRIMARY KEY (workspace_id, export_id, position)
);

-- Permissions beyond those that every token has, such as personal:open.
ALTER TABLE api_tokens ADD COLUMN permissions text[] NOT NULL DEFAULT '{}';
DROP FUNCTION authenticate_token(bytea);
CREATE FUNCTION authenticate_token(digest bytea)
    RETURNS TABLE (workspace_id uuid, token_id uuid, permissions text[])
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS
    $$ SELECT t.workspace_id, t.token_id, t.permissions FROM api_tokens t
        WHERE t.sha256 = digest AND NOT t.revoked $$;
REVOKE ALL ON FUNCTION authenticate_token(bytea) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION authenticate_token(bytea) TO engine_app;

DO $$
DECLARE
    t text;
BEGIN
    FOREACH t IN ARRAY ARRAY['exports', 'export_subjects']
    LOOP
        EXECUTE format('ALTER TABLE %I ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY', t);
        EXECUTE format('CREATE POLICY tenant ON %I TO engine_app, engine_worker '
                       'USING (workspace_id = (SELECT current_workspace())) '
                       'WITH CHECK (workspace_id = (SELECT current_workspace()))', t);
        EXECUTE format('GRANT SELECT, INSERT, UPDATE, DELETE ON %I TO engine_worker', t);
    END LOOP;
END $$;
CREATE POLICY worker_looks ON exports FOR SELECT TO engine_worker USING (true);
GRANT SELECT, INSERT ON exports TO engine_app;
GRANT UPDATE (state, generation, position, events) ON exports TO engine_app;
GRANT SELECT, DELETE ON export_subjects TO engine_app;
