-- The rate of a relay as permits: each is good for one block of messages, and free again a window
-- after the last answer for its block. So no window holds more than what all permits are good for,
-- however late a block was. Working state of the installation: losing it costs one window.

ALTER TABLE relay_rates
    ADD COLUMN permits  integer          NOT NULL DEFAULT 0,
    ADD COLUMN window_s double precision NOT NULL DEFAULT 1;

CREATE TABLE relay_slots (
    relay    text        NOT NULL REFERENCES relay_rates,
    slot     integer     NOT NULL,
    free_at  timestamptz NOT NULL DEFAULT '-infinity',
    held_by  uuid,                                     -- the dispatcher whose block it is
    taken_at timestamptz,
    PRIMARY KEY (relay, slot)
) WITH (fillfactor = 50);
GRANT SELECT, INSERT, UPDATE, DELETE ON relay_slots TO engine_worker;

-- Takes the permit that is free first and says when it may be used, in seconds from now; no row
-- while all are held. Begins are spread over the window: `spacing` of an even share apart, a little
-- less than the whole, so that what was late is caught up where the permits allow it.
-- A permit of a dispatcher that is dead, or that was lost with a connection longer ago than any
-- conversation lasts, is taken a window from now: its block may just have gone.
-- Nothing waits for the disk: a server that crashed is away for longer than what it forgot.
CREATE FUNCTION take_relay_slot(named text, taker uuid, spacing double precision)
    RETURNS TABLE (slot integer, wait_s double precision)
    LANGUAGE plpgsql AS $$
DECLARE
    rate  relay_rates%ROWTYPE;
    taken  record;
    begins timestamptz;
BEGIN
    PERFORM set_config('synchronous_commit', 'off', true);
    SELECT * INTO rate FROM relay_rates r WHERE r.relay = named FOR UPDATE;
    IF NOT FOUND THEN
        RAISE no_data_found USING MESSAGE = 'no allowance is set for this relay';
    END IF;
    SELECT s.slot, s.held_by, s.free_at INTO taken FROM relay_slots s
     WHERE s.relay = named AND s.slot < rate.permits
       AND (s.held_by IS NULL OR s.taken_at < clock_timestamp() - interval '20 minutes'
            OR NOT EXISTS (SELECT FROM dispatchers d
             WHERE d.dispatcher_id = s.held_by AND d.alive_until > clock_timestamp()))
     ORDER BY s.held_by IS NOT NULL, s.free_at, s.slot LIMIT 1;
    IF NOT FOUND THEN
        RETURN;
    END IF;
    begins := greatest(
        clock_timestamp(),
        rate.granted_until + make_interval(secs => rate.window_s / rate.permits * spacing),
        CASE WHEN taken.held_by IS NULL THEN taken.free_at
             ELSE clock_timestamp() + make_interval(secs => rate.window_s) END);
    UPDATE relay_slots s SET held_by = taker, taken_at = clock_timestamp()
     WHERE s.relay = named AND s.slot = taken.slot;
    UPDATE relay_rates r SET granted_until = begins WHERE r.relay = named;
    RETURN QUERY SELECT taken.slot,
                        extract(epoch FROM begins - clock_timestamp())::double precision;
END $$;

-- Gives a permit back: the last answer for its block came `age_s` seconds ago.
CREATE FUNCTION free_relay_slot(named text, number integer, holder uuid, age_s double precision)
    RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    PERFORM set_config('synchronous_commit', 'off', true);
    UPDATE relay_slots s
       SET held_by = NULL,
           free_at = clock_timestamp() + make_interval(secs => r.window_s - age_s)
      FROM relay_rates r
     WHERE r.relay = named AND s.relay = named AND s.slot = number AND s.held_by = holder;
END $$;
REVOKE ALL ON FUNCTION take_relay_slot(text, uuid, double precision),
    free_relay_slot(text, integer, uuid, double precision) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION take_relay_slot(text, uuid, double precision),
    free_relay_slot(text, integer, uuid, double precision) TO engine_worker;
