//! 账本 — acts of two persons, seals, the opening and closing of imports.

use annals_events::attributes::Attributes;
use annals_events::command::{Command, OpenImport, ProposeAct, Text};
use annals_events::id::{AccountId, ImportId, SiteId};
use annals_events::import::thing_id;
use annals_events::ledger::{Act, Event, ImportClosed, ImportFormat, ImportOpened, StateSealed};
use annals_events::{Hash, Time};

use super::town::{LINES, Town, cut_over, saying, source};
use super::{Row, hold};
use crate::harness::scribe::{Draft, key};

/// The act that the town's open proposal is for, as its second person does it.
fn open(t: &Town, by: AccountId, cause: Option<u64>) -> Draft {
    let text = Text {
        command: String::from_utf8(t.open_command().to_bytes()).expect("JSON is UTF-8"),
        nonce: Hash::ZERO,
    };
    let mut draft = t.scribe.commanded(by, t.proposed, &t.open_command(), cause);
    let (event, private) = t.open_command().written(&text).expect("not a rotation").parts();
    (draft.event, draft.private) = (event, private);
    draft.command = Some(t.scribe.info("open_import", t.proposed.into(), text.digest()));
    draft
}

fn opened(t: &Town, site: SiteId, cut_over: Time, lines: u64) -> Event {
    let format = ImportFormat::History;
    assert!(t.scribe.chain.size() > 0);
    Event::ImportOpened(ImportOpened { cut_over, format, lines, site, source: source() })
}

/// A site that the proposed import would bring.
fn to_come(t: &Town) -> SiteId {
    SiteId(thing_id(t.proposed, 0, 0))
}

/// The closing of an import by the auditor, which nobody proposed.
fn close(t: &Town, import: ImportId, lines: u64, source: Hash) -> Draft {
    let command = Command::CloseImport(annals_events::command::CloseImport { lines, source });
    let draft = t.scribe.commanded(t.administrator, import, &command, Some(t.proposal));
    saying(draft, Event::ImportClosed(ImportClosed { lines, source }))
}

fn seal(t: &Town, size: u64) -> Draft {
    let folds = t.scribe.state.digests();
    Draft::internal(t.scribe.ledger, Event::StateSealed(StateSealed { folds, size }))
}

