-- Seals: signed, chained Merkle roots over each workspace's part of the log (ADR 0013).

CREATE TABLE log_seals (
    workspace_id   uuid        NOT NULL,
    number         bigint      NOT NULL,
    first_position bigint      NOT NULL,
    last_position  bigint      NOT NULL,
    event_count    integer     NOT NULL,
    leaf_count     integer     NOT NULL,
    root           bytea       NOT NULL,
    index_digest   bytea       NOT NULL,
    previous       bytea       NOT NULL,
    sealed_at      timestamptz NOT NULL,
    key_id         text        NOT NULL,
    signature      bytea       NOT NULL,
    index          bytea       NOT NULL,  -- position and fingerprint of each leaf, only to locate
    PRIMARY KEY (workspace_id, number)
);
ALTER TABLE log_seals ALTER COLUMN index SET STORAGE EXTERNAL;  -- hashes do not compress

-- Up to where the log is sealed, for all workspaces.
CREATE TABLE sealer_cursor (
    shard      integer     PRIMARY KEY,
    position   bigint      NOT NULL,
    updated_at timestamptz NOT NULL DEFAULT now()
);

CREATE TRIGGER append_only BEFORE UPDATE OR DELETE ON log_seals
    FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER never_truncated BEFORE TRUNCATE ON log_seals
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();

ALTER TABLE log_seals ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant_reads ON log_seals FOR SELECT TO engine_app
    USING (workspace_id = (SELECT current_workspace()));
CREATE POLICY follower_reads ON log_seals FOR SELECT TO engine_worker, engine_sealer USING (true);
CREATE POLICY sealer_appends ON log_seals FOR INSERT TO engine_sealer WITH CHECK (true);
CREATE POLICY sealer_reads ON events FOR SELECT TO engine_sealer USING (true);
CREATE POLICY sealer_reads ON commits FOR SELECT TO engine_sealer USING (true);

-- The sealer reads the log and appends seals; nobody else may append any.
GRANT USAGE ON SCHEMA public TO engine_sealer;
GRANT SELECT ON events, commits TO engine_sealer;
GRANT SELECT ON SEQUENCE log_position TO engine_sealer;
GRANT SELECT, INSERT ON log_seals TO engine_sealer;
GRANT SELECT, INSERT, UPDATE ON sealer_cursor TO engine_sealer;
GRANT SELECT ON log_seals TO engine_app, engine_worker;
GRANT SELECT ON sealer_cursor TO engine_worker;
