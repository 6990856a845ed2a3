-- Super-admins, and the workspaces that they look into for a while.

CREATE TABLE operators (
    workspace_id uuid        NOT NULL,                -- always the platform's
    user_id      uuid        NOT NULL,
    granted_at   timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (workspace_id, user_id)
);

CREATE TABLE viewings (
    workspace_id uuid        NOT NULL,                -- the one that is looked into
    viewing_id   uuid        NOT NULL,
    operator_id  uuid        NOT NULL,
    reason       text        NOT NULL,
    token_sha256 bytea       NOT NULL,
    began_at     timestamptz NOT NULL,
    expires_at   timestamptz NOT NULL,
    ended_at     timestamptz,
    PRIMARY KEY (workspace_id, viewing_id)
);
CREATE UNIQUE INDEX viewings_token_sha256 ON viewings (token_sha256);  -- of 256 random bits

DO $$
DECLARE
    t text;
BEGIN
    FOREACH t IN ARRAY ARRAY['operators', 'viewings']
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
GRANT SELECT ON operators TO engine_app;
GRANT SELECT, INSERT ON viewings TO engine_app;
GRANT UPDATE (ended_at) ON viewings TO engine_app;

CREATE FUNCTION is_operator(person uuid) RETURNS boolean
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS
    $$ SELECT EXISTS (SELECT FROM operators o WHERE o.user_id = person) $$;

-- Whose viewing is this token of? None when it is over, or the operator is none any more.
CREATE FUNCTION authenticate_viewing(digest bytea)
    RETURNS TABLE (workspace_id uuid, viewing_id uuid, operator_id uuid)
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS
    $$ SELECT v.workspace_id, v.viewing_id, v.operator_id FROM viewings v
         JOIN operators o ON o.user_id = v.operator_id
        WHERE v.token_sha256 = digest AND v.ended_at IS NULL AND v.expires_at > now() $$;

-- Which workspaces are there? Ids alone: whatever is told of one is read in its own scope.
CREATE FUNCTION workspace_ids(beyond uuid, at_most integer) RETURNS TABLE (workspace_id uuid)
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS
    $$ SELECT m.workspace_id FROM members m WHERE m.workspace_id > beyond
        UNION SELECT t.workspace_id FROM api_tokens t WHERE t.workspace_id > beyond
        ORDER BY 1 LIMIT at_most $$;

REVOKE ALL ON FUNCTION is_operator(uuid), authenticate_viewing(bytea),
    workspace_ids(uuid, integer) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION is_operator(uuid), authenticate_viewing(bytea),
    workspace_ids(uuid, integer) TO engine_app, engine_worker;
