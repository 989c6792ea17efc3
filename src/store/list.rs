//! The lists of the desk (row S4.23): the pool, mine, what waits, what is late, all of a team. Each is
//! a range of an index read from where the page before stopped, team by team, so that a page costs
//! the same whatever the number of tickets.

use anyhow::{Context, Result};
use chrono::{DateTime, Utc};
use rusqlite::types::Value;
use rusqlite::{Connection, params, params_from_iter};

use super::{Store, known, millis, read, search};
use crate::ticket::{Ticket, TicketId};

/// Tickets counted at most, each of which costs a look at its row: beyond that, a list says "more".
pub const COUNTED: u32 = 200;

/// Which list.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum View {
    /// Open, and nobody's ("pot commun"): the most urgent first, then the oldest.
    #[default]
    Pool,
    /// A technician's own that are not done.
    Mine,
    /// Waiting or paused.
    Waiting,
    /// Open for longer than the team allows: the oldest first.
    Late,
    /// All, what changed last first.
    All,
}

impl View {
    /// Every list, in order.
    pub const ALL: [Self; 5] = [Self::Pool, Self::Mine, Self::Waiting, Self::Late, Self::All];

    /// The English token.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Pool => "pool",
            Self::Mine => "mine",
            Self::Waiting => "waiting",
            Self::Late => "late",
            Self::All => "all",
        }
    }
}

/// One team of a list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TeamOf {
    /// Its id.
    pub id: String,
    /// What has been open since before that is late.
    pub late_before: DateTime<Utc>,
}

/// What to list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Listing {
    /// Which list.
    pub view: View,
    /// Of these teams; one's own open tickets are listed whatever their team.
    pub teams: Vec<TeamOf>,
    /// The list of all has what else its reader may open as well: his own tickets of other teams, and those
    /// that his teams observe.
    pub with_own: bool,
    /// Who looks: registered address, folded.
    pub technician: String,
    /// Only this status; of the list of all.
    pub status: Option<String>,
    /// Only this category.
    pub category: Option<String>,
    /// From here on.
    pub after: Option<Place>,
    /// At most so many.
    pub limit: usize,
}

/// Where a ticket stands in a list; the next page begins behind it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Place(pub i64, pub i64, pub i64);

/// A page of a list.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Listed {
    /// Its tickets, in order.
    pub tickets: Vec<Ticket>,
    /// Where the next page begins; `None` after the last.
    pub next: Option<Place>,
}

/// Among which tickets to search.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Sought {
    /// Those of these teams.
    pub teams: Vec<String>,
    /// Whoever may open more than those, by registered address, folded: his own tickets in other teams,
    /// and those that his teams observe.
    pub technician: Option<String>,
    /// Addresses of the person whose address is what was written.
    pub addresses: Vec<String>,
    /// Only of this status.
    pub status: Option<String>,
    /// Only of this category.
    pub category: Option<String>,
    /// At most so many.
    pub limit: usize,
}

/// The columns that tell whether a ticket is sought.
const SOUGHT: &str = "id, team, status, category, technician";

impl Sought {
    /// Whether a ticket is among them, of which the row has [`SOUGHT`].
    fn has(&self, connection: &Connection, row: &rusqlite::Row<'_>) -> rusqlite::Result<bool> {
        let (team, status): (String, String) = (row.get("team")?, row.get("status")?);
        let category: String = row.get("category")?;
        let wanted =
            |wanted: &Option<String>, is: &str| wanted.as_ref().is_none_or(|one| one == is);
        if !wanted(&self.status, &status) || !wanted(&self.category, &category) {
            return Ok(false);
        }
        if self.teams.contains(&team) {
            return Ok(true);
        }
        let Some(technician) = &self.technician else {
            return Ok(false);
        };
        if row.get::<_, String>("technician")? == *technician {
            return Ok(true);
        }
        let teams = serde_json::json!(self.teams).to_string();
        connection
            .prepare_cached(
                r"SELECT EXISTS (SELECT 1 FROM tickets, json_each(ticket, '$.observing_teams')
                                 WHERE tickets.id = ?1
                                   AND value IN (SELECT value FROM json_each(?2)))",
            )?
            .query_row(params![row.get::<_, i64>("id")?, teams], |row| row.get(0))
    }
}

/// What a search found.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Hits {
    /// The newest first.
    pub tickets: Vec<Ticket>,
    /// Older ones may hold the words as well: they are too common to look at all.
    pub cut: bool,
}

