-- What people decide about messages that nobody tries any more (ADR 0033).

-- A settled letter stays, so that a repeated request is answered alike; when the message fails
-- again it is open again.
ALTER TABLE dead_letters
    ADD COLUMN state      text NOT NULL DEFAULT 'open',    -- open, redriven, discarded
    ADD COLUMN settled_by uuid,                            -- the command
    ADD COLUMN settled_at timestamptz;
CREATE INDEX dead_letters_of_campaign ON dead_letters (workspace_id, campaign_id, message_id);
GRANT UPDATE (state, settled_by, settled_at) ON dead_letters TO engine_app;

-- One row a message whose handover had no answer: written with EmailUncertain.
CREATE TABLE uncertain_messages (
    workspace_id uuid        NOT NULL,
    message_id   uuid        NOT NULL,
    campaign_id  uuid        NOT NULL,
    contact_id   uuid        NOT NULL,
    attempt      integer     NOT NULL,
    since        timestamptz NOT NULL DEFAULT clock_timestamp(),
    resolution   text,                                     -- delivered, bounced, lost, resend
    settled_by   uuid,
    settled_at   timestamptz,
    PRIMARY KEY (workspace_id, message_id)
);
CREATE INDEX uncertain_messages_of_campaign
    ON uncertain_messages (workspace_id, campaign_id, message_id);
ALTER TABLE uncertain_messages ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant ON uncertain_messages TO engine_app, engine_worker
    USING (workspace_id = (SELECT current_workspace()))
    WITH CHECK (workspace_id = (SELECT current_workspace()));
GRANT SELECT ON uncertain_messages TO engine_app;
GRANT UPDATE (resolution, settled_by, settled_at) ON uncertain_messages TO engine_app;
GRANT SELECT, INSERT, UPDATE, DELETE ON uncertain_messages TO engine_worker;

-- The retry life of a message that was queued again begins here, not at the launch.
ALTER TABLE email_tasks ADD COLUMN life_from timestamptz;
GRANT INSERT ON email_tasks TO engine_app;

-- How often a message was queued again: who would close the run has to have seen it.
ALTER TABLE campaign_runs ADD COLUMN reopened integer NOT NULL DEFAULT 0;
GRANT UPDATE (reopened) ON campaign_runs TO engine_app;
