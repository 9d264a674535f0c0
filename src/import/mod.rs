//! 导入 — take over the history of a site from an older system, line by line, none dropped.
//!
//! `history` reads and checks the files, `plan` turns each line into entries, this file drives
//! them through the writer. A second run recomputes every digest before it writes anything.

mod history;
mod plan;
mod summary;

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use annals_events::command::{self, CloseImport, Command, OpenImport, Text};
use annals_events::entry::{Authentication, CommandInfo};
use annals_events::id::{AccountId, ImportId, SiteId};
use annals_events::ledger::Act;
use annals_events::text::PublicName;
use annals_events::{Event, Hash, Header, Time, entry, import};
use annals_projections::State;
use annals_projections::ledger::Import;
use uuid::Uuid;

use crate::app::{App, random};
use crate::commands::Payload;
use crate::error::Failure;
use crate::ledger::{Request, WriteError};
use crate::store::{BodyRef, Row};

pub use history::History;
use plan::{Boards, Planned};
pub use summary::Summary;

/// What to import, by whom.
pub struct Order<'a> {
    /// Public name of the site.
    pub site: PublicName,
    /// The changes, one JSON object a line.
    pub changes: &'a Path,
    /// The bodies they name.
    pub bodies: Option<&'a Path>,
    /// Who proposes opening and closing and gives the lines.
    pub opened_by: AccountId,
    /// Who confirms both.
    pub closed_by: AccountId,
    /// Every line happened before this; without it, the moment of opening.
    pub cut_over: Option<Time>,
    /// Stop after so many lines, unclosed; for tests of going on.
    pub stop_after: Option<u64>,
    /// Begin a further import though another of this site was closed.
    pub further: bool,
}

/// Something a caller sees of the progress.
pub type Progress<'a> = &'a (dyn Fn(u64, u64) + Send + Sync);

/// Import, or go on with, or find whole, a history. Both files are read and checked before the
/// first entry is written.
pub async fn run(app: &App, order: &Order<'_>, progress: Progress<'_>) -> Result<Summary, Failure> {
    let mut history = History::read(order.changes)?;
    app.ledger().catch_up().await?;
    let end = order.stop_after.map_or(history.len(), |stop| stop.min(history.len()));
    let (id, import, secret, already, unnamed) = match find(app, order, &history).await? {
        Some((id, import, secret)) => {
            let already = compare(app, &history, id, &import, secret).await?;
            history.check_times(import.cut_over)?;
            let site = import.site;
            let unnamed = store_bodies(app, order, &mut history, site, already, end).await?;
            (id, import, secret, already, unnamed)
        }
        None => {
            let opening = prepare(app, order, &history).await?;
            let site = opening.command.site;
            let unnamed = store_bodies(app, order, &mut history, site, 0, end).await?;
            let (id, secret) = (opening.id, opening.command.secret);
            let import = open(app, order, opening).await?;
            (id, import, secret, 0, unnamed)
        }
    };
    let mut boards = Boards::load(app, order.site.clone(), &import, id).await?;
    let lines = Lines { app, order, id, import: &import, secret };
    lines.write(&history, &mut boards, already, end, progress).await?;
    let whole = end == history.len();
    if whole && !import.closed {
        close(app, order, id, &history).await?;
    }
    let mut summary = summary::summarise(app, id, &import).await?;
    summary.closed = whole || import.closed;
    summary.lines = history.len();
    summary.already = already;
    summary.appended = end.saturating_sub(already);
    summary.bodies_unnamed = unnamed;
    Ok(summary)
}

/// The import of this site that this file belongs to.
async fn find(
    app: &App,
    order: &Order<'_>,
    history: &History,
) -> Result<Option<(ImportId, Import, Hash)>, Failure> {
    let found = {
        let serving = app.ledger().follower().serving().await;
        let State { sites, ledger, .. } = &serving.state;
        let named = sites.named(order.site.as_str());
        let all = ledger.imports();
        // Before its first line the name of a new site is nowhere: there the source decides.
        let pending =
            |import: &Import| sites.get(import.site).is_none() && import.source == history.source();
        let of_site: Vec<_> = all
            .iter()
            .filter(|(_, import)| named == Some(import.site) || pending(import))
            .collect();
        let same = of_site.iter().rev().find(|(_, import)| import.source == history.source());
        let open = of_site.iter().rev().find(|(_, import)| !import.closed);
        let newest = of_site.last();
        let found = same.or(open).or(newest.filter(|_| !order.further));
        found.map(|(id, import)| (*id, (*import).clone()))
    };
    let Some((id, import)) = found else { return Ok(None) };
    let rows = app.store().read_at(&[import.opened]).await?;
    let secret = rows.first().and_then(secret_of);
    let secret = secret.ok_or_else(|| {
        Failure::refused("the secret of the import is not readable: its lines cannot be compared")
    })?;
    Ok(Some((id, import, secret)))
}

