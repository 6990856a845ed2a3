-- What happens to a message in doubt is a workspace's choice, and a task knows which relay has it.

CREATE TABLE delivery_modes (
    workspace_id uuid NOT NULL PRIMARY KEY,
    bulk         text NOT NULL                  -- empty: as the installation is set up
);
ALTER TABLE delivery_modes ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant ON delivery_modes TO engine_app, engine_worker
    USING (workspace_id = (SELECT current_workspace()))
    WITH CHECK (workspace_id = (SELECT current_workspace()));
CREATE POLICY worker_looks ON delivery_modes FOR SELECT TO engine_worker USING (true);
GRANT SELECT, INSERT, UPDATE ON delivery_modes TO engine_app, engine_worker;

ALTER TABLE email_tasks ADD COLUMN relay text;  -- that it was handed over to last; null: to none yet
