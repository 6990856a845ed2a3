-- Lanes: what may be sent for a sending domain to a destination, asked in the claim itself
-- (ADR 0026). A closed lane is skipped without a look at its messages.

-- Which mailbox provider runs a domain; no personal data. Later also filled from MX records.
CREATE TABLE destination_domains (
    domain      text        PRIMARY KEY,
    destination text        NOT NULL,
    looked_up   timestamptz,           -- null: a fact of the providers themselves
    expires_at  timestamptz
);
INSERT INTO destination_domains (domain, destination)
SELECT d, p FROM (VALUES
    ('google', ARRAY['gmail.com', 'googlemail.com']),
    ('microsoft', ARRAY['outlook.com', 'hotmail.com', 'live.com', 'msn.com', 'hotmail.co.uk',
                        'hotmail.fr', 'hotmail.de', 'outlook.de', 'outlook.fr', 'live.co.uk',
                        'live.de', 'live.fr']),
    ('yahoo', ARRAY['yahoo.com', 'ymail.com', 'rocketmail.com', 'aol.com', 'yahoo.co.uk',
                    'yahoo.fr', 'yahoo.de', 'yahoo.it', 'yahoo.es']),
    ('apple', ARRAY['icloud.com', 'me.com', 'mac.com']),
    ('gmx', ARRAY['gmx.de', 'gmx.net', 'gmx.at', 'gmx.ch', 'gmx.com', 'web.de', 'mail.com']),
    ('proton', ARRAY['proton.me', 'protonmail.com', 'pm.me'])
) AS known(p, domains), unnest(domains) AS d;
GRANT SELECT ON destination_domains TO engine_app;
GRANT SELECT, INSERT, UPDATE, DELETE ON destination_domains TO engine_worker;

ALTER TABLE campaign_runs ADD COLUMN sending_domain text NOT NULL DEFAULT '';
UPDATE campaign_runs r SET sending_domain = lower(split_part(s.content->>'from_email', '@', 2))
  FROM snapshots s WHERE s.workspace_id = r.workspace_id AND s.sha256 = r.snapshot;
ALTER TABLE email_tasks ADD COLUMN destination text NOT NULL DEFAULT 'other';
DROP INDEX email_tasks_due;
CREATE INDEX email_tasks_due ON email_tasks (workspace_id, campaign_id, destination, due_at)
    WHERE phase = 0;

-- Where a campaign goes, a row a destination: the turns of the dispatcher.
CREATE TABLE campaign_destinations (
    workspace_id uuid NOT NULL,
    campaign_id  uuid NOT NULL,
    destination  text NOT NULL,
    PRIMARY KEY (workspace_id, campaign_id, destination)
);
INSERT INTO campaign_destinations SELECT DISTINCT workspace_id, campaign_id, 'other' FROM email_tasks;

-- A lane without a row is open and has no cap. States and caps are written with their events;
-- only the claim books `hour_used` and `probes_left`.
CREATE TABLE lanes (
    workspace_id   uuid        NOT NULL,
    sending_domain text        NOT NULL,
    destination    text        NOT NULL,
    state          text        NOT NULL DEFAULT 'open',  -- open, blocked, probing
    blocked_until  timestamptz,
    probes_left    integer     NOT NULL DEFAULT 0,
    hour_cap       integer,                              -- null: unlimited
    hour_began     timestamptz NOT NULL DEFAULT clock_timestamp(),
    hour_used      integer     NOT NULL DEFAULT 0,
    reason         text        NOT NULL DEFAULT '',
    PRIMARY KEY (workspace_id, sending_domain, destination)
);

-- Token buckets taken from in the claim. Keys: workspace '', domain <sending domain>, destination
-- <destination>, lane <sending domain> <destination>. The installation's own are in PLATFORM.
CREATE TABLE send_rates (
    workspace_id uuid             NOT NULL,
    kind         text             NOT NULL,
    key          text             NOT NULL,
    rate_per_s   double precision NOT NULL,
    burst        double precision NOT NULL,
    tokens       double precision NOT NULL,
    refilled_at  timestamptz      NOT NULL DEFAULT clock_timestamp(),
    PRIMARY KEY (workspace_id, kind, key)
);

-- Scope global (in PLATFORM) and workspace have the key '', campaign its id, domain the domain.
CREATE TABLE kill_switches (
    workspace_id uuid        NOT NULL,
    scope        text        NOT NULL,
    key          text        NOT NULL,
    is_on        boolean     NOT NULL,
    reason       text        NOT NULL,
    epoch        bigint      NOT NULL,
    changed_at   timestamptz NOT NULL DEFAULT clock_timestamp(),
    PRIMARY KEY (workspace_id, scope, key)
);
CREATE SEQUENCE kill_switch_epochs;
GRANT USAGE ON SEQUENCE kill_switch_epochs TO engine_app, engine_worker;

DO $$
DECLARE
    t text;
BEGIN
    FOREACH t IN ARRAY ARRAY['campaign_destinations', 'lanes', 'send_rates', 'kill_switches']
    LOOP
        EXECUTE format('ALTER TABLE %I ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY', t);
        EXECUTE format('CREATE POLICY tenant ON %I TO engine_app, engine_worker '
                       'USING (workspace_id = (SELECT current_workspace())) '
                       'WITH CHECK (workspace_id = (SELECT current_workspace()))', t);
        EXECUTE format('CREATE POLICY worker_looks ON %I FOR SELECT TO engine_worker USING (true)', t);
        EXECUTE format('GRANT SELECT, INSERT, UPDATE, DELETE ON %I TO engine_worker', t);
        EXECUTE format('GRANT SELECT, INSERT, UPDATE ON %I TO engine_app', t);
    END LOOP;
