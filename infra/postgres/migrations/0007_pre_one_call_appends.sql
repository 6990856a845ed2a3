-- An append and the read of a stream are one call each: one statement, one round trip and, where
-- nothing else belongs to the transaction, one commit. With BEGIN, SET and COMMIT of their own
-- they took 24 exchanges a decision. Both run with their caller's rights: row-level security and
-- grants bind them.

CREATE FUNCTION stream_events(workspace uuid, stream uuid)
    RETURNS TABLE (version integer, tag text, data bytea, "position" bigint)
    LANGUAGE plpgsql VOLATILE AS $$
BEGIN
    PERFORM set_config('app.workspace', workspace::text, true);
    RETURN QUERY SELECT e.version, e.tag, e.data, e.position FROM events e
                  WHERE e.kind = 'd' AND e.workspace_id = workspace AND e.stream_id = stream
                  ORDER BY e.version;
END $$;

-- Writes events of one kind and their commit; returns what the commit says. `skip_known` leaves
-- out facts that are in the log already; otherwise what is there already is a unique violation.
CREATE FUNCTION append_events(
        kind "char", skip_known boolean, workspace uuid, command uuid,
        streams uuid[], versions integer[], tags text[], payloads bytea[],
        actor text, correlation uuid, causation uuid, ip text, verb text, digest bytea,
        OUT event_count integer, OUT first_position bigint, OUT last_position bigint, OUT positions bigint[])
    LANGUAGE plpgsql VOLATILE AS $$
BEGIN
    PERFORM log_begin(workspace);
    IF skip_known THEN
        WITH written AS (
            INSERT INTO events (kind, workspace_id, stream_id, version, command_id, tag, data)
            SELECT append_events.kind, workspace, s, v, command, t, d
              FROM unnest(streams, versions, tags, payloads) AS u(s, v, t, d)
            ON CONFLICT DO NOTHING
            RETURNING events.position
        )
        SELECT count(*), min(w.position), max(w.position)
          INTO append_events.event_count, append_events.first_position, append_events.last_position
          FROM written w;
    ELSE
        WITH written AS (
            INSERT INTO events (kind, workspace_id, stream_id, version, command_id, tag, data)
            SELECT append_events.kind, workspace, s, v, command, t, d
              FROM unnest(streams, versions, tags, payloads) AS u(s, v, t, d)
            RETURNING events.position
        )
        SELECT count(*), min(w.position), max(w.position),
               array_agg(w.position ORDER BY w.position) FILTER (WHERE append_events.kind = 'd')
          INTO append_events.event_count, append_events.first_position, append_events.last_position,
               append_events.positions
          FROM written w;
    END IF;
    first_position := coalesce(first_position, log_head());
    last_position := coalesce(last_position, log_head());
    positions := coalesce(positions, '{}');
    INSERT INTO commits (workspace_id, command_id, actor, correlation_id, causation_id, ip, command,
                         digest, event_count, first_position, last_position)
    VALUES (workspace, append_events.command, append_events.actor, correlation, causation,
            append_events.ip, verb, append_events.digest, append_events.event_count,
            append_events.first_position, append_events.last_position);
END $$;
