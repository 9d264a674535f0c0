//! 信息 — drafted, reviewed, shown, moved, withdrawn: what may follow what.

use annals_events::Hash;
use annals_events::attributes::Attributes;
use annals_events::command::{self, Command};
use annals_events::content::{self, Change, Event};
use annals_events::id::{AccountId, ContentId, SiteId};
use annals_events::sorted::Sorted;
use annals_events::text::Word;

use super::district::form;
use super::town::{Town, changed, saying, shown};
use super::{Row, hold};
use crate::harness::scribe::Draft;

fn correct(t: &Town, body: Hash) -> Command {
    let (path, site) = ("a.html".to_owned(), t.site);
    Command::CorrectContent(command::CorrectContent { body, bytes: 6, path, site, title: None })
}

fn moved(t: &Town) -> Command {
    let (from, path) = ("a.html".to_owned(), "b.html".to_owned());
    Command::MoveContent(command::MoveContent { from, path, site: t.site })
}

fn submitted(body: Hash, site: SiteId) -> Event {
    let attributes = Attributes::default();
    Event::Submitted(content::Submitted { attributes, body, provider: None, site })
}

fn returned(t: &Town, body: Hash) -> Event {
    Event::Returned(content::Returned { body, level: Word::of("final"), site: t.site })
}

fn revised(t: &Town, body: Hash) -> Event {
    let (level, site) = (Word::of("final"), t.site);
    Event::Revised(content::Revised { body, bytes: 9, level, site })
}

fn archive(t: &Town, content: ContentId) -> Draft {
    t.deed(t.editor, content, Event::Archived(content::Archived { site: t.site }))
}

fn works(t: &Town, by: AccountId, event: Event) -> Draft {
    t.deed(by, t.drafted, event)
}

