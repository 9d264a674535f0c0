//! Nothing is written by a clock that is not believed, and everything again by one that is.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use annals::clock::{Clock, ClockFault, ScriptedClock, SystemClock};
use annals::ledger::{Parts, Receipt, WriteError};
use annals_events::{Header, Time};

use super::{LEASE, Rig, Told, Town, at_once};
use crate::harness::Kind;

on_both!(
    a_clock_slightly_back_is_clamped,
    a_clock_far_back_is_refused,
    a_clock_that_jumps_ahead_is_refused,
    time_that_passes_is_no_jump,
);

const SECOND: i64 = 1_000_000;

/// A writer that has led already, on a clock that stands.
async fn standing(kind: Kind) -> (Rig, Arc<ScriptedClock>, Told) {
    let clock = Arc::new(ScriptedClock::at(SystemClock::new().wall()));
    let town = Town::with_clock(kind, clock.clone()).await;
    let parts = Parts { clock: clock.clone(), lease: LEASE, ..town.parts().await };
    let rig = Rig::start(town, parts).await;
    let told = rig.write().await;
    (rig, clock, told)
}

fn recorded_at((_, receipt): &Told) -> Time {
    Header::parse(&receipt.entries[0].header).expect("a header").recorded_at
}

/// Nobody is served, and nothing is written.
async fn refused(rig: &Rig) -> ClockFault {
    let size = rig.town.size().await;
    let crowd = (0..5).map(|_| rig.app.give(rig.town.column())).collect();
    let answers: Vec<Result<Receipt, WriteError>> = at_once(crowd).await;
    assert_eq!(rig.town.size().await, size, "written by a clock that is wrong");
    let mut faults = answers.into_iter().map(|answer| match answer {
        Err(WriteError::Clock(fault)) => fault,
        other => panic!("{other:?}"),
    });
    let fault = faults.next().expect("five answers");
    assert!(faults.all(|other| std::mem::discriminant(&other) == std::mem::discriminant(&fault)));
    fault
}

async fn a_clock_slightly_back_is_clamped(kind: Kind) {
    let (rig, clock, first) = standing(kind).await;
    let mut told = vec![first];
    for by in [-SECOND / 2, -SECOND / 2] {
        clock.jump_micros(by);
        told.push(rig.write().await);
        assert_eq!(recorded_at(&told[told.len() - 1]), recorded_at(&told[0]));
    }
    clock.jump_micros(SECOND + 1);
    told.push(rig.write().await);
    assert_eq!(recorded_at(&told[3]).micros(), recorded_at(&told[0]).micros() + 1);
    rig.town.holds(&told).await;
}

async fn a_clock_far_back_is_refused(kind: Kind) {
    let (rig, clock, first) = standing(kind).await;
    for by in [-SECOND - 1, -2 * SECOND, -3_600 * SECOND] {
        clock.jump_micros(by);
        let fault = refused(&rig).await;
        assert!(matches!(fault, ClockFault::Back { .. }), "{fault}");
        clock.jump_micros(-by);
    }
    rig.town.holds(&[first, rig.write().await]).await;
}

async fn a_clock_that_jumps_ahead_is_refused(kind: Kind) {
    let (rig, clock, first) = standing(kind).await;
    for by in [5 * SECOND + 1, 6 * SECOND, 86_400 * SECOND] {
        clock.jump_micros(by);
        let fault = refused(&rig).await;
        let reference = "the monotonic clock";
        assert!(matches!(fault, ClockFault::Ahead { reference: r, .. } if r == reference));
        clock.jump_micros(-by);
    }
    let mut told = vec![first, rig.write().await];
    clock.jump_micros(5 * SECOND);
    // PostgreSQL's own clock may stand just before the clock that stands; believed or not, what
    // is written is in order.
    if kind == Kind::Sqlite {
        told.push(rig.write().await);
    }
    rig.town.holds(&told).await;
}

async fn time_that_passes_is_no_jump(kind: Kind) {
    let (rig, clock, first) = standing(kind).await;
    let skew = 30 * 86_400 * SECOND;
    rig.store.skew.store(skew, Ordering::SeqCst);
    let at = Time::from_micros(clock.wall().micros() + skew).expect("a time");
    clock.advance_to(at);
    let told = rig.write().await;
    assert_eq!(recorded_at(&told), at);
    rig.town.holds(&[first, told]).await;
}

/// The store's own clock is the third opinion: at the start of an epoch, and with each append.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_clock_ahead_of_the_store_is_refused_until_it_is_right() {
    let rig = Rig::new(Kind::Postgres).await;
    let mut told = Vec::new();
    let skew = |by: i64| rig.store.skew.store(by, Ordering::SeqCst);
    for is_started in [false, true] {
        skew(-6 * SECOND);
        if is_started {
            // Heard with the answer to this one.
            told.push(rig.write().await);
        }
        for _ in 0..2 {
            let fault = refused(&rig).await;
            assert!(matches!(fault, ClockFault::Ahead { reference: "the store's clock", .. }));
        }
        skew(0);
        told.push(rig.write().await);
    }
    // A store that is ahead says that this clock is behind: late, and in order.
    skew(6 * SECOND);
    told.extend([rig.write().await, rig.write().await]);
    rig.town.holds(&told).await;
}
