//! Working time of a team (rows E6, E7, J6): when somebody is there, and what "two working days
//! later" means. Pure: the same question always has the same answer, whatever the machine's zone.
//!
//! Hours are wall-clock time of the instance's zone, so a day with a change of the clock is an hour
//! shorter or longer, as people live it. A wall-clock time that does not exist (02:30 in March) is the
//! moment the clock jumps to; one that exists twice opens at the first and closes at the second.

use crate::zone::Zone;
use chrono::{DateTime, Datelike, Days, Duration, NaiveDate, NaiveTime, TimeZone, Utc};

/// Days searched for an open hour. A calendar without any in three years has none.
const SEARCHED_DAYS: u64 = 3 * 366;

/// How far back the beginning of a term is looked for.
const LONGEST_LOOK_BACK: Duration = Duration::days(366);

/// Minutes of a day.
pub const DAY_MINUTES: u32 = 24 * 60;

/// Opening hours of one week: for each day, Monday first, the spans of minutes that are open, in order.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Hours {
    /// From the first minute that is open to the first that is closed again.
    pub week: [Vec<(u32, u32)>; 7],
}

/// Which public holidays are kept.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Holidays {
    /// The eleven of article L3133-1 of the Code du travail.
    #[default]
    France,
    /// The same, Good Friday and Saint Stephen's day (article L3134-13).
    AlsaceMoselle,
    /// None.
    None,
}

/// When the team is there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Calendar {
    /// Zone of the hours.
    pub timezone: Zone,
    /// Hours of a usual week.
    pub hours: Hours,
    /// Holidays.
    pub holidays: Holidays,
    /// Closures of the institution, first and last day.
    pub closures: Vec<(NaiveDate, NaiveDate)>,
}

/// How long something takes, in the time of clocks or in working time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Term {
    /// `"48h"`: nights and week-ends count.
    After(Duration),
    /// `"16 working hours"`.
    WorkingTime(Duration),
    /// `"2 working days"`: the same time of day, so many working days later.
    WorkingDays(u32),
}

impl Hours {
    /// Every minute of the week.
    pub fn always() -> Self {
        Self {
            week: std::array::from_fn(|_| vec![(0, DAY_MINUTES)]),
        }
    }
}

impl Calendar {
    /// Open at every moment, holidays and closures included.
    pub fn always(timezone: Zone) -> Self {
        Self {
            timezone,
            hours: Hours::always(),
            holidays: Holidays::None,
            closures: Vec::new(),
        }
    }

    /// Somebody is there at that moment.
    pub fn is_open(&self, at: DateTime<Utc>) -> bool {
        self.spans(self.day_of(at))
            .iter()
            .any(|(from, to)| (*from..*to).contains(&at))
    }

    /// `at` when it is open then, else the next moment that is. `at` too when nothing opens within
    /// three years.
    pub fn next_open(&self, at: DateTime<Utc>) -> DateTime<Utc> {
        self.spans_from(at)
            .map(|(from, _)| from)
            .next()
            .unwrap_or(at)
    }

    /// The moment at which so much working time has passed.
    pub fn add_working(&self, at: DateTime<Utc>, time: Duration) -> DateTime<Utc> {
        let mut left = time.max(Duration::zero());
        for (from, to) in self.spans_from(at) {
            if left <= to - from {
                return from + left;
            }
            left -= to - from;
        }
        // Never open for so long: better late by the clock than never.
        at.checked_add_signed(time).unwrap_or(at)
    }

    /// The working time between two moments; nothing when they are in the wrong order.
    pub fn between(&self, from: DateTime<Utc>, to: DateTime<Utc>) -> Duration {
        self.spans_from(from)
            .take_while(|(opens, _)| *opens < to)
            .map(|(opens, closes)| closes.min(to) - opens)
            .sum()
    }

    /// The same time of day, so many working days later; the next open moment when that is none.
    pub fn add_working_days(&self, at: DateTime<Utc>, days: u32) -> DateTime<Utc> {
        let start = self.next_open(at);
        let local = start.with_timezone(&self.timezone);
        let mut day = local.date_naive();
        let (mut left, mut searched) = (days, 0);
        while left > 0 && searched < SEARCHED_DAYS {
            let Some(next) = day.succ_opt() else {
                return start;
            };
            day = next;
            if self.is_working_day(day) {
                (left, searched) = (left - 1, 0);
            } else {
                searched += 1;
            }
        }
        self.next_open(self.moment(day, local.time(), Twice::First))
    }

    /// The first moment of the next day.
    pub fn tomorrow(&self, at: DateTime<Utc>) -> DateTime<Utc> {
        self.minute(self.day_of(at), DAY_MINUTES, Twice::First)
    }

    /// The first moment of a day.
    pub fn begins(&self, day: NaiveDate) -> DateTime<Utc> {
        self.minute(day, 0, Twice::First)
    }

    /// When a term that begins at `at` ends. By the clock it may end at night; see
    /// [`Calendar::next_open`].
    pub fn add(&self, at: DateTime<Utc>, term: Term) -> DateTime<Utc> {
        match term {
            Term::After(time) => at.checked_add_signed(time).unwrap_or(at),
            Term::WorkingTime(time) => self.add_working(at, time),
            Term::WorkingDays(days) => self.add_working_days(at, days),
        }
    }

