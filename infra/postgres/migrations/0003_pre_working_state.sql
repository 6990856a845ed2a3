-- Working state: changed in the transaction of the append that it belongs to, rebuildable from
-- the log. Every table is a tenant's: row-level security forced, keys start with workspace_id.

-- Which secrets are good. Written with ApiTokenIssued and ApiTokenRevoked.
CREATE TABLE api_tokens (
    workspace_id uuid    NOT NULL,
    token_id     uuid    NOT NULL,
    sha256       bytea   NOT NULL,
    revoked      boolean NOT NULL DEFAULT false,
    PRIMARY KEY (workspace_id, token_id)
);
CREATE UNIQUE INDEX api_tokens_sha256 ON api_tokens (sha256);  -- of 256 random bits: not guessable

-- The only question that can be asked without a workspace: whose token is this?
CREATE FUNCTION authenticate_token(digest bytea) RETURNS TABLE (workspace_id uuid, token_id uuid)
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS
    $$ SELECT t.workspace_id, t.token_id FROM api_tokens t WHERE t.sha256 = digest AND NOT t.revoked $$;

-- One contact an address. `address_key` is an HMAC of the normalised address: no address in clear.
CREATE TABLE contact_addresses (
    workspace_id uuid  NOT NULL,
    address_key  bytea NOT NULL,
    contact_id   uuid  NOT NULL,
    PRIMARY KEY (workspace_id, address_key)
);

-- Checked at every claim; written with ContactUnsubscribed and ContactSuppressed.
CREATE TABLE do_not_mail (
    workspace_id uuid        NOT NULL,
    contact_id   uuid        NOT NULL,
    reason       text        NOT NULL,
    since        timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (workspace_id, contact_id, reason)
);

CREATE TABLE imports (
    workspace_id uuid        NOT NULL,
    import_id    uuid        NOT NULL,
    status       text        NOT NULL,             -- running, completed, failed
    mapping      jsonb       NOT NULL,             -- field -> column header; {} means: by the headers
    size_bytes   bigint      NOT NULL,
    header       jsonb,                           -- the file's column names, once it was opened
    encoding     text,
    delimiter    text,
    next_row     integer     NOT NULL DEFAULT 0,   -- rows before this one have their verdict
    valid        integer     NOT NULL DEFAULT 0,
    duplicates   integer     NOT NULL DEFAULT 0,
    invalid      integer     NOT NULL DEFAULT 0,
    empty        integer     NOT NULL DEFAULT 0,
    error_code   text,
    error        text,
    requested_at timestamptz NOT NULL DEFAULT now(),
    changed_at   timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (workspace_id, import_id)
);
CREATE INDEX imports_running ON imports (requested_at) WHERE status = 'running';

CREATE TABLE import_parts (
    workspace_id uuid    NOT NULL,
    import_id    uuid    NOT NULL,
    part         integer NOT NULL,
    data         bytea   NOT NULL,
    PRIMARY KEY (workspace_id, import_id, part)
);
ALTER TABLE import_parts ALTER COLUMN data SET STORAGE EXTERNAL;

CREATE TABLE import_rejections (
    workspace_id uuid    NOT NULL,
    import_id    uuid    NOT NULL,
    row          integer NOT NULL,
    line         integer NOT NULL,
    code         text    NOT NULL,
    reason       text    NOT NULL,
    cells        jsonb   NOT NULL,
    PRIMARY KEY (workspace_id, import_id, row)
);

-- What a campaign sends, named by its digest; never changes.
CREATE TABLE snapshots (
    workspace_id uuid  NOT NULL,
    sha256       text  NOT NULL,
    content      jsonb NOT NULL,
    PRIMARY KEY (workspace_id, sha256)
);

-- The gate that the dispatcher asks before each claim, and where the audience expander stands.
CREATE TABLE campaign_runs (
    workspace_id      uuid        NOT NULL,
    campaign_id       uuid        NOT NULL,
    gate              text        NOT NULL,        -- scheduled, open, paused, cancelled, closed
    send_at           timestamptz NOT NULL,
    snapshot          text        NOT NULL,
    launched_at_ms    bigint,
    launched_position bigint,
    expand_after      uuid        NOT NULL DEFAULT '00000000-0000-0000-0000-000000000000',
    expanded          boolean     NOT NULL DEFAULT false,
    queued            integer     NOT NULL DEFAULT 0,
    skipped           integer     NOT NULL DEFAULT 0,
    PRIMARY KEY (workspace_id, campaign_id)
);
CREATE INDEX campaign_runs_busy ON campaign_runs (gate, send_at) WHERE gate <> 'closed';

