//! The articles that an acknowledgement offers (row L3).

use chrono::{DateTime, Utc};

use super::{Article, line, link};
use crate::desk::{Kind, Notice};
use crate::knowledge;
use crate::notification::Stationery;
use crate::ticket::Ticket;

/// An acknowledgement with articles. What is known already (a major incident, told in `lines`) needs none.
pub fn offers(notice: &Notice, ticket: Option<&Ticket>) -> bool {
    notice.kind == Kind::Acknowledgement
        && !notice.bare
        && notice.lines.is_empty()
        && ticket.is_some_and(|ticket| !ticket.offered.is_empty())
}

/// Each under the page link of the recipient: it opens what is for his circle.
pub fn articles(
    stationery: Stationery<'_>,
    notice: &Notice,
    ticket: Option<&Ticket>,
    now: DateTime<Utc>,
) -> Vec<Article> {
    let Some(ticket) = ticket.filter(|_| offers(notice, ticket)) else {
        return Vec::new();
    };
    let Some(page) = link(stationery, notice, ticket, now) else {
        return Vec::new();
    };
    let offered = ticket.offered.iter();
    offered
        .map(|article| Article {
            title: line(&article.title),
            link: format!("{page}/articles/{}", knowledge::encoded(&article.slug)),
        })
        .collect()
}
