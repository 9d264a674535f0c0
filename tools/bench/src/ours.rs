//! What Annals does: commands from one caller, from many, from one that never waits.

use std::collections::VecDeque;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use annals::app::{App, random};
use annals::cli::init::{New, init};
use annals::clock::SystemClock;
use annals::commands::Payload;
use annals::config::Home;
use annals::ledger::{Receipt, Request};
use annals::store;
use annals_events::Hash;
use annals_events::command::Text;
use annals_events::entry::{Actor, Authentication, CommandInfo};
use annals_events::ledger::Purpose;
use annals_harness::{Cluster, DatabaseUrls};
use tempfile::TempDir;
use tokio::task::JoinSet;

use crate::Failed;
use crate::desk::Desk;
use crate::figures::{Figures, Where, quantile};
use crate::limits::{millis, processor_time};

/// Commands that the pipelining caller has under way.
const IN_FLIGHT: usize = 1_024;

/// A fresh ledger.
pub struct Place {
    /// Which store.
    pub kind: Where,
    /// Keys, anchor, genesis; the SQLite file.
    pub home: Home,
    /// The database, where it is PostgreSQL's.
    pub urls: Option<DatabaseUrls>,
    /// Administrator and auditor.
    pub accounts: [annals_events::id::AccountId; 2],
    /// Leaf of the genesis entry.
    pub genesis: Hash,
    _folder: TempDir,
}

impl Place {
    /// Found it.
    pub async fn new(parent: &Path, cluster: Option<&Cluster>) -> Result<Place, Failed> {
        let folder = tempfile::tempdir_in(parent)?;
        let urls = cluster.map(Cluster::fresh_database).transpose()?;
        if let Some(urls) = &urls {
            store::migrate(&urls.owner).await?;
        }
        let home = Home::new(folder.path(), urls.as_ref().map(|urls| urls.service.clone()));
        let new = New {
            origin: "ledger.example.gov.cn/bench",
            administrator: "张建国",
            auditor: "李审计",
            organisation: "示例市人民政府办公室",
            purpose: Purpose::Test,
        };
        let (founded, _) = init(&home, &new, Arc::new(SystemClock::new()), false).await?;
        let kind = if urls.is_some() { Where::Postgres } else { Where::Sqlite };
        let (accounts, genesis) = (founded.accounts, founded.genesis);
        Ok(Place { kind, home, urls, accounts, genesis, _folder: folder })
    }
}

/// A ledger open for writing.
pub struct Ours {
    /// Where it is.
    pub place: Place,
    app: Arc<App>,
    desk: Desk,
    actor: Actor,
    span: Duration,
    given: u64,
}

impl Ours {
    /// Open it.
    pub async fn open(place: Place, span: Duration) -> Result<Ours, Failed> {
        let app = Arc::new(App::open(&place.home, false).await?);
        let desk = Desk::open(&app).await?;
        let actor = app.actor(desk.account(), Authentication::Local).await;
        let actor = actor.ok_or("the administrator is unknown")?;
        Ok(Ours { place, app, desk, actor, span, given: 1 })
    }

    /// The service.
    pub fn app(&self) -> &App {
        &self.app
    }

    /// One round of everything that is timed on a running ledger.
    pub async fn round(&mut self, figures: &mut Figures) -> Result<(), Failed> {
        let kind = self.place.kind;
        let mut one = self.callers(1).await?;
        figures.add(kind, "one_caller", one.rate);
        figures.add(kind, "one_p50", millis(quantile(&mut one.times, 0.5)));
        figures.add(kind, "one_p99", millis(quantile(&mut one.times, 0.99)));
        let before = processor_time();
        let mut many = self.callers(64).await?;
        figures.add(kind, "callers_64_cpu", micros(before, many.times.len() as u64));
        figures.add(kind, "callers_64", many.rate);
        figures.add(kind, "callers_64_p99", millis(quantile(&mut many.times, 0.99)));
        figures.add(kind, "callers_256", self.callers(256).await?.rate);
        let (begun, before) = (Instant::now(), processor_time());
        let count = self.pipeline(Enough::Time(self.span)).await?;
        figures.add(kind, "bulk_cpu", micros(before, count));
        figures.add(kind, "bulk", count as f64 / begun.elapsed().as_secs_f64());
        Ok(())
    }

