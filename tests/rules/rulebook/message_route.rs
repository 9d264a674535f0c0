//! 审核流程 — answers to messages: reviewed as the newest draft, before the citizen is answered.

use annals_events::id::AccountId;
use annals_events::message::{
    Answered, Assigned, Event, Published, Received, ReplyDrafted, ReplyPassed,
};
use serde_json::{Value, json};

use super::court::{Court, attributes, word};
use super::{Law, case, hold};
use crate::harness::scribe::Draft;

fn reviews(provider: bool) -> Value {
    json!({"routes": [{
        "clause": "M-1", "on": ["message.answered", "message.published"],
        "when": {"class": ["plea"]}, "distinct": [["author", "final"]],
        "steps": [
            {"level": "initial", "roles": ["reviewer"], "provider": provider},
            {"level": "final", "roles": ["chief"], "clause": "M-2"},
        ],
    }]})
}

fn received(c: &mut Court, class: &str) {
    let (attributes, site) = (attributes(&[("class", class)]), c.site);
    c.did(c.deed(c.editor, c.message, Event::Received(Received { attributes, site })));
}

/// A plea comes in, and the editor drafts an answer. Answers the draft's position.
fn drafted(c: &mut Court) -> u64 {
    received(c, "plea");
    draft(c, |c| c.editor)
}

fn draft(c: &mut Court, by: fn(&Court) -> AccountId) -> u64 {
    let by = by(c);
    c.did(c.deed(by, c.message, Event::ReplyDrafted(ReplyDrafted { site: c.site })))
}

fn pass(c: &Court, by: AccountId, level: &str, reply: u64) -> Draft {
    let (level, site) = (word(level), c.site);
    c.deed(by, c.message, Event::ReplyPassed(ReplyPassed { level, reply, site }))
}

fn answer(c: &Court, reply: u64) -> Draft {
    c.deed(c.editor, c.message, Event::Answered(Answered { reply, site: c.site }))
}

fn passed(c: &mut Court) -> u64 {
    let reply = drafted(c);
    c.did(pass(c, c.reviewer, "initial", reply));
    c.did(pass(c, c.chief, "final", reply));
    reply
}

const LAWS: &[Law] = &[
    Law {
        says: "a plea is answered after two reviews, the second not by who wrote the answer",
        rules: || reviews(false),
        cases: &[
            case("the reviewer passes it", &[], |c| {
                let reply = drafted(c);
                pass(c, c.reviewer, "initial", reply)
            }),
            case("somebody else passes it in his place", &["refused M-1"], |c| {
                let reply = drafted(c);
                pass(c, c.editor, "initial", reply)
            }),
            case("the chief comes first", &["refused M-1"], |c| {
                let reply = drafted(c);
                pass(c, c.chief, "final", reply)
            }),
            case("it is answered after both", &[], |c| {
                let reply = passed(c);
                answer(c, reply)
            }),
            case("it is answered after one", &["refused M-2"], |c| {
                let reply = drafted(c);
                c.did(pass(c, c.reviewer, "initial", reply));
                answer(c, reply)
            }),
            case("it is answered after none", &["refused M-1", "refused M-2"], |c| {
                let reply = drafted(c);
                answer(c, reply)
            }),
            case("it is answered by a newer draft", &["refused M-1", "refused M-2"], |c| {
                passed(c);
                let reply = draft(c, |c| c.editor);
                answer(c, reply)
            }),
            case(
                "it is answered by the draft that was passed, and is not the newest",
                &["refused M-1", "refused M-2", "refused annals:reply_changed"],
                |c| {
                    let reply = passed(c);
                    draft(c, |c| c.editor);
                    answer(c, reply)
                },
            ),
            case("the chief wrote it himself", &["refused M-1"], |c| {
                received(c, "plea");
                let reply = draft(c, |c| c.chief);
                c.did(pass(c, c.reviewer, "initial", reply));
                pass(c, c.chief, "final", reply)
            }),
            case(
                "there is no answer to pass",
                &["refused M-1", "refused annals:reply_changed"],
                |c| {
                    received(c, "plea");
                    pass(c, c.reviewer, "initial", 7)
                },
            ),
            case("praise is no plea, and no route is fixed for it", &["refused M-1"], |c| {
                received(c, "praise");
                let reply = draft(c, |c| c.editor);
                answer(c, reply)
            }),
            case("it is made public with its answer", &[], |c| {
                let reply = passed(c);
                c.did(answer(c, reply));
                c.deed(c.editor, c.message, Event::Published(Published { site: c.site }))
            }),
        ],
    },
    Law {
        says: "the first review is done where the message was assigned",
        rules: || reviews(true),
        cases: &[
            case("the office's reviewer, which is to answer", &[], |c| {
                let reply = assigned(c);
                pass(c, c.supplier, "initial", reply)
            }),
            case("the bureau's reviewer, which is not", &["refused M-1"], |c| {
                let reply = assigned(c);
                pass(c, c.reviewer, "initial", reply)
            }),
            case("the bureau's reviewer, where nobody else is to answer", &[], |c| {
                let reply = drafted(c);
                pass(c, c.reviewer, "initial", reply)
            }),
        ],
    },
];

fn assigned(c: &mut Court) -> u64 {
    let reply = drafted(c);
    let (organisation, site) = (c.office, c.site);
    c.did(c.deed(c.editor, c.message, Event::Assigned(Assigned { organisation, site })));
    reply
}

#[test]
fn an_answer_is_reviewed_as_it_was_drafted_last() {
    hold(LAWS);
}
