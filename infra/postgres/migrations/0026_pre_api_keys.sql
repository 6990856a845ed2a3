-- API keys: scopes, expiry, networks, two live secrets, last use; and what test keys send.

ALTER TABLE api_tokens
    ADD COLUMN name             text        NOT NULL DEFAULT '',
    ADD COLUMN prefix           text        NOT NULL DEFAULT '',
    ADD COLUMN scopes           text[],                          -- null: what every token may do
    ADD COLUMN test             boolean     NOT NULL DEFAULT false,
    ADD COLUMN issued_by        text        NOT NULL DEFAULT '',
    ADD COLUMN issued_at        timestamptz NOT NULL DEFAULT now(),
    ADD COLUMN expires_at       timestamptz,
    ADD COLUMN networks         cidr[]      NOT NULL DEFAULT '{}',  -- empty: from everywhere
    ADD COLUMN previous_sha256  bytea,
    ADD COLUMN previous_ends_at timestamptz,
    ADD COLUMN last_used_at     timestamptz;                     -- to the minute
CREATE UNIQUE INDEX api_tokens_previous_sha256 ON api_tokens (previous_sha256);

DROP FUNCTION authenticate_token(bytea);
CREATE FUNCTION authenticate_token(digest bytea, client inet)
    RETURNS TABLE (workspace_id uuid, token_id uuid, permissions text[], scopes text[],
                   test boolean, from_here boolean, unnoticed boolean)
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS
    $$ SELECT t.workspace_id, t.token_id, t.permissions, t.scopes, t.test,
              cardinality(t.networks) = 0 OR coalesce(client <<= ANY (t.networks), false),
              t.last_used_at IS NULL OR t.last_used_at < now() - interval '1 minute'
         FROM api_tokens t
        WHERE (t.sha256 = digest OR (t.previous_sha256 = digest AND t.previous_ends_at > now()))
          AND NOT t.revoked AND (t.expires_at IS NULL OR t.expires_at > now()) $$;
REVOKE ALL ON FUNCTION authenticate_token(bytea, inet) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION authenticate_token(bytea, inet) TO engine_app;
GRANT UPDATE (sha256, prefix, previous_sha256, previous_ends_at, last_used_at)
    ON api_tokens TO engine_app;

-- A campaign that a test key scheduled or launched goes to the sandbox, whoever comes later.
ALTER TABLE campaign_runs ADD COLUMN sandbox boolean NOT NULL DEFAULT false;
