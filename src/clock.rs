//! 时钟 — the only place that asks what time it is, and the rules for believing the answer.

use std::sync::Mutex;
use std::time::{Duration, Instant};

use annals_events::Time;

/// Furthest the wall clock may fall back behind the newest entry and be clamped to it.
pub const BACK_MAX: Duration = Duration::from_secs(1);
/// Furthest the wall clock may run ahead of the monotonic clock or the store's.
pub const AHEAD_MAX: Duration = Duration::from_secs(5);

/// Where time comes from. Scripted clocks are for demo and test ledgers.
pub trait Clock: Send + Sync + 'static {
    /// The wall clock.
    fn wall(&self) -> Time;
    /// Time since some fixed moment, never back, unmoved by corrections of the wall clock.
    fn monotonic(&self) -> Duration;
}

/// The machine's clocks.
pub struct SystemClock {
    start: Instant,
}

impl SystemClock {
    /// Start counting.
    pub fn new() -> SystemClock {
        SystemClock { start: Instant::now() }
    }
}

impl Default for SystemClock {
    fn default() -> Self {
        SystemClock::new()
    }
}

impl Clock for SystemClock {
    #[expect(clippy::disallowed_methods, reason = "this is the one place")]
    fn wall(&self) -> Time {
        let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
        let micros = now.map_or(0, |since| i64::try_from(since.as_micros()).unwrap_or(i64::MAX));
        Time::from_micros(micros).unwrap_or_default()
    }

    fn monotonic(&self) -> Duration {
        self.start.elapsed()
    }
}

/// A clock that stands where it is put; for stories and tests.
pub struct ScriptedClock {
    now: Mutex<(Time, Duration)>,
}

impl ScriptedClock {
    /// Standing at `at`.
    pub fn at(at: Time) -> ScriptedClock {
        ScriptedClock { now: Mutex::new((at, Duration::ZERO)) }
    }

    /// Both clocks move to `at`, never back.
    pub fn advance_to(&self, at: Time) {
        let mut now = self.now.lock().expect("no holder panics");
        let step = at.micros().saturating_sub(now.0.micros());
        if let Ok(step) = u64::try_from(step) {
            *now = (at, now.1 + Duration::from_micros(step));
        }
    }

    /// Only the wall clock jumps, as when somebody corrects it.
    pub fn jump_micros(&self, by: i64) {
        let mut now = self.now.lock().expect("no holder panics");
        now.0 = Time::from_micros(now.0.micros() + by).unwrap_or(now.0);
    }
}

impl Clock for ScriptedClock {
    fn wall(&self) -> Time {
        self.now.lock().expect("no holder panics").0
    }

    fn monotonic(&self) -> Duration {
        self.now.lock().expect("no holder panics").1
    }
}

/// Why the clock is not believed; nothing is written until it is.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ClockFault {
    /// Behind the newest entry by more than [`BACK_MAX`].
    #[error("the clock says {now}, but an entry was recorded at {newest}: it went back")]
    Back {
        /// What the clock says.
        now: Time,
        /// The newest entry.
        newest: Time,
    },
    /// Ahead of the monotonic clock or the store's by more than [`AHEAD_MAX`].
    #[error("the clock says {now}, {by_millis} ms ahead of {reference}")]
    Ahead {
        /// What the clock says.
        now: Time,
        /// By how much.
        by_millis: i64,
        /// Of what.
        reference: &'static str,
    },
}

/// The decider's time: from the wall clock, checked against what cannot be corrected.
pub struct ClockGuard {
    wall_start: Time,
    monotonic_start: Duration,
}

impl ClockGuard {
    /// From now on the wall clock must go along with the monotonic one.
    pub fn new(clock: &dyn Clock) -> ClockGuard {
        ClockGuard { wall_start: clock.wall(), monotonic_start: clock.monotonic() }
    }

    /// The time to record: never lower than `newest`. `store_lead` is how far the store's clock
    /// was ahead of the wall clock when last heard (microseconds), where it has one.
    pub fn now(
        &self,
        clock: &dyn Clock,
        newest: Time,
        store_lead: Option<i64>,
    ) -> Result<Time, ClockFault> {
        let now = clock.wall();
        let elapsed = clock.monotonic().saturating_sub(self.monotonic_start);
        let expected = self.wall_start.micros().saturating_add(micros(elapsed));
        let leads = [
            ("the monotonic clock", Some(now.micros() - expected)),
            ("the store's clock", store_lead.map(|lead| -lead)),
        ];
        for (reference, ahead) in leads {
            if let Some(ahead) = ahead.filter(|ahead| *ahead > micros(AHEAD_MAX)) {
                return Err(ClockFault::Ahead { now, by_millis: ahead / 1_000, reference });
            }
        }
        if newest.micros() - now.micros() > micros(BACK_MAX) {
            return Err(ClockFault::Back { now, newest });
        }
        Ok(now.max(newest))
    }
}

fn micros(duration: Duration) -> i64 {
    i64::try_from(duration.as_micros()).unwrap_or(i64::MAX)
}
