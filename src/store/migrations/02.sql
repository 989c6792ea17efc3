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
