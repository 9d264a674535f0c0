//! 留言 — received, assigned, answered, made public: what may follow what.

use annals_events::attributes::Attributes;
use annals_events::id::{MessageId, OrganisationId, SiteId};
use annals_events::message::{
    Answered, Assigned, Event, Published, Received, ReplyDrafted, ReplyPassed, ReplyPromised,
};
use annals_events::text::{Day, Word};

use super::district::{earlier, form};
use super::town::Town;
use super::{Row, hold};
use crate::harness::scribe::Draft;

fn new(t: &Town) -> MessageId {
    MessageId(t.unknown())
}

fn does(t: &Town, message: MessageId, event: Event) -> Draft {
    t.deed(t.editor, message, event)
}

fn receive(t: &Town, message: MessageId, site: SiteId) -> Draft {
    does(t, message, Event::Received(Received { attributes: Attributes::default(), site }))
}

fn assign(t: &Town, message: MessageId, organisation: OrganisationId) -> Draft {
    does(t, message, Event::Assigned(Assigned { organisation, site: t.site }))
}

fn promise(t: &Town, message: MessageId) -> Draft {
    let by = Day::new("2026-12-01").expect("a day");
    does(t, message, Event::ReplyPromised(ReplyPromised { by, site: t.site }))
}

fn write(t: &Town, message: MessageId) -> Draft {
    does(t, message, Event::ReplyDrafted(ReplyDrafted { site: t.site }))
}

fn pass(t: &Town, message: MessageId, reply: u64) -> Draft {
    let (level, site) = (Word::of("final"), t.site);
    t.deed(t.reviewer, message, Event::ReplyPassed(ReplyPassed { level, reply, site }))
}

fn answer(t: &Town, message: MessageId, reply: u64) -> Draft {
    does(t, message, Event::Answered(Answered { reply, site: t.site }))
}

fn publish(t: &Town, message: MessageId) -> Draft {
    does(t, message, Event::Published(Published { site: t.site }))
}

pub const ROWS: &[Row] = &[
    Row { when: "a message comes in", then: &[], draft: |t| receive(t, new(t), t.site) },
    Row {
        when: "a message came in earlier",
        then: &[],
        draft: |t| {
            let (attributes, site) = (Attributes::default(), t.site);
            let event = Event::Received(Received { attributes, site });
            t.told(t.editor, new(t), event, earlier(t.scribe.now))
        },
    },
    Row {
        when: "a message comes in twice",
        then: &["message_exists"],
        draft: |t| receive(t, t.district.fresh, t.site),
    },
    Row {
        when: "a message comes in at an unknown site",
        then: &["site_unknown"],
        draft: |t| receive(t, new(t), SiteId(t.unknown())),
    },
    Row {
        when: "a message is assigned",
        then: &[],
        draft: |t| assign(t, t.district.fresh, t.district.bureau),
    },
    Row {
        when: "a message that nobody knows is assigned",
        then: &["message_unknown"],
        draft: |t| assign(t, new(t), t.organisation),
    },
    Row {
        when: "a message is assigned to an unknown organisation",
        then: &["organisation_unknown"],
        draft: |t| assign(t, t.district.fresh, OrganisationId(t.unknown())),
    },
    Row {
        when: "a message is assigned as another site's",
        then: &["message_of_other_site"],
        draft: |t| {
            let (organisation, site) = (t.organisation, t.other_site);
            let assigned = Assigned { organisation, site };
            does(t, t.district.fresh, Event::Assigned(assigned))
        },
    },
    Row {
        when: "a message is assigned as an unknown site's",
        then: &["message_of_other_site", "site_unknown"],
        draft: |t| {
            let (organisation, site) = (t.organisation, SiteId(t.unknown()));
            let assigned = Assigned { organisation, site };
            does(t, t.district.fresh, Event::Assigned(assigned))
        },
    },
    Row { when: "an answer is promised", then: &[], draft: |t| promise(t, t.district.fresh) },
    Row {
        when: "an answer is promised to nobody",
        then: &["message_unknown"],
        draft: |t| promise(t, new(t)),
    },
    Row { when: "an answer is drafted", then: &[], draft: |t| write(t, t.district.fresh) },
    Row { when: "an answer is drafted anew", then: &[], draft: |t| write(t, t.district.asked) },
    Row {
        when: "an answer is drafted to nobody",
        then: &["message_unknown"],
        draft: |t| write(t, new(t)),
    },
    Row {
        when: "an answer is drafted after the answer",
        then: &["message_answered"],
        draft: |t| write(t, t.district.answered),
    },
    Row {
        when: "the newest draft is passed",
        then: &[],
        draft: |t| pass(t, t.district.asked, t.district.newer),
    },
    Row {
        when: "an older draft is passed",
        then: &["reply_changed"],
        draft: |t| pass(t, t.district.asked, t.district.older),
    },
    Row {
        when: "an answer is passed that nobody drafted",
        then: &["reply_changed"],
        draft: |t| pass(t, t.district.fresh, t.district.newer),
    },
    Row {
        when: "an answer is passed after the answer",
        then: &["message_answered"],
        draft: |t| pass(t, t.district.answered, t.district.answer),
    },
    Row {
        when: "the newest draft answers",
        then: &[],
        draft: |t| answer(t, t.district.asked, t.district.newer),
    },
    Row {
        when: "an older draft answers",
        then: &["reply_changed"],
        draft: |t| answer(t, t.district.asked, t.district.older),
    },
    Row {
        when: "the draft for another message answers",
        then: &["reply_changed"],
        draft: |t| answer(t, t.district.asked, t.district.answer),
    },
    Row {
        when: "a message is answered twice",
        then: &["message_answered"],
        draft: |t| answer(t, t.district.answered, t.district.answer),
    },
    Row {
        when: "an answered message is made public",
        then: &[],
        draft: |t| publish(t, t.district.answered),
    },
    Row {
        when: "a message is made public before it is answered",
        then: &["message_not_answered"],
        draft: |t| publish(t, t.district.asked),
    },
    Row {
        when: "a message is made public twice",
        then: &["message_not_answered"],
        draft: |t| publish(t, t.district.public),
    },
    Row {
        when: "a record is added to a message",
        then: &[],
        draft: |t| does(t, t.district.public, Event::EvidenceRecorded(form("revisit", None))),
    },
    Row {
        when: "a record is added to another site's message",
        then: &["message_of_other_site"],
        draft: |t| {
            let record = form("revisit", Some(t.other_site));
            does(t, t.district.public, Event::EvidenceRecorded(record))
        },
    },
    Row {
        when: "a record is added to a message that nobody knows",
        then: &["message_unknown"],
        draft: |t| does(t, new(t), Event::EvidenceRecorded(form("revisit", None))),
    },
];

#[test]
fn messages_follow_their_rules() {
    hold(ROWS);
}