impl Store {
    /// One page of a list.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn list(&self, listing: Listing) -> Result<Listed> {
        self.read("listing tickets", move |connection, _| {
            let mut found: Vec<(Place, TicketId)> = Vec::new();
            for stream in streams(&listing, &elsewhere(connection, &listing)?) {
                found.extend(stream.read(connection)?);
            }
            found.sort();
            // Of a team, and observed by another.
            found.dedup();
            let more = found.len() > listing.limit;
            found.truncate(listing.limit);
            let next = found.last().map(|(place, _)| *place).filter(|_| more);
            let tickets = found
                .into_iter()
                .map(|(_, id)| {
                    known::ticket(connection, id)?
                        .with_context(|| format!("ticket {id} is listed and missing"))
                })
                .collect::<Result<_>>()?;
            Ok(Listed { tickets, next })
        })
        .await
    }

    /// How many tickets each of these lists has, up to [`COUNTED`].
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn count_lists(&self, listings: Vec<Listing>) -> Result<Vec<u32>> {
        self.read("counting tickets", move |connection, _| {
            let mut counts = Vec::with_capacity(listings.len());
            for listing in &listings {
                let mut count = 0;
                for stream in streams(listing, &elsewhere(connection, listing)?) {
                    count += stream.count(connection)?;
                }
                counts.push(count.min(COUNTED));
            }
            Ok(counts)
        })
        .await
    }

    /// Tickets of these kinds that hold every word, or its beginning, wherever in the ticket; or
    /// that were opened by a person, when his address is what was written.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn find(&self, text: &str, sought: Sought) -> Result<Hits> {
        let text = text.trim().to_lowercase();
        self.read("searching", move |connection, _| {
            if text.contains('@') && !text.contains(char::is_whitespace) {
                return by_requester(connection, &sought);
            }
            by_words(connection, &text, &sought)
        })
        .await
    }
}

/// One range of an index: what a list has of one team.
struct Stream {
    sql: String,
    values: Vec<Value>,
    /// The same range from its beginning, counted.
    count_sql: String,
    /// How many of the values that takes: not those of the place.
    count_values: usize,
}

/// The ranges that make a list. Conditions of partial indexes are written out: a statement whose
/// plan is kept cannot know that a bound value fulfils them. `elsewhere` are other teams that have tickets of
/// the technician's.
fn streams(listing: &Listing, elsewhere: &[String]) -> Vec<Stream> {
    if listing.view == View::Mine {
        let values = vec![Value::Text(listing.technician.clone())];
        return vec![Stream::new(
            listing,
            "tickets",
            "technician = ?1 AND technician <> '' AND alive = 1",
            values,
        )];
    }
    let of_team = |team: &TeamOf| {
        let mut values = vec![Value::Text(team.id.clone())];
        let condition = match listing.view {
            View::Pool | View::Mine => {
                "team = ?1 AND alive = 1 AND status = 'open' AND technician = ''"
            }
            View::Waiting => "team = ?1 AND alive = 1 AND status IN ('waiting', 'paused')",
            View::Late => {
                values.push(Value::Integer(millis(team.late_before)));
                "team = ?1 AND alive = 1 AND status = 'open' AND suggestion = 0 AND since < ?2"
            }
            View::All => return of_all(listing, "tickets", team),
        };
        Stream::new(listing, "tickets", condition, values)
    };
    let mut streams: Vec<Stream> = listing.teams.iter().map(of_team).collect();
    if listing.view == View::All && listing.with_own {
        let observed = |team| of_all(listing, "observed", team);
        streams.extend(listing.teams.iter().map(observed));
        let own = |team: &String| {
            let mut values = vec![
                Value::Text(listing.technician.clone()),
                Value::Text(team.clone()),
            ];
            let mut condition = "technician = ?1 AND technician <> '' AND team = ?2".to_owned();
            if let Some(status) = &listing.status {
                values.push(Value::Text(status.clone()));
                condition.push_str(" AND status = ?3");
            }
            Stream::new(listing, "tickets", &condition, values)
        };
        streams.extend(elsewhere.iter().map(own));
    }
    streams
}