/// Commands on content, in the order of a page's life.
pub const ROWS: &[Row] = &[
    Row {
        when: "a new page is drafted",
        then: &[],
        draft: |t| t.step(Town::draft, t.editor, t.brought()),
    },
    Row {
        when: "another version is drafted while one is in work",
        then: &[],
        draft: |t| t.step(Town::draft, t.editor, t.drafted),
    },
    Row {
        when: "a draft names an unknown site",
        then: &["site_unknown", "column_unknown"],
        draft: |t| {
            let site = annals_events::id::SiteId(t.unknown());
            let draft = t.step(Town::draft, t.editor, t.brought());
            let (body, column) = (t.body, Some(t.column));
            saying(draft, Event::Drafted(content::Drafted { body, bytes: 6, column, site }))
        },
    },
    Row {
        when: "a draft names a column of another site",
        then: &["column_unknown"],
        draft: |t| {
            let draft = t.step(Town::draft, t.editor, t.brought());
            let (body, column, site) = (t.body, Some(t.other_column), t.site);
            saying(draft, Event::Drafted(content::Drafted { body, bytes: 6, column, site }))
        },
    },
    Row {
        when: "a draft names no column",
        then: &[],
        draft: |t| {
            let draft = t.step(Town::draft, t.editor, t.brought());
            let (body, site) = (t.body, t.site);
            saying(draft, Event::Drafted(content::Drafted { body, bytes: 6, column: None, site }))
        },
    },
    Row {
        when: "a draft moves a page to another site",
        then: &["content_of_other_site"],
        draft: |t| {
            let draft = t.step(Town::draft, t.editor, t.drafted);
            let (body, column, site) = (t.body, Some(t.other_column), t.other_site);
            saying(draft, Event::Drafted(content::Drafted { body, bytes: 6, column, site }))
        },
    },
    Row {
        when: "a withdrawn page is drafted again",
        then: &["content_withdrawn"],
        draft: |t| t.step(Town::draft, t.editor, t.withdrawn),
    },
    Row {
        when: "somebody else passes the version in work",
        then: &[],
        draft: |t| t.step(Town::pass, t.reviewer, t.drafted),
    },
    Row {
        when: "a page without a version in work is passed",
        then: &["draft_missing"],
        draft: |t| t.step(Town::pass, t.reviewer, t.live),
    },
    Row {
        when: "a page that nobody knows is passed",
        then: &["draft_missing"],
        draft: |t| t.step(Town::pass, t.reviewer, t.brought()),
    },
    Row {
        when: "another version than the one in work is passed",
        then: &["draft_changed"],
        draft: |t| {
            let draft = t.step(Town::pass, t.reviewer, t.drafted);
            let (body, level, site) = (Hash::ZERO, Word::of("final"), t.site);
            saying(
                draft,
                Event::ReviewPassed(content::ReviewPassed {
                    body,
                    gates: Sorted::default(),
                    level,
                    site,
                }),
            )
        },
    },
    Row {
        when: "the author passes his own version",
        then: &["reviewer_is_author"],
        draft: |t| t.step(Town::pass, t.editor, t.drafted),
    },
    Row {
        when: "a passed version is published",
        then: &[],
        draft: |t| t.step(Town::publish, t.editor, t.passed),
    },
    Row {
        when: "a version that nobody passed is published",
        then: &["review_missing"],
        draft: |t| t.step(Town::publish, t.editor, t.drafted),
    },
    Row {
        when: "another version than the one passed is published",
        then: &["review_missing"],
        draft: |t| {
            let draft = t.step(Town::publish, t.editor, t.passed);
            saying(draft, Event::Published(shown(t.site, Hash::ZERO, None)))
        },
    },
    Row {
        when: "the version passed is published with another length",
        then: &["bytes_differ"],
        draft: |t| {
            let draft = t.step(Town::publish, t.editor, t.passed);
            let longer = content::Shown { bytes: 7, ..shown(t.site, t.body, None) };
            saying(draft, Event::Published(longer))
        },
    },
    Row {
        when: "a page that is shown is published again",
        then: &["review_missing", "content_published"],
        draft: |t| t.step(Town::publish, t.editor, t.live),
    },
    Row {
        when: "a commanded entry names an import",
        then: &["content_of_import"],
        draft: |t| {
            let draft = t.step(Town::publish, t.editor, t.passed);
            let said = t.said(Change::Created);
            saying(draft, Event::Published(shown(t.site, t.body, Some(&said))))
        },
    },
    Row {
        when: "a page that is not shown is corrected",
        then: &["content_not_live"],
        draft: |t| t.by(t.editor, t.passed, &correct(t, t.body)),
    },
    Row {
        when: "a shown page is corrected without review",
        then: &["review_missing"],
        draft: |t| t.by(t.editor, t.live, &correct(t, t.body)),
    },
    Row { when: "a shown page is moved", then: &[], draft: |t| t.by(t.editor, t.live, &moved(t)) },
    Row {
        when: "a page in work is moved",
        then: &["content_not_live"],
        draft: |t| t.by(t.editor, t.drafted, &moved(t)),
    },
    Row {
        when: "a shown page is withdrawn",
        then: &[],
        draft: |t| t.step(Town::withdraw, t.reviewer, t.live),
    },
    Row {
        when: "a withdrawn page is withdrawn again",
        then: &["content_not_live"],
        draft: |t| t.step(Town::withdraw, t.reviewer, t.withdrawn),
    },
    Row {
        when: "a draft names a closed column",
        then: &["column_unknown"],
        draft: |t| {
            let draft = t.step(Town::draft, t.editor, t.brought());
            let (body, column, site) = (t.body, Some(t.district.shut), t.site);
            saying(draft, Event::Drafted(content::Drafted { body, bytes: 6, column, site }))
        },
    },
    Row {
        when: "an archived page is drafted again",
        then: &["content_archived"],
        draft: |t| t.step(Town::draft, t.editor, t.district.archived),
    },
    Row {
        when: "the version in work goes to review",
        then: &[],
        draft: |t| works(t, t.editor, submitted(t.body, t.site)),
    },
    Row {
        when: "the version in work goes to review by somebody else",
        then: &[],
        draft: |t| works(t, t.reviewer, submitted(t.body, t.site)),
    },
    Row {
        when: "the version in work goes to review for another site",
        then: &["content_of_other_site"],
        draft: |t| works(t, t.editor, submitted(t.body, t.other_site)),
    },
    Row {
        when: "another version than the one in work goes to review",
        then: &["draft_changed"],
        draft: |t| works(t, t.editor, submitted(Hash::ZERO, t.site)),
    },
    Row {
        when: "a page without a version in work goes to review",
        then: &["draft_missing"],
        draft: |t| t.deed(t.editor, t.live, submitted(t.body, t.site)),
    },
    Row {
        when: "the version in work is sent back",
        then: &[],
        draft: |t| works(t, t.reviewer, returned(t, t.body)),
    },
    Row {
        when: "another version than the one in work is sent back",
        then: &["draft_changed"],
        draft: |t| works(t, t.reviewer, returned(t, Hash::ZERO)),
    },
    Row {
        when: "a page without a version in work is sent back",
        then: &["draft_missing"],
        draft: |t| t.deed(t.reviewer, t.live, returned(t, t.body)),
    },
    Row {
        when: "a reviewer makes a version of his own",
        then: &[],
        draft: |t| works(t, t.reviewer, revised(t, Hash::ZERO)),
    },
    Row {
        when: "the author revises his own version",
        then: &["reviser_is_author"],
        draft: |t| works(t, t.editor, revised(t, Hash::ZERO)),
    },
    Row {
        when: "a page without a version in work is revised",
        then: &["draft_missing"],
        draft: |t| t.deed(t.reviewer, t.live, revised(t, Hash::ZERO)),
    },
    Row { when: "a shown page is archived", then: &[], draft: |t| archive(t, t.live) },
    Row {
        when: "a page is archived twice",
        then: &["content_not_live"],
        draft: |t| archive(t, t.district.archived),
    },
    Row {
        when: "a page in work is archived",
        then: &["content_not_live"],
        draft: |t| archive(t, t.drafted),
    },
    Row {
        when: "a withdrawn page is archived",
        then: &["content_not_live"],
        draft: |t| archive(t, t.withdrawn),
    },
    Row {
        when: "an archived page is withdrawn",
        then: &["content_not_live"],
        draft: |t| t.step(Town::withdraw, t.reviewer, t.district.archived),
    },
    Row {
        when: "an archived page is published again",
        then: &["content_published", "review_missing"],
        draft: |t| t.step(Town::publish, t.editor, t.district.archived),
    },
    Row {
        when: "a record is added to a page",
        then: &[],
        draft: |t| works(t, t.editor, Event::EvidenceRecorded(form("form", Some(t.site)))),
    },
    Row {
        when: "a record of a page names no site",
        then: &[],
        draft: |t| works(t, t.editor, Event::EvidenceRecorded(form("form", None))),
    },
    Row {
        when: "a record of a page names another site",
        then: &["content_of_other_site"],
        draft: |t| works(t, t.editor, Event::EvidenceRecorded(form("form", Some(t.other_site)))),
    },
    Row {
        when: "a record of a page names an unknown site",
        then: &["content_of_other_site", "site_unknown"],
        draft: |t| {
            let record = form("form", Some(SiteId(t.unknown())));
            works(t, t.editor, Event::EvidenceRecorded(record))
        },
    },
];

