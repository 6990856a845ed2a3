-- What people may ask of their data: a trash with a way back, retention, exports of a person.

-- What waits to be purged: written with the deletion, gone with the restoration or the purge.
CREATE TABLE trash (
    workspace_id uuid        NOT NULL,
    kind         text        NOT NULL,             -- contact, template, campaign
    thing_id     uuid        NOT NULL,
    deleted_at   timestamptz NOT NULL,
    deleted_by   text        NOT NULL,
    purge_at     timestamptz NOT NULL,
    PRIMARY KEY (workspace_id, kind, thing_id)
);
CREATE INDEX trash_due ON trash (purge_at);

-- How long things are kept where a workspace chose it; the days and their bounds stand in
-- domain/privacy/retention_settings.py. NULL: never forgotten, or what the installation says.
CREATE TABLE retention_settings (
    workspace_id            uuid    PRIMARY KEY,
    inactive_contact_days   integer,
    engagement_days         integer,
    import_file_days        integer NOT NULL,
    rejected_row_days       integer NOT NULL,
    export_days             integer,
    inactive_looked_at      timestamptz,           -- when nobody more was found
    engagement_forgotten_at timestamptz
);

ALTER TABLE imports
    ADD requested_by            text NOT NULL DEFAULT '',
    ADD consent_source          text NOT NULL DEFAULT '',  -- as declared: where the people said yes
    ADD consent_text            text NOT NULL DEFAULT '',  -- and to which words
    ADD rejections_forgotten_at timestamptz;
CREATE INDEX imports_with_rejections ON imports (requested_at)
    WHERE rejections_forgotten_at IS NULL;

ALTER TABLE exports
    ADD kind               text   NOT NULL DEFAULT 'log',  -- contact, workspace
    ADD contact_id         uuid,
    ADD requested_position bigint NOT NULL DEFAULT 0;      -- what the read models must have seen

DO $$
DECLARE
    t text;
BEGIN
    FOREACH t IN ARRAY ARRAY['trash', 'retention_settings']
    LOOP
        EXECUTE format('ALTER TABLE %I ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY', t);
        EXECUTE format('CREATE POLICY tenant ON %I TO engine_app, engine_worker '
                       'USING (workspace_id = (SELECT current_workspace())) '
                       'WITH CHECK (workspace_id = (SELECT current_workspace()))', t);
        EXECUTE format('GRANT SELECT, INSERT, UPDATE, DELETE ON %I TO engine_worker', t);
        EXECUTE format('CREATE POLICY worker_looks ON %I FOR SELECT TO engine_worker USING (true)',
                       t);
    END LOOP;
END $$;
GRANT SELECT, INSERT, UPDATE, DELETE ON trash TO engine_app;
GRANT SELECT, INSERT, UPDATE ON retention_settings TO engine_app;

-- A restored contact may be mailed again; every other reason stays for ever.
GRANT DELETE ON do_not_mail TO engine_app;
CREATE POLICY only_the_deleted ON do_not_mail AS RESTRICTIVE FOR DELETE TO engine_app
    USING (reason = 'deleted');
