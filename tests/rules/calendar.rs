//! 工作日 — when a span is over: by cases, and day by day against a slow count of its own.

use std::collections::BTreeSet;

use annals_events::Time;
use annals_events::platform::CalendarAdopted;
use annals_events::profile::{Amount, Period, Unit};
use annals_events::sorted::Sorted;
use annals_events::text::Day;
use annals_projections::calendar::{Calendar, day, end_of, period_of, start_of};
use chrono::NaiveDate;
use serde_json::Value;

/// Public holidays and the days worked in their place, as they were announced.
const TABLE: &str = include_str!("../testdata/cn-workdays-2021-2026.json");

/// A day in numbers: year, month, day.
type Date = (u32, u32, u32);

fn date(text: &str) -> NaiveDate {
    Day::new(text).expect("a day").to_chrono()
}

fn days(days: &BTreeSet<String>) -> Sorted<Day, 366> {
    let days = days.iter().map(|day| Day::new(day.as_str()).expect("a day"));
    Sorted::new(days).expect("few")
}

/// What the table says of a year: days off, and days worked though the week says otherwise.
struct Year {
    year: u32,
    off: BTreeSet<String>,
    work: BTreeSet<String>,
    working_days: u64,
}

fn table() -> Vec<Year> {
    let table: Value = serde_json::from_str(TABLE).expect("the table");
    let listed = |value: &Value| value.as_object().expect("days").keys().cloned().collect();
    let years = table["years"].as_object().expect("years").iter();
    let all = years.map(|(year, said)| Year {
        year: year.parse().expect("a year"),
        off: listed(&said["off"]),
        work: listed(&said["work"]),
        working_days: said["working_days"].as_u64().expect("a number"),
    });
    all.collect()
}

/// The years of the table, or those of them that are wanted.
fn adopted(wanted: impl Fn(u32) -> bool) -> Calendar {
    let mut calendar = Calendar::default();
    for year in table().into_iter().filter(|year| wanted(year.year)) {
        let (off, on) = (days(&year.off), days(&year.work));
        calendar.adopt(&CalendarAdopted { off, on, year: year.year });
    }
    calendar
}

fn text((year, month, day): Date) -> String {
    format!("{year:04}-{month:02}-{day:02}")
}

fn is_leap(year: u32) -> bool {
    year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400))
}

fn next((year, month, day): Date) -> Date {
    let most = match month {
        2 if is_leap(year) => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    };
    match (month, day) {
        (12, 31) => (year + 1, 1, 1),
        (_, day) if day == most => (year, month + 1, 1),
        _ => (year, month, day + 1),
    }
}

/// Day by day through the table, with the day of the week counted along.
fn each_day() -> impl Iterator<Item = (Date, u32)> {
    // 2021 began on a Friday, day 4 of a week that begins with day 0.
    let begin = ((2021, 1, 1), 4);
    let all = std::iter::successors(Some(begin), |(at, week)| Some((next(*at), (week + 1) % 7)));
    all.take_while(|((year, ..), _)| *year <= 2027)
}

/// The same question, asked of the table alone: worked, and only presumed.
fn is_worked(years: &[Year], at: Date, week: u32) -> (bool, bool) {
    let Some(year) = years.iter().find(|year| year.year == at.0) else { return (week < 5, true) };
    let day = text(at);
    (year.work.contains(&day) || (week < 5 && !year.off.contains(&day)), false)
}

#[test]
fn each_day_of_six_years_is_worked_or_not_as_the_table_says() {
    let (years, calendar) = (table(), adopted(|_| true));
    assert_eq!(years.len(), 6);
    let mut worked = std::collections::BTreeMap::<u32, u64>::new();
    for (at, week) in each_day() {
        let expected = is_worked(&years, at, week);
        assert_eq!(calendar.is_working(date(&text(at))), expected, "{at:?}");
        *worked.entry(at.0).or_default() += u64::from(expected.0);
    }
    for year in &years {
        assert_eq!(worked[&year.year], year.working_days, "{}", year.year);
    }
}

