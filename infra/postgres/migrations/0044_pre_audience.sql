-- One index for all that is asked of a campaign's queue. Without a condition on the phase, handing
-- a message over changes no index (what is handed over and not settled is a few hundred rows).
DROP INDEX email_tasks_of_campaign;
DROP INDEX email_tasks_due;
CREATE INDEX email_tasks_due ON email_tasks (workspace_id, campaign_id, destination, due_at);
