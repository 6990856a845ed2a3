-- Kill switches that dispatchers confirm (ADR 0032).

-- Epochs count the changes of switches in the order in which they are committed: whoever read
-- epoch n has seen every change up to n. A sequence would not promise that.
DROP SEQUENCE kill_switch_epochs;
CREATE TABLE kill_switch_epoch (
    only_one boolean PRIMARY KEY DEFAULT true CHECK (only_one),
    epoch    bigint  NOT NULL
);
INSERT INTO kill_switch_epoch (epoch) VALUES (0);
GRANT SELECT ON kill_switch_epoch TO engine_app, engine_worker;

CREATE FUNCTION next_switch_epoch() RETURNS bigint
    LANGUAGE sql VOLATILE SECURITY DEFINER SET search_path = public, pg_temp AS
    $$ UPDATE kill_switch_epoch SET epoch = epoch + 1 RETURNING epoch $$;

-- A dispatcher that confirmed an epoch begins no message that the switches of that epoch stop.
CREATE TABLE switch_acknowledgements (
    dispatcher_id uuid        PRIMARY KEY REFERENCES dispatchers ON DELETE CASCADE,
    epoch         bigint      NOT NULL,
    at            timestamptz NOT NULL DEFAULT clock_timestamp()
);
GRANT SELECT, INSERT, UPDATE ON switch_acknowledgements TO engine_worker;

-- How many dispatchers are there, how many have confirmed, and since when have all of them?
CREATE FUNCTION switch_confirmations(wanted bigint)
    RETURNS TABLE (dispatchers bigint, confirmed bigint, confirmed_at timestamptz)
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS
    $$ SELECT count(*), count(a.dispatcher_id),
              CASE WHEN count(*) = count(a.dispatcher_id) THEN max(a.at) END
         FROM dispatchers d LEFT JOIN switch_acknowledgements a
           ON a.dispatcher_id = d.dispatcher_id AND a.epoch >= wanted
        WHERE d.alive_until > clock_timestamp() $$;

-- Where does anything stand still? Ids alone: what is told of one is read in its own scope.
CREATE POLICY definer_reads ON kill_switches FOR SELECT TO engine_migrator USING (true);
CREATE FUNCTION stopped_scopes() RETURNS TABLE (workspace_id uuid)
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS
    $$ SELECT DISTINCT k.workspace_id FROM kill_switches k WHERE k.is_on ORDER BY 1 LIMIT 1000 $$;

REVOKE ALL ON FUNCTION next_switch_epoch(), switch_confirmations(bigint), stopped_scopes()
    FROM PUBLIC;
GRANT EXECUTE ON FUNCTION next_switch_epoch(), switch_confirmations(bigint), stopped_scopes()
    TO engine_app, engine_worker;
CREATE INDEX kill_switches_on ON kill_switches (workspace_id) WHERE is_on;