    /// Write until there are so many entries.
    pub async fn fill(&mut self, size: u64) -> Result<(), Failed> {
        let now = self.app.store().head().await?.size;
        self.pipeline(Enough::Count(size.saturating_sub(now))).await?;
        Ok(())
    }

    /// Each caller gives its next command when it has the receipt of the last.
    async fn callers(&mut self, callers: u64) -> Result<Many, Failed> {
        let begun = Instant::now();
        let mut tasks = JoinSet::new();
        for caller in 0..callers {
            let (app, desk, span) = (self.app.clone(), self.desk.clone(), self.span);
            let mut number = self.given + caller;
            tasks.spawn(async move {
                let mut times = Vec::new();
                while begun.elapsed() < span {
                    let one = Instant::now();
                    app.give(desk.draft(number)).await?;
                    times.push(one.elapsed());
                    number += callers;
                }
                Ok::<_, annals::ledger::WriteError>(times)
            });
        }
        let mut times = Vec::new();
        while let Some(ended) = tasks.join_next().await {
            times.extend(ended??);
        }
        self.given += times.len() as u64 + callers;
        Ok(Many { rate: times.len() as f64 / begun.elapsed().as_secs_f64(), times })
    }

    /// One caller that keeps many commands in the writer's queue, as the import does.
    async fn pipeline(&mut self, enough: Enough) -> Result<u64, Failed> {
        let (begun, mut count) = (Instant::now(), 0);
        let mut waiting = VecDeque::with_capacity(IN_FLIGHT);
        let receive = |enqueued: annals::ledger::Enqueued| async move {
            enqueued.answer().await.map(|receipt: Receipt| receipt.entries.len() as u64)
        };
        loop {
            let done = match enough {
                Enough::Time(span) => begun.elapsed() >= span,
                Enough::Count(most) => count + waiting.len() as u64 >= most,
            };
            if done {
                break;
            }
            if waiting.len() == IN_FLIGHT
                && let Some(first) = waiting.pop_front()
            {
                count += receive(first).await?;
            }
            self.given += 1;
            let request = self.request(self.given)?;
            waiting.push_back(self.app.ledger().enqueue(request).await?);
        }
        for enqueued in waiting {
            count += receive(enqueued).await?;
        }
        Ok(count)
    }

    fn request(&self, number: u64) -> Result<Request<Payload>, Failed> {
        let given = self.desk.draft(number);
        let text = Text { command: String::from_utf8(given.command.to_bytes())?, nonce: random()? };
        let command = CommandInfo {
            digest: text.digest(),
            index: 0,
            issued_at: self.app.now(),
            key: given.key,
            name: given.command.name().to_owned(),
            of: 1,
            seen: Hash::ZERO,
            stream: given.stream,
        };
        let (bytes, actor) = (text.command.clone().into_bytes(), self.actor.clone());
        let payload = Payload::Command {
            command: Box::new(given.command),
            text,
            actor,
            signature: None,
            cause: None,
        };
        let account = self.actor.account;
        let uploads = Vec::new();
        Ok(Request { account, command, text: bytes, nonce_is_ours: true, uploads, payload })
    }

    /// Stop cleanly: checkpoint, index, snapshot.
    pub async fn stop(self) -> Result<Place, Failed> {
        let app = Arc::into_inner(self.app).ok_or("a caller is still there")?;
        app.stop().await?;
        Ok(self.place)
    }
}

/// Microseconds of processor time for each of so many commands.
fn micros(before: Duration, commands: u64) -> f64 {
    (processor_time() - before).as_secs_f64() * 1e6 / commands.max(1) as f64
}

struct Many {
    rate: f64,
    times: Vec<Duration>,
}

#[derive(Clone, Copy)]
enum Enough {
    Time(Duration),
    Count(u64),
}
