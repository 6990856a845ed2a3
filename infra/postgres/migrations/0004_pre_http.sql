-- What the HTTP process remembers.

-- Idempotency keys: the same key with the same request is the same command. Written before the
-- command runs, so that a request whose answer was lost finds its command id again.
CREATE TABLE request_keys (
    workspace_id   uuid        NOT NULL,
    key_sha256     bytea       NOT NULL,
    request_sha256 bytea       NOT NULL,   -- method, path and body
    command_id     uuid        NOT NULL,
    object_id      uuid        NOT NULL,   -- the id of what the command creates
    claimed_at     timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (workspace_id, key_sha256)
);
ALTER TABLE request_keys ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant ON request_keys TO engine_app
    USING (workspace_id = (SELECT current_workspace()))
    WITH CHECK (workspace_id = (SELECT current_workspace()));
GRANT SELECT, INSERT ON request_keys TO engine_app;

-- Readiness compares the migrations applied with those the code has.
GRANT SELECT ON schema_migrations TO engine_app;
