//! Who read which article: counted in memory, written down in batches, each reader once a day.
//!
//! A page that is looked at must not write to the database (RELIABILITY S5); what is lost with a crash is
//! ten seconds of a number that nobody decides on. Readers are known by a hash with a key of this
//! run, never by their address, and forgotten after a day.

use std::collections::{BTreeMap, HashSet};
use std::hash::{BuildHasher, RandomState};
use std::net::IpAddr;
use std::sync::Mutex;

use chrono::{DateTime, NaiveDate, Utc};

use super::super::Service;
use crate::store::ArticleCounts;

/// Readers and articles remembered of a day; beyond them nothing is counted until the next.
const MOST_REMEMBERED: usize = 200_000;

/// What a reader did with an article.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Did {
    /// Opened it.
    Read,
    /// « Cela m'a aidé. »
    Helped,
}

/// The counts that are not written down yet, and who is in them.
#[derive(Debug, Default)]
pub struct Readers {
    key: RandomState,
    day: Mutex<Day>,
}

#[derive(Debug, Default)]
struct Day {
    date: NaiveDate,
    seen: HashSet<u64>,
    pending: BTreeMap<String, ArticleCounts>,
}

impl Readers {
    /// Counts, unless this reader did the same today; says whether it counted.
    pub fn count(&self, reader: IpAddr, slug: &str, did: Did, now: DateTime<Utc>) -> bool {
        let who = self.key.hash_one((reader, slug, did));
        let mut day = self.day.lock().unwrap_or_else(|e| e.into_inner());
        if day.date != now.date_naive() {
            day.date = now.date_naive();
            day.seen.clear();
        }
        if day.seen.len() >= MOST_REMEMBERED || !day.seen.insert(who) {
            return false;
        }
        let counts = day.pending.entry(slug.to_owned()).or_default();
        match did {
            Did::Read => counts.views += 1,
            Did::Helped => counts.helped += 1,
        }
        true
    }

    /// What is not written down yet of an article.
    pub fn pending(&self, slug: &str) -> ArticleCounts {
        let day = self.day.lock().unwrap_or_else(|e| e.into_inner());
        day.pending.get(slug).copied().unwrap_or_default()
    }

    fn take(&self) -> BTreeMap<String, ArticleCounts> {
        let mut day = self.day.lock().unwrap_or_else(|e| e.into_inner());
        std::mem::take(&mut day.pending)
    }

    fn give_back(&self, counts: BTreeMap<String, ArticleCounts>) {
        let mut day = self.day.lock().unwrap_or_else(|e| e.into_inner());
        for (slug, counts) in counts {
            let pending = day.pending.entry(slug).or_default();
            pending.views += counts.views;
            pending.helped += counts.helped;
        }
    }
}

/// Writes the counts down; those that could not be written wait for the next time.
pub async fn flush(service: &Service) {
    let counts = service.inner.readers.take();
    if counts.is_empty() {
        return;
    }
    if let Err(error) = service.store().count_articles(counts.clone()).await {
        tracing::warn!("The counts of articles wait: {error:#}");
        service.inner.readers.give_back(counts);
    }
}

/// A program that reads pages, as it says itself: search engines, link checkers, previews.
pub fn is_robot(user_agent: &str) -> bool {
    let agent = user_agent.to_ascii_lowercase();
    agent.is_empty()
        || [
            "bot",
            "crawl",
            "spider",
            "slurp",
            "preview",
            "scan",
            "monitor",
            "check",
            "fetch",
            "curl",
            "wget",
            "python",
            "java/",
            "go-http",
            "libwww",
            "headlesschrome",
            "safelinks",
        ]
        .iter()
        .any(|word| agent.contains(word))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_reader_counts_once_a_day() {
        let readers = Readers::default();
        let at = |text: &str| text.parse::<DateTime<Utc>>().expect("a time");
        let one: IpAddr = "192.0.2.1".parse().expect("an address");
        let other: IpAddr = "2001:db8::1".parse().expect("an address");
        let today = at("2026-11-30T08:00:00Z");
        assert!(readers.count(one, "vpn", Did::Read, today));
        assert!(!readers.count(one, "vpn", Did::Read, today));
        assert!(readers.count(one, "vpn", Did::Helped, today));
        assert!(readers.count(other, "vpn", Did::Read, today));
        assert!(readers.count(one, "wifi", Did::Read, today));
        assert!(readers.count(one, "vpn", Did::Read, at("2026-12-01T08:00:00Z")));
        assert_eq!(
            readers.pending("vpn"),
            ArticleCounts {
                views: 3,
                helped: 1
            }
        );
        let taken = readers.take();
        assert_eq!(readers.pending("vpn"), ArticleCounts::default());
        readers.give_back(taken);
        assert_eq!(readers.pending("vpn").views, 3);
    }
}
