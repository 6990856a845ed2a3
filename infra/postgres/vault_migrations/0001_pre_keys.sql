-- The key vault: its own database, backed up apart from the log and kept for a short time.

CREATE TABLE workspace_keys (
    workspace_id uuid        NOT NULL,
    epoch        integer     NOT NULL,
    wrapped      bytea       NOT NULL,             -- AES-256-GCM under the master key
    created_at   timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (workspace_id, epoch)
);

CREATE TABLE subject_keys (
    workspace_id uuid    NOT NULL,
    subject_id   uuid    NOT NULL,
    epoch        integer NOT NULL,
    wrapped      bytea   NOT NULL,                 -- AES-256-GCM under the workspace's key of `epoch`
    PRIMARY KEY (workspace_id, subject_id)
);

-- A fenced subject never gets a key again.
CREATE TABLE fences (
    workspace_id uuid        NOT NULL,
    subject_id   uuid        NOT NULL,
    fenced_at    timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (workspace_id, subject_id)
);

GRANT USAGE ON SCHEMA public TO engine_vault;
GRANT SELECT, INSERT ON workspace_keys TO engine_vault;
GRANT SELECT, INSERT, DELETE ON subject_keys TO engine_vault;
GRANT SELECT, INSERT ON fences TO engine_vault;
