-- Who belongs to a workspace, and who is invited to. Working state, written with the events of the
-- workspace's stream, and rebuildable from them.

CREATE TABLE members (
    workspace_id uuid        NOT NULL,
    user_id      uuid        NOT NULL,
    role         text        NOT NULL,
    joined_at    timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (workspace_id, user_id)
);
CREATE INDEX members_of_person ON members (user_id);

-- `sealed` is the address under the invitation's own key; emptied when the invitation ends.
CREATE TABLE invitations (
    workspace_id uuid        NOT NULL,
    invitation_id uuid       NOT NULL,
    address_key  bytea       NOT NULL,   -- of the platform's scope, as accounts know addresses
    role         text        NOT NULL,
    invited_by   text        NOT NULL,
    invited_at   timestamptz NOT NULL DEFAULT now(),
    token_sha256 bytea       NOT NULL,
    sealed       bytea       NOT NULL,
    expires_at   timestamptz NOT NULL,
    state        text        NOT NULL DEFAULT 'open',   -- open, accepted, revoked, expired
    forgotten    boolean     NOT NULL DEFAULT false,    -- its key is destroyed
    PRIMARY KEY (workspace_id, invitation_id)
);
CREATE UNIQUE INDEX invitations_token_sha256 ON invitations (token_sha256);  -- of 256 random bits
CREATE INDEX invitations_unfinished ON invitations (expires_at) WHERE NOT forgotten;

DO $$
DECLARE
    t text;
BEGIN
    FOREACH t IN ARRAY ARRAY['members', 'invitations']
    LOOP
        EXECUTE format('ALTER TABLE %I ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY', t);
        EXECUTE format('CREATE POLICY tenant ON %I TO engine_app, engine_worker '
                       'USING (workspace_id = (SELECT current_workspace())) '
                       'WITH CHECK (workspace_id = (SELECT current_workspace()))', t);
        EXECUTE format('CREATE POLICY definer_reads ON %I FOR SELECT TO engine_migrator '
                       'USING (true)', t);
        EXECUTE format('GRANT SELECT, INSERT, UPDATE, DELETE ON %I TO engine_worker', t);
    END LOOP;
END $$;
CREATE POLICY worker_looks ON invitations FOR SELECT TO engine_worker USING (true);
GRANT SELECT, INSERT, UPDATE, DELETE ON members TO engine_app;
GRANT SELECT, INSERT ON invitations TO engine_app;
GRANT UPDATE (token_sha256, expires_at, state, sealed) ON invitations TO engine_app;

-- What is asked of a person without knowing the workspace.
CREATE FUNCTION memberships_of(person uuid)
    RETURNS TABLE (workspace_id uuid, role text, joined_at timestamptz)
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS
    $$ SELECT m.workspace_id, m.role, m.joined_at FROM members m WHERE m.user_id = person $$;

-- Workspaces that would be without an owner if this person went.
CREATE FUNCTION sole_ownerships_of(person uuid) RETURNS TABLE (workspace_id uuid)
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS
    $$ SELECT m.workspace_id FROM members m
        WHERE m.user_id = person AND m.role = 'owner'
          AND NOT EXISTS (SELECT FROM members o WHERE o.workspace_id = m.workspace_id
                             AND o.role = 'owner' AND o.user_id <> person) $$;

-- Which invitation is this token of?
CREATE FUNCTION find_invitation(digest bytea)
    RETURNS TABLE (workspace_id uuid, invitation_id uuid, address_key bytea)
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS
    $$ SELECT i.workspace_id, i.invitation_id, i.address_key FROM invitations i
        WHERE i.token_sha256 = digest AND i.state = 'open' AND i.expires_at > now() $$;

REVOKE ALL ON FUNCTION memberships_of(uuid), sole_ownerships_of(uuid), find_invitation(bytea)
    FROM PUBLIC;
GRANT EXECUTE ON FUNCTION memberships_of(uuid), sole_ownerships_of(uuid), find_invitation(bytea)
    TO engine_app, engine_worker;