/// Teams that are not of the list and have tickets of the technician's, those that left the configuration
/// among them. Each is one step in the index: nearly all of his tickets are of his own teams, and none of
/// those is looked at.
fn elsewhere(connection: &Connection, listing: &Listing) -> Result<Vec<String>> {
    if listing.view != View::All || !listing.with_own {
        return Ok(Vec::new());
    }
    let mut teams = connection.prepare_cached(TEAMS_OF)?;
    let teams = teams.query_map(params![listing.technician], |row| row.get(0))?;
    let mut teams = teams.collect::<rusqlite::Result<Vec<String>>>()?;
    teams.retain(|team| listing.teams.iter().all(|one| one.id != *team));
    Ok(teams)
}

/// The teams that have tickets of a technician, each found behind the one before.
const TEAMS_OF: &str = r"
    WITH RECURSIVE teams (team) AS (
        SELECT (SELECT team FROM tickets WHERE technician = ?1 AND technician <> ''
                ORDER BY team LIMIT 1)
        UNION ALL
        SELECT (SELECT team FROM tickets WHERE technician = ?1 AND technician <> ''
                AND team > teams.team ORDER BY team LIMIT 1)
        FROM teams WHERE teams.team IS NOT NULL)
    SELECT team FROM teams WHERE team IS NOT NULL";

/// What a team has, or observes, by the table of that.
fn of_all(listing: &Listing, table: &str, team: &TeamOf) -> Stream {
    let mut values = vec![Value::Text(team.id.clone())];
    let condition = match &listing.status {
        Some(status) => {
            values.push(Value::Text(status.clone()));
            "team = ?1 AND status = ?2"
        }
        None => "team = ?1",
    };
    Stream::new(listing, table, condition, values)
}

impl Stream {
    fn new(listing: &Listing, table: &str, condition: &str, mut values: Vec<Value>) -> Self {
        let mut condition = condition.to_owned();
        if let Some(category) = &listing.category {
            values.push(Value::Text(category.clone()));
            condition.push_str(&format!(" AND category = ?{}", values.len()));
        }
        let count_sql = format!(
            "SELECT count(*) FROM (SELECT 1 FROM {table} WHERE {condition} LIMIT {COUNTED})"
        );
        let count_values = values.len();
        // What a place is made of, and the condition for what stands behind it.
        let (place, behind, order) = match listing.view {
            View::Pool | View::Mine | View::Waiting => (
                "rank, created_at, id",
                "(rank, created_at, id) >",
                "rank, created_at, id",
            ),
            View::Late => ("since, 0, id", "(since, id) >", "since, id"),
            View::All => (
                "-updated_at, 0, -id",
                "(updated_at, id) <",
                "updated_at DESC, id DESC",
            ),
        };
        if let Some(Place(first, second, id)) = listing.after {
            let bound = match listing.view {
                View::Pool | View::Mine | View::Waiting => vec![first, second, id],
                View::Late => vec![first, id],
                View::All => vec![first.saturating_neg(), id.saturating_neg()],
            };
            let from = values.len() + 1;
            let places: Vec<String> = (from..from + bound.len())
                .map(|number| format!("?{number}"))
                .collect();
            condition.push_str(&format!(" AND {behind} ({})", places.join(", ")));
            values.extend(bound.into_iter().map(Value::Integer));
        }
        Self {
            sql: format!(
                "SELECT {place}, id FROM {table} WHERE {condition} ORDER BY {order} LIMIT {}",
                read::limit(listing.limit.saturating_add(1))
            ),
            values,
            count_sql,
            count_values,
        }
    }

    fn read(&self, connection: &Connection) -> Result<Vec<(Place, TicketId)>> {
        let mut statement = connection.prepare_cached(&self.sql)?;
        let rows = statement.query_map(params_from_iter(&self.values), |row| {
            let place = Place(row.get(0)?, row.get(1)?, row.get(2)?);
            Ok((place, TicketId(row.get(3)?)))
        })?;
        Ok(rows.collect::<rusqlite::Result<_>>()?)
    }

    fn count(&self, connection: &Connection) -> Result<u32> {
        let mut statement = connection.prepare_cached(&self.count_sql)?;
        let values = self.values.iter().take(self.count_values);
        Ok(statement.query_row(params_from_iter(values), |row| row.get(0))?)
    }
}

