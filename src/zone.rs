//! Time zones for chrono, by the rules of IANA that the program brings along (`jiff`): the system's own
//! may be missing, and what a mail says must not depend on the machine.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::{LazyLock, Mutex};

use chrono::{FixedOffset, MappedLocalTime, NaiveDate, NaiveDateTime, NaiveTime, Offset, TimeZone};
use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::tz::{self, AmbiguousOffset};

/// Rules that were asked for live as long as the program: there are as many as there are zones.
static KNOWN: Mutex<BTreeMap<String, Zone>> = Mutex::new(BTreeMap::new());

/// Where the desk is unless the configuration says otherwise.
static PARIS: LazyLock<Zone> =
    LazyLock::new(|| Zone::named("Europe/Paris").expect("the program brings it along"));

/// A time zone of IANA.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Zone {
    rules: &'static tz::TimeZone,
}

/// How far the clocks of a zone are from UTC at one moment.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct ZoneOffset {
    zone: Zone,
    fixed: FixedOffset,
}

impl Zone {
    /// The zone of this name (`Europe/Paris`), in large or small letters.
    pub fn named(name: &str) -> Option<Self> {
        let rules = tz::TimeZone::get(name).ok()?;
        let name = rules.iana_name().filter(|name| is_somewhere(name))?;
        let mut known = KNOWN.lock().unwrap_or_else(|e| e.into_inner());
        if let Some(zone) = known.get(name) {
            return Some(*zone);
        }
        let name = name.to_owned();
        let zone = Self {
            rules: Box::leak(Box::new(rules)),
        };
        known.insert(name, zone);
        Some(zone)
    }

    /// Europe/Paris.
    pub fn paris() -> Self {
        *PARIS
    }

    /// The names of all zones.
    pub fn names() -> impl Iterator<Item = String> {
        let names = tz::db().available();
        names
            .map(|name| name.as_str().to_owned())
            .filter(|name| is_somewhere(name))
    }

    /// The name, as IANA writes it.
    pub fn name(self) -> &'static str {
        self.rules.iana_name().unwrap_or_default()
    }

    fn at(self, offset: tz::Offset) -> ZoneOffset {
        ZoneOffset {
            zone: self,
            fixed: FixedOffset::east_opt(offset.seconds()).unwrap_or(chrono::Utc.fix()),
        }
    }
}

impl fmt::Display for Zone {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(self.name())
    }
}

impl fmt::Debug for Zone {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, out)
    }
}

impl TimeZone for Zone {
    type Offset = ZoneOffset;

    fn from_offset(offset: &ZoneOffset) -> Self {
        offset.zone
    }

    fn offset_from_local_date(&self, local: &NaiveDate) -> MappedLocalTime<ZoneOffset> {
        self.offset_from_local_datetime(&local.and_time(NaiveTime::MIN))
    }

    /// An hour that the clocks skip is none, one that they show twice is two.
    fn offset_from_local_datetime(&self, local: &NaiveDateTime) -> MappedLocalTime<ZoneOffset> {
        match civil(local).map(|local| self.rules.to_ambiguous_timestamp(local).offset()) {
            Some(AmbiguousOffset::Unambiguous { offset }) => {
                MappedLocalTime::Single(self.at(offset))
            }
            Some(AmbiguousOffset::Fold { before, after }) => {
                MappedLocalTime::Ambiguous(self.at(before), self.at(after))
            }
            Some(AmbiguousOffset::Gap { .. }) => MappedLocalTime::None,
            None => MappedLocalTime::Single(self.at(tz::Offset::UTC)),
        }
    }

    fn offset_from_utc_date(&self, utc: &NaiveDate) -> ZoneOffset {
        self.offset_from_utc_datetime(&utc.and_time(NaiveTime::MIN))
    }

    /// Beyond the year 9999 there are no rules: UTC.
    fn offset_from_utc_datetime(&self, utc: &NaiveDateTime) -> ZoneOffset {
        let offset = Timestamp::from_second(utc.and_utc().timestamp())
            .map_or(tz::Offset::UTC, |at| self.rules.to_offset(at));
        self.at(offset)
    }
}

impl Offset for ZoneOffset {
    fn fix(&self) -> FixedOffset {
        self.fixed
    }
}

impl fmt::Debug for ZoneOffset {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.fixed, out)
    }
}

impl fmt::Display for ZoneOffset {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.fixed, out)
    }
}

/// Two names are for machines that were never told where they are: as good as a mistake.
fn is_somewhere(name: &str) -> bool {
    !matches!(name, "Factory" | "Etc/Unknown")
}

/// The same on the calendar, for what has a year of four digits.
fn civil(local: &NaiveDateTime) -> Option<DateTime> {
    let at = Timestamp::from_second(local.and_utc().timestamp()).ok()?;
    Some(tz::Offset::UTC.to_datetime(at))
}

#[cfg(test)]
mod tests {
    use super::*;
    use chrono::Utc;

    fn utc(text: &str) -> chrono::DateTime<Utc> {
        text.parse().expect("a moment")
    }

    #[test]
    fn clocks_go_by_the_rules_of_their_zone() {
        let table = [
            ("Europe/Paris", "2026-07-01T12:00:00Z", "14:00"),
            ("Europe/Paris", "2026-12-01T12:00:00Z", "13:00"),
            // The rules go on behind the last change that is written out.
            ("Europe/Paris", "2099-07-01T12:00:00Z", "14:00"),
            ("Indian/Reunion", "2026-07-01T12:00:00Z", "16:00"),
            ("Australia/Lord_Howe", "2026-07-01T12:00:00Z", "22:30"),
            ("UTC", "2026-07-01T12:00:00Z", "12:00"),
            ("europe/paris", "1940-06-20T12:00:00Z", "14:00"),
        ];
        for (name, at, shown) in table {
            let zone = Zone::named(name).expect(name);
            let local = utc(at).with_timezone(&zone);
            assert_eq!(local.format("%H:%M").to_string(), shown, "{name} {at}");
            assert_eq!(local.with_timezone(&Utc), utc(at));
        }
        for name in ["Europe/Pariss", "Factory", "Etc/Unknown", ""] {
            assert_eq!(Zone::named(name), None, "{name}");
        }
        assert!(Zone::names().any(|name| name == "America/Cayenne"));
    }

    #[test]
    fn a_skipped_hour_is_none_and_one_that_comes_twice_is_two() {
        let at = |text: &str| {
            let local: NaiveDateTime = text.parse().expect("a local time");
            Zone::paris().from_local_datetime(&local)
        };
        assert_eq!(at("2026-03-29T02:30:00"), MappedLocalTime::None);
        let (first, second) = match at("2026-10-25T02:30:00") {
            MappedLocalTime::Ambiguous(first, second) => (first, second),
            other => panic!("{other:?}"),
        };
        assert_eq!(first.with_timezone(&Utc), utc("2026-10-25T00:30:00Z"));
        assert_eq!(second.with_timezone(&Utc), utc("2026-10-25T01:30:00Z"));
        let noon = at("2026-10-25T12:00:00").single().expect("one noon");
        assert_eq!(noon.to_rfc3339(), "2026-10-25T12:00:00+01:00");
    }

    #[test]
    fn years_without_rules_are_told_in_utc() {
        let far = chrono::DateTime::<Utc>::MAX_UTC;
        assert_eq!(
            far.with_timezone(&Zone::paris())
                .offset()
                .fix()
                .local_minus_utc(),
            0
        );
        let local = far.naive_utc();
        assert!(Zone::paris().from_local_datetime(&local).single().is_some());
    }
}
