-- The claim: after everything that it asks (ADR 0026).
--
-- Take up to `most` due messages of a campaign to one destination, and book them: by lease, gate,
-- kill switches, the three rows that bound a lane, and the buckets of rates. The sandbox, which no
-- destination ever sees, is not bounded.

CREATE FUNCTION claim_messages(workspace uuid, campaign uuid, to_destination text, claimer uuid,
                               most integer)
    RETURNS TABLE (message_id uuid, contact_id uuid, attempt integer, life_from timestamptz)
    LANGUAGE plpgsql AS $$
DECLARE
    from_domain text;
    to_sandbox boolean;
    capped boolean := false;
    rated boolean := false;
    allowed integer := most;
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
    RETURN QUERY
        WITH picked AS (
            SELECT t.message_id FROM email_tasks t
             WHERE t.workspace_id = workspace AND t.campaign_id = campaign AND t.phase = 0
               AND t.destination = to_destination
               AND t.due_at <= clock_timestamp() AND t.locked_by IS NULL
             ORDER BY t.due_at LIMIT allowed FOR UPDATE SKIP LOCKED
        )
        UPDATE email_tasks t SET locked_by = claimer FROM picked p
         WHERE t.workspace_id = workspace AND t.message_id = p.message_id
        RETURNING t.message_id, t.contact_id, t.attempt, t.life_from;
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
