//! Easter, holidays, closures, lunch breaks and the nights on which the clock changes.

use std::sync::LazyLock;

use super::*;

static PARIS: LazyLock<Zone> = LazyLock::new(Zone::paris);

fn day(text: &str) -> NaiveDate {
    text.parse().expect("a date")
}

/// A wall-clock moment in Paris.
fn at(text: &str) -> DateTime<Utc> {
    let local = chrono::NaiveDateTime::parse_from_str(text, "%Y-%m-%d %H:%M").expect("a moment");
    PARIS
        .from_local_datetime(&local)
        .earliest()
        .expect("it exists")
        .to_utc()
}

fn shown(at: DateTime<Utc>) -> String {
    at.with_timezone(&*PARIS)
        .format("%Y-%m-%d %H:%M")
        .to_string()
}

/// Monday to Friday, with a lunch break; Friday until noon only.
fn office(holidays: Holidays) -> Calendar {
    let usual = vec![(8 * 60, 12 * 60), (13 * 60 + 30, 18 * 60)];
    let mut week: [Vec<(u32, u32)>; 7] = Default::default();
    for day in &mut week[..4] {
        day.clone_from(&usual);
    }
    week[4] = vec![(8 * 60, 12 * 60)];
    Calendar {
        timezone: *PARIS,
        hours: Hours { week },
        holidays,
        closures: vec![(day("2026-12-24"), day("2027-01-03"))],
    }
}

#[test]
fn easter_falls_where_the_tables_say() {
    for (year, expected) in [
        (1961, "1961-04-02"),
        (2000, "2000-04-23"),
        (2008, "2008-03-23"),
        (2011, "2011-04-24"),
        (2019, "2019-04-21"),
        (2024, "2024-03-31"),
        (2025, "2025-04-20"),
        (2026, "2026-04-05"),
        (2027, "2027-03-28"),
        (2038, "2038-04-25"),
        (2285, "2285-03-22"),
    ] {
        assert_eq!(easter(year), Some(day(expected)), "{year}");
    }
}

#[test]
fn france_keeps_eleven_holidays_and_alsace_thirteen() {
    let of = |year: i32, kept| -> Vec<String> {
        let first = NaiveDate::from_ymd_opt(year, 1, 1).expect("a date");
        first
            .iter_days()
            .take_while(|day| day.year() == year)
            .filter(|day| is_holiday(*day, kept))
            .map(|day| day.format("%m-%d").to_string())
            .collect()
    };
    assert_eq!(
        of(2026, Holidays::France),
        [
            "01-01", "04-06", "05-01", "05-08", "05-14", "05-25", "07-14", "08-15", "11-01",
            "11-11", "12-25"
        ]
    );
    assert_eq!(
        of(2026, Holidays::AlsaceMoselle),
        [
            "01-01", "04-03", "04-06", "05-01", "05-08", "05-14", "05-25", "07-14", "08-15",
            "11-01", "11-11", "12-25", "12-26"
        ]
    );
    assert_eq!(of(2026, Holidays::None), Vec::<String>::new());
    // In 2008 Ascension fell on the first of May: two reasons, one day.
    assert_eq!(of(2008, Holidays::France).len(), 10);
}

#[test]
fn doors_open_and_close() {
    let office = office(Holidays::France);
    for (moment, open, next) in [
        ("2026-11-23 07:59", false, "2026-11-23 08:00"),
        ("2026-11-23 08:00", true, "2026-11-23 08:00"),
        ("2026-11-23 11:59", true, "2026-11-23 11:59"),
        ("2026-11-23 12:00", false, "2026-11-23 13:30"),
        ("2026-11-23 17:59", true, "2026-11-23 17:59"),
        ("2026-11-23 18:00", false, "2026-11-24 08:00"),
        ("2026-11-27 12:00", false, "2026-11-30 08:00"),
        ("2026-11-28 10:00", false, "2026-11-30 08:00"),
        // The eleventh of November, a Wednesday.
        ("2026-11-11 10:00", false, "2026-11-12 08:00"),
        // The closure of the institution, to the Monday after it.
        ("2026-12-23 18:00", false, "2027-01-04 08:00"),
    ] {
        assert_eq!(office.is_open(at(moment)), open, "{moment}");
        assert_eq!(shown(office.next_open(at(moment))), next, "{moment}");
    }
}

