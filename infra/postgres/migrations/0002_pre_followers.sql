-- What the readers of the log remember: cursors, checkpoints, parked events. No tenant's data,
-- except the key of a parked event.

CREATE TABLE relay_cursor (
    shard      integer     PRIMARY KEY,
    position   bigint      NOT NULL,
    published  jsonb       NOT NULL DEFAULT '{}',   -- context -> last position published
    updated_at timestamptz NOT NULL DEFAULT now()
);

CREATE TABLE projections (
    name       text        NOT NULL,
    version    integer     NOT NULL,
    position   bigint      NOT NULL DEFAULT 0,
    active     boolean     NOT NULL,
    updated_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (name, version)
);

CREATE TABLE policy_cursors (
    policy     text        PRIMARY KEY,
    position   bigint      NOT NULL DEFAULT 0,
    updated_at timestamptz NOT NULL DEFAULT now()
);

CREATE TABLE parked_events (
    workspace_id uuid        NOT NULL,
    follower     text        NOT NULL,             -- a projection or a policy
    position     bigint      NOT NULL,
    key          uuid        NOT NULL,             -- later events of this key wait behind it
    tag          text        NOT NULL,
    reason       text        NOT NULL,
    parked_at    timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (workspace_id, follower, position)
);
ALTER TABLE parked_events ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
CREATE POLICY follower_parks ON parked_events TO engine_worker USING (true) WITH CHECK (true);

CREATE TABLE heartbeats (
    worker  text        PRIMARY KEY,
    beat_at timestamptz NOT NULL DEFAULT now(),
    detail  text        NOT NULL DEFAULT ''
);

GRANT SELECT, INSERT, UPDATE ON relay_cursor, projections, policy_cursors, heartbeats TO engine_worker;
GRANT SELECT, INSERT, DELETE ON parked_events TO engine_worker;
GRANT SELECT ON relay_cursor, projections, policy_cursors, heartbeats TO engine_app;
