//! What may follow what in the life of a message.

use annals_events::id::MessageId;
use annals_events::message::Event;

use crate::fold::Frame;
use crate::judge::{Finding, Findings, View};

pub fn judge(view: View<'_>, frame: &Frame<'_>, event: &Event, findings: &mut Findings) {
    let message = view.state.messages.get(MessageId(frame.stream.id));
    if event.site().is_some_and(|site| view.site(site).is_none()) {
        findings.push(Finding::breach("site_unknown", "its site is unknown"));
    }
    if let Event::Received(_) = event {
        if message.is_some() {
            findings.push(Finding::breach("message_exists", "the message was received"));
        }
        return;
    }
    let Some(message) = message else {
        findings.push(Finding::breach("message_unknown", "there is no such message"));
        return;
    };
    if event.site().is_some_and(|site| site != message.site) {
        findings.push(Finding::breach("message_of_other_site", "it belongs to another site"));
    }
    let newest = message.reply.as_ref().map(|reply| reply.position);
    match event {
        Event::Assigned(assigned)
            if view.state.platform.organisation(assigned.organisation).is_none() =>
        {
            findings.push(Finding::breach("organisation_unknown", "it is not registered"));
        }
        Event::ReplyPassed(passed) if newest != Some(passed.reply) => {
            findings.push(Finding::breach("reply_changed", "the answer is not the newest draft"));
        }
        Event::Answered(answered) if newest != Some(answered.reply) => {
            findings.push(Finding::breach("reply_changed", "the answer is not the newest draft"));
        }
        _ => {}
    }
    let is_late = message.answered
        && matches!(event, Event::ReplyDrafted(_) | Event::ReplyPassed(_) | Event::Answered(_));
    if is_late {
        findings.push(Finding::breach("message_answered", "the message was answered"));
    }
    if matches!(event, Event::Published(_)) && (!message.answered || message.published) {
        findings.push(Finding::breach(
            "message_not_answered",
            "a message is made public once, with its answer",
        ));
    }
}
