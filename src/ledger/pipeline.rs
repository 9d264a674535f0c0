//! 流水 — while one batch is on its way to the store, the next is decided, the last one anchored.
//!
//! One batch is on its way to the store at a time, and one swap of the anchor. What is decided
//! behind a batch waits; if the batch did not land, it is decided anew. Nobody hears of a command
//! before everything that its decision saw is durable and anchored.

use std::collections::VecDeque;
use std::time::Duration;

use tokio::sync::{mpsc, oneshot};
use tokio::task::JoinHandle;
use tokio::time::MissedTickBehavior;

use super::anchor::{AnchorError, Anchored};
use super::batch::{self, Fate};
use super::commit::{Appended, anchor, append};
use super::decider::Decider;
use super::request::{Answer, Request, WriteError};
use super::sequencer::{Call, Drawn, Failed, Sequencer};
use super::signer::{Signing, join};
use crate::store::{BodyRef, Row};

/// Most commands of one batch; few always go together.
const BATCH_COMMANDS: usize = 1_024;
const FEW: usize = 8;
/// So many refusals one after another are the store's doing, not the commands'.
const REFUSALS: u32 = 3;

/// A command with whom to answer.
pub(super) struct Asked<P> {
    pub(super) request: Box<Request<P>>,
    pub(super) reply: oneshot::Sender<Answer>,
}

/// Commands that are decided, with their entries, which are being signed.
struct Staged<P> {
    asked: Vec<Asked<P>>,
    fates: Vec<Fate>,
    entries: usize,
    signing: Vec<Signing>,
    bodies: Vec<BodyRef>,
}

impl<P> Default for Staged<P> {
    fn default() -> Staged<P> {
        Staged { asked: vec![], fates: vec![], entries: 0, signing: vec![], bodies: vec![] }
    }
}

/// A batch on its way to the store.
struct Flight<P> {
    asked: Vec<Asked<P>>,
    fates: Vec<Fate>,
    epoch: u64,
    landing: JoinHandle<Appended>,
}

/// What is in the store, with whom to answer once it is anchored; without rows, what saw it.
struct Landed<P> {
    asked: Vec<Asked<P>>,
    fates: Vec<Fate>,
    rows: Vec<Row>,
    epoch: u64,
}

/// The anchor on its way to the last row of these.
struct Anchoring<P> {
    landed: Vec<Landed<P>>,
    new: Anchored,
    swap: JoinHandle<Result<(), AnchorError>>,
}

/// What the writer has before it.
struct Desk<P> {
    staged: Staged<P>,
    flight: Option<Flight<P>>,
    landed: Vec<Landed<P>>,
    anchoring: Option<Anchoring<P>>,
    /// What the anchor holds, as far as this desk moved it.
    anchored: Option<Anchored>,
    /// To be decided anew, before anything from the queue.
    again: VecDeque<Asked<P>>,
    /// The queue is closed, or somebody waits for the end.
    ending: bool,
    stopped: Vec<oneshot::Sender<()>>,
}

impl<P> Desk<P> {
    fn new() -> Desk<P> {
        Desk {
            staged: Staged::default(),
            flight: None,
            landed: vec![],
            anchoring: None,
            anchored: None,
            again: VecDeque::new(),
            ending: false,
            stopped: vec![],
        }
    }

    /// Everything that was sent on its way is in the store and anchored, or failed.
    fn is_quiet(&self) -> bool {
        self.flight.is_none() && self.landed.is_empty() && self.anchoring.is_none()
    }

    /// Nothing is under way or decided: the store's head is all there is.
    fn is_settled(&self) -> bool {
        self.is_quiet() && self.staged.asked.is_empty()
    }

    /// How many more commands to decide now. Half of all that are waiting, whichever way: if all
    /// went together, nobody would be left to be decided meanwhile.
    fn room(&self, queued: usize) -> usize {
        let landed = self.anchoring.iter().flat_map(|one| &one.landed).chain(&self.landed);
        let landed: usize = landed.map(|landed| landed.asked.len()).sum();
        let flying = self.flight.as_ref().map_or(0, |flight| flight.asked.len());
        let staged = self.staged.asked.len();
        let half = (landed + flying + staged + queued).div_ceil(2);
        half.clamp(FEW, BATCH_COMMANDS).saturating_sub(staged)
    }
}

