-- What of a ticket is due by itself, and when: its closure, a reminder, the end of a pause.
DROP INDEX tickets_close;
ALTER TABLE tickets RENAME COLUMN close_at TO due_at;
CREATE INDEX tickets_due ON tickets (due_at) WHERE due_at IS NOT NULL;

-- The same requester's latest tickets, for duplicates (row C12).
CREATE INDEX tickets_recent ON tickets (requester, created_at);
