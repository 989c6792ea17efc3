-- The knowledge base: how often each article was read, and how often somebody said that it helped. The
-- articles themselves are files.
CREATE TABLE articles (
    slug   TEXT    NOT NULL PRIMARY KEY,
    views  INTEGER NOT NULL DEFAULT 0,
    helped INTEGER NOT NULL DEFAULT 0
) STRICT, WITHOUT ROWID;