fn secret_of(row: &Row) -> Option<Hash> {
    let event = Event::read("ledger.import_opened", 1, &row.facts).ok()?;
    let text = Text::of(&event, row.private.as_ref().map(|(_, bytes)| bytes.as_slice()))?;
    match Command::read("open_import", text.command.as_bytes()).ok()? {
        Command::OpenImport(open) => Some(open.secret),
        _ => None,
    }
}

/// An import to be opened.
struct Opening {
    id: ImportId,
    command: OpenImport,
}

async fn prepare(app: &App, order: &Order<'_>, history: &History) -> Result<Opening, Failure> {
    let id = ImportId(Uuid::now_v7());
    let site = {
        let serving = app.ledger().follower().serving().await;
        serving.state.sites.named(order.site.as_str())
    };
    let site = site.unwrap_or_else(|| SiteId(import::thing_id(id, 0, 0)));
    let now = app.now();
    let cut_over = order.cut_over.unwrap_or(now);
    if cut_over > now {
        return Err(Failure::input(format!("--cut-over: {cut_over} is to come")));
    }
    history.check_times(cut_over)?;
    let (lines, source) = (history.len(), history.source());
    let command = OpenImport { cut_over, lines, secret: random()?, site, source };
    Ok(Opening { id, command })
}

async fn open(app: &App, order: &Order<'_>, opening: Opening) -> Result<Import, Failure> {
    let (by, with, id) = (order.opened_by, order.closed_by, opening.id);
    let command = Command::OpenImport(opening.command);
    app.two_persons(Act::OpenImport, by, with, id.into(), command).await?;
    app.ledger().catch_up().await?;
    let serving = app.ledger().follower().serving().await;
    let import = serving.state.ledger.import(id).cloned();
    import.ok_or_else(|| Failure::fault("the import was not folded"))
}

async fn close(
    app: &App,
    order: &Order<'_>,
    id: ImportId,
    history: &History,
) -> Result<(), Failure> {
    let command =
        Command::CloseImport(CloseImport { lines: history.len(), source: history.source() });
    let (by, with) = (order.opened_by, order.closed_by);
    app.two_persons(Act::CloseImport, by, with, id.into(), command).await?;
    Ok(())
}

/// Every line that is written must be this file's line: names the first that is not. Answers how
/// many are written.
async fn compare(
    app: &App,
    history: &History,
    id: ImportId,
    import: &Import,
    secret: Hash,
) -> Result<u64, Failure> {
    let differs = |line: u64, why: &str| {
        Err(Failure::refused(format!("line {line} is not the one imported before: {why}")))
    };
    let numbers: Vec<u64> = (0..import.next).collect();
    for page in numbers.chunks(500) {
        let keys: Vec<[u8; 16]> =
            page.iter().map(|line| import::key(id, *line).0.into_bytes()).collect();
        let rows = app.store().read_commands(&keys).await?;
        let mut digests = BTreeMap::new();
        for row in rows {
            let header = Header::parse(&row.header).map_err(Failure::unsound)?;
            if let Some(info) = header.command {
                digests.insert(info.key, info.digest);
            }
        }
        for line in page {
            let Some(text) = history.text(*line) else {
                return differs(*line, "the file is shorter");
            };
            let digest = command::digest(&import::nonce(&secret, *line), text.as_bytes());
            if digests.get(&import::key(id, *line)) != Some(&digest) {
                return differs(*line, "its text differs");
            }
        }
    }
    if import.lines != history.len() || import.source != history.source() {
        return differs(import.next, "the import was opened for another file");
    }
    Ok(import.next)
}

