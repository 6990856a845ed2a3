-- Accounts and sessions: working state of the platform's scope, changed with the events that say so.
-- Secrets stand here as digests or hashes alone, the address as a keyed hash and sealed.

CREATE TABLE accounts (
    workspace_id    uuid        NOT NULL,
    user_id         uuid        NOT NULL,
    address_key     bytea,                            -- NULL once the person left
    sealed_address  bytea,                            -- under the person's own key
    password_hash   text,
    password_epoch  integer     NOT NULL DEFAULT 0,   -- raised by each change: mailed links die
    verified        boolean     NOT NULL DEFAULT false,
    disabled        boolean     NOT NULL DEFAULT false,
    factor_required boolean     NOT NULL DEFAULT false,
    registered_at   timestamptz NOT NULL DEFAULT now(),
    removed_at      timestamptz,
    key_destroyed   boolean     NOT NULL DEFAULT false,
    PRIMARY KEY (workspace_id, user_id)
);
CREATE UNIQUE INDEX accounts_address ON accounts (workspace_id, address_key);
CREATE INDEX accounts_leaving ON accounts (workspace_id) WHERE removed_at IS NOT NULL AND NOT key_destroyed;

CREATE TABLE sessions (
    workspace_id     uuid        NOT NULL,
    session_id       uuid        NOT NULL,
    user_id          uuid        NOT NULL,
    generation       integer     NOT NULL DEFAULT 0,  -- of the refresh token that is good
    refresh_sha256   bytea       NOT NULL,
    rotated_at       timestamptz NOT NULL DEFAULT clock_timestamp(),
    began_at         timestamptz NOT NULL DEFAULT clock_timestamp(),
    used_at          timestamptz NOT NULL DEFAULT clock_timestamp(),
    ends_at          timestamptz NOT NULL,            -- however much it is used
    ended            boolean     NOT NULL DEFAULT false,
    second_factor    boolean     NOT NULL,
    home             uuid,                            -- the workspace it is in
    ip               text,
    client           text        NOT NULL,
    PRIMARY KEY (workspace_id, session_id)
);
CREATE INDEX sessions_of_user ON sessions (workspace_id, user_id) WHERE NOT ended;

CREATE TABLE account_tokens (
    workspace_id   uuid        NOT NULL,
    sha256         bytea       NOT NULL,
    purpose        text        NOT NULL,
    user_id        uuid        NOT NULL,
    password_epoch integer     NOT NULL,
    expires_at     timestamptz NOT NULL,
    PRIMARY KEY (workspace_id, sha256)
);
CREATE INDEX account_tokens_over ON account_tokens (workspace_id, expires_at);

-- Failures of one account, also of an address that has none: names are keyed hashes.
CREATE TABLE sign_in_failures (
    workspace_id  uuid        NOT NULL,
    address_key   bytea       NOT NULL,
    failures      integer     NOT NULL,
    blocked_until timestamptz NOT NULL,
    PRIMARY KEY (workspace_id, address_key)
);

DO $$
DECLARE
    t text;
BEGIN
    FOREACH t IN ARRAY ARRAY['accounts', 'sessions', 'account_tokens', 'sign_in_failures']
    LOOP
        EXECUTE format('ALTER TABLE %I ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY', t);
        EXECUTE format('CREATE POLICY tenant ON %I TO engine_app, engine_worker '
                       'USING (workspace_id = (SELECT current_workspace())) '
                       'WITH CHECK (workspace_id = (SELECT current_workspace()))', t);
        EXECUTE format('GRANT SELECT, INSERT, UPDATE, DELETE ON %I TO engine_app, engine_worker', t);
    END LOOP;
END $$;

CREATE POLICY definer_reads ON accounts FOR SELECT TO engine_migrator USING (true);
CREATE POLICY definer_reads ON sessions FOR SELECT TO engine_migrator USING (true);

-- Who asks, with a session and for a workspace: one look on each request, so that whatever was
-- revoked or changed holds at once. `role` is NULL for who is no member.
CREATE FUNCTION authenticate_session(session uuid, person uuid, workspace uuid, idle interval)
    RETURNS TABLE (began_at timestamptz, second_factor boolean, operator boolean, role text)
    LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
    found_role text;
BEGIN
    IF workspace IS NOT NULL THEN
        SELECT m.role INTO found_role FROM members m
         WHERE m.workspace_id = workspace AND m.user_id = person;
    END IF;
    RETURN QUERY
        SELECT s.began_at, s.second_factor, is_operator(person), found_role
          FROM sessions s JOIN accounts a ON a.workspace_id = s.workspace_id AND a.user_id = s.user_id
         WHERE s.workspace_id = '00000000-0000-7000-8000-000000000001' AND s.session_id = session
           AND s.user_id = person AND NOT s.ended AND s.ends_at > clock_timestamp()
           AND s.used_at > clock_timestamp() - idle AND NOT a.disabled AND a.removed_at IS NULL;
END $$;

REVOKE ALL ON FUNCTION authenticate_session(uuid, uuid, uuid, interval) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION authenticate_session(uuid, uuid, uuid, interval) TO engine_app, engine_worker;
