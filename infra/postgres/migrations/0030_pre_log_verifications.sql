-- What the log was last verified to be (ADR 0024): up to which seal, when, and what was found.

CREATE TABLE log_verifications (
    workspace_id      uuid        PRIMARY KEY,
    seal              bigint      NOT NULL,  -- the last one that was verified; 0: none
    position          bigint      NOT NULL,  -- the last that it covers
    seal_hash         bytea       NOT NULL,
    verified_at       timestamptz NOT NULL,
    whole_position    bigint      NOT NULL DEFAULT 0,  -- up to where all was read from the start
    whole_verified_at timestamptz,
    fault_position    bigint,     -- the first bad one; stays until all is read again and is good
    fault_seal        bigint,
    fault             text
);

-- Up to where everything of every workspace was verified, and when that last was from the start.
CREATE TABLE log_verifier_cursor (
    shard    integer     PRIMARY KEY,
    position bigint      NOT NULL,
    whole_at timestamptz NOT NULL
);

ALTER TABLE log_verifications ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant_reads ON log_verifications FOR SELECT TO engine_app
    USING (workspace_id = (SELECT current_workspace()));
CREATE POLICY sealer_writes ON log_verifications TO engine_sealer
    USING (true) WITH CHECK (true);
GRANT SELECT ON log_verifications TO engine_app;
GRANT SELECT, INSERT, UPDATE ON log_verifications TO engine_sealer;
GRANT SELECT, INSERT, UPDATE ON log_verifier_cursor TO engine_sealer;
