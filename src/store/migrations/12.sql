-- Alternatives instead of lists: for `IN` with three values or more SQLite builds a small table each time that it
-- looks at a row, which was a thirtieth of what a mail cost. What the rows hold does not change, so that only
-- the words of the schema do (https://sqlite.org/lang_altertable.html, "Making Other Kinds Of Table Schema Changes").
DROP INDEX outbox_order;
CREATE INDEX outbox_order ON outbox (ticket, whom, notice)
    WHERE state = 'queued' OR state = 'sending' OR state = 'uncertain';
DROP INDEX ledger_unfinished;
CREATE INDEX ledger_unfinished ON ledger (account, folder, uid_validity, uid)
    WHERE state = 'unfiled' OR state = 'copying' OR state = 'copied';

PRAGMA writable_schema = ON;
UPDATE sqlite_schema SET sql = replace(sql,
    'CHECK (state IN (''new'', ''filed'', ''duplicate'', ''ignored'', ''quarantined''))',
    'CHECK (state = ''new'' OR state = ''filed'' OR state = ''duplicate'' OR state = ''ignored'' OR state = ''quarantined'')')
    WHERE type = 'table' AND name = 'inbox';
UPDATE sqlite_schema SET sql = replace(sql,
    'CHECK (state IN (''unfiled'', ''copying'', ''copied'', ''filed'', ''left''))',
    'CHECK (state = ''unfiled'' OR state = ''copying'' OR state = ''copied'' OR state = ''filed'' OR state = ''left'')')
    WHERE type = 'table' AND name = 'ledger';
UPDATE sqlite_schema SET sql = replace(sql,
    'CHECK (state IN (''unfiled'', ''filed'', ''left''))',
    'CHECK (state = ''unfiled'' OR state = ''filed'' OR state = ''left'')')
    WHERE type = 'table' AND name = 'maildir_ledger';
UPDATE sqlite_schema SET sql = replace(sql,
    'CHECK (state IN (''said'', ''kept'', ''dropped''))',
    'CHECK (state = ''said'' OR state = ''kept'' OR state = ''dropped'')')
    WHERE type = 'table' AND name = 'notices';
UPDATE sqlite_schema SET sql = replace(sql,
    'CHECK (thread IN (''incoming'', ''outgoing'', ''phantom''))',
    'CHECK (thread = ''incoming'' OR thread = ''outgoing'' OR thread = ''phantom'')')
    WHERE type = 'table' AND name = 'message_ids';
UPDATE sqlite_schema SET sql = replace(replace(sql,
    'CHECK (state IN (''queued'', ''sending'', ''uncertain'', ''sent'', ''failed'', ''given-up''))',
    'CHECK (state = ''queued'' OR state = ''sending'' OR state = ''uncertain'' OR state = ''sent'' OR state = ''failed'' OR state = ''given-up'')'),
    'CHECK (report IN ('''', ''failed'', ''uncertain'', ''given-up''))',
    'CHECK (report = '''' OR report = ''failed'' OR report = ''uncertain'' OR report = ''given-up'')')
    WHERE type = 'table' AND name = 'outbox';
PRAGMA writable_schema = RESET;
