-- How many open tickets each technician has, and the latest of them (assignment in turn).
CREATE INDEX tickets_load ON tickets (technician, status) WHERE technician <> '';
