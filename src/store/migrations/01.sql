-- Raw messages, by SHA-256. The larger ones are files; their `bytes` are empty.
CREATE TABLE raw (
    digest    BLOB    NOT NULL PRIMARY KEY,
    size      INTEGER NOT NULL,
    in_file   INTEGER NOT NULL DEFAULT 0,
    bytes     BLOB    NOT NULL DEFAULT x''
) STRICT;

CREATE TABLE accounts (
    name        TEXT    NOT NULL PRIMARY KEY,
    first_start INTEGER NOT NULL
) STRICT;

-- One row a mail that was accepted.
CREATE TABLE inbox (
    id           INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
    account      TEXT    NOT NULL,
    origin       TEXT    NOT NULL,
    recipient    TEXT,
    sender       TEXT,
    received_at  INTEGER NOT NULL,
    digest       BLOB    NOT NULL REFERENCES raw (digest),
    oversize     INTEGER,
    proven       TEXT,
    state        TEXT    NOT NULL DEFAULT 'new'
                 CHECK (state IN ('new', 'filed', 'duplicate', 'ignored', 'quarantined')),
    attempts     INTEGER NOT NULL DEFAULT 0,
    lease_until  INTEGER NOT NULL DEFAULT 0,
    released     INTEGER NOT NULL DEFAULT 0,
    authenticity TEXT,
    content      BLOB,
    ticket       INTEGER REFERENCES tickets (id),
    duplicate_of INTEGER REFERENCES inbox (id),
    why          TEXT    NOT NULL DEFAULT '',
    error        TEXT    NOT NULL DEFAULT '',
    settled_at   INTEGER NOT NULL DEFAULT 0
) STRICT;
CREATE INDEX inbox_new ON inbox (lease_until) WHERE state = 'new';
CREATE INDEX inbox_state ON inbox (state, id);
CREATE INDEX inbox_digest ON inbox (digest, account);
CREATE INDEX inbox_content ON inbox (content, id) WHERE content IS NOT NULL;
CREATE INDEX inbox_ticket ON inbox (ticket) WHERE ticket IS NOT NULL;

-- What was seen in each IMAP folder; `inbox` is NULL for what is left alone.
CREATE TABLE ledger (
    id           INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
    account      TEXT    NOT NULL,
    folder       TEXT    NOT NULL,
    uid_validity INTEGER NOT NULL,
    uid          INTEGER NOT NULL,
    inbox        INTEGER REFERENCES inbox (id),
    state        TEXT    NOT NULL
                 CHECK (state IN ('unfiled', 'copying', 'copied', 'filed', 'left')),
    UNIQUE (account, folder, uid_validity, uid)
) STRICT;
CREATE INDEX ledger_inbox ON ledger (inbox) WHERE inbox IS NOT NULL;
CREATE INDEX ledger_left ON ledger (account) WHERE state = 'left';

-- The same for Maildir, by the name before the flags.
CREATE TABLE maildir_ledger (
    id           INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
    account      TEXT    NOT NULL,
    name         TEXT    NOT NULL,
    inbox        INTEGER REFERENCES inbox (id),
    state        TEXT    NOT NULL CHECK (state IN ('unfiled', 'filed', 'left')),
    UNIQUE (account, name)
) STRICT;
CREATE INDEX maildir_ledger_inbox ON maildir_ledger (inbox) WHERE inbox IS NOT NULL;

-- `ticket` is the whole ticket in JSON; the other columns are what is looked for.
CREATE TABLE tickets (
    id           INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
    reference    TEXT    NOT NULL,
    status       TEXT    NOT NULL,
    team         TEXT    NOT NULL,
    technician   TEXT    NOT NULL DEFAULT '',
    requester    TEXT    NOT NULL DEFAULT '',
    close_at     INTEGER,
    created_at   INTEGER NOT NULL,
    updated_at   INTEGER NOT NULL,
    ticket       TEXT    NOT NULL
) STRICT;
CREATE INDEX tickets_status ON tickets (status, updated_at);
CREATE INDEX tickets_team ON tickets (team, status, updated_at);
CREATE INDEX tickets_technician ON tickets (technician, updated_at) WHERE technician <> '';
CREATE INDEX tickets_requester ON tickets (requester, updated_at);
CREATE INDEX tickets_close ON tickets (close_at) WHERE status = 'resolved' AND close_at IS NOT NULL;

-- Append-only; a ticket is the fold of its events.
CREATE TABLE events (
    id     INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
    ticket INTEGER NOT NULL REFERENCES tickets (id),
    at     INTEGER NOT NULL,
    kind   TEXT    NOT NULL,
    public INTEGER NOT NULL,
    event  TEXT    NOT NULL
) STRICT;
CREATE INDEX events_ticket ON events (ticket, id);
CREATE INDEX events_kind ON events (kind, at);

-- The words of each event, by its id. "equipe" finds « équipe ».
CREATE VIRTUAL TABLE words USING fts5 (
    text, content = '', tokenize = "unicode61 remove_diacritics 2", prefix = '3'
);

