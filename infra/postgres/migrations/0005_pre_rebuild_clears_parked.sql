-- A rebuild that folded everything ends the waiting: in the transaction of its swap it takes its
-- projection's events off the list of the parked. (Row-level security binds the owner too.)
CREATE POLICY rebuild_looks ON parked_events FOR SELECT TO engine_migrator USING (true);
CREATE POLICY rebuild_clears ON parked_events FOR DELETE TO engine_migrator USING (true);
