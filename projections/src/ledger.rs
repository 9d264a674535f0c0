//! 账本 — acts waiting for their second person, and imports.

use std::collections::{BTreeMap, BTreeSet};

use annals_events::entry::Provenance;
use annals_events::id::{AccountId, ImportId, LedgerId, SiteId, Stream};
use annals_events::ledger::{Act, ActProposed, Event as LedgerEvent, ImportOpened};
use annals_events::platform::Event as PlatformEvent;
use annals_events::{Event, Hash, Time};
use serde::{Deserialize, Serialize};

use crate::fold::{Fold, Frame, exact, row};

/// 提议 — an act that somebody proposed and nobody has done yet.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Proposal {
    /// Which act.
    pub act: Act,
    /// Who proposed.
    pub by: AccountId,
    /// Digest of the command that the act will carry.
    pub digest: Hash,
    /// The stream the act is aimed at.
    pub stream: Stream,
}

/// 导入 — the state of one import.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Import {
    /// Whether it was closed.
    pub closed: bool,
    /// Every line happened before this.
    pub cut_over: Time,
    /// How many lines there are to be.
    pub lines: u64,
    /// The line to come.
    pub next: u64,
    /// Position of its opening.
    pub opened: u64,
    /// Who proposed it and gives the lines.
    pub proposed_by: AccountId,
    /// Its site.
    pub site: SiteId,
    /// SHA-256 of the source file.
    pub source: Hash,
}

/// The ledger's own state.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Ledger {
    id: Option<LedgerId>,
    engine: u32,
    proposals: BTreeMap<u64, Proposal>,
    imports: BTreeMap<ImportId, Import>,
    /// Sites of imports that are not closed; follows from `imports`.
    open_sites: BTreeSet<SiteId>,
}

impl Ledger {
    /// The ledger itself: where it speaks of itself; `None` before genesis.
    pub fn id(&self) -> Option<LedgerId> {
        self.id
    }

    /// Which version of the rules as code writes now.
    pub fn engine(&self) -> u32 {
        self.engine
    }

    /// The open proposal at this position.
    pub fn proposal(&self, position: u64) -> Option<&Proposal> {
        self.proposals.get(&position)
    }

    /// One import.
    pub fn import(&self, id: ImportId) -> Option<&Import> {
        self.imports.get(&id)
    }

    /// Whether an import of this site is not closed.
    pub fn is_importing(&self, site: SiteId) -> bool {
        self.open_sites.contains(&site)
    }

    /// All imports in the order they were opened.
    pub fn imports(&self) -> Vec<(ImportId, &Import)> {
        let mut all: Vec<_> = self.imports.iter().map(|(id, import)| (*id, import)).collect();
        all.sort_by_key(|(_, import)| import.opened);
        all
    }

    fn propose(&mut self, frame: &Frame<'_>, proposed: &ActProposed) {
        let Some(actor) = frame.actor else { return };
        let (act, digest) = (proposed.act, proposed.digest);
        let proposal = Proposal { act, by: actor.account, digest, stream: frame.stream };
        self.proposals.insert(frame.position, proposal);
    }

    /// What was proposed is done: nobody can do it again.
    fn do_act(&mut self, frame: &Frame<'_>) {
        frame.cause.and_then(|cause| self.proposals.remove(&cause));
    }

    fn open_import(&mut self, frame: &Frame<'_>, opened: &ImportOpened) {
        let Some(proposal) = frame.cause.and_then(|cause| self.proposals.remove(&cause)) else {
            return;
        };
        self.open_sites.insert(opened.site);
        self.imports.insert(
            ImportId(frame.stream.id),
            Import {
                closed: false,
                cut_over: opened.cut_over,
                lines: opened.lines,
                next: 0,
                opened: frame.position,
                proposed_by: proposal.by,
                site: opened.site,
                source: opened.source,
            },
        );
    }
}

impl Fold for Ledger {
    const NAME: &'static str = "ledger";
    const VERSION: u32 = 2;

    fn apply(&mut self, frame: &Frame<'_>, event: &Event) {
        if let Event::Platform(event) = event {
            match event {
                PlatformEvent::ActProposed(proposed) => self.propose(frame, proposed),
                PlatformEvent::ProfileAdopted(_) => self.do_act(frame),
                _ => {}
            }
            return;
        }
        let Event::Ledger(event) = event else {
            let imported = frame.provenance == Provenance::Imported && frame.ends_command();
            let line = event.imported().filter(|_| imported);
            let Some(line) = line else { return };
            if let Some(import) = self.imports.get_mut(&line.import) {
                import.next = line.line.saturating_add(1);
            }
            return;
        };
        match event {
            LedgerEvent::ActProposed(proposed) => self.propose(frame, proposed),
            LedgerEvent::ImportOpened(opened) => self.open_import(frame, opened),
            LedgerEvent::ImportClosed(_) | LedgerEvent::KeyRotated(_) => {
                self.do_act(frame);
                let closes = matches!(event, LedgerEvent::ImportClosed(_));
                let import = self.imports.get_mut(&ImportId(frame.stream.id));
                if let Some(import) = import.filter(|_| closes) {
                    import.closed = true;
                    self.open_sites.remove(&import.site);
                }
            }
            LedgerEvent::Genesis(genesis) => {
                self.id = Some(LedgerId(frame.stream.id));
                self.engine = genesis.engine;
            }
            LedgerEvent::EpochStarted(started) => self.engine = started.engine,
            LedgerEvent::StateSealed(_) => {}
        }
    }

    fn rows(&self) -> Vec<Vec<u8>> {
        let proposals = self.proposals.iter().map(|(at, proposal)| row(&(0u8, at, proposal)));
        let imports = self.imports.iter().map(|(id, import)| row(&(1u8, id, import)));
        let id = self.id.iter().map(|id| row(&(2u8, id, self.engine)));
        proposals.chain(imports).chain(id).collect()
    }

    fn from_rows(rows: Vec<Vec<u8>>) -> Option<Self> {
        let mut ledger = Ledger::default();
        for row in rows {
            match row.first()? {
                0 => {
                    let (_, at, proposal) = exact::<(u8, u64, Proposal)>(&row)?;
                    ledger.proposals.insert(at, proposal);
                }
                1 => {
                    let (_, id, import) = exact::<(u8, ImportId, Import)>(&row)?;
                    if !import.closed {
                        ledger.open_sites.insert(import.site);
                    }
                    ledger.imports.insert(id, import);
                }
                2 => {
                    let (_, id, engine) = exact::<(u8, LedgerId, u32)>(&row)?;
                    (ledger.id, ledger.engine) = (Some(id), engine);
                }
                _ => return None,
            }
        }
        Some(ledger)
    }
}
