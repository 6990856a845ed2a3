-- Suppressions with an end, each to be lifted for itself, and of addresses that nobody has yet
-- (ADR 0031).

-- What was suppressed before was for a hard bounce: there was no other way.
ALTER TABLE do_not_mail
    ADD cause      text NOT NULL DEFAULT 'hard_bounce',
    ADD expires_at timestamptz;
ALTER TABLE do_not_mail ALTER cause SET DEFAULT '';
ALTER TABLE do_not_mail DROP CONSTRAINT do_not_mail_pkey;
ALTER TABLE do_not_mail ADD PRIMARY KEY (workspace_id, contact_id, reason, cause);
CREATE INDEX do_not_mail_ending ON do_not_mail (expires_at) WHERE expires_at IS NOT NULL;
CREATE POLICY worker_looks ON do_not_mail FOR SELECT TO engine_worker USING (true);

GRANT UPDATE (expires_at) ON do_not_mail TO engine_app;
DROP POLICY only_the_deleted ON do_not_mail;
-- Who was erased stays so; every other reason can be taken back, each by its own command.
CREATE POLICY not_the_erased ON do_not_mail AS RESTRICTIVE FOR DELETE TO engine_app
    USING (reason IN ('deleted', 'suppressed', 'unsubscribed'));

-- Listed: the id waits for whoever is imported with this address; it is on do_not_mail already.
ALTER TABLE contact_addresses ADD is_listed boolean NOT NULL DEFAULT false;
GRANT UPDATE (is_listed) ON contact_addresses TO engine_app;
