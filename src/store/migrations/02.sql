-- What of a ticket is due by itself, and when: its closure, a reminder, the end of a pause.
DROP INDEX tickets_close;
ALTER TABLE tickets RENAME COLUMN close_at TO due_at;
CREATE INDEX tickets_due ON tickets (due_at) WHERE due_at IS NOT NULL;

-- The same requester's latest tickets, for duplicates (row C12).
CREATE INDEX tickets_recent ON tickets (requester, created_at);

-- A notification that waits for an operator: it may have left before a copy was put back.
ALTER TABLE outbox ADD COLUMN held INTEGER NOT NULL DEFAULT 0 CHECK (held IN (0, 1));
CREATE INDEX outbox_held ON outbox (id, state) WHERE held = 1;

-- A copy says that it is one, until a desk goes on with it.
CREATE TABLE copies (
    copied_at INTEGER NOT NULL PRIMARY KEY
) STRICT;

-- Each time a desk went on with a copy: mails up to `last_inbox` were accepted and notices up to
-- `last_notice` decided before it was made.
CREATE TABLE restores (
    at          INTEGER NOT NULL PRIMARY KEY,
    copied_at   INTEGER NOT NULL,
    last_inbox  INTEGER NOT NULL,
    last_notice INTEGER NOT NULL
) STRICT;

-- Where the mails come again that were taken between the copy and its return (`at`); an empty
-- folder is a Maildir. `done` says that all of them are here.
CREATE TABLE recalls (
    account TEXT    NOT NULL,
    at      INTEGER NOT NULL REFERENCES restores (at),
    folder  TEXT    NOT NULL,
    done    INTEGER NOT NULL DEFAULT 0,
    PRIMARY KEY (account, at)
) STRICT, WITHOUT ROWID;

-- How each account is doing, as the running desk sees it.
CREATE TABLE account_states (
    name         TEXT    NOT NULL PRIMARY KEY,
    up           INTEGER NOT NULL,
    since        INTEGER NOT NULL,
    problem      TEXT    NOT NULL,
    looked_at    INTEGER,
    listed       INTEGER NOT NULL,
    unknown      INTEGER NOT NULL,
    behind_since INTEGER
) STRICT;

-- What operations were told is wrong, and is not over yet.
CREATE TABLE alerts (
    name    TEXT    NOT NULL PRIMARY KEY,
    told_at INTEGER NOT NULL
) STRICT;

-- Since when name servers do not answer about the sender of a mail (mode `dkim`).
ALTER TABLE inbox ADD COLUMN names_asked_since INTEGER;

-- Mails in a technician's name whose commands wait for his word, by the notice that asks him.
CREATE TABLE pending (
    notice   INTEGER NOT NULL PRIMARY KEY,
    ticket   INTEGER NOT NULL REFERENCES tickets (id),
    inbox    INTEGER NOT NULL REFERENCES inbox (id),
    answers  INTEGER,
    internal INTEGER NOT NULL,
    until    INTEGER NOT NULL,
    state    TEXT    NOT NULL DEFAULT 'waiting' CHECK (state IN ('waiting', 'confirmed', 'refused'))
) STRICT;

-- Technicians who are away, by registered address (folded).
CREATE TABLE absences (
    address TEXT    NOT NULL PRIMARY KEY,
    since   INTEGER NOT NULL,
    until   INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- Major incidents that are not done.
CREATE TABLE majors (
    ticket INTEGER NOT NULL PRIMARY KEY REFERENCES tickets (id),
    team   TEXT    NOT NULL
) STRICT;
CREATE INDEX majors_team ON majors (team);

-- How many open tickets each technician has, and the latest of them (assignment in turn).
CREATE INDEX tickets_load ON tickets (technician, status) WHERE technician <> '';
