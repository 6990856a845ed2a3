-- For operators: projections in partitions of workspaces, rebuilds that run, events that were
-- skipped on purpose.

-- A projection has one checkpoint a partition; every row says how many there are, so that an owner
-- of the old division is fenced by the new one.
ALTER TABLE projections
    ADD partition  integer NOT NULL DEFAULT 0,
    ADD partitions integer NOT NULL DEFAULT 1,
    ADD CHECK (partition >= 0 AND partition < partitions),
    DROP CONSTRAINT projections_pkey,
    ADD PRIMARY KEY (name, version, partition);

-- The same as Partition.holds in infra/projecting/partitions.py: the low 32 bits, which are random
-- in UUIDv4, UUIDv7 and derived ids.
CREATE FUNCTION workspace_partition(workspace uuid, partitions integer) RETURNS integer
    LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
    RETURN (('x' || right(workspace::text, 8))::bit(32)::bigint % partitions)::integer;

-- The version that is built beside the serving one, how far it is, and at what it failed.
CREATE TABLE projection_rebuilds (
    name       text        PRIMARY KEY,
    version    integer     NOT NULL,
    position   bigint      NOT NULL DEFAULT 0,
    upto       bigint      NOT NULL,                -- the horizon when it began
    started_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now(),
    failed_at  bigint,                              -- position of the event that stopped it
    failure    text        NOT NULL DEFAULT ''      -- without personal data (see reason_of)
);
GRANT SELECT, INSERT, UPDATE, DELETE ON projection_rebuilds TO engine_worker;

CREATE INDEX parked_events_follower ON parked_events (follower, workspace_id, key, position);
GRANT UPDATE (reason) ON parked_events TO engine_worker;

-- What a read model or a policy is knowingly without. The fact that says so is in the workspace's
-- log (platform.parked_event_skipped); this is what rebuilds and verifications look up.
CREATE TABLE skipped_events (
    workspace_id uuid        NOT NULL,
    follower     text        NOT NULL,
    position     bigint      NOT NULL,
    skipped_at   timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (workspace_id, follower, position)
);
ALTER TABLE skipped_events ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
CREATE POLICY follower_skips ON skipped_events TO engine_worker USING (true) WITH CHECK (true);
GRANT SELECT, INSERT, DELETE ON skipped_events TO engine_worker;
GRANT DELETE ON projections TO engine_worker;
