-- A campaign can be taken off the calendar again (ADR 0038): its row goes, until it is scheduled anew.
GRANT DELETE ON campaign_runs TO engine_app;
