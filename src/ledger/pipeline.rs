//! 流水 — while one batch is on its way to the store and the anchor, the next is decided.
//!
//! One batch is under way at a time. What is decided behind it waits; if the one before did not
//! land, what waits is decided anew, on what is true then. Nobody hears of a command before
//! everything that its decision saw is durable and anchored.

use std::collections::VecDeque;
use std::time::Duration;

use tokio::sync::{mpsc, oneshot};
use tokio::task::JoinHandle;
use tokio::time::MissedTickBehavior;

use super::batch::{self, Fate};
use super::build::Written;
use super::commit::{Landed, land};
use super::decider::Decider;
use super::request::{Answer, Request, WriteError};
use super::sequencer::{Call, Failed, Sequencer};
use crate::store::{Batch, Row};

/// Most commands of one batch.
const BATCH_COMMANDS: usize = 1_024;

/// A command with whom to answer.
pub(super) struct Asked<P> {
    pub(super) request: Box<Request<P>>,
    pub(super) reply: oneshot::Sender<Answer>,
}

/// Commands that are decided, with their entries, signed.
struct Staged<P> {
    asked: Vec<Asked<P>>,
    fates: Vec<Fate>,
    batch: Batch,
    known: Vec<Written>,
}

impl<P> Staged<P> {
    fn new() -> Staged<P> {
        let (asked, fates, known) = (Vec::new(), Vec::new(), Vec::new());
        Staged { asked, fates, batch: Batch::default(), known }
    }
}

/// A batch under way.
struct Flight<P> {
    asked: Vec<Asked<P>>,
    fates: Vec<Fate>,
    known: Vec<Written>,
    landing: JoinHandle<Landed>,
}

/// What the writer has before it.
struct Desk<P> {
    staged: Staged<P>,
    flight: Option<Flight<P>>,
    /// To be decided anew, before anything from the queue.
    again: VecDeque<Asked<P>>,
    /// The queue is closed, or somebody waits for the end.
    ending: bool,
    stopped: Vec<oneshot::Sender<()>>,
}

impl<P> Desk<P> {
    /// Nothing is under way: the store's head is all there is.
    fn is_settled(&self) -> bool {
        self.flight.is_none() && self.staged.asked.is_empty()
    }
}

impl<D: Decider> Sequencer<D> {
    pub(super) async fn run(mut self, mut queue: mpsc::Receiver<Call<D::Payload>>) {
        let third = self.parts.lease / 3;
        let mut renewal = tokio::time::interval(third.max(Duration::from_millis(10)));
        renewal.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut desk = Desk {
            staged: Staged::new(),
            flight: None,
            again: VecDeque::new(),
            ending: false,
            stopped: Vec::new(),
        };
        loop {
            self.move_on(&mut desk).await;
            if desk.ending && desk.is_settled() && desk.again.is_empty() {
                break;
            }
            let may_stage = !desk.ending
                && desk.staged.asked.len() < BATCH_COMMANDS
                && (desk.is_settled() || self.may_decide());
            tokio::select! {
                biased;
                landed = landing(&mut desk.flight), if desk.flight.is_some() => {
                    self.landed(&mut desk, landed).await;
                }
                call = queue.recv(), if may_stage => {
                    // Whoever was just answered gets his turn to ask again: one large batch costs
                    // far less than several small ones. Nobody to wait for, no time lost.
                    tokio::task::yield_now().await;
                    let asked = drain(call, &mut queue, &mut desk);
                    self.stage(&mut desk.staged, asked).await;
                }
                _ = renewal.tick(), if desk.is_settled() => self.renew().await,
            }
        }
        self.release().await;
        for done in desk.stopped {
            // Whoever does not wait any more need not know.
            let _ = done.send(());
        }
    }

    /// Start what can be started.
    async fn move_on(&mut self, desk: &mut Desk<D::Payload>) {
        while desk.flight.is_none() {
            if desk.staged.asked.is_empty() {
                let most = desk.again.len().min(BATCH_COMMANDS);
                if most == 0 {
                    return;
                }
                let asked = desk.again.drain(..most).collect();
                self.stage(&mut desk.staged, asked).await;
                continue;
            }
            let staged = std::mem::replace(&mut desk.staged, Staged::new());
            desk.flight = self.take_off(staged).await;
        }
    }

    /// Decide and sign; whoever cannot be decided for is answered at once.
    async fn stage(&mut self, staged: &mut Staged<D::Payload>, asked: Vec<Asked<D::Payload>>) {
        if asked.is_empty() {
            return;
        }
        let settled = staged.asked.is_empty();
        match self.decide(&asked).await {
            Ok((fates, batch, known)) => {
                debug_assert!(settled || self.may_decide());
                let offset = staged.batch.rows.len();
                staged.fates.extend(fates.into_iter().map(|fate| fate.behind(offset)));
                staged.batch.rows.extend(batch.rows);
                staged.batch.bodies.extend(batch.bodies);
                staged.known.extend(known);
                staged.asked.extend(asked);
            }
            Err(failed) => {
                let error = failed.into_error();
                for Asked { reply, .. } in asked {
                    // A caller that went away repeats with the same key.
                    let _ = reply.send(Err(error.clone()));
                }
            }
        }
    }