#[test]
fn good_friday_is_a_working_day_only_west_of_the_vosges() {
    let friday = at("2026-04-03 10:00");
    assert!(office(Holidays::France).is_open(friday));
    assert!(!office(Holidays::AlsaceMoselle).is_open(friday));
    assert_eq!(
        shown(office(Holidays::AlsaceMoselle).next_open(friday)),
        "2026-04-07 08:00"
    );
}

#[test]
fn working_time_skips_lunch_nights_and_days_off() {
    let office = office(Holidays::France);
    for (moment, hours, expected) in [
        ("2026-11-23 08:00", 4, "2026-11-23 12:00"),
        ("2026-11-23 11:00", 2, "2026-11-23 14:30"),
        ("2026-11-23 17:00", 2, "2026-11-24 09:00"),
        // Friday noon, over the week-end.
        ("2026-11-27 11:00", 2, "2026-11-30 09:00"),
        ("2026-11-28 03:00", 1, "2026-11-30 09:00"),
        // Over a holiday.
        ("2026-11-10 17:00", 2, "2026-11-12 09:00"),
        ("2026-11-23 12:30", 0, "2026-11-23 13:30"),
    ] {
        let got = office.add_working(at(moment), Duration::hours(hours));
        assert_eq!(shown(got), expected, "{moment} + {hours} h");
    }
}

#[test]
fn nights_and_week_ends_are_no_gap() {
    let office = office(Holidays::France);
    for (from, to, minutes) in [
        ("2026-11-20 11:30", "2026-11-23 08:10", 40),
        ("2026-11-23 20:00", "2026-11-24 06:00", 0),
        ("2026-11-23 10:00", "2026-11-23 10:20", 20),
        ("2026-11-23 11:50", "2026-11-23 13:40", 20),
        // The night in which summer ends.
        ("2026-10-23 11:00", "2026-10-26 09:00", 120),
    ] {
        let got = office.between(at(from), at(to)).num_minutes();
        assert_eq!(got, minutes, "{from} to {to}");
    }
}

#[test]
fn working_days_keep_the_time_of_day() {
    let office = office(Holidays::France);
    for (moment, days, expected) in [
        ("2026-11-23 10:15", 1, "2026-11-24 10:15"),
        ("2026-11-26 10:15", 2, "2026-11-30 10:15"),
        // Thursday afternoon, but on Friday the office closes at noon.
        ("2026-11-26 16:00", 1, "2026-11-30 08:00"),
        ("2026-11-28 16:00", 1, "2026-12-01 08:00"),
        ("2026-11-10 09:00", 1, "2026-11-12 09:00"),
        ("2026-12-23 09:00", 3, "2027-01-06 09:00"),
        ("2026-11-23 20:00", 0, "2026-11-24 08:00"),
    ] {
        let got = office.add_working_days(at(moment), days);
        assert_eq!(shown(got), expected, "{moment} + {days}");
    }
}

#[test]
fn the_clock_changes_and_the_day_stays_a_day() {
    let always = Calendar::always(*PARIS);
    // The night of 28 to 29 March 2026 has no 02:30, that of 24 to 25 October two.
    assert_eq!(
        shown(always.add_working_days(at("2026-03-28 02:30"), 1)),
        "2026-03-29 03:00"
    );
    assert_eq!(
        shown(always.add_working(at("2026-03-29 00:00"), Duration::hours(24))),
        "2026-03-30 01:00"
    );
    assert_eq!(
        shown(always.add_working(at("2026-10-25 00:00"), Duration::hours(24))),
        "2026-10-25 23:00"
    );
    assert_eq!(
        shown(office(Holidays::France).next_open(at("2026-03-28 12:00"))),
        "2026-03-30 08:00"
    );
    // A night watch from 02:00 to 03:00: nothing in March, two hours in October.
    let mut night = Calendar::always(*PARIS);
    night.hours.week[6] = vec![(2 * 60, 3 * 60)];
    assert!(night.spans(day("2026-03-29")).is_empty());
    let (from, to) = night.spans(day("2026-10-25"))[0];
    assert_eq!(to - from, Duration::hours(2));
}

#[test]
fn a_desk_that_never_opens_still_has_an_answer() {
    let never = Calendar {
        hours: Hours::default(),
        ..Calendar::always(*PARIS)
    };
    let now = at("2026-11-23 10:00");
    assert_eq!(never.next_open(now), now);
    assert_eq!(
        never.add_working(now, Duration::hours(3)),
        now + Duration::hours(3)
    );
    assert!(never.add_working_days(now, 2) >= now);
}

