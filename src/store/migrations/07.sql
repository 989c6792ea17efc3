-- What is still to be done on the servers: the ledger holds every mail there ever was.
CREATE INDEX ledger_unfinished ON ledger (account, folder, uid_validity, uid)
    WHERE state IN ('unfiled', 'copying', 'copied');

-- The bytes of a row are compressed (LZ4, one block); `size` is that of the message.
ALTER TABLE raw ADD COLUMN packed INTEGER NOT NULL DEFAULT 0 CHECK (packed IN (0, 1));
