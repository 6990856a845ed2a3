-- Old months of facts in Parquet files (ADR 0015): which files there are, and whose facts they hold.

-- One row a file; `month` is the suffix of the partition (2026_05), `part` counts its files.
CREATE TABLE archived_ranges (
    month          text        NOT NULL,
    part           integer     NOT NULL,
    file           text        NOT NULL,             -- absolute path
    sha256         bytea       NOT NULL,             -- of the whole file
    events         bigint      NOT NULL,
    first_position bigint      NOT NULL,
    last_position  bigint      NOT NULL,
    first_id       uuid        NOT NULL,
    last_id        uuid        NOT NULL,
    archived_at    timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (month, part)
);
GRANT SELECT ON archived_ranges TO engine_worker, engine_sealer;

-- The ids of archived facts, so that one told again is still one row: sorted, 16 bytes each, up to
-- 480 side by side, which fills a page and costs 17 bytes a fact.
CREATE TABLE archived_facts (
    workspace_id uuid    NOT NULL,
    month        text    NOT NULL,
    part         integer NOT NULL,
    first_id     uuid    NOT NULL,
    ids          bytea   STORAGE PLAIN NOT NULL,
    PRIMARY KEY (workspace_id, month, part, first_id)
);
ALTER TABLE archived_facts ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant_reads ON archived_facts FOR SELECT TO engine_app, engine_worker
    USING (workspace_id = (SELECT current_workspace()));
CREATE POLICY archiver_writes ON archived_facts TO engine_migrator USING (true) WITH CHECK (true);
GRANT SELECT ON archived_facts TO engine_app, engine_worker;

-- BEFORE INSERT on the emptied partition of an archived month, with its month and number of parts.
-- Other partitions do not have the trigger: the append of today pays nothing.
CREATE FUNCTION skip_archived_fact() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM FROM generate_series(1, TG_ARGV[1]::integer) AS p(part),
         LATERAL (SELECT f.ids FROM public.archived_facts f
                   WHERE f.workspace_id = NEW.workspace_id AND f.month = TG_ARGV[0]
                     AND f.part = p.part AND f.first_id <= NEW.stream_id
                   ORDER BY f.first_id DESC LIMIT 1) AS run
      WHERE position(uuid_send(NEW.stream_id) IN run.ids) % 16 = 1;
    IF FOUND THEN
        RETURN NULL;
    END IF;
    RETURN NEW;
END $$;