/// Numbers that look random and are the same in each run (xorshift).
struct Numbers(u64);

impl Numbers {
    fn below(&mut self, limit: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0 % limit
    }
}

fn some_calendar(numbers: &mut Numbers) -> Calendar {
    let mut week: [Vec<(u32, u32)>; 7] = Default::default();
    for day in &mut week {
        let mut minute = 0;
        for _ in 0..numbers.below(3) {
            let from = minute + u32::try_from(numbers.below(600)).expect("small");
            let to = from + 1 + u32::try_from(numbers.below(400)).expect("small");
            if to <= DAY_MINUTES {
                day.push((from, to));
                minute = to + 1;
            }
        }
    }
    // At least one hour a week, or nothing ends.
    week[2] = vec![(600, 660)];
    let zones = [
        *PARIS,
        Zone::named("UTC").expect("a zone"),
        Zone::named("America/Cayenne").expect("a zone"),
        Zone::named("Indian/Reunion").expect("a zone"),
        Zone::named("Australia/Lord_Howe").expect("a zone"),
    ];
    let kept = [Holidays::France, Holidays::AlsaceMoselle, Holidays::None];
    Calendar {
        timezone: zones[usize::try_from(numbers.below(5)).expect("small")],
        hours: Hours { week },
        holidays: kept[usize::try_from(numbers.below(3)).expect("small")],
        closures: vec![(day("2026-03-23"), day("2026-03-27"))],
    }
}

/// Against the dullest oracle there is: every minute is looked at.
#[test]
fn working_time_is_the_open_minutes_counted_one_by_one() {
    let mut numbers = Numbers(0x5EED);
    for round in 0..300 {
        let calendar = some_calendar(&mut numbers);
        let minutes = i64::try_from(numbers.below(300 * 24 * 60)).expect("small");
        let start = at("2026-02-01 00:00") + Duration::minutes(minutes);
        let wanted = i64::try_from(numbers.below(900)).expect("small") + 1;
        let (mut now, mut counted) = (start, 0);
        while counted < wanted {
            if calendar.is_open(now) {
                counted += 1;
            }
            now += Duration::minutes(1);
        }
        let got = calendar.add_working(start, Duration::minutes(wanted));
        assert_eq!(
            got, now,
            "round {round}: {wanted} minutes from {start}, {calendar:?}"
        );
        assert_eq!(
            calendar.between(start, got),
            Duration::minutes(wanted),
            "round {round}"
        );
        assert_eq!(calendar.between(got, start), Duration::zero());
        let next = calendar.next_open(start);
        assert!(next >= start && calendar.is_open(next), "round {round}");
        assert_eq!(calendar.next_open(next), next, "round {round}");
    }
}

#[test]
fn terms_add_up_and_never_go_back() {
    let mut numbers = Numbers(0xCA1E);
    for round in 0..300 {
        let calendar = some_calendar(&mut numbers);
        let minutes = i64::try_from(numbers.below(300 * 24 * 60)).expect("small");
        let start = at("2026-02-01 00:00") + Duration::minutes(minutes);
        let a = Duration::minutes(i64::try_from(numbers.below(2000)).expect("small"));
        let b = Duration::minutes(i64::try_from(numbers.below(2000)).expect("small"));
        assert_eq!(
            calendar.add_working(calendar.add_working(start, a), b),
            calendar.add_working(start, a + b),
            "round {round}"
        );
        let mut last = start;
        for days in 0..6 {
            let next = calendar.add_working_days(start, days);
            assert!(
                next >= last && calendar.is_open(next),
                "round {round}: {days}"
            );
            last = next;
        }
    }
}

#[test]
fn what_began_before_is_over() {
    let calendar = office(Holidays::France);
    for (now, term, expected) in [
        // A Wednesday: two working days before.
        ("2026-11-25 10:00", Term::WorkingDays(2), "2026-11-23 10:00"),
        // A Sunday: what was there at the end of the week is over; Monday is not.
        (
            "2026-11-29 12:00",
            Term::WorkingTime(Duration::hours(4)),
            "2026-11-27 08:00",
        ),
        (
            "2026-11-25 10:00",
            Term::After(Duration::hours(48)),
            "2026-11-23 10:00",
        ),
    ] {
        let begun = calendar.begun_before(at(now), term);
        assert_eq!(shown(begun), expected, "{now} {term:?}");
        assert!(calendar.add(begun, term) <= at(now));
        assert!(calendar.add(begun + Duration::minutes(1), term) > at(now));
    }
}