-- One row a message that has no final outcome yet.
CREATE TABLE email_tasks (
    workspace_id uuid        NOT NULL,
    message_id   uuid        NOT NULL,
    campaign_id  uuid        NOT NULL,
    contact_id   uuid        NOT NULL,
    phase        smallint    NOT NULL DEFAULT 0,   -- 0 queued, 1 handed over: the wire may have it
    due_at       timestamptz NOT NULL,
    attempt      integer     NOT NULL DEFAULT 0,   -- attempts begun so far
    locked_by    uuid,                             -- a dispatcher; not indexed, so claims are HOT
    PRIMARY KEY (workspace_id, message_id)
) WITH (fillfactor = 70, autovacuum_vacuum_scale_factor = 0.02);
CREATE INDEX email_tasks_due ON email_tasks (workspace_id, campaign_id, due_at) WHERE phase = 0;
CREATE INDEX email_tasks_of_campaign ON email_tasks (workspace_id, campaign_id);

-- A dispatcher holds its tasks as long as it renews this one row, by the database's clock.
CREATE TABLE dispatchers (
    dispatcher_id uuid        PRIMARY KEY,
    alive_until   timestamptz NOT NULL
);
GRANT SELECT, INSERT, UPDATE, DELETE ON dispatchers TO engine_worker;

CREATE TABLE dead_letters (
    workspace_id uuid        NOT NULL,
    message_id   uuid        NOT NULL,
    campaign_id  uuid        NOT NULL,
    contact_id   uuid        NOT NULL,
    attempt      integer     NOT NULL,
    code         integer     NOT NULL,
    status       text        NOT NULL,
    reason       text        NOT NULL,
    transcript   text        NOT NULL,
    failed_at    timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (workspace_id, message_id)
);

-- When the next block of messages may go to a relay; slots are reserved by the database's clock.
CREATE TABLE relay_rates (
    relay         text             PRIMARY KEY,
    rate_per_s    double precision NOT NULL,
    granted_until timestamptz      NOT NULL DEFAULT clock_timestamp()
);
GRANT SELECT, INSERT, UPDATE ON relay_rates TO engine_worker;

DO $$
DECLARE
    t text;
BEGIN
    FOREACH t IN ARRAY ARRAY['api_tokens', 'contact_addresses', 'do_not_mail', 'imports',
                             'import_parts', 'import_rejections', 'snapshots', 'campaign_runs',
                             'email_tasks', 'dead_letters']
    LOOP
        EXECUTE format('ALTER TABLE %I ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY', t);
        EXECUTE format('CREATE POLICY tenant ON %I TO engine_app, engine_worker '
                       'USING (workspace_id = (SELECT current_workspace())) '
                       'WITH CHECK (workspace_id = (SELECT current_workspace()))', t);
        EXECUTE format('GRANT SELECT, INSERT, UPDATE, DELETE ON %I TO engine_worker', t);
    END LOOP;
END $$;

-- Looking for work is the one thing that crosses workspaces.
CREATE POLICY worker_looks ON imports FOR SELECT TO engine_worker USING (true);
CREATE POLICY worker_looks ON campaign_runs FOR SELECT TO engine_worker USING (true);
CREATE POLICY worker_looks ON email_tasks FOR SELECT TO engine_worker USING (true);
CREATE POLICY definer_reads ON api_tokens FOR SELECT TO engine_migrator USING (true);

GRANT SELECT, INSERT ON api_tokens, contact_addresses, do_not_mail, imports, import_parts,
    snapshots, campaign_runs TO engine_app;
GRANT SELECT ON import_rejections, dead_letters, email_tasks TO engine_app;
GRANT UPDATE (revoked) ON api_tokens TO engine_app;
GRANT UPDATE (gate, launched_at_ms, launched_position) ON campaign_runs TO engine_app;
REVOKE ALL ON FUNCTION authenticate_token(bytea) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION authenticate_token(bytea) TO engine_app;
