-- What stops mail to somebody at this moment. What has ended stays in do_not_mail until the scheduler
-- says so in the log, and stops nothing any more: everybody who asks about one person asks this.
CREATE VIEW stops_in_force WITH (security_invoker = true) AS
    SELECT workspace_id, contact_id, reason, cause FROM do_not_mail
     WHERE expires_at IS NULL OR expires_at > clock_timestamp();
GRANT SELECT ON stops_in_force TO engine_app, engine_worker;
