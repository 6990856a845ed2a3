-- What reputation and warm-up say of lanes (ADR 0030). A lane to 'all' destinations is the whole
-- sending domain, one of 'all' domains the whole workspace: a claim asks the three of them.

ALTER TABLE lanes
    ADD COLUMN cause     text NOT NULL DEFAULT '',        -- of the last block
    ADD COLUMN since     timestamptz,                     -- of the state
    ADD COLUMN warning   text NOT NULL DEFAULT '',
    ADD COLUMN warm_up   text NOT NULL DEFAULT 'none',    -- none, running, completed, skipped
    ADD COLUMN step      integer NOT NULL DEFAULT 0,
    ADD COLUMN day_began timestamptz,                     -- of the warm-up's day
    ADD COLUMN warm_up_reason text NOT NULL DEFAULT '';
CREATE INDEX lanes_in_trouble ON lanes (state) WHERE state <> 'open';
CREATE INDEX lanes_warming ON lanes (day_began) WHERE warm_up = 'running';

-- The rows that bound a lane, in the order in which every claim locks them.
CREATE FUNCTION lanes_of(workspace uuid, from_domain text, to_destination text)
    RETURNS SETOF lanes LANGUAGE sql STABLE AS $$
    SELECT l.* FROM lanes l
     WHERE l.workspace_id = workspace
       AND (l.sending_domain, l.destination) IN ((from_domain, to_destination),
                                                 (from_domain, 'all'), ('all', 'all'))
     ORDER BY l.sending_domain, l.destination
$$;

-- How many messages one row allows at this moment.
CREATE FUNCTION standing_allows(l lanes) RETURNS integer LANGUAGE sql VOLATILE AS $$
    SELECT CASE
        WHEN l.state = 'blocked' THEN 0
        WHEN l.state = 'probing' THEN l.probes_left
        WHEN l.hour_cap IS NULL THEN 1000000
        WHEN l.hour_began + interval '1 hour' <= clock_timestamp() THEN l.hour_cap
        ELSE greatest(0, l.hour_cap - l.hour_used) END
$$;

-- How many messages a lane may send at this moment, 0 when it is closed; books nothing.
CREATE FUNCTION lane_allows(workspace uuid, from_domain text, to_destination text)
    RETURNS integer LANGUAGE sql VOLATILE AS $$
    SELECT least(
        coalesce((SELECT min(standing_allows(l))
                    FROM lanes_of(workspace, from_domain, to_destination) l), 1000000),
        coalesce((SELECT min(floor(tokens_of(r)))::integer
                    FROM rates_of(workspace, from_domain, to_destination) r), 1000000))
$$;
