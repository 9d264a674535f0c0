//! 工作日 — days in China, working days from adopted years, and when a span is over.

use std::collections::BTreeMap;

use annals_events::Time;
use annals_events::platform::CalendarAdopted;
use annals_events::profile::{Amount, Period, Unit};
use chrono::{Datelike, Days, FixedOffset, Months, NaiveDate, Weekday};

/// China's time all year, since 1991.
const OFFSET_SECONDS: i32 = 8 * 3_600;
const DAY_MICROS: i64 = 86_400_000_000;
/// Working days are counted so far at most; beyond it nothing is due.
const DAYS_MOST: u32 = 10_000;

/// When something is due.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Due {
    /// The last moment that is in time.
    pub at: Time,
    /// 暂定 — whether a year without an adopted calendar was counted by the week.
    pub provisional: bool,
}

/// The adopted years.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Calendar {
    years: BTreeMap<u32, CalendarAdopted>,
}

/// The day in China.
pub fn day(at: Time) -> NaiveDate {
    let offset = FixedOffset::east_opt(OFFSET_SECONDS).expect("eight hours");
    at.to_chrono().with_timezone(&offset).date_naive()
}

/// The first moment of a day in China; the first of all time for one before it.
pub fn start_of(day: NaiveDate) -> Time {
    let utc = day.and_time(chrono::NaiveTime::MIN).and_utc().timestamp_micros();
    let micros = utc - i64::from(OFFSET_SECONDS) * 1_000_000;
    Time::from_micros(micros).unwrap_or_default()
}

/// The last moment of a day in China.
pub fn end_of(day: NaiveDate) -> Time {
    let start = start_of(day).micros();
    Time::from_micros(start + DAY_MICROS - 1).unwrap_or_else(|| start_of(day))
}

impl Calendar {
    /// Take a year, in place of an earlier one.
    pub fn adopt(&mut self, year: &CalendarAdopted) {
        self.years.insert(year.year, year.clone());
    }

    /// All years, in order.
    pub fn years(&self) -> impl Iterator<Item = &CalendarAdopted> {
        self.years.values()
    }

    /// Whether a day is worked, and whether that is only presumed.
    pub fn is_working(&self, day: NaiveDate) -> (bool, bool) {
        let weekend = matches!(day.weekday(), Weekday::Sat | Weekday::Sun);
        let year = u32::try_from(day.year()).ok().and_then(|year| self.years.get(&year));
        let Some(year) = year else { return (!weekend, true) };
        let text = day.format("%Y-%m-%d").to_string();
        let lists = |mut days: std::slice::Iter<'_, annals_events::text::Day>| {
            days.any(|listed| listed.as_str() == text)
        };
        let working = if weekend { lists(year.on.iter()) } else { !lists(year.off.iter()) };
        (working, false)
    }

    /// The last moment of `amount` from `start`: minutes and hours run through, other units end
    /// with a day, the starting day not counted. `None` beyond the years there are.
    pub fn due(&self, start: Time, amount: &Amount) -> Option<Due> {
        let n = amount.n;
        let from = day(start);
        let minutes = match amount.unit {
            Unit::Minute => 1,
            Unit::Hour => 60,
            Unit::WorkingDay => return self.working_days(from, n),
            _ => 0,
        };
        if minutes > 0 {
            let span = i64::from(n).checked_mul(minutes * 60_000_000)?;
            let at = Time::from_micros(start.micros().checked_add(span)?)?;
            return Some(Due { at, provisional: false });
        }
        let last = match amount.unit {
            Unit::Day => from.checked_add_days(Days::new(u64::from(n)))?,
            Unit::Week => from.checked_add_days(Days::new(7 * u64::from(n)))?,
            Unit::Month => from.checked_add_months(Months::new(n))?,
            _ => from.checked_add_months(Months::new(n.checked_mul(12)?))?,
        };
        (last.year() <= 9_999).then(|| Due { at: end_of(last), provisional: false })
    }

    fn working_days(&self, from: NaiveDate, n: u32) -> Option<Due> {
        let (mut at, mut left, mut provisional) = (from, n, false);
        for _ in 0..DAYS_MOST {
            if left == 0 {
                return Some(Due { at: end_of(at), provisional });
            }
            at = at.succ_opt().filter(|day| day.year() <= 9_999)?;
            let (working, presumed) = self.is_working(at);
            provisional |= presumed;
            left -= u32::from(working);
        }
        None
    }
}

/// First and last day of the period that a day lies in.
pub fn period_of(day: NaiveDate, period: Period) -> (NaiveDate, NaiveDate) {
    let month = |first: NaiveDate, months: u32| {
        let next = first.checked_add_months(Months::new(months));
        let last = next.and_then(|next| next.pred_opt()).unwrap_or(first);
        (first, last)
    };
    let first_of = |month: u32| NaiveDate::from_ymd_opt(day.year(), month, 1).unwrap_or(day);
    match period {
        Period::Day | Period::WorkingDay => (day, day),
        Period::Week => {
            let back = u64::from(day.weekday().num_days_from_monday());
            let first = day.checked_sub_days(Days::new(back)).unwrap_or(day);
            (first, first.checked_add_days(Days::new(6)).unwrap_or(first))
        }
        Period::Month => month(first_of(day.month()), 1),
        Period::Quarter => month(first_of((day.month() - 1) / 3 * 3 + 1), 3),
        Period::Year => month(first_of(1), 12),
        Period::Once => (day, NaiveDate::from_ymd_opt(9_999, 12, 31).unwrap_or(day)),
    }
}
