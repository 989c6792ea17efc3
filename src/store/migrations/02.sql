-- A notification that waits for an operator: it may have left before a copy was put back.
ALTER TABLE outbox ADD COLUMN held INTEGER NOT NULL DEFAULT 0 CHECK (held IN (0, 1));
CREATE INDEX outbox_held ON outbox (id, state) WHERE held = 1;

-- A copy says that it is one, until a desk goes on with it.
CREATE TABLE copies (
    copied_at INTEGER NOT NULL PRIMARY KEY
) STRICT;

-- Each time a desk went on with a copy: notices up to `last_notice` were decided before.
CREATE TABLE restores (
    at          INTEGER NOT NULL PRIMARY KEY,
    copied_at   INTEGER NOT NULL,
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
