-- Mails that were written on the page, by the id of their form: sent twice, it is one. `fields` is what the
-- form asked (JSON).
CREATE TABLE submissions (
    id     TEXT    NOT NULL PRIMARY KEY,
    inbox  INTEGER NOT NULL REFERENCES inbox (id) ON DELETE CASCADE,
    fields TEXT    NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX submissions_inbox ON submissions (inbox);
