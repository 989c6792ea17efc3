-- The latest month, by its first day, of which a report was told: `team dsi`, `articles`.
CREATE TABLE reports (
    name  TEXT NOT NULL PRIMARY KEY,
    month TEXT NOT NULL
) STRICT;

-- A suggestion is no incident: nothing of it is ever late.
ALTER TABLE tickets ADD COLUMN suggestion INTEGER NOT NULL DEFAULT 0 CHECK (suggestion IN (0, 1));
UPDATE tickets SET suggestion = 1 WHERE json_extract(ticket, '$.nature') = 'suggestion';
CREATE INDEX tickets_suggested ON tickets (team, created_at) WHERE suggestion = 1;

DROP INDEX tickets_late;
CREATE INDEX tickets_late ON tickets (team, since, id, category, alive, status, suggestion)
    WHERE alive = 1 AND status = 'open' AND suggestion = 0;
