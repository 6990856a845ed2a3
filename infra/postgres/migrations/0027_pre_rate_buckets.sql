-- Token buckets of rate limits, shared by all processes, by the database's clock.

-- Unlogged: nothing is written ahead and no commit waits for the disk (a transaction that changed
-- unlogged rows alone is as with synchronous_commit = off). A crash of the server empties it, which
-- costs one burst. No tenant's data: a bucket is known by a keyed digest of its name.
CREATE UNLOGGED TABLE rate_buckets (
    bucket      bytea            PRIMARY KEY,
    tokens      double precision NOT NULL,
    granted     double precision NOT NULL,   -- by the last taking
    refilled_at timestamptz      NOT NULL,
    full_at     timestamptz      NOT NULL    -- from then on the row says nothing
) WITH (fillfactor = 50);                    -- changed in place

-- Take `block` tokens, or as many as there are, but none when there are fewer than `wanted`.
-- The clock is read once the row is locked, so that the order of takings is the order of the clock;
-- a clock that is set back refills nothing.
CREATE FUNCTION take_tokens(
    bucket bytea, capacity double precision, refill_per_s double precision,
    wanted double precision, block double precision
) RETURNS TABLE (granted double precision, remaining double precision)
    LANGUAGE sql VOLATILE SECURITY DEFINER SET search_path = public, pg_temp AS
$$
    INSERT INTO rate_buckets AS b
    SELECT $1, $2 - n.granted, n.granted, n.at, n.at + make_interval(secs => n.granted / $3)
      FROM (SELECT CASE WHEN $2 >= $4 THEN least(floor($2), $5) ELSE 0 END AS granted,
                   clock_timestamp() AS at) AS n
    ON CONFLICT (bucket) DO UPDATE SET (tokens, granted, refilled_at, full_at) = (
        SELECT h.tokens - g.granted, g.granted, h.at,
               h.at + make_interval(secs => greatest($2 - h.tokens + g.granted, 0) / $3)
          FROM (SELECT c.at, least(b.tokens + $3 * extract(epoch FROM c.at - b.refilled_at), $2)
                  FROM (SELECT greatest(clock_timestamp(), b.refilled_at) AS at) AS c
               ) AS h(at, tokens),
               LATERAL (SELECT CASE WHEN h.tokens >= $4 THEN least(floor(h.tokens), $5)
                                    ELSE 0 END) AS g(granted))
    RETURNING b.granted, b.tokens
$$;
REVOKE ALL ON FUNCTION take_tokens FROM PUBLIC;
GRANT EXECUTE ON FUNCTION take_tokens TO engine_app, engine_worker;

-- Forget buckets that are full again, at most 10,000; returns how many.
CREATE FUNCTION forget_full_buckets() RETURNS bigint
    LANGUAGE sql VOLATILE SECURITY DEFINER SET search_path = public, pg_temp AS
$$
    WITH full_again AS (
        SELECT bucket FROM rate_buckets WHERE full_at < clock_timestamp() LIMIT 10000
        FOR UPDATE SKIP LOCKED
    ), gone AS (
        DELETE FROM rate_buckets b USING full_again f WHERE b.bucket = f.bucket RETURNING 1
    )
    SELECT count(*) FROM gone
$$;
REVOKE ALL ON FUNCTION forget_full_buckets FROM PUBLIC;
GRANT EXECUTE ON FUNCTION forget_full_buckets TO engine_app, engine_worker;