#[test]
fn content_follows_its_rules() {
    hold(ROWS);
}

/// The version in work is the one reviewed: a correction of a shown page, in three steps.
#[test]
fn a_shown_page_is_corrected_after_its_new_version_was_passed() {
    let mut town = Town::build();
    let draft = town.step(Town::draft, town.editor, town.live);
    town.scribe.write(&draft);
    let early = town.by(town.editor, town.live, &correct(&town, town.body));
    assert_eq!(town.scribe.judge(&early)[0].name, "review_missing");
    let pass = town.step(Town::pass, town.reviewer, town.live);
    town.scribe.write(&pass);
    let again = town.step(Town::publish, town.editor, town.live);
    assert_eq!(town.scribe.judge(&again)[0].name, "content_published");
    let good = town.by(town.editor, town.live, &correct(&town, town.body));
    assert_eq!(town.scribe.judge(&good), []);
    // Whoever drafts anew takes the pass away.
    let anew = town.step(Town::draft, town.editor, town.live);
    town.scribe.write(&anew);
    let stale = town.by(town.editor, town.live, &correct(&town, town.body));
    assert_eq!(town.scribe.judge(&stale)[0].name, "review_missing");
}

/// A pass counts for exactly the version that was seen, whatever was written against the rules.
#[test]
fn a_pass_of_another_version_opens_no_door() {
    for other in [Hash::ZERO, Hash([0xff; 32])] {
        let mut town = Town::build();
        let pass = town.step(Town::pass, town.reviewer, town.drafted);
        let (body, level, site) = (other, Word::of("final"), town.site);
        let passed = content::ReviewPassed { body, gates: Sorted::default(), level, site };
        let position = town.scribe.write(&saying(pass, Event::ReviewPassed(passed)));
        let findings = &town.scribe.entries[position as usize].findings;
        assert_eq!(findings.iter().map(|f| &*f.name).collect::<Vec<_>>(), ["draft_changed"]);
        let publish = town.step(Town::publish, town.editor, town.drafted);
        assert_eq!(town.scribe.judge(&publish)[0].name, "review_missing");
    }
}

#[test]
fn facts_of_a_change_are_the_same_for_a_move_and_a_withdrawal() {
    let town = Town::build();
    let facts = changed(town.site, None);
    for event in [Event::Moved(facts.clone()), Event::Withdrawn(facts)] {
        let draft = saying(town.by(town.editor, town.live, &moved(&town)), event);
        assert_eq!(town.scribe.judge(&draft), []);
    }
}
