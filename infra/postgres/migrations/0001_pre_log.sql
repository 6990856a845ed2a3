-- The log: one order, append-only, a tenant on every row.

CREATE FUNCTION current_workspace() RETURNS uuid
    LANGUAGE sql STABLE PARALLEL SAFE
    RETURN nullif(current_setting('app.workspace', true), '')::uuid;

CREATE SEQUENCE log_position AS bigint CACHE 1;

-- kind 'd': a decision, identified by (stream, version).
-- kind 'f': a fact, identified by its derived id, which stands in stream_id with version 0.
CREATE TABLE events (
    position     bigint      NOT NULL DEFAULT nextval('log_position'),
    kind         "char"      NOT NULL,
    workspace_id uuid        NOT NULL,
    stream_id    uuid        NOT NULL,
    version      integer     NOT NULL,
    command_id   uuid        NOT NULL,
    recorded_at  timestamptz NOT NULL DEFAULT now(),
    tag          text        NOT NULL,
    data         bytea       NOT NULL
) PARTITION BY LIST (kind);

CREATE TABLE events_decisions PARTITION OF events FOR VALUES IN ('d');
CREATE UNIQUE INDEX events_decisions_identity ON events_decisions (workspace_id, stream_id, version);
CREATE UNIQUE INDEX events_decisions_position ON events_decisions (position);

-- A fact id starts with the time of what it is about (UUIDv7 or derived, 48 bits of ms), so the
-- same fact always meets the same partition: that is what lets a unique index enforce identity.
CREATE TABLE events_facts PARTITION OF events FOR VALUES IN ('f') PARTITION BY RANGE (stream_id);
CREATE TABLE events_facts_rest PARTITION OF events_facts DEFAULT;
CREATE UNIQUE INDEX events_facts_identity ON events_facts (workspace_id, stream_id);
CREATE INDEX events_facts_position ON events_facts (position);

CREATE TABLE commits (
    workspace_id   uuid        NOT NULL,
    command_id     uuid        NOT NULL,
    actor          text        NOT NULL,
    correlation_id uuid        NOT NULL,
    causation_id   uuid,
    ip             text,
    event_count    integer     NOT NULL,
    first_position bigint      NOT NULL,
    last_position  bigint      NOT NULL,
    digest         bytea       NOT NULL,
    recorded_at    timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (workspace_id, command_id)
);

CREATE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'the log is append-only: % on % is refused', TG_OP, TG_TABLE_NAME
        USING ERRCODE = 'insufficient_privilege';
END $$;

CREATE TRIGGER append_only BEFORE UPDATE OR DELETE ON events
    FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE ON commits
    FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER never_truncated BEFORE TRUNCATE ON events
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
CREATE TRIGGER never_truncated BEFORE TRUNCATE ON events_decisions
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
CREATE TRIGGER never_truncated BEFORE TRUNCATE ON events_facts_rest
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
CREATE TRIGGER never_truncated BEFORE TRUNCATE ON commits
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();

-- The highest position drawn so far.
CREATE FUNCTION log_head() RETURNS bigint LANGUAGE sql VOLATILE AS
    $$ SELECT CASE WHEN is_called THEN last_value ELSE last_value - 1 END FROM log_position $$;

-- Before a writer draws positions it holds, until its transaction ends, a shared advisory lock
-- numbered by the head it saw: all its positions are above that number. One-argument (bigint)
-- advisory locks belong to the log alone; everything else uses the two-argument form.
CREATE FUNCTION log_begin(workspace uuid) RETURNS void LANGUAGE plpgsql VOLATILE AS $$
BEGIN
    PERFORM set_config('app.workspace', workspace::text, true);
    PERFORM pg_advisory_xact_lock_shared(log_head());
END $$;

-- Up to where a snapshot taken after this call sees every row that will ever be there.
-- The head is read before the locks: a writer that drew a position at or below this head either
-- still holds its lock, and is seen, or has committed before the locks were read.
CREATE FUNCTION log_horizon() RETURNS bigint LANGUAGE plpgsql VOLATILE AS $$
DECLARE
    head bigint;
    lowest bigint;
BEGIN
    head := log_head();
    SELECT min((classid::bigint << 32) | objid::bigint) INTO lowest
      FROM pg_locks
     WHERE locktype = 'advisory' AND objsubid = 1 AND granted
       AND database = (SELECT oid FROM pg_database WHERE datname = current_database());
    RETURN least(head, coalesce(lowest, head));
END $$;

-- Monthly partitions of the facts, from last month to `months_ahead`; safe to call again.
CREATE FUNCTION ensure_fact_partitions(months_ahead integer DEFAULT 2) RETURNS void
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
    month date;
    child text;
BEGIN
    FOR month IN SELECT generate_series(date_trunc('month', now() AT TIME ZONE 'UTC') - interval '1 month',
                                        date_trunc('month', now() AT TIME ZONE 'UTC')
                                            + make_interval(months => months_ahead),
                                        interval '1 month')
    LOOP
        child := 'events_facts_' || to_char(month, 'YYYY_MM');
        CONTINUE WHEN to_regclass(child) IS NOT NULL;
        EXECUTE format('CREATE TABLE %I PARTITION OF events_facts FOR VALUES FROM (%L) TO (%L)',
                       child, uuid_floor(month), uuid_floor((month + interval '1 month')::date));
        EXECUTE format('ALTER TABLE %I ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY', child);
        EXECUTE format('CREATE TRIGGER never_truncated BEFORE TRUNCATE ON %I '
                       'FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()', child);
    END LOOP;
END $$;

-- The lowest id that starts with this day.
CREATE FUNCTION uuid_floor(day date) RETURNS uuid LANGUAGE sql IMMUTABLE AS $$
    SELECT (lpad(to_hex((extract(epoch FROM day::timestamp AT TIME ZONE 'UTC') * 1000)::bigint), 12, '0')
            || repeat('0', 20))::uuid
$$;

SELECT ensure_fact_partitions();

ALTER TABLE events ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
ALTER TABLE events_decisions ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
ALTER TABLE events_facts ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
ALTER TABLE events_facts_rest ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
ALTER TABLE commits ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;

-- (SELECT …) is evaluated once a statement, not once a row.
CREATE POLICY tenant_reads ON events FOR SELECT TO engine_app
    USING (workspace_id = (SELECT current_workspace()));
CREATE POLICY tenant_appends ON events FOR INSERT TO engine_app, engine_worker
    WITH CHECK (workspace_id = (SELECT current_workspace()));
CREATE POLICY follower_reads ON events FOR SELECT TO engine_worker USING (true);
CREATE POLICY tenant_reads ON commits FOR SELECT TO engine_app
    USING (workspace_id = (SELECT current_workspace()));
CREATE POLICY tenant_appends ON commits FOR INSERT TO engine_app, engine_worker
    WITH CHECK (workspace_id = (SELECT current_workspace()));
CREATE POLICY follower_reads ON commits FOR SELECT TO engine_worker USING (true);

GRANT USAGE ON SCHEMA public TO engine_app, engine_worker;
GRANT SELECT, INSERT ON events, commits TO engine_app, engine_worker;
GRANT SELECT, USAGE ON SEQUENCE log_position TO engine_app, engine_worker;
REVOKE ALL ON FUNCTION ensure_fact_partitions(integer) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION ensure_fact_partitions(integer) TO engine_worker;
