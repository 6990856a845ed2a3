-- Epochs: each has a master key of its own, kept outside the databases. The newest is current.

CREATE TABLE epochs (
    epoch        integer     PRIMARY KEY,
    proof        bytea,                            -- zeros wrapped under its key: is it the same key?
    opened_at    timestamptz NOT NULL DEFAULT now(),
    destroyed_at timestamptz                       -- nothing is wrapped under it, its key is gone
);

-- A vault from before had one master key, derived from the secret: it is adopted as it is.
INSERT INTO epochs (epoch) SELECT DISTINCT epoch FROM workspace_keys;

-- Whoever mints under another epoch than the current one is refused. The lock is shared by all who
-- mint and taken alone by whoever opens an epoch: none can slip in between.
CREATE FUNCTION require_current_epoch() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM pg_advisory_xact_lock_shared(12, 0);
    IF EXISTS (SELECT FROM fresh WHERE epoch IS DISTINCT FROM (SELECT max(e.epoch) FROM epochs e)) THEN
        RAISE EXCEPTION 'keys are minted under the current epoch alone' USING ERRCODE = 'VE001';
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER current_epoch AFTER INSERT ON workspace_keys REFERENCING NEW TABLE AS fresh
    FOR EACH STATEMENT EXECUTE FUNCTION require_current_epoch();
CREATE TRIGGER current_epoch AFTER INSERT ON subject_keys REFERENCING NEW TABLE AS fresh
    FOR EACH STATEMENT EXECUTE FUNCTION require_current_epoch();

GRANT SELECT, INSERT, UPDATE ON epochs TO engine_vault;
GRANT UPDATE, DELETE ON workspace_keys TO engine_vault;
GRANT UPDATE ON subject_keys TO engine_vault;
