-- What the lists of the desk look for, beside what has a column already: `rank` is the decided
-- priority (0 first), `since` when the status began, `alive` that there is something left to do:
-- not resolved, not closed, not going on under another number.
ALTER TABLE tickets ADD COLUMN rank INTEGER NOT NULL DEFAULT 1;
ALTER TABLE tickets ADD COLUMN since INTEGER NOT NULL DEFAULT 0;
ALTER TABLE tickets ADD COLUMN category TEXT NOT NULL DEFAULT '';
ALTER TABLE tickets ADD COLUMN alive INTEGER NOT NULL DEFAULT 0 CHECK (alive IN (0, 1));
UPDATE tickets SET
    rank = CASE ticket ->> '$.priority' WHEN 'high' THEN 0 WHEN 'low' THEN 2 ELSE 1 END,
    since = coalesce(CAST(round(unixepoch(ticket ->> '$.status_since', 'subsec') * 1000) AS INTEGER),
                     created_at),
    category = coalesce(ticket ->> '$.category', ''),
    alive = status IN ('open', 'waiting', 'paused') AND ticket ->> '$.ties.merged_into' IS NULL;

-- Each holds all that its list asks of a row, so that what is passed over costs no look at the row.
CREATE INDEX tickets_pool ON tickets (team, rank, created_at, id, category, alive, status, technician)
    WHERE alive = 1 AND status = 'open' AND technician = '';
CREATE INDEX tickets_mine ON tickets (technician, rank, created_at, id, category, alive)
    WHERE alive = 1 AND technician <> '';
CREATE INDEX tickets_waiting ON tickets (team, rank, created_at, id, category, alive, status)
    WHERE alive = 1 AND status IN ('waiting', 'paused');
CREATE INDEX tickets_late ON tickets (team, since, id, category, alive, status)
    WHERE alive = 1 AND status = 'open';
CREATE INDEX tickets_of_team ON tickets (team, updated_at, id, status, category);
CREATE INDEX tickets_category ON tickets (team, category, updated_at, id, status);

-- Links to sign in that were sent to technicians (`address`: registered, folded), by the notice
-- that carried them; each is good for one session.
CREATE TABLE sign_ins (
    notice  INTEGER NOT NULL PRIMARY KEY,
    address TEXT    NOT NULL,
    at      INTEGER NOT NULL,
    until   INTEGER NOT NULL,
    used_at INTEGER
) STRICT;
CREATE INDEX sign_ins_address ON sign_ins (address, at);

-- Browsers in which a technician is signed in, by the digest of the secret that they hold.
CREATE TABLE sessions (
    id         INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
    secret     BLOB    NOT NULL UNIQUE,
    address    TEXT    NOT NULL,
    created_at INTEGER NOT NULL,
    seen_at    INTEGER NOT NULL,
    until      INTEGER NOT NULL,
    ended_at   INTEGER
) STRICT;
CREATE INDEX sessions_address ON sessions (address);
CREATE INDEX sessions_until ON sessions (until);

-- What happened to each ticket, in figures, computed from its events; no requester is named.
CREATE TABLE facts (
    ticket    INTEGER NOT NULL PRIMARY KEY,
    team      TEXT    NOT NULL,
    opened_at INTEGER NOT NULL,
    fact      TEXT    NOT NULL
) STRICT;
CREATE INDEX facts_opened ON facts (team, opened_at);

-- How far that has come: the latest event that is counted, and by which rules. One row.
CREATE TABLE counted (
    id    INTEGER NOT NULL PRIMARY KEY CHECK (id = 1),
    event INTEGER NOT NULL,
    rules TEXT    NOT NULL
) STRICT;
INSERT INTO counted (id, event, rules) VALUES (1, 0, '');
