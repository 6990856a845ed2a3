-- Erasing a person. One row each, written before anything else: from then on no mail goes out,
-- no row of a file is kept, and whoever dies half-way, the scheduler goes on from here.

CREATE TABLE erasures (
    workspace_id   uuid        NOT NULL,
    contact_id     uuid        NOT NULL,
    command_id     uuid        NOT NULL,           -- of whoever asked first
    actor          text        NOT NULL,
    correlation_id uuid        NOT NULL,
    ip             text,
    key_sha256     text        NOT NULL,           -- of the wrapped key that is to be destroyed
    stage          text        NOT NULL DEFAULT 'asked',  -- asked, recorded, done
    asked_at       timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (workspace_id, contact_id)
);
CREATE INDEX erasures_unfinished ON erasures (asked_at) WHERE stage <> 'done';

-- Whose addresses stand in a rejected row, by the HMAC of contact_addresses: how the rows of a
-- person are found when nothing else of the person is left.
CREATE TABLE import_rejection_addresses (
    workspace_id uuid    NOT NULL,
    address_key  bytea   NOT NULL,
    import_id    uuid    NOT NULL,
    row          integer NOT NULL,
    PRIMARY KEY (workspace_id, address_key, import_id, row)
);

CREATE INDEX dead_letters_of_contact ON dead_letters (workspace_id, contact_id);

DO $$
DECLARE
    t text;
BEGIN
    FOREACH t IN ARRAY ARRAY['erasures', 'import_rejection_addresses']
    LOOP
        EXECUTE format('ALTER TABLE %I ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY', t);
        EXECUTE format('CREATE POLICY tenant ON %I TO engine_app, engine_worker '
                       'USING (workspace_id = (SELECT current_workspace())) '
                       'WITH CHECK (workspace_id = (SELECT current_workspace()))', t);
        EXECUTE format('GRANT SELECT, INSERT, UPDATE, DELETE ON %I TO engine_worker', t);
    END LOOP;
END $$;
CREATE POLICY worker_looks ON erasures FOR SELECT TO engine_worker USING (true);

GRANT SELECT, INSERT ON erasures TO engine_app;
GRANT UPDATE (stage) ON erasures TO engine_app;
GRANT SELECT ON import_rejection_addresses TO engine_app;
GRANT UPDATE (code, reason, cells) ON import_rejections TO engine_app;
GRANT UPDATE (transcript) ON dead_letters TO engine_app;
