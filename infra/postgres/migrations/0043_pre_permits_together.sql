-- Permits of a relay are taken and given back several at a time: each is for a smaller block, so
-- that less of a window is lost between "may begin" and "answered" (ADR 0034).

DROP FUNCTION take_relay_slot(text, uuid, double precision);
DROP FUNCTION free_relay_slot(text, integer, uuid, double precision);

-- Takes up to `wanted` permits, those that are free first, and says when each may be used, in
-- seconds from now, earliest first; no row while all are held. Begins are spread over the window:
-- `spacing` of an even share apart, a little less than the whole, so that what was late is caught
-- up where the permits allow it.
-- A permit of a dispatcher that is dead, or that was lost with a connection longer ago than any
-- conversation lasts, is taken a window from now: its block may just have gone.
-- Nothing waits for the disk: a server that crashed is away for longer than what it forgot.
CREATE FUNCTION take_relay_slots(named text, taker uuid, spacing double precision, wanted integer)
    RETURNS TABLE (slot integer, wait_s double precision)
    LANGUAGE plpgsql AS $$
DECLARE
    rate   relay_rates%ROWTYPE;
    now_   timestamptz;
    begins timestamptz;
    share  interval;
    taken  record;
    took   integer[] := '{}';
BEGIN
    PERFORM set_config('synchronous_commit', 'off', true);
    SELECT * INTO rate FROM relay_rates r WHERE r.relay = named FOR UPDATE;
    IF NOT FOUND THEN
        RAISE no_data_found USING MESSAGE = 'no allowance is set for this relay';
    END IF;
    now_ := clock_timestamp();
    begins := rate.granted_until;
    share := make_interval(secs => rate.window_s / rate.permits * spacing);
    FOR taken IN
        SELECT s.slot, CASE WHEN s.held_by IS NULL THEN s.free_at
                            ELSE now_ + make_interval(secs => rate.window_s) END AS free_at
          FROM relay_slots s
         WHERE s.relay = named AND s.slot < rate.permits
           AND (s.held_by IS NULL OR s.taken_at < now_ - interval '20 minutes'
                OR NOT EXISTS (SELECT FROM dispatchers d
                 WHERE d.dispatcher_id = s.held_by AND d.alive_until > now_))
         ORDER BY s.held_by IS NOT NULL, s.free_at, s.slot LIMIT wanted
    LOOP
        begins := greatest(now_, begins + share, taken.free_at);
        took := took || taken.slot;
        slot := taken.slot;
        wait_s := extract(epoch FROM begins - now_);
        RETURN NEXT;
    END LOOP;
    UPDATE relay_slots s SET held_by = taker, taken_at = now_
     WHERE s.relay = named AND s.slot = ANY (took);
    UPDATE relay_rates r SET granted_until = begins WHERE r.relay = named;
END $$;

-- Gives permits back; `free_in` says for each in how many seconds it may be used again.
CREATE FUNCTION free_relay_slots(named text, slots integer[], holder uuid,
                                 free_in double precision[])
    RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    PERFORM set_config('synchronous_commit', 'off', true);
    UPDATE relay_slots s
       SET held_by = NULL, free_at = clock_timestamp() + make_interval(secs => u.free_in_s)
      FROM unnest(slots, free_in) AS u(slot, free_in_s)
     WHERE s.relay = named AND s.slot = u.slot AND s.held_by = holder;
END $$;
REVOKE ALL ON FUNCTION take_relay_slots(text, uuid, double precision, integer),
    free_relay_slots(text, integer[], uuid, double precision[]) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION take_relay_slots(text, uuid, double precision, integer),
    free_relay_slots(text, integer[], uuid, double precision[]) TO engine_worker;