#[test]
fn days_off_at_a_weekend_need_not_be_listed() {
    let all = adopted(|_| true);
    let mut few = Calendar::default();
    for year in table() {
        let is_weekday = |day: &&String| !matches!(weekday(day), 5 | 6);
        let off: BTreeSet<String> = year.off.iter().filter(is_weekday).cloned().collect();
        assert!(off.len() < year.off.len());
        few.adopt(&CalendarAdopted { off: days(&off), on: days(&year.work), year: year.year });
    }
    for (at, _) in each_day() {
        let day = date(&text(at));
        assert_eq!(few.is_working(day), all.is_working(day), "{at:?}");
    }
}

/// Counted from 2021, a Friday; Monday is 0.
fn weekday(day: &str) -> u32 {
    each_day().find(|(at, _)| text(*at) == day).expect("a day of the table").1
}

#[test]
fn working_days_end_where_a_count_by_hand_ends() {
    let (years, calendar) = (table(), adopted(|_| true));
    let all: Vec<(Date, u32)> = each_day().collect();
    let within = all.iter().filter(|((year, ..), _)| *year <= 2026).count();
    for at in 1..within {
        let start = text(all[at].0);
        // Noon in China, the last moment of the day there, the first.
        let starts = [
            format!("{start}T04:00:00.000000Z"),
            format!("{start}T15:59:59.999999Z"),
            format!("{}T16:00:00.000000Z", text(all[at - 1].0)),
        ];
        let (mut left, mut provisional) = (0, false);
        for (day, week) in all[at + 1..].iter().take(60) {
            let (worked, presumed) = is_worked(&years, *day, *week);
            provisional |= presumed;
            if !worked {
                continue;
            }
            left += 1;
            let end = Time::parse(&format!("{}T15:59:59.999999Z", text(*day)));
            for start in &starts {
                let begin = Time::parse(start).expect("an instant");
                let due = calendar.due(begin, &Amount { n: left, unit: Unit::WorkingDay });
                let due = due.expect("within the years");
                assert_eq!((Some(due.at), due.provisional), (end, provisional), "{start} {left}");
            }
        }
    }
}

/// A moment in China's time.
fn china(text: &str) -> Time {
    let text = format!("{}+08:00", text.replace(' ', "T"));
    Time::from_rfc3339(&text).unwrap_or_else(|| panic!("{text}"))
}

/// A moment, or of a day alone its last one.
fn until(text: &str) -> Time {
    if text.len() == 10 { china(&format!("{text} 23:59:59.999999")) } else { china(text) }
}

