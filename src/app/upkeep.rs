//! 值守 — what a service does beside answering: fold what others wrote, seal, sweep, and read the
//! whole store again.

use std::sync::Mutex;
use std::time::Duration;

use annals_events::Time;
use annals_verify::{Options, Policy, Verdict};
use tokio::time::{Instant, MissedTickBehavior, interval_at};

use super::App;
use crate::ledger::scan::scan;
use crate::ledger::seal;
use crate::store::StoredCheckpoint;

/// How often the store is asked for what other processes wrote.
const LOOK: Duration = Duration::from_secs(1);
/// How often a checkpoint is signed over what came since the last.
const SEAL: Duration = Duration::from_secs(300);
/// How often uploads that nobody named are swept.
const SWEEP: Duration = Duration::from_secs(60 * 60);
/// An upload that no entry names is swept after this long.
const UPLOAD_AGE: Duration = Duration::from_secs(24 * 60 * 60);
/// The first full re-hash after the start: not while everybody comes back at once.
const REHASH_FIRST: Duration = Duration::from_secs(10 * 60);
/// What is folded once is never looked at again otherwise.
const REHASH: Duration = Duration::from_secs(24 * 60 * 60);

/// What the last full re-hash found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rehashed {
    /// When it ended.
    pub at: Time,
    /// How many entries hold.
    pub size: u64,
    /// What does not, in a sentence.
    pub bad: Option<String>,
}

/// What this process knows of its own upkeep.
#[derive(Default)]
pub struct Upkeep {
    rehashed: Mutex<Option<Rehashed>>,
    checkpoint: Mutex<Option<(StoredCheckpoint, Option<Time>)>>,
}

impl Upkeep {
    /// The last full re-hash.
    pub fn rehashed(&self) -> Option<Rehashed> {
        self.rehashed.lock().expect("no holder panics").clone()
    }

    /// The newest checkpoint with the cosigner's time.
    pub fn checkpoint(&self) -> Option<(StoredCheckpoint, Option<Time>)> {
        self.checkpoint.lock().expect("no holder panics").clone()
    }

    /// Take the newest checkpoint that verifies from the store.
    pub async fn read_checkpoint(&self, app: &App) {
        match seal::sealed(app.store(), app.ledger().follower()).await {
            Ok(sealed) => {
                if let Some(newest) = sealed.newest {
                    self.keep(app, newest).await;
                }
            }
            Err(error) => tracing::warn!(%error, "the newest checkpoint was not read"),
        }
    }

    async fn keep(&self, app: &App, checkpoint: StoredCheckpoint) {
        let ring = app.ledger().follower().serving().await.ring.clone();
        let time = ring.check_note(&checkpoint.note).ok().and_then(|(_, seconds)| seconds);
        let micros = time.and_then(|seconds| i64::try_from(seconds).ok()?.checked_mul(1_000_000));
        let time = micros.and_then(Time::from_micros);
        *self.checkpoint.lock().expect("no holder panics") = Some((checkpoint, time));
    }

    /// Go on until this is dropped.
    pub async fn run(&self, app: &App) {
        let every = |first: Duration, period: Duration| {
            let mut ticks = interval_at(Instant::now() + first, period);
            ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
            ticks
        };
        let (mut look, mut sweep) = (every(LOOK, LOOK), every(SWEEP, SWEEP));
        let (mut seal, mut rehash) = (every(SEAL, SEAL), every(REHASH_FIRST, REHASH));
        let light = async {
            loop {
                tokio::select! {
                    _ = look.tick() => look_after(app).await,
                    _ = seal.tick() => self.seal(app).await,
                    _ = sweep.tick() => sweep_uploads(app).await,
                }
            }
        };
        let heavy = async {
            loop {
                rehash.tick().await;
                self.rehash(app).await;
            }
        };
        tokio::join!(light, heavy);
    }

    /// Seal what came since the last checkpoint.
    pub async fn seal(&self, app: &App) {
        match app.ledger().seal(None).await {
            Ok(checkpoint) => self.keep(app, checkpoint).await,
            Err(error) => tracing::error!(%error, "no checkpoint was signed"),
        }
    }

    /// Read, hash, judge and fold the whole store again.
    pub async fn rehash(&self, app: &App) {
        let policy = Policy { genesis: Some(app.ledger().parts().genesis), ..Policy::default() };
        let options = Options { batch: true, no_fold: false };
        match scan(app.store(), policy, options, &|_, _| {}).await {
            Ok(report) => {
                let bad = match report.verdict {
                    Verdict::Sound | Verdict::Incomplete => None,
                    _ => Some(report.first_bad.as_ref().map_or_else(
                        || report.first_breach.clone().unwrap_or_else(|| report.gap.to_owned()),
                        |bad| format!("entry {}: {}: {}", bad.position, bad.what, bad.detail),
                    )),
                };
                if let Some(bad) = &bad {
                    tracing::error!("the store does not hold: {bad}");
                }
                let rehashed = Rehashed { at: app.now(), size: report.size, bad };
                *self.rehashed.lock().expect("no holder panics") = Some(rehashed);
            }
            Err(error) => tracing::error!(%error, "the store was not read again"),
        }
    }
}

async fn look_after(app: &App) {
    if let Err(error) = app.ledger().catch_up().await {
        tracing::warn!(%error, "what was written is not folded yet");
    }
}

async fn sweep_uploads(app: &App) {
    match app.store().sweep_uploads(UPLOAD_AGE).await {
        Ok(0) => {}
        Ok(swept) => tracing::info!(swept, "uploads that nobody named are gone"),
        Err(error) => tracing::warn!(%error, "uploads were not swept"),
    }
}