    /// The latest beginning of a term that is over at `at`, to the minute.
    pub fn begun_before(&self, at: DateTime<Utc>, term: Term) -> DateTime<Utc> {
        // A term that begins later ends no earlier, so the answer can be halved into.
        let (mut over, mut open) = (LONGEST_LOOK_BACK.num_minutes(), 0);
        while over - open > 1 {
            let middle = i64::midpoint(over, open);
            if self.add(at - Duration::minutes(middle), term) <= at {
                over = middle;
            } else {
                open = middle;
            }
        }
        at - Duration::minutes(over)
    }

    /// Somebody is there on that day.
    pub fn is_working_day(&self, day: NaiveDate) -> bool {
        !self.minutes(day).is_empty()
    }

    /// The day is a holiday, or of a closure.
    pub fn is_day_off(&self, day: NaiveDate) -> bool {
        is_holiday(day, self.holidays)
            || self
                .closures
                .iter()
                .any(|(first, last)| (*first..=*last).contains(&day))
    }

    fn day_of(&self, at: DateTime<Utc>) -> NaiveDate {
        at.with_timezone(&self.timezone).date_naive()
    }

    fn minutes(&self, day: NaiveDate) -> &[(u32, u32)] {
        if self.is_day_off(day) {
            return &[];
        }
        let weekday = day.weekday().num_days_from_monday() as usize;
        self.hours.week.get(weekday).map_or(&[], Vec::as_slice)
    }

    /// The open spans of a day.
    fn spans(&self, day: NaiveDate) -> Vec<(DateTime<Utc>, DateTime<Utc>)> {
        self.minutes(day)
            .iter()
            .map(|(from, to)| {
                (
                    self.minute(day, *from, Twice::First),
                    self.minute(day, *to, Twice::Last),
                )
            })
            // Inside the hour that does not exist nothing is left of a span.
            .filter(|(from, to)| from < to)
            .collect()
    }

    /// What is left of the open spans from `at` on, in order.
    fn spans_from(
        &self,
        at: DateTime<Utc>,
    ) -> impl Iterator<Item = (DateTime<Utc>, DateTime<Utc>)> {
        let first = self.day_of(at);
        (0..SEARCHED_DAYS)
            .map_while(move |days| first.checked_add_days(Days::new(days)))
            .flat_map(|day| self.spans(day))
            .filter(move |(_, to)| *to > at)
            .map(move |(from, to)| (from.max(at), to))
    }

    fn minute(&self, day: NaiveDate, minute: u32, twice: Twice) -> DateTime<Utc> {
        let (day, minute) = if minute >= DAY_MINUTES {
            (day.succ_opt().unwrap_or(day), 0)
        } else {
            (day, minute)
        };
        let time = NaiveTime::from_num_seconds_from_midnight_opt(minute * 60, 0);
        // Midnight is the next day's first moment: it is there once, whatever closes then.
        let twice = if minute == 0 { Twice::First } else { twice };
        self.moment(day, time.unwrap_or_default(), twice)
    }

    fn moment(&self, day: NaiveDate, time: NaiveTime, twice: Twice) -> DateTime<Utc> {
        let mut local = day.and_time(time);
        // No zone skips more than a day; France skips an hour.
        for _ in 0..DAY_MINUTES {
            let found = self.timezone.from_local_datetime(&local);
            let found = match twice {
                Twice::First => found.earliest(),
                Twice::Last => found.latest(),
            };
            if let Some(found) = found {
                return found.to_utc();
            }
            local += Duration::minutes(1);
        }
        local.and_utc()
    }
}

/// Which of two moments of the same wall-clock time.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Twice {
    First,
    Last,
}

/// A public holiday.
pub fn is_holiday(day: NaiveDate, kept: Holidays) -> bool {
    let local = match kept {
        Holidays::None => return false,
        Holidays::France => false,
        Holidays::AlsaceMoselle => true,
    };
    let fixed = matches!(
        (day.month(), day.day()),
        (1, 1) | (5, 1) | (5, 8) | (7, 14) | (8, 15) | (11, 1) | (11, 11) | (12, 25)
    );
    // Days after Easter: Easter Monday, Ascension, Whit Monday.
    let since_easter = easter(day.year()).map(|easter| (day - easter).num_days());
    fixed
        || matches!(since_easter, Some(1 | 39 | 50))
        || local && (since_easter == Some(-2) || (day.month(), day.day()) == (12, 26))
}

/// Easter Sunday of a year of the Gregorian calendar (Meeus, Jones and Butcher).
pub fn easter(year: i32) -> Option<NaiveDate> {
    let (a, b, c) = (year % 19, year / 100, year % 100);
    let (d, e) = (b / 4, b % 4);
    let f = (b + 8) / 25;
    let g = (b - f + 1) / 3;
    let h = (19 * a + b - d - g + 15) % 30;
    let (i, k) = (c / 4, c % 4);
    let l = (32 + 2 * e + 2 * i - h - k) % 7;
    let m = (a + 11 * h + 22 * l) / 451;
    let sum = h + l - 7 * m + 114;
    let (month, day) = (u32::try_from(sum / 31).ok()?, u32::try_from(sum % 31).ok()?);
    NaiveDate::from_ymd_opt(year, month, day + 1)
}

#[cfg(test)]
mod tests;
