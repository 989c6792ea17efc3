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
