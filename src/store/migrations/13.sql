-- With a million messages, an index by digest is a page of its own for each new one, read, logged and written
-- back. Two of three go.
--
-- The same bytes are found by the number of their row, which grows. Naming the number changes nothing in a row
-- of `raw` (https://sqlite.org/lang_createtable.html, "ROWIDs and the INTEGER PRIMARY KEY"), so that only the
-- words of the schema do.
PRAGMA writable_schema = ON;
UPDATE sqlite_schema SET sql = replace(
    replace(sql, 'digest    BLOB    NOT NULL PRIMARY KEY', 'digest    BLOB    NOT NULL UNIQUE'),
    ') STRICT', ', id INTEGER PRIMARY KEY) STRICT')
    WHERE type = 'table' AND name = 'raw';
PRAGMA writable_schema = RESET;
ALTER TABLE inbox ADD COLUMN raw INTEGER REFERENCES raw (id);
UPDATE inbox SET raw = (SELECT raw.id FROM raw WHERE raw.digest = inbox.digest);
DROP INDEX inbox_digest;
CREATE INDEX inbox_raw ON inbox (raw);

-- The same content has the same `Date`, and that grows as well; 0 for mails without one, and for those
-- that were settled before this column was there.
ALTER TABLE inbox ADD COLUMN dated INTEGER NOT NULL DEFAULT 0;
DROP INDEX inbox_content;
CREATE INDEX inbox_content ON inbox (dated, content, id) WHERE content IS NOT NULL;

-- Pieces of the index of words are put together when no mail is waiting (`Store::tidy_words`); where that never
-- happens, when there are sixty-four of a size.
INSERT INTO words (words, rank) VALUES ('automerge', 0);
INSERT INTO words (words, rank) VALUES ('crisismerge', 64);