/// From when, how many, of what, until when: a day is one to its end.
const SPANS: &[(&str, u32, Unit, &str)] = &[
    // Minutes and hours run through, over midnight and over holidays; the limit is in time.
    ("2024-09-30 23:50:00", 30, Unit::Minute, "2024-10-01 00:20:00"),
    ("2024-09-30 23:50:00.000001", 30, Unit::Minute, "2024-10-01 00:20:00.000001"),
    ("2024-09-30 18:00:00", 24, Unit::Hour, "2024-10-01 18:00:00"),
    ("2024-09-30 18:00:00", 168, Unit::Hour, "2024-10-07 18:00:00"),
    ("2024-02-28 23:00:00", 2, Unit::Hour, "2024-02-29 01:00:00"),
    // The day a span begins on is China's, and does not count.
    ("2024-09-26 00:00:00", 1, Unit::Day, "2024-09-27"),
    ("2024-09-26 07:59:59", 1, Unit::Day, "2024-09-27"),
    ("2024-09-26 23:59:59", 1, Unit::Day, "2024-09-27"),
    ("2024-09-26 23:59:59.999999", 1, Unit::Day, "2024-09-27"),
    ("2024-09-27 00:00:00", 1, Unit::Day, "2024-09-28"),
    // Working days: over a long holiday, with a day worked before it and one after it.
    ("2024-09-26 10:00:00", 1, Unit::WorkingDay, "2024-09-27"),
    ("2024-09-26 10:00:00", 2, Unit::WorkingDay, "2024-09-29"),
    ("2024-09-26 10:00:00", 3, Unit::WorkingDay, "2024-09-30"),
    ("2024-09-26 10:00:00", 4, Unit::WorkingDay, "2024-10-08"),
    ("2024-09-26 23:59:59", 4, Unit::WorkingDay, "2024-10-08"),
    ("2024-09-27 00:00:00", 4, Unit::WorkingDay, "2024-10-09"),
    ("2024-09-28 10:00:00", 1, Unit::WorkingDay, "2024-09-29"),
    ("2024-09-29 10:00:00", 1, Unit::WorkingDay, "2024-09-30"),
    ("2024-10-01 00:00:00", 1, Unit::WorkingDay, "2024-10-08"),
    ("2024-10-07 23:59:59", 1, Unit::WorkingDay, "2024-10-08"),
    ("2024-10-08 00:00:00", 5, Unit::WorkingDay, "2024-10-14"),
    ("2024-10-10 10:00:00", 2, Unit::WorkingDay, "2024-10-12"),
    // Weeks are seven days each.
    ("2024-09-26 10:00:00", 1, Unit::Week, "2024-10-03"),
    ("2024-02-22 10:00:00", 1, Unit::Week, "2024-02-29"),
    // Months and years keep the day of the month, or take the last there is.
    ("2024-01-31 10:00:00", 1, Unit::Month, "2024-02-29"),
    ("2023-01-31 10:00:00", 1, Unit::Month, "2023-02-28"),
    ("2023-01-31 10:00:00", 2, Unit::Month, "2023-03-31"),
    ("2024-08-31 10:00:00", 6, Unit::Month, "2025-02-28"),
    ("2024-12-31 10:00:00", 1, Unit::Month, "2025-01-31"),
    ("2024-02-29 10:00:00", 1, Unit::Month, "2024-03-29"),
    ("2024-02-29 10:00:00", 1, Unit::Year, "2025-02-28"),
    ("2024-02-29 10:00:00", 4, Unit::Year, "2028-02-29"),
    ("2023-03-01 10:00:00", 1, Unit::Year, "2024-03-01"),
    // 29 February, and a century that has none.
    ("2024-02-28 10:00:00", 1, Unit::Day, "2024-02-29"),
    ("2023-02-28 10:00:00", 1, Unit::Day, "2023-03-01"),
    ("2100-02-28 10:00:00", 1, Unit::Day, "2100-03-01"),
    ("2000-02-28 10:00:00", 1, Unit::Day, "2000-02-29"),
    // The last year.
    ("9999-12-30 10:00:00", 1, Unit::Day, "9999-12-31"),
    ("9999-12-24 10:00:00", 1, Unit::Week, "9999-12-31"),
    ("9999-11-30 10:00:00", 1, Unit::Month, "9999-12-30"),
    ("9998-12-31 10:00:00", 1, Unit::Year, "9999-12-31"),
    ("9999-12-31 23:58:00", 1, Unit::Minute, "9999-12-31 23:59:00"),
];

#[test]
fn a_span_ends_when_the_table_says() {
    let calendar = adopted(|_| true);
    for (start, n, unit, end) in SPANS {
        let due = calendar.due(china(start), &Amount { n: *n, unit: *unit });
        let found = due.map(|due| (due.at, due.provisional));
        assert_eq!(found, Some((until(end), false)), "{n} {unit:?} from {start}");
    }
}

#[test]
fn nothing_is_due_beyond_the_last_year() {
    let calendar = adopted(|_| true);
    let most = u32::MAX;
    for (start, n, unit) in [
        ("9999-12-31 10:00:00", 1, Unit::Day),
        ("9999-12-31 10:00:00", 1, Unit::WorkingDay),
        ("9999-12-25 10:00:00", 1, Unit::Week),
        ("9999-12-01 10:00:00", 1, Unit::Month),
        ("9999-01-01 10:00:00", 1, Unit::Year),
        ("2024-01-01 10:00:00", most, Unit::Minute),
        ("2024-01-01 10:00:00", most, Unit::Day),
        ("2024-01-01 10:00:00", most, Unit::WorkingDay),
        ("2024-01-01 10:00:00", most, Unit::Week),
        ("2024-01-01 10:00:00", most, Unit::Month),
        ("2024-01-01 10:00:00", most, Unit::Year),
    ] {
        assert_eq!(calendar.due(china(start), &Amount { n, unit }), None, "{n} {unit:?} {start}");
    }
    let last = Time::parse("9999-12-31T23:59:59.999999Z").expect("an instant");
    assert_eq!(calendar.due(last, &Amount { n: 1, unit: Unit::Minute }), None);
    assert_eq!(calendar.due(last, &Amount { n: 1, unit: Unit::Day }), None);
}

