-- Requests that were typed into the form and wait: for a correction, or for the word of whoever reads the
-- mailbox they were typed with. `id` is the digest of a secret that the form carries, `content` JSON; a
-- request that was sent leaves only its row, so that its link still has an answer.
CREATE TABLE drafts (
    id         TEXT    NOT NULL PRIMARY KEY,
    network    TEXT    NOT NULL,
    address    TEXT    NOT NULL DEFAULT '',
    state      TEXT    NOT NULL DEFAULT 'typed' CHECK (state IN ('typed', 'asked', 'sent')),
    created_at INTEGER NOT NULL,
    expires_at INTEGER NOT NULL,
    size       INTEGER NOT NULL,
    content    TEXT    NOT NULL,
    inbox      INTEGER REFERENCES inbox (id)
) STRICT;
CREATE INDEX drafts_expires ON drafts (expires_at);
CREATE INDEX drafts_network ON drafts (network, created_at);
CREATE INDEX drafts_address ON drafts (address, created_at) WHERE address <> '';
CREATE INDEX drafts_inbox ON drafts (inbox) WHERE inbox IS NOT NULL;

-- Their files.
CREATE TABLE draft_files (
    id           INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
    draft        TEXT    NOT NULL REFERENCES drafts (id) ON DELETE CASCADE,
    name         TEXT    NOT NULL,
    content_type TEXT    NOT NULL,
    size         INTEGER NOT NULL,
    bytes        BLOB    NOT NULL
) STRICT;
CREATE INDEX draft_files_draft ON draft_files (draft);

-- People known by their address alone, for links that only their mailbox gets: raising the generation
-- ends those that are out.
CREATE TABLE mailboxes (
    id           INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
    address      TEXT    NOT NULL UNIQUE,
    generation   INTEGER NOT NULL DEFAULT 0,
    confirm_at   INTEGER NOT NULL DEFAULT 0,
    requests_at  INTEGER NOT NULL DEFAULT 0
) STRICT;

-- « Mes demandes »: somebody's tickets, the newest first, without looking at the others.
ALTER TABLE people ADD COLUMN over INTEGER NOT NULL DEFAULT 0 CHECK (over IN (0, 1));
UPDATE people SET over = 1 WHERE ticket IN (SELECT id FROM tickets WHERE status = 'closed');
DROP INDEX people_address;
CREATE INDEX people_of ON people (address, ticket) WHERE part <> 'contributor';
CREATE INDEX people_of_open ON people (address, ticket) WHERE over = 0 AND part <> 'contributor';
