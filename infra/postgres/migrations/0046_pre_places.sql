-- How many messages may be in flight at once: claimed by a dispatcher, without an outcome (ADR 0035).
--
-- A claim for which a bound holds notes the places that it takes. A place is free again when its
-- task is over, or no longer its dispatcher's: that is looked up, and never has to be given back, so
-- a dispatcher that dies takes no place with it. Where nothing is bounded nothing is noted.

ALTER TABLE send_rates ADD COLUMN max_in_flight integer;    -- null: unbounded

CREATE TABLE places_taken (
    workspace_id   uuid NOT NULL,
    message_id     uuid NOT NULL,
    sending_domain text NOT NULL,
    destination    text NOT NULL,
    held_by        uuid NOT NULL,
    PRIMARY KEY (workspace_id, message_id)
);
CREATE INDEX places_taken_of_destination ON places_taken (destination);  -- those of everybody
ALTER TABLE places_taken ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant ON places_taken TO engine_app, engine_worker
    USING (workspace_id = (SELECT current_workspace()))
    WITH CHECK (workspace_id = (SELECT current_workspace()));
CREATE POLICY worker_looks ON places_taken FOR SELECT TO engine_worker USING (true);
GRANT SELECT, INSERT, UPDATE, DELETE ON places_taken TO engine_worker;

-- Whether a place is still taken.
CREATE FUNCTION is_held(place places_taken) RETURNS boolean LANGUAGE sql STABLE AS $$
    SELECT EXISTS (SELECT FROM email_tasks t
                    WHERE t.workspace_id = place.workspace_id AND t.message_id = place.message_id
                      AND t.locked_by = place.held_by)
$$;

-- The fewest places that the bounds of a lane leave free; null when nothing bounds it. The caller
-- holds the rows of `send_rates`, so that two claims do not see the same place.
CREATE FUNCTION places_free(workspace uuid, from_domain text, to_destination text)
    RETURNS integer LANGUAGE plpgsql AS $$
DECLARE
    bound send_rates%ROWTYPE;
    fewest integer;
    taken integer;
BEGIN
    FOR bound IN SELECT * FROM rates_of(workspace, from_domain, to_destination) r
                  WHERE r.max_in_flight IS NOT NULL
    LOOP
        IF fewest IS NULL THEN
            DELETE FROM places_taken p WHERE p.workspace_id = workspace AND NOT is_held(p);
        END IF;
        SELECT count(*) INTO taken FROM places_taken p
         WHERE (p.workspace_id = workspace OR bound.workspace_id <> workspace)
           AND (bound.kind IN ('workspace', 'domain') OR p.destination = to_destination)
           AND (bound.kind NOT IN ('domain', 'lane') OR p.sending_domain = from_domain)
           AND is_held(p);
        fewest := least(fewest, bound.max_in_flight - taken);
    END LOOP;
    RETURN fewest;
END $$;

CREATE OR REPLACE FUNCTION claim_messages(workspace uuid, campaign uuid, to_destination text, claimer uuid,
                               most integer)
    RETURNS TABLE (message_id uuid, contact_id uuid, attempt integer, life_from timestamptz)
    LANGUAGE plpgsql AS $$
DECLARE
    from_domain text;
    to_sandbox boolean;
    capped boolean := false;
    rated boolean := false;
    allowed integer := most;
    places integer;                                 -- null: nothing bounds what is in flight
    taken integer;
BEGIN
    SELECT r.sending_domain, r.sandbox INTO from_domain, to_sandbox FROM campaign_runs r
     WHERE r.workspace_id = workspace AND r.campaign_id = campaign AND r.gate = 'open'
       AND EXISTS (SELECT FROM dispatchers d
                    WHERE d.dispatcher_id = claimer AND d.alive_until > clock_timestamp());
    IF NOT FOUND OR is_stopped(workspace, campaign, from_domain) THEN
        RETURN;
    END IF;
    IF NOT to_sandbox THEN
        PERFORM FROM lanes l
          JOIN lanes_of(workspace, from_domain, to_destination) o
            USING (workspace_id, sending_domain, destination)
         WHERE l.state <> 'open' OR l.hour_cap IS NOT NULL
         ORDER BY l.sending_domain, l.destination FOR UPDATE OF l;
        capped := FOUND;
        PERFORM FROM send_rates s
          JOIN rates_of(workspace, from_domain, to_destination) r USING (workspace_id, kind, key)
          ORDER BY s.workspace_id, s.kind, s.key FOR UPDATE OF s;
        rated := FOUND;
    END IF;
    IF capped OR rated THEN
        allowed := least(most, lane_allows(workspace, from_domain, to_destination));
        IF allowed <= 0 THEN
            RETURN;
        END IF;
    END IF;
    IF rated THEN
        places := places_free(workspace, from_domain, to_destination);
        allowed := least(allowed, places);
        IF allowed <= 0 THEN
            RETURN;
        END IF;
    END IF;
    RETURN QUERY
        WITH picked AS (
            SELECT t.message_id FROM email_tasks t
             WHERE t.workspace_id = workspace AND t.campaign_id = campaign AND t.phase = 0
               AND t.destination = to_destination
               AND t.due_at <= clock_timestamp() AND t.locked_by IS NULL
             ORDER BY t.due_at LIMIT allowed FOR UPDATE SKIP LOCKED
        ), mine AS (
            UPDATE email_tasks t SET locked_by = claimer FROM picked p
             WHERE t.workspace_id = workspace AND t.message_id = p.message_id
            RETURNING t.message_id, t.contact_id, t.attempt, t.life_from
        ), placed AS (
            INSERT INTO places_taken
            SELECT workspace, m.message_id, from_domain, to_destination, claimer
              FROM mine m WHERE places IS NOT NULL
            ON CONFLICT ON CONSTRAINT places_taken_pkey DO UPDATE SET held_by = excluded.held_by
        )
        SELECT * FROM mine;
    GET DIAGNOSTICS taken = ROW_COUNT;
    IF capped AND taken > 0 THEN
        UPDATE lanes l
           SET probes_left = CASE WHEN l.state = 'probing' THEN l.probes_left - taken
                                  ELSE l.probes_left END,
               hour_used = CASE WHEN l.hour_began + interval '1 hour' <= clock_timestamp() THEN taken
                                ELSE l.hour_used + taken END,
               hour_began = CASE WHEN l.hour_began + interval '1 hour' <= clock_timestamp()
                                 THEN clock_timestamp() ELSE l.hour_began END
          FROM lanes_of(workspace, from_domain, to_destination) o
         WHERE l.workspace_id = workspace AND l.sending_domain = o.sending_domain
           AND l.destination = o.destination;
    END IF;
    IF rated AND taken > 0 THEN
        UPDATE send_rates s SET tokens = tokens_of(s) - taken, refilled_at = clock_timestamp()
          FROM rates_of(workspace, from_domain, to_destination) r
         WHERE s.workspace_id = r.workspace_id AND s.kind = r.kind AND s.key = r.key;
    END IF;
END $$;
