-- Relays are changed, checked and given other credentials while mail goes through them (ADR 0035).
-- What is written here comes with the event that says so.

ALTER TABLE relays
    ADD COLUMN bulk           boolean NOT NULL DEFAULT true,
    ADD COLUMN transactional  boolean NOT NULL DEFAULT false,
    ADD COLUMN has_credentials boolean NOT NULL DEFAULT false,
    ADD COLUMN version        integer NOT NULL DEFAULT 1,   -- connections of an older one are closed
    ADD COLUMN check_asked_at timestamptz,                  -- until a dispatcher has made it
    ADD COLUMN checked_at     timestamptz,
    ADD COLUMN check_reason   text NOT NULL DEFAULT '',     -- empty: all went well
    ADD COLUMN check_codes    text NOT NULL DEFAULT '';
UPDATE relays SET has_credentials = sealed IS NOT NULL;
CREATE INDEX relays_to_check ON relays (workspace_id, relay_id) WHERE check_asked_at IS NOT NULL;

GRANT SELECT (bulk, transactional, has_credentials, version, check_asked_at, checked_at,
              check_reason, check_codes) ON relays TO engine_app;
-- Still without reading `sealed`.
GRANT UPDATE (label, sealed, has_credentials, rate_per_s, connections, messages_per_connection,
              weight, bulk, transactional, version, check_asked_at) ON relays TO engine_app;
