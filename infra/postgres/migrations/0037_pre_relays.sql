-- Relays of workspaces, and the installation's shared ones in the platform's scope (ADR 0029).
-- Written with the events that say so.

CREATE TABLE relays (
    workspace_id  uuid             NOT NULL,
    relay_id      uuid             NOT NULL,
    label         text             NOT NULL,
    host          text             NOT NULL,
    port          integer          NOT NULL,
    tls           text             NOT NULL,
    sealed        bytea,                              -- user name and password, under a vault key
    rate_per_s    double precision NOT NULL,
    connections   integer          NOT NULL,
    messages_per_connection integer NOT NULL,
    weight        integer          NOT NULL,
    may_be_private boolean         NOT NULL DEFAULT false,
    enabled       boolean          NOT NULL DEFAULT true,
    breaker       text             NOT NULL DEFAULT 'closed',   -- closed, open, probing
    since         timestamptz      NOT NULL DEFAULT clock_timestamp(),
    evidence      text             NOT NULL DEFAULT '',
    trips         integer          NOT NULL DEFAULT 0,
    next_probe_at timestamptz,
    PRIMARY KEY (workspace_id, relay_id)
);
ALTER TABLE relays ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant ON relays TO engine_app, engine_worker
    USING (workspace_id = (SELECT current_workspace()))
    WITH CHECK (workspace_id = (SELECT current_workspace()));
CREATE POLICY worker_looks ON relays FOR SELECT TO engine_worker USING (true);
GRANT SELECT, INSERT, UPDATE, DELETE ON relays TO engine_worker;
-- The HTTP process writes credentials and never reads them.
GRANT SELECT (workspace_id, relay_id, label, host, port, tls, rate_per_s, connections,
              messages_per_connection, weight, may_be_private, enabled, breaker, since, evidence, trips,
              next_probe_at), INSERT, DELETE ON relays TO engine_app;
GRANT UPDATE (enabled) ON relays TO engine_app;
