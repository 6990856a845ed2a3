-- A worker that closes an account again, after a restore, takes its second factor and links along.

ALTER POLICY tenant ON second_factors TO engine_app, engine_worker;
ALTER POLICY tenant ON linked_identities TO engine_app, engine_worker;
GRANT SELECT, DELETE ON second_factors, linked_identities TO engine_worker;
