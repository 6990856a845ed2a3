-- The days in the trash are fixed with each deletion; here they stand to be shown.
ALTER TABLE retention_settings ADD trash_days integer NOT NULL DEFAULT 30;