/// Upload the bodies that lines `from..end` name and the ledger has not. Answers how many of the
/// bodies supplied no line names.
async fn store_bodies(
    app: &App,
    order: &Order<'_>,
    history: &mut History,
    site: SiteId,
    from: u64,
    end: u64,
) -> Result<u64, Failure> {
    let named = history.digests();
    let site = site.0.into_bytes();
    let digests: Vec<[u8; 32]> = named.iter().map(|digest| digest.0).collect();
    for page in digests.chunks(1_000) {
        for known in app.store().body_digests(site, page).await? {
            history.know(Hash(known.sha256), Hash(known.body));
        }
    }
    // The index from digest to body is believed only where the body has the digest.
    let unmeasured = history.unmeasured(from, end);
    let ids: Vec<[u8; 32]> = unmeasured.iter().map(|(id, _)| *id).collect();
    let mut held = BTreeSet::new();
    for page in ids.chunks(64) {
        for body in app.store().bodies(page).await? {
            let length = body.bytes.len() as u64;
            let digest = Hash::of(&[&body.bytes]);
            let is_whole = entry::body_id(&body.salt, &body.bytes).0 == body.id;
            if is_whole && unmeasured.contains(&(body.id, digest)) {
                held.insert(digest);
                history.measure(digest, length);
            }
        }
    }
    unmeasured.iter().filter(|(_, d)| !held.contains(d)).for_each(|(_, d)| history.forget(*d));
    let mut missing = history.unknown(from, end);
    let mut unnamed = 0;
    if let Some(path) = order.bodies {
        let mut bodies = history::Bodies::open(path)?;
        while let Some(page) = bodies.next_page()? {
            let (wanted, rest): (Vec<_>, Vec<_>) =
                page.into_iter().partition(|body| missing.remove(&body.sha256));
            unnamed += rest.iter().filter(|body| !named.contains(&body.sha256)).count() as u64;
            history.upload(app.store(), wanted).await?;
        }
    }
    history.check_lengths(from, end)?;
    Ok(unnamed)
}

struct Lines<'a> {
    app: &'a App,
    order: &'a Order<'a>,
    id: ImportId,
    import: &'a Import,
    secret: Hash,
}

/// Lines on their way to the writer at once.
const IN_FLIGHT: usize = 512;

impl Lines<'_> {
    async fn write(
        &self,
        history: &History,
        boards: &mut Boards,
        from: u64,
        end: u64,
        progress: Progress<'_>,
    ) -> Result<(), Failure> {
        let app = self.app;
        let actor = app.actor(self.order.opened_by, Authentication::Local).await;
        let actor = actor.ok_or_else(|| Failure::input("the opening account is unknown"))?;
        let seen = {
            let rows = app.store().read_at(&[self.import.opened]).await?;
            rows.first().map_or(Hash::ZERO, |row| Hash(row.leaf))
        };
        let issued_at = app.now();
        let mut line = from;
        while line < end {
            let page_end = (line + IN_FLIGHT as u64).min(end);
            let mut calls = Vec::new();
            for number in line..page_end {
                let Some((text, parsed)) = history.line(number) else { break };
                let occurred_at = parsed.at().unwrap_or_default();
                let body = parsed.sha256.and_then(|digest| history.body(digest));
                let Planned { drafts, upload } =
                    boards.plan(self.id, self.import, parsed, text, body, &actor)?;
                let nonce = import::nonce(&self.secret, number);
                let command = CommandInfo {
                    digest: command::digest(&nonce, text.as_bytes()),
                    index: 0,
                    issued_at,
                    key: import::key(self.id, number),
                    name: import::LINE_COMMAND.to_owned(),
                    of: 1,
                    seen,
                    stream: self.id.into(),
                };
                calls.push(Request {
                    account: actor.account,
                    command,
                    text: text.as_bytes().to_vec(),
                    nonce_is_ours: false,
                    uploads: self.body_refs(upload),
                    payload: Payload::Line {
                        drafts,
                        actor: actor.clone(),
                        cause: self.import.opened,
                        occurred_at,
                    },
                });
            }
            self.submit(line, calls).await?;
            line = page_end;
            progress(line, end);
        }
        Ok(())
    }

    fn body_refs(&self, upload: Option<Hash>) -> Vec<BodyRef> {
        let site = self.import.site.0.into_bytes();
        upload.into_iter().map(|id| BodyRef { id: id.0, site }).collect()
    }

    /// All of a page wait in the writer's queue at once, in order.
    async fn submit(&self, first: u64, calls: Vec<Request<Payload>>) -> Result<(), Failure> {
        let mut waiting = Vec::with_capacity(calls.len());
        for call in calls {
            waiting.push(self.app.ledger().enqueue(call).await?);
        }
        for (line, answer) in (first..).zip(waiting) {
            answer.answer().await.map_err(|error| at_line(line, error))?;
        }
        Ok(())
    }
}

fn at_line(line: u64, error: WriteError) -> Failure {
    let mut failure = Failure::from(error);
    failure.sentence = format!("line {line}: {}", failure.sentence);
    failure
}