impl<D: Decider> Sequencer<D> {
    pub(super) async fn run(mut self, mut queue: mpsc::Receiver<Call<D::Payload>>) {
        let third = self.parts.lease / 3;
        let mut renewal = tokio::time::interval(third.max(Duration::from_millis(10)));
        renewal.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut desk = Desk::new();
        loop {
            self.move_on(&mut desk).await;
            if desk.ending && desk.is_settled() && desk.again.is_empty() {
                break;
            }
            let may_stage = !desk.ending
                && desk.room(queue.len()) > 0
                && (desk.is_settled() || self.may_decide());
            tokio::select! {
                biased;
                appended = landing(&mut desk.flight), if desk.flight.is_some() => {
                    self.landed(&mut desk, appended).await;
                }
                outcome = swapping(&mut desk.anchoring), if desk.anchoring.is_some() => {
                    let landed = self.anchored(&mut desk, outcome).await;
                    // Whoever waits for the store comes before whoever waits for an answer.
                    self.move_on(&mut desk).await;
                    self.answer_all(landed).await;
                }
                call = queue.recv(), if may_stage => {
                    // Whoever was just answered gets his turn to ask again.
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
        // What lies in the store and is not anchored is bounded: two batches.
        while desk.flight.is_none() && desk.landed.is_empty() {
            if desk.staged.asked.is_empty() {
                let most = desk.again.len().min(BATCH_COMMANDS);
                if most == 0 || !(desk.is_quiet() || self.may_decide()) {
                    return;
                }
                let asked = desk.again.drain(..most).collect();
                self.stage(&mut desk.staged, asked).await;
                continue;
            }
            self.take_off(desk).await;
        }
    }

    /// Decide; whoever cannot be decided for is answered at once.
    async fn stage(&mut self, staged: &mut Staged<D::Payload>, asked: Vec<Asked<D::Payload>>) {
        if asked.is_empty() {
            return;
        }
        let settled = staged.asked.is_empty();
        match self.decide(&asked).await {
            Ok(Drawn { fates, entries, signing, bodies }) => {
                debug_assert!(settled || self.may_decide());
                let before = staged.entries;
                staged.fates.extend(fates.into_iter().map(|fate| fate.behind(before)));
                staged.entries += entries;
                staged.signing.extend(signing);
                staged.bodies.extend(bodies);
                staged.asked.extend(asked);
            }
            Err(failed) => fail(asked, &failed.into_error()),
        }
    }

    /// Send what is staged on its way.
    async fn take_off(&mut self, desk: &mut Desk<D::Payload>) {
        let Staged { asked, fates, entries, signing, bodies } = std::mem::take(&mut desk.staged);
        if asked.is_empty() {
            return;
        } else if entries == 0 {
            desk.landed.push(Landed { asked, fates, rows: Vec::new(), epoch: 0 });
            return self.answer_landed(desk).await;
        }
        let Some(lead) = self.lead.as_ref() else {
            return fail(asked, &WriteError::Retryable("the lead was lost".to_owned()));
        };
        if desk.is_quiet() {
            desk.anchored = lead.anchored.clone();
        }
        let epoch = lead.lease.epoch;
        let (lease, head) = (lead.lease.clone(), lead.head.clone());
        let landing = tokio::spawn(append(self.parts.clone(), lease, head, signing, bodies));
        desk.flight = Some(Flight { asked, fates, epoch, landing });
    }

    /// An append was answered.
    async fn landed(&mut self, desk: &mut Desk<D::Payload>, appended: Appended) {
        let Some(Flight { asked, fates, epoch, .. }) = desk.flight.take() else { return };
        if appended.failed() {
            // What comes now looks at the anchor too.
            self.wait_for_anchor(desk).await;
        }
        let (batch, ended) = self.settle(appended).await;
        self.unstage(desk);
        match ended {
            Ok(()) => {
                desk.landed.push(Landed { asked, fates, rows: batch.rows, epoch });
                self.answer_landed(desk).await;
            }
            Err(Failed::Rejected(_)) if asked.len() > 1 => {
                self.unmove(&batch.bodies);
                self.each_alone(asked).await;
            }
            Err(failed) => {
                self.unmove(&batch.bodies);
                fail(asked, &failed.into_error());
            }
        }
    }

    /// What is staged was decided on a state that is gone: it will be decided anew.
    fn unstage(&mut self, desk: &mut Desk<D::Payload>) {
        if !self.may_decide() {
            let staged = std::mem::take(&mut desk.staged);
            self.unmove(&staged.bodies);
            desk.again.extend(staged.asked);
        }
    }

    /// Move the anchor to what landed, and answer what needs no moving.
    async fn answer_landed(&mut self, desk: &mut Desk<D::Payload>) {
        if desk.anchoring.is_some() {
            return;
        }
        let landed = std::mem::take(&mut desk.landed);
        if let Some(why) = &self.stopped {
            let error = WriteError::Retryable(why.clone());
            return landed.into_iter().for_each(|one| fail(one.asked, &error));
        }
        let last = landed.iter().rev().find_map(|one| Some((one.rows.last()?, one.epoch)));
        let Some((row, epoch)) = last else {
            return self.answer_all(landed).await;
        };
        let new = batch::anchored(row, epoch);
        let swap = tokio::spawn(anchor(self.parts.clone(), desk.anchored.clone(), new.clone()));
        desk.anchoring = Some(Anchoring { landed, new, swap });
    }

    /// The anchor was answered. What comes back is durable in both places and to be answered.
    async fn anchored(
        &mut self,
        desk: &mut Desk<D::Payload>,
        outcome: Result<(), AnchorError>,
    ) -> Vec<Landed<D::Payload>> {
        let Some(Anchoring { landed, new, .. }) = desk.anchoring.take() else { return Vec::new() };
        let last = landed.iter().rev().find_map(|one| one.rows.last());
        let last = last.expect("the anchor moves to a row");
        let ended = self.settle_anchor(last, &new, outcome).await;
        self.unstage(desk);
        if let Err(error) = ended {
            // What lies behind saw what nobody may be told of.
            let behind = std::mem::take(&mut desk.landed);
            landed.into_iter().chain(behind).for_each(|one| fail(one.asked, &error));
            return Vec::new();
        }
        desk.anchored = Some(new);
        self.answer_landed(desk).await;
        landed
    }

    async fn wait_for_anchor(&mut self, desk: &mut Desk<D::Payload>) {
        while desk.anchoring.is_some() {
            let outcome = swapping(&mut desk.anchoring).await;
            let landed = self.anchored(desk, outcome).await;
            self.answer_all(landed).await;
        }
    }

    /// Each by itself, unless it is the store that refuses whatever it is asked: each append that
    /// fails costs a new deciding state.
    async fn each_alone(&mut self, asked: Vec<Asked<D::Payload>>) {
        let (mut asked, mut failures) = (asked.into_iter(), 0);
        while let (true, Some(one)) = (failures < REFUSALS, asked.next()) {
            self.alone(one).await;
            let is_lost = self.lead.is_none();
            failures = if is_lost || self.may_decide() { 0 } else { failures + 1 };
        }
        let why = "the store refuses one command after another";
        fail(asked.collect(), &WriteError::Retryable(why.to_owned()));
    }

    /// One command by itself, from deciding to answering, so that a poison command fails alone.
    async fn alone(&mut self, asked: Asked<D::Payload>) {
        let mut desk = Desk::new();
        desk.again.push_back(asked);
        self.move_on(&mut desk).await;
        if desk.flight.is_some() {
            let appended = landing(&mut desk.flight).await;
            Box::pin(self.landed(&mut desk, appended)).await;
        }
        self.wait_for_anchor(&mut desk).await;
    }

    async fn answer_all(&self, landed: Vec<Landed<D::Payload>>) {
        for Landed { asked, fates, rows, .. } in landed {
            self.answer(asked, fates, rows).await;
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

/// The same answer to all of them; a caller that went away repeats with the same key.
fn fail<P>(asked: Vec<Asked<P>>, error: &WriteError) {
    asked.into_iter().for_each(|Asked { reply, .. }| drop(reply.send(Err(error.clone()))));
}

async fn landing<P>(flight: &mut Option<Flight<P>>) -> Appended {
    match flight {
        Some(flight) => join(&mut flight.landing).await,
        None => std::future::pending().await,
    }
}

async fn swapping<P>(anchoring: &mut Option<Anchoring<P>>) -> Result<(), AnchorError> {
    match anchoring {
        Some(anchoring) => join(&mut anchoring.swap).await,
        None => std::future::pending().await,
    }
}

/// Everything that waits, as far as there is room.
fn drain<P>(
    first: Option<Call<P>>,
    queue: &mut mpsc::Receiver<Call<P>>,
    desk: &mut Desk<P>,
) -> Vec<Asked<P>> {
    let room = desk.room(queue.len() + 1);
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
        let full = all.len() >= room || desk.ending;
        next = if full { None } else { queue.try_recv().ok() };
    }
    all
}
