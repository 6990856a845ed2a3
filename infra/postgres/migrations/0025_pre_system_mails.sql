-- The transactional lane: mail that the engine itself writes to one person. Working state, written
-- with the event that causes it, gone with the outcome.

CREATE TABLE system_mails (
    workspace_id uuid        NOT NULL,
    mail_id      uuid        NOT NULL,
    kind         text        NOT NULL,
    subject_id   uuid        NOT NULL,             -- whose key seals the content
    sealed       bytea       NOT NULL,             -- address and values: no secret in clear
    expires_at   timestamptz NOT NULL,
    sandbox      boolean     NOT NULL,             -- caused by a test key
    queued_at    timestamptz NOT NULL DEFAULT clock_timestamp(),
    due_at       timestamptz NOT NULL DEFAULT clock_timestamp(),
    attempt      integer     NOT NULL DEFAULT 0,   -- attempts begun so far
    locked_by    uuid,                             -- a dispatcher; free again when that one is dead
    PRIMARY KEY (workspace_id, mail_id)
);
CREATE INDEX system_mails_due ON system_mails (due_at);

ALTER TABLE system_mails ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant ON system_mails TO engine_app, engine_worker
    USING (workspace_id = (SELECT current_workspace()))
    WITH CHECK (workspace_id = (SELECT current_workspace()));
CREATE POLICY worker_looks ON system_mails FOR SELECT TO engine_worker USING (true);
GRANT INSERT ON system_mails TO engine_app;
GRANT SELECT, INSERT, UPDATE, DELETE ON system_mails TO engine_worker;

-- A system mail that was given up has no campaign and no contact.
ALTER TABLE dead_letters
    ADD COLUMN kind text NOT NULL DEFAULT 'campaign',
    ALTER COLUMN campaign_id DROP NOT NULL,
    ALTER COLUMN contact_id DROP NOT NULL;