/// From when, how many working days, until when, whether that is presumed; 2024 alone is adopted.
const PRESUMED: &[(&str, u32, &str, bool)] = &[
    ("2024-12-30 10:00:00", 1, "2024-12-31", false),
    ("2024-12-30 10:00:00", 2, "2025-01-01", true),
    // The starting day does not count, whichever year it is of.
    ("2023-12-31 10:00:00", 1, "2024-01-02", false),
    ("2023-12-29 10:00:00", 1, "2024-01-02", true),
    ("2023-12-28 10:00:00", 1, "2023-12-29", true),
    // By the week alone: National Day of 2023 is presumed to be worked.
    ("2023-09-29 10:00:00", 1, "2023-10-02", true),
    ("9999-12-30 10:00:00", 1, "9999-12-31", true),
];

#[test]
fn a_year_that_was_not_adopted_counts_by_the_week_and_provisionally() {
    let calendar = adopted(|year| year == 2024);
    for (start, n, end, provisional) in PRESUMED {
        let due = calendar.due(china(start), &Amount { n: *n, unit: Unit::WorkingDay });
        let found = due.map(|due| (due.at, due.provisional));
        assert_eq!(found, Some((until(end), *provisional)), "{n} from {start}");
    }
}

#[test]
fn other_units_are_never_provisional() {
    for unit in [Unit::Minute, Unit::Hour, Unit::Day, Unit::Week, Unit::Month, Unit::Year] {
        let due = Calendar::default().due(china("2024-09-26 10:00:00"), &Amount { n: 3, unit });
        assert_eq!(due.map(|due| due.provisional), Some(false), "{unit:?}");
    }
}

#[test]
fn a_year_adopted_anew_takes_the_place_of_the_older() {
    let mut calendar = adopted(|year| year == 2024);
    let (off, on) = (Sorted::default(), Sorted::default());
    calendar.adopt(&CalendarAdopted { off, on, year: 2024 });
    assert_eq!(calendar.is_working(date("2024-10-01")), (true, false));
    assert_eq!(calendar.is_working(date("2024-09-29")), (false, false));
    assert_eq!(calendar.years().count(), 1);
}

#[test]
fn a_day_in_china_begins_eight_hours_before_the_one_at_greenwich() {
    for (at, is_of) in [
        ("2024-09-25T15:59:59.999999Z", "2024-09-25"),
        ("2024-09-25T16:00:00.000000Z", "2024-09-26"),
        ("2024-09-26T15:59:59.999999Z", "2024-09-26"),
        ("2024-12-31T16:00:00.000000Z", "2025-01-01"),
    ] {
        let at = Time::parse(at).expect("an instant");
        assert_eq!(day(at), date(is_of), "{at}");
        assert!(start_of(day(at)) <= at && at <= end_of(day(at)), "{at}");
    }
}

/// A day, a period, and the first and last day of that.
const PERIODS: &[(&str, Period, &str, &str)] = &[
    ("2024-02-29", Period::Day, "2024-02-29", "2024-02-29"),
    ("2024-09-26", Period::Week, "2024-09-23", "2024-09-29"),
    ("2024-09-23", Period::Week, "2024-09-23", "2024-09-29"),
    ("2024-09-29", Period::Week, "2024-09-23", "2024-09-29"),
    ("2024-02-10", Period::Month, "2024-02-01", "2024-02-29"),
    ("2023-02-28", Period::Month, "2023-02-01", "2023-02-28"),
    ("2024-03-31", Period::Quarter, "2024-01-01", "2024-03-31"),
    ("2024-04-01", Period::Quarter, "2024-04-01", "2024-06-30"),
    ("2024-12-31", Period::Quarter, "2024-10-01", "2024-12-31"),
    ("2024-12-31", Period::Year, "2024-01-01", "2024-12-31"),
    ("9999-12-31", Period::Year, "9999-01-01", "9999-12-31"),
    ("2024-09-26", Period::Once, "2024-09-26", "9999-12-31"),
];

#[test]
fn a_period_has_a_first_and_a_last_day() {
    for (at, period, first, last) in PERIODS {
        assert_eq!(period_of(date(at), *period), (date(first), date(last)), "{at} {period:?}");
    }
}