pub const ROWS: &[Row] = &[
    Row {
        when: "the state is sealed over all entries before",
        then: &[],
        draft: |t| seal(t, t.scribe.chain.size()),
    },
    Row {
        when: "a seal leaves an entry out",
        then: &["seal_size"],
        draft: |t| seal(t, t.scribe.chain.size() - 1),
    },
    Row {
        when: "a seal leaves a fold out",
        then: &["seal_folds"],
        draft: |t| {
            let (mut folds, size) = (t.scribe.state.digests(), t.scribe.chain.size());
            folds.remove(0);
            Draft::internal(t.scribe.ledger, Event::StateSealed(StateSealed { folds, size }))
        },
    },
    Row {
        when: "a seal stands in the stream of an import",
        then: &["seal_stream"],
        draft: |t| Draft { stream: t.whole.into(), ..seal(t, t.scribe.chain.size()) },
    },
    Row {
        when: "an act is proposed",
        then: &[],
        draft: |t| {
            let propose = ProposeAct { act: Act::CloseImport, digest: Hash::ZERO };
            t.by(t.administrator, t.whole, &Command::ProposeAct(propose))
        },
    },
    Row {
        when: "a person of another duty does what was proposed",
        then: &[],
        draft: |t| open(t, t.auditor, Some(t.proposal)),
    },
    Row {
        when: "nobody proposed the act",
        then: &["proposal_missing"],
        draft: |t| open(t, t.reviewer, None),
    },
    Row {
        when: "its cause is an entry that proposes nothing",
        then: &["proposal_missing"],
        draft: |t| open(t, t.auditor, Some(0)),
    },
    Row {
        when: "its proposal was used before",
        then: &["proposal_missing"],
        draft: |t| open(t, t.auditor, Some(t.opened - 1)),
    },
    Row {
        when: "who proposed does it himself",
        then: &["one_person", "one_duty"],
        draft: |t| open(t, t.administrator, Some(t.proposal)),
    },
    Row {
        when: "another command than the one proposed is given",
        then: &["proposal_differs"],
        draft: |t| {
            let mut draft = open(t, t.auditor, Some(t.proposal));
            draft.command.iter_mut().for_each(|command| command.digest = Hash::ZERO);
            draft
        },
    },
    Row {
        when: "the act is done in another stream than the one proposed",
        then: &["proposal_differs"],
        draft: |t| {
            let site = SiteId(thing_id(ImportId(t.unknown()), 0, 0));
            let mut draft = open(t, t.auditor, Some(t.proposal));
            draft.stream = ImportId(t.unknown()).into();
            saying(draft, opened(t, site, cut_over(), 1))
        },
    },
    Row {
        when: "an import is opened that was opened before",
        then: &["import_exists", "proposal_differs"],
        draft: |t| {
            let mut draft = open(t, t.auditor, Some(t.proposal));
            draft.stream = t.closed.into();
            saying(draft, opened(t, t.site, cut_over(), 1))
        },
    },
    Row {
        when: "its site is neither there nor to come with it",
        then: &["site_unknown"],
        draft: |t| {
            let draft = open(t, t.auditor, Some(t.proposal));
            saying(draft, opened(t, SiteId(t.unknown()), cut_over(), 1))
        },
    },
    Row {
        when: "it has no lines",
        then: &["import_span"],
        draft: |t| {
            let draft = open(t, t.auditor, Some(t.proposal));
            saying(draft, opened(t, to_come(t), cut_over(), 0))
        },
    },
    Row {
        when: "its cut-over is still to come",
        then: &["import_span"],
        draft: |t| {
            let later = Time::from_micros(t.scribe.now.micros() + 1).expect("in range");
            let draft = open(t, t.auditor, Some(t.proposal));
            saying(draft, opened(t, to_come(t), later, 1))
        },
    },
    Row {
        when: "another import of the site is not closed",
        then: &["import_running"],
        draft: |t| {
            let draft = open(t, t.auditor, Some(t.proposal));
            saying(draft, opened(t, t.imported_site, cut_over(), 1))
        },
    },
    Row {
        when: "an import is opened for a site whose earlier import is closed",
        then: &[],
        draft: |t| {
            let site = SiteId(thing_id(t.closed, 0, 0));
            let draft = open(t, t.auditor, Some(t.proposal));
            saying(draft, opened(t, site, cut_over(), 1))
        },
    },
    Row {
        when: "an import is closed before its last line",
        then: &["import_not_whole", "proposal_differs", "one_person", "one_duty"],
        draft: |t| close(t, t.import, LINES, source()),
    },
    Row {
        when: "an import is closed for another source",
        then: &["import_not_whole", "proposal_differs", "one_person", "one_duty"],
        draft: |t| close(t, t.whole, 1, Hash::ZERO),
    },
    Row {
        when: "an import is closed with another number of lines",
        then: &["import_not_whole", "proposal_differs", "one_person", "one_duty"],
        draft: |t| close(t, t.whole, 2, source()),
    },
    Row {
        when: "an import is closed twice",
        then: &["import_not_whole", "proposal_differs", "one_person", "one_duty"],
        draft: |t| close(t, t.closed, 1, source()),
    },
    Row {
        when: "an import that is whole is closed by one person",
        then: &["proposal_differs", "one_person", "one_duty"],
        draft: |t| close(t, t.whole, 1, source()),
    },
    Row {
        when: "a log key is replaced and nobody proposed it",
        then: &["proposal_missing"],
        draft: |t| {
            let text = Text { command: "{}".to_owned(), nonce: Hash::ZERO };
            t.scribe.rotation(t.auditor, &text, &key("log 2"), 0)
        },
    },
    Row {
        when: "a log key is replaced on a proposal of another act",
        then: &["proposal_differs"],
        draft: |t| {
            let text = Text { command: "{}".to_owned(), nonce: Hash::ZERO };
            t.scribe.rotation(t.auditor, &text, &key("log 2"), t.proposal)
        },
    },
];

#[test]
fn acts_seals_and_imports_follow_their_rules() {
    hold(ROWS);
}

#[test]
fn two_persons_of_one_duty_are_not_enough() {
    let mut town = Town::build();
    let second = AccountId(town.scribe.id());
    let (duty, name) = (annals_events::account::Duty::Administrator, "钱二".to_owned());
    let organisation = town.organisation;
    let open_account = annals_events::command::OpenAccount {
        attributes: Attributes::default(),
        duty,
        name,
        organisation,
        person: None,
    };
    town.scribe.give(town.administrator, second, &Command::OpenAccount(open_account));
    let findings = town.scribe.judge(&open(&town, second, Some(town.proposal)));
    assert_eq!(findings.iter().map(|found| &*found.name).collect::<Vec<_>>(), ["one_duty"]);
}

#[test]
fn the_command_that_opens_an_import_is_the_one_the_proposal_names() {
    let town = Town::build();
    let Command::OpenImport(OpenImport { lines, site, .. }) = town.open_command() else {
        panic!("not the opening of an import")
    };
    assert_eq!((lines, site), (1, to_come(&town)));
}