    /// Send a batch on its way. `None`: there was nothing to write, everybody is answered.
    async fn take_off(&mut self, staged: Staged<D::Payload>) -> Option<Flight<D::Payload>> {
        let Staged { asked, fates, batch, known } = staged;
        if batch.rows.is_empty() {
            self.answer(asked, fates, Vec::new()).await;
            return None;
        }
        match self.lead.as_ref() {
            Some(lead) => {
                let anchored = lead.anchored.clone();
                let flight = land(
                    self.parts.clone(),
                    lead.lease.clone(),
                    lead.head.clone(),
                    anchored,
                    batch,
                );
                Some(Flight { asked, fates, known, landing: tokio::spawn(flight) })
            }
            None => {
                let lost = || WriteError::Retryable("the lead was lost".to_owned());
                asked.into_iter().for_each(|asked| drop(asked.reply.send(Err(lost()))));
                None
            }
        }
    }

    async fn landed(&mut self, desk: &mut Desk<D::Payload>, landed: Landed) {
        let Some(Flight { asked, fates, known, .. }) = desk.flight.take() else { return };
        let (batch, ended) = self.settle(landed).await;
        if !self.may_decide() {
            // What is staged was decided on a state that is gone.
            let staged = std::mem::replace(&mut desk.staged, Staged::new());
            self.unmove(&staged.batch);
            desk.again.extend(staged.asked);
        }
        match ended {
            Ok(()) => {
                self.follower.written(known);
                if !desk.staged.asked.is_empty() {
                    let staged = std::mem::replace(&mut desk.staged, Staged::new());
                    desk.flight = self.take_off(staged).await;
                }
                self.answer(asked, fates, batch.rows).await;
            }
            Err(Failed::Rejected(_)) if asked.len() > 1 => {
                self.unmove(&batch);
                for one in asked {
                    self.alone(one).await;
                }
            }
            Err(failed) => {
                self.unmove(&batch);
                let error = failed.into_error();
                for Asked { reply, .. } in asked {
                    let _ = reply.send(Err(error.clone()));
                }
            }
        }
    }

    /// One command by itself, from deciding to answering, so that a poison command fails alone.
    async fn alone(&mut self, asked: Asked<D::Payload>) {
        let mut desk = Desk {
            staged: Staged::new(),
            flight: None,
            again: VecDeque::from([asked]),
            ending: true,
            stopped: Vec::new(),
        };
        self.move_on(&mut desk).await;
        if desk.flight.is_some() {
            let landed = landing(&mut desk.flight).await;
            Box::pin(self.landed(&mut desk, landed)).await;
        }
    }

    async fn answer(&self, asked: Vec<Asked<D::Payload>>, fates: Vec<Fate>, rows: Vec<Row>) {
        let mut rows = rows.into_iter();
        let mut at = 0;
        for (Asked { request, reply }, fate) in asked.into_iter().zip(fates) {
            let checkpoint = self.checkpoint.clone();
            let answer = match fate {
                Fate::Written { first, last } => {
                    // Between the entries of commands stand the ledger's own.
                    rows.by_ref().take(first - at).for_each(drop);
                    at = last;
                    let receipt = batch::receipt(rows.by_ref().take(last - first), checkpoint);
                    receipt.ok_or_else(|| WriteError::Fault("a command wrote nothing".to_owned()))
                }
                Fate::Known => batch::replay(&self.parts.store, &request, checkpoint).await,
                Fate::Not(error) => Err(error),
            };
            // A caller that went away repeats with the same key.
            let _ = reply.send(answer);
        }
    }
}

async fn landing<P>(flight: &mut Option<Flight<P>>) -> Landed {
    match flight {
        Some(flight) => match (&mut flight.landing).await {
            Ok(landed) => landed,
            Err(broken) if broken.is_panic() => std::panic::resume_unwind(broken.into_panic()),
            // The runtime is shutting down, and this task with it.
            Err(_) => std::future::pending().await,
        },
        None => std::future::pending().await,
    }
}

/// Everything that waits, as far as it fits.
fn drain<P>(
    first: Option<Call<P>>,
    queue: &mut mpsc::Receiver<Call<P>>,
    desk: &mut Desk<P>,
) -> Vec<Asked<P>> {
    let most = BATCH_COMMANDS.saturating_sub(desk.staged.asked.len());
    let mut all = Vec::new();
    desk.ending |= first.is_none();
    let mut next = first;
    while let Some(call) = next {
        match call {
            Call::Write(request, reply) => all.push(Asked { request, reply }),
            Call::Stop(done) => {
                desk.ending = true;
                desk.stopped.push(done);
            }
        }
        let full = all.len() >= most || desk.ending;
        next = if full { None } else { queue.try_recv().ok() };
    }
    all
}
