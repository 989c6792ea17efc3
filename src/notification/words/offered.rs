//! The articles that an acknowledgement offers (row L3).

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
) -> Vec<Article> {
    let offering = ticket.filter(|_| offers(notice, ticket));
    let Some((ticket, page)) = offering.and_then(|it| Some((it, link(stationery, notice, it)?)))
    else {
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
