//! What a technician has on his desk: for teams that give tickets out.

use anyhow::Result;
use rusqlite::{Connection, params};

use crate::desk::Load;

/// Of the technician with this registered address, folded.
pub(super) fn of(connection: &Connection, technician: &str) -> Result<Load> {
    // Both are answered from the index alone; `technician <> ''` is what makes it eligible.
    let open = connection
        .prepare_cached(
            r"SELECT count(*) FROM tickets
              WHERE technician = ?1 AND technician <> ''
                AND status IN ('open', 'waiting', 'paused')",
        )?
        .query_row(params![technician], |row| row.get(0))?;
    let latest: Option<i64> = connection
        .prepare_cached(
            r"SELECT max(latest) FROM (
                SELECT (SELECT max(id) FROM tickets
                        WHERE technician = ?1 AND technician <> '' AND status = stati.status)
                       AS latest
                FROM (SELECT 'open' AS status UNION ALL SELECT 'waiting' UNION ALL
                      SELECT 'paused' UNION ALL SELECT 'resolved' UNION ALL SELECT 'closed')
                     AS stati)",
        )?
        .query_row(params![technician], |row| row.get(0))?;
    Ok(Load {
        open,
        latest: latest.unwrap_or(0),
    })
}