fn by_requester(connection: &Connection, sought: &Sought) -> Result<Hits> {
    let mut statement = connection.prepare_cached(&format!(
        "SELECT {SOUGHT}, updated_at FROM tickets
         WHERE requester = ?1 ORDER BY updated_at DESC, id DESC"
    ))?;
    let mut hits = Hits::default();
    let mut found: Vec<(i64, i64)> = Vec::new();
    for address in &sought.addresses {
        let mut rows = statement.query(params![address])?;
        let mut of_it = 0;
        while let Some(row) = rows.next()? {
            if !sought.has(connection, row)? {
                continue;
            }
            if of_it == sought.limit {
                hits.cut = true;
                break;
            }
            of_it += 1;
            found.push((row.get("updated_at")?, row.get("id")?));
        }
    }
    found.sort_unstable_by(|one, other| other.cmp(one));
    hits.cut |= found.len() > sought.limit;
    found.truncate(sought.limit);
    for (_, id) in found {
        hits.tickets
            .extend(known::ticket(connection, TicketId(id))?);
    }
    Ok(hits)
}

fn by_words(connection: &Connection, text: &str, sought: &Sought) -> Result<Hits> {
    let found = search::tickets(connection, text)?;
    let mut hits = Hits {
        cut: found.cut,
        ..Hits::default()
    };
    let sql = format!("SELECT {SOUGHT} FROM tickets WHERE id = ?1");
    let mut ticket = connection.prepare_cached(&sql)?;
    for id in found.tickets {
        if !ticket.query_row(params![id], |row| sought.has(connection, row))? {
            continue;
        }
        if hits.tickets.len() == sought.limit {
            hits.cut = true;
            break;
        }
        hits.tickets
            .extend(known::ticket(connection, TicketId(id))?);
    }
    Ok(hits)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::migrations;

    /// A database of nothing, and the folder that it is in.
    fn database() -> (tempfile::TempDir, Connection) {
        let directory = tempfile::tempdir().expect("a folder");
        let path = directory.path().join("guichet.db");
        let mut connection = crate::store::connect(&path).expect("a database");
        migrations::bring_up_to_date(&mut connection, &path).expect("its tables");
        (directory, connection)
    }

    /// So is what a team observes, whatever is asked of it.
    #[test]
    fn what_is_observed_is_a_range_of_an_index() {
        let (_directory, connection) = database();
        let all = Listing {
            with_own: true,
            ..listing(View::All)
        };
        let status = Listing {
            status: Some("closed".to_owned()),
            ..all.clone()
        };
        let category = Listing {
            category: Some("reseau".to_owned()),
            ..all.clone()
        };
        for (listing, index) in [
            (
                all,
                "INDEX observed_latest (team=? AND (updated_at,id)<(?,?))",
            ),
            (
                status,
                "INDEX observed_status (team=? AND status=? AND (updated_at,id)<(?,?))",
            ),
            (
                category,
                "INDEX observed_category (team=? AND category=? AND (updated_at,id)<(?,?))",
            ),
        ] {
            let observed = streams(&listing, &[]).into_iter();
            let mut observed = observed.filter(|stream| stream.sql.contains("FROM observed"));
            let stream = observed.next().expect("one a team");
            let plan = plan(&connection, &stream.sql, &stream.values);
            assert!(plan.contains(index), "{plan}");
            assert!(!plan.contains("TEMP B-TREE"), "{plan}");
        }
    }

    fn listing(view: View) -> Listing {
        Listing {
            view,
            teams: vec![TeamOf {
                id: "dsi".to_owned(),
                late_before: DateTime::UNIX_EPOCH,
            }],
            with_own: false,
            technician: "camille@example.org".to_owned(),
            status: None,
            category: None,
            after: Some(Place(1, 2, 3)),
            limit: 50,
        }
    }

    fn plan(connection: &Connection, sql: &str, values: &[Value]) -> String {
        let mut statement = connection
            .prepare(&format!("EXPLAIN QUERY PLAN {sql}"))
            .expect("it is SQL");
        let rows = statement
            .query_map(params_from_iter(values), |row| row.get::<_, String>(3))
            .expect("explained");
        rows.collect::<rusqlite::Result<Vec<_>>>()
            .expect("readable")
            .join("; ")
    }

    /// Each page is a range of an index, from where the page before ended, already in order.
    #[test]
    fn no_list_looks_at_more_than_it_shows() {
        let (_directory, connection) = database();
        let status = Listing {
            status: Some("closed".to_owned()),
            ..listing(View::All)
        };
        let category = Listing {
            category: Some("reseau".to_owned()),
            ..listing(View::All)
        };
        for (listing, index) in [
            (
                listing(View::Pool),
                "COVERING INDEX tickets_pool (team=? AND (rank,created_at)>(?,?))",
            ),
            (
                listing(View::Mine),
                "COVERING INDEX tickets_mine (technician=? AND (rank,created_at)>(?,?))",
            ),
            (
                listing(View::Waiting),
                "COVERING INDEX tickets_waiting (team=? AND (rank,created_at)>(?,?))",
            ),
            (
                listing(View::Late),
                "COVERING INDEX tickets_late (team=? AND since",
            ),
            (
                listing(View::All),
                "COVERING INDEX tickets_of_team (team=? AND updated_at<?)",
            ),
            (
                status,
                "tickets_team (team=? AND status=? AND updated_at<?)",
            ),
            (
                category,
                "COVERING INDEX tickets_category (team=? AND category=? AND updated_at<?)",
            ),
        ] {
            let view = listing.view;
            for stream in streams(&listing, &[]) {
                let plan = plan(&connection, &stream.sql, &stream.values);
                assert!(plan.contains(index), "{view:?}: {plan}");
                assert!(!plan.contains("TEMP B-TREE"), "{view:?}: {plan}");
            }
            for stream in streams(&listing, &[]) {
                let values = &stream.values[..stream.count_values];
                let plan = plan(&connection, &stream.count_sql, values);
                assert!(plan.contains("COVERING INDEX tickets_"), "{view:?}: {plan}");
            }
        }
    }

    /// One's own tickets of other teams are ranges as well, and those of one's teams are not looked at.
    #[test]
    fn ones_own_elsewhere_are_ranges_of_an_index() {
        let (_directory, connection) = database();
        let all = Listing {
            with_own: true,
            ..listing(View::All)
        };
        let status = Listing {
            status: Some("closed".to_owned()),
            ..all.clone()
        };
        let category = Listing {
            category: Some("reseau".to_owned()),
            ..all.clone()
        };
        for listing in [all, status, category] {
            let elsewhere = ["scolarite".to_owned()];
            let streams = streams(&listing, &elsewhere).into_iter();
            let own: Vec<Stream> = streams
                .filter(|stream| stream.sql.contains("technician"))
                .collect();
            assert_eq!(own.len(), 1);
            let index = "COVERING INDEX tickets_own (technician=? AND team=? AND updated_at<?)";
            for stream in own {
                let page = plan(&connection, &stream.sql, &stream.values);
                assert!(page.contains(index), "{page}");
                assert!(!page.contains("TEMP B-TREE"), "{page}");
                let values = &stream.values[..stream.count_values];
                let count = plan(&connection, &stream.count_sql, values);
                let index = "COVERING INDEX tickets_own (technician=? AND team=?)";
                assert!(count.contains(index), "{count}");
            }
        }
        let technician = [Value::Text("camille@example.org".to_owned())];
        let teams = plan(&connection, TEAMS_OF, &technician);
        for step in ["(technician=?)", "(technician=? AND team>?)"] {
            let step = format!("COVERING INDEX tickets_own {step}");
            assert!(teams.contains(&step), "{teams}");
        }
        assert!(!teams.contains("TEMP B-TREE"), "{teams}");
    }

    #[test]
    fn teams_that_left_the_configuration_are_found() {
        let (_directory, connection) = database();
        connection
            .execute_batch(
                r"INSERT INTO tickets (reference, status, team, technician, created_at, updated_at, ticket)
                  VALUES ('A-1', 'open', 'dsi', 'camille@example.org', 1, 1, '{}'),
                         ('A-2', 'open', 'ancienne', 'camille@example.org', 1, 1, '{}'),
                         ('A-3', 'closed', 'scolarite', 'camille@example.org', 1, 1, '{}'),
                         ('A-4', 'open', 'scolarite', 'camille@example.org', 1, 1, '{}'),
                         ('A-5', 'open', 'vitrine', 'karim@example.org', 1, 1, '{}'),
                         ('A-6', 'open', 'vitrine', '', 1, 1, '{}');",
            )
            .expect("rows");
        let all = Listing {
            with_own: true,
            ..listing(View::All)
        };
        let found = elsewhere(&connection, &all).expect("readable");
        assert_eq!(found, ["ancienne", "scolarite"]);
        for listing in [
            listing(View::All),
            Listing {
                view: View::Pool,
                ..all
            },
        ] {
            let none = elsewhere(&connection, &listing).expect("readable");
            assert!(none.is_empty(), "{none:?}");
        }
    }
}
