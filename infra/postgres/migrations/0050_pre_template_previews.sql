-- Previews of templates (ADR 0038): rendered HTML, for minutes, for whoever has the link.
--
-- The token is not stored, only its digest; the HTML, which may show a contact's values, is sealed
-- with a key made from the token and the installation's secret. Unlogged: a crash of the server
-- empties it, and the editor asks again.

CREATE UNLOGGED TABLE template_previews (
    workspace_id uuid        NOT NULL,
    token_sha256 bytea       NOT NULL,
    sealed       bytea       NOT NULL,
    expires_at   timestamptz NOT NULL,
    PRIMARY KEY (workspace_id, token_sha256)
);
CREATE INDEX template_previews_end ON template_previews (workspace_id, expires_at);

ALTER TABLE template_previews ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant ON template_previews TO engine_app
    USING (workspace_id = (SELECT current_workspace()))
    WITH CHECK (workspace_id = (SELECT current_workspace()));
CREATE POLICY scheduler_forgets ON template_previews TO engine_worker USING (true);
GRANT SELECT, INSERT, DELETE ON template_previews TO engine_app;
GRANT SELECT, DELETE ON template_previews TO engine_worker;
