-- Second factors, and accounts that others vouch for. Working state of the platform's scope,
-- written with the events that say so.

CREATE TABLE second_factors (
    workspace_id uuid    NOT NULL,                -- always the platform's
    user_id      uuid    NOT NULL,
    sealed       bytea   NOT NULL,                -- the secret, under the person's key
    confirmed    boolean NOT NULL DEFAULT false,  -- a code of it was entered
    last_step    bigint  NOT NULL DEFAULT 0,      -- a code is good once: only later steps count
    PRIMARY KEY (workspace_id, user_id)
);

-- Who somebody else's token is about. `identity_key` is a keyed digest of issuer and subject.
CREATE TABLE linked_identities (
    workspace_id uuid  NOT NULL,                  -- always the platform's
    identity_key bytea NOT NULL,
    user_id      uuid  NOT NULL,
    PRIMARY KEY (workspace_id, identity_key)
);
CREATE INDEX linked_identities_user ON linked_identities (workspace_id, user_id);

DO $$
DECLARE
    t text;
BEGIN
    FOREACH t IN ARRAY ARRAY['second_factors', 'linked_identities']
    LOOP
        EXECUTE format('ALTER TABLE %I ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY', t);
        EXECUTE format('CREATE POLICY tenant ON %I TO engine_app '
                       'USING (workspace_id = (SELECT current_workspace())) '
                       'WITH CHECK (workspace_id = (SELECT current_workspace()))', t);
        EXECUTE format('GRANT SELECT, INSERT, UPDATE, DELETE ON %I TO engine_app', t);
    END LOOP;
END $$;