CREATE TABLE people (
    id      INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
    ticket  INTEGER NOT NULL REFERENCES tickets (id),
    address TEXT    NOT NULL,
    part    TEXT    NOT NULL
) STRICT;
CREATE INDEX people_ticket ON people (ticket);
CREATE INDEX people_address ON people (address);

-- Addresses: `recipient` is folded, `addressed` as written. `notice` is empty once said.
CREATE TABLE notices (
    id         INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
    ticket     INTEGER REFERENCES tickets (id),
    kind       TEXT    NOT NULL,
    recipient  TEXT    NOT NULL,
    addressed  TEXT    NOT NULL,
    caused_by  TEXT    NOT NULL DEFAULT '',
    internal   INTEGER NOT NULL,
    automatic  INTEGER NOT NULL,
    at         INTEGER NOT NULL,
    due_at     INTEGER,
    state      TEXT    NOT NULL CHECK (state IN ('said', 'kept', 'dropped')),
    notice     TEXT    NOT NULL
) STRICT;
CREATE INDEX notices_due ON notices (due_at) WHERE state = 'kept';
CREATE INDEX notices_kept ON notices (ticket, recipient) WHERE state = 'kept';
CREATE INDEX notices_waiting ON notices (recipient, due_at) WHERE state = 'kept';
CREATE INDEX notices_ticket ON notices (ticket) WHERE ticket IS NOT NULL;

-- Automatic mails said, by minute, for the limits: `scope` is 'to', 'domain', 'all'
-- or 'caused' (the cause, a blank, the recipient).
CREATE TABLE said (
    scope  TEXT    NOT NULL,
    whom   TEXT    NOT NULL,
    minute INTEGER NOT NULL,
    mails  INTEGER NOT NULL,
    PRIMARY KEY (scope, whom, minute)
) STRICT, WITHOUT ROWID;
CREATE INDEX said_minute ON said (minute);

-- An id may belong to several tickets: an ancestor that they share.
CREATE TABLE message_ids (
    id         INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
    message_id TEXT    NOT NULL,
    ticket     INTEGER NOT NULL REFERENCES tickets (id),
    thread     TEXT    NOT NULL CHECK (thread IN ('incoming', 'outgoing', 'phantom')),
    notice     INTEGER REFERENCES notices (id),
    UNIQUE (message_id, ticket, thread)
) STRICT;
CREATE INDEX message_ids_ticket ON message_ids (ticket);

-- Commands, once per notice and line. No reference: a token may be older than a restored copy.
CREATE TABLE executed (
    notice INTEGER NOT NULL,
    line   TEXT    NOT NULL,
    at     INTEGER NOT NULL,
    PRIMARY KEY (notice, line)
) STRICT, WITHOUT ROWID;

-- What goes out. `recipient` is the envelope's, `whom` the same folded; `bytes` never change and are
-- dropped once sent; `report` says what a ticket has still to be told about a delivery.
CREATE TABLE outbox (
    id             INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
    notice         INTEGER NOT NULL REFERENCES notices (id),
    ticket         INTEGER REFERENCES tickets (id),
    kind           TEXT    NOT NULL,
    sender         TEXT    NOT NULL,
    recipient      TEXT    NOT NULL,
    whom           TEXT    NOT NULL,
    message_id     TEXT    NOT NULL,
    digest         BLOB    NOT NULL,
    size           INTEGER NOT NULL,
    bytes          BLOB    NOT NULL,
    text           TEXT    NOT NULL,
    state          TEXT    NOT NULL DEFAULT 'queued'
                   CHECK (state IN ('queued', 'sending', 'uncertain', 'sent', 'failed', 'given-up')),
    attempts       INTEGER NOT NULL DEFAULT 0,
    uncertain      INTEGER NOT NULL DEFAULT 0,
    created_at     INTEGER NOT NULL,
    first_tried_at INTEGER,
    next_at        INTEGER NOT NULL,
    lease_until    INTEGER NOT NULL DEFAULT 0,
    answer         TEXT    NOT NULL DEFAULT '',
    sent_at        INTEGER,
    report         TEXT    NOT NULL DEFAULT ''
                   CHECK (report IN ('', 'failed', 'uncertain', 'given-up')),
    UNIQUE (notice, recipient)
) STRICT;
CREATE INDEX outbox_next ON outbox (next_at, id) WHERE state IN ('queued', 'uncertain');
CREATE INDEX outbox_sending ON outbox (lease_until) WHERE state = 'sending';
CREATE INDEX outbox_order ON outbox (ticket, whom, notice)
    WHERE state IN ('queued', 'sending', 'uncertain');
CREATE INDEX outbox_report ON outbox (id) WHERE report <> '';
CREATE INDEX outbox_ticket ON outbox (ticket) WHERE ticket IS NOT NULL;
CREATE INDEX outbox_state ON outbox (state, id);
