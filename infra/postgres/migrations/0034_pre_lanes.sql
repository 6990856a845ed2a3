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