END $$;
-- What the installation allows is taken from in every workspace's claim.
CREATE POLICY worker_takes ON send_rates FOR UPDATE TO engine_worker
    USING (workspace_id = '00000000-0000-7000-8000-000000000001');

CREATE FUNCTION is_stopped(workspace uuid, campaign uuid, from_domain text) RETURNS boolean
    LANGUAGE sql STABLE AS $$
    SELECT EXISTS (
        SELECT FROM kill_switches k
         WHERE k.is_on AND (
            (k.workspace_id = '00000000-0000-7000-8000-000000000001' AND k.scope = 'global')
            OR (k.workspace_id = workspace
                AND ((k.scope = 'workspace' AND k.key = '')
                     OR (k.scope = 'campaign' AND k.key = campaign::text)
                     OR (k.scope = 'domain' AND k.key = from_domain)))))
$$;

-- The buckets of a lane, in the order in which every claim locks them.
CREATE FUNCTION rates_of(workspace uuid, from_domain text, to_destination text)
    RETURNS SETOF send_rates LANGUAGE sql STABLE AS $$
    SELECT s.* FROM send_rates s
     WHERE (s.workspace_id = workspace
            AND (s.kind, s.key) IN (('workspace', ''), ('domain', from_domain),
                                    ('destination', to_destination),
                                    ('lane', from_domain || ' ' || to_destination)))
        OR (s.workspace_id = '00000000-0000-7000-8000-000000000001'
            AND (s.kind, s.key) = ('destination', to_destination))
     ORDER BY s.workspace_id, s.kind, s.key
$$;

-- Tokens in a bucket at this moment.
CREATE FUNCTION tokens_of(bucket send_rates) RETURNS double precision LANGUAGE sql VOLATILE AS $$
    SELECT least(bucket.burst, bucket.tokens + bucket.rate_per_s
           * greatest(0, extract(epoch FROM clock_timestamp() - bucket.refilled_at)::double precision))
$$;

-- How many messages a lane may send at this moment, 0 when it is closed; books nothing.
CREATE FUNCTION lane_allows(workspace uuid, from_domain text, to_destination text) RETURNS integer
    LANGUAGE sql VOLATILE AS $$
    SELECT least(
        coalesce((SELECT CASE
            WHEN l.state = 'blocked' THEN 0
            WHEN l.state = 'probing' THEN l.probes_left
            WHEN l.hour_cap IS NULL THEN 1000000
            WHEN l.hour_began + interval '1 hour' <= clock_timestamp() THEN l.hour_cap
            ELSE greatest(0, l.hour_cap - l.hour_used) END
          FROM lanes l WHERE l.workspace_id = workspace AND l.sending_domain = from_domain
           AND l.destination = to_destination), 1000000),
        coalesce((SELECT min(floor(tokens_of(r)))::integer
                    FROM rates_of(workspace, from_domain, to_destination) r), 1000000))
$$;

-- Take up to `most` due messages of a campaign to one destination, and book them.
CREATE FUNCTION claim_messages(workspace uuid, campaign uuid, to_destination text, claimer uuid,
                               most integer)
    RETURNS TABLE (message_id uuid, contact_id uuid, attempt integer) LANGUAGE plpgsql AS $$
DECLARE
    from_domain text;
    capped boolean;
    rated boolean;
    allowed integer := most;
    taken integer;
BEGIN
    SELECT r.sending_domain INTO from_domain FROM campaign_runs r
     WHERE r.workspace_id = workspace AND r.campaign_id = campaign AND r.gate = 'open'
       AND EXISTS (SELECT FROM dispatchers d
                    WHERE d.dispatcher_id = claimer AND d.alive_until > clock_timestamp());
    IF NOT FOUND OR is_stopped(workspace, campaign, from_domain) THEN
        RETURN;
    END IF;
    PERFORM FROM lanes l WHERE l.workspace_id = workspace AND l.sending_domain = from_domain
        AND l.destination = to_destination FOR UPDATE;
    capped := FOUND;
    PERFORM FROM send_rates s
      JOIN rates_of(workspace, from_domain, to_destination) r USING (workspace_id, kind, key)
      ORDER BY s.workspace_id, s.kind, s.key FOR UPDATE OF s;
    rated := FOUND;
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
        RETURNING t.message_id, t.contact_id, t.attempt;
    GET DIAGNOSTICS taken = ROW_COUNT;
    IF capped AND taken > 0 THEN
        UPDATE lanes l
           SET probes_left = CASE WHEN l.state = 'probing' THEN l.probes_left - taken
                                  ELSE l.probes_left END,
               hour_used = CASE WHEN l.hour_began + interval '1 hour' <= clock_timestamp() THEN taken
                                ELSE l.hour_used + taken END,
               hour_began = CASE WHEN l.hour_began + interval '1 hour' <= clock_timestamp()
                                 THEN clock_timestamp() ELSE l.hour_began END
         WHERE l.workspace_id = workspace AND l.sending_domain = from_domain
           AND l.destination = to_destination;
    END IF;
    IF rated AND taken > 0 THEN
        UPDATE send_rates s SET tokens = tokens_of(s) - taken, refilled_at = clock_timestamp()
          FROM rates_of(workspace, from_domain, to_destination) r
         WHERE s.workspace_id = r.workspace_id AND s.kind = r.kind AND s.key = r.key;
    END IF;
END $$;
