-- Leftovers: uploads whose request never came, and idempotency keys that nobody repeats any more.
-- One function, for all workspaces; its owner may see and delete nothing but what is too old.

CREATE POLICY leftovers ON import_parts TO engine_migrator
    USING (uuid_extract_timestamp(import_id) < now() - interval '1 day');
CREATE POLICY leftovers ON imports FOR SELECT TO engine_migrator USING (true);
CREATE POLICY leftovers ON request_keys TO engine_migrator
    USING (claimed_at < now() - interval '30 days');

CREATE FUNCTION forget_leftovers() RETURNS void
    LANGUAGE sql VOLATILE SECURITY DEFINER SET search_path = public, pg_temp AS $$
    DELETE FROM import_parts p
     WHERE uuid_extract_timestamp(p.import_id) < now() - interval '1 day'
       AND NOT EXISTS (SELECT FROM imports i
                        WHERE i.workspace_id = p.workspace_id AND i.import_id = p.import_id);
    DELETE FROM request_keys WHERE claimed_at < now() - interval '30 days';
$$;
REVOKE ALL ON FUNCTION forget_leftovers() FROM PUBLIC;
GRANT EXECUTE ON FUNCTION forget_leftovers() TO engine_worker;
