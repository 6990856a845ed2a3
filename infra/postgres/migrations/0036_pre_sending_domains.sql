-- Sending domains: what has to be published for each, what was found, and the keys that sign for it
-- (ADR 0028). States change with the events that say so; the rest is what the checker knows.

CREATE TABLE sending_domains (
    workspace_id  uuid        NOT NULL,
    domain_id     uuid        NOT NULL,             -- derived from workspace and domain
    domain        text        NOT NULL,             -- A-labels, lower case
    state         text        NOT NULL,             -- pending, verified, broken, removed
    resting       boolean     NOT NULL DEFAULT false,  -- nobody looks any more until asked
    added_at      timestamptz NOT NULL,
    verified_at   timestamptz,
    broken_at     timestamptz,
    waiting_since timestamptz NOT NULL,             -- since when it waits to be verified
    records       jsonb       NOT NULL,             -- found against expected, each with its advice
    checked_at    timestamptz,
    next_check_at timestamptz NOT NULL,             -- also the lease of who is looking
    checks        integer     NOT NULL DEFAULT 0,   -- since `waiting_since`
    misses        integer     NOT NULL DEFAULT 0,   -- checks in a row that found less than all
    missing_since timestamptz,
    PRIMARY KEY (workspace_id, domain_id),
    UNIQUE (workspace_id, domain)
);
CREATE INDEX sending_domains_due ON sending_domains (next_check_at)
    WHERE state <> 'removed' AND NOT resting;

CREATE TABLE dkim_keys (
    workspace_id uuid    NOT NULL,
    domain_id    uuid    NOT NULL,
    selector     text    NOT NULL,
    algorithm    text    NOT NULL,                  -- rsa, ed25519
    phase        text    NOT NULL,                  -- next, active, retiring
    published    boolean NOT NULL DEFAULT false,    -- its record was seen: it may sign
    sealed       bytea   NOT NULL,                  -- the private key, under a key of the vault
    PRIMARY KEY (workspace_id, domain_id, selector),
    FOREIGN KEY (workspace_id, domain_id) REFERENCES sending_domains ON DELETE CASCADE
);

DO $$
DECLARE
    t text;
BEGIN
    FOREACH t IN ARRAY ARRAY['sending_domains', 'dkim_keys']
    LOOP
        EXECUTE format('ALTER TABLE %I ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY', t);
        EXECUTE format('CREATE POLICY tenant ON %I TO engine_app, engine_worker '
                       'USING (workspace_id = (SELECT current_workspace())) '
                       'WITH CHECK (workspace_id = (SELECT current_workspace()))', t);
        EXECUTE format('CREATE POLICY worker_looks ON %I FOR SELECT TO engine_worker USING (true)', t);
        EXECUTE format('GRANT SELECT, INSERT, UPDATE, DELETE ON %I TO engine_worker', t);
    END LOOP;
END $$;
GRANT SELECT, INSERT, UPDATE ON sending_domains TO engine_app;
-- The HTTP process writes keys and never reads them.
GRANT SELECT (workspace_id, domain_id, selector, algorithm, phase, published), INSERT, DELETE
    ON dkim_keys TO engine_app;
