-- A technician's own tickets team by team, so that the list of all reads of each team that is not his
-- what it shows, and none of his teams' tickets.
CREATE INDEX tickets_own ON tickets (technician, team, updated_at, id, status, category)
    WHERE technician <> '';
