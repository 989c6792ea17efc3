-- What a team only observes, for its list of all: a row a team, beside those of `tickets` that it leads.
CREATE TABLE observed (
    id         INTEGER NOT NULL REFERENCES tickets (id),
    team       TEXT    NOT NULL,
    status     TEXT    NOT NULL,
    category   TEXT    NOT NULL,
    updated_at INTEGER NOT NULL,
    PRIMARY KEY (id, team)
) STRICT, WITHOUT ROWID;
CREATE INDEX observed_latest ON observed (team, updated_at, id);
CREATE INDEX observed_status ON observed (team, status, updated_at, id);
CREATE INDEX observed_category ON observed (team, category, updated_at, id, status);
INSERT INTO observed (id, team, status, category, updated_at)
    SELECT DISTINCT tickets.id, value, status, category, updated_at
    FROM tickets, json_each(ticket, '$.observing_teams');
