//! 留言 — what each message is: received, assigned, answered.

use std::collections::HashMap;

use annals_events::attributes::Attributes;
use annals_events::id::{AccountId, MessageId, OrganisationId, SiteId};
use annals_events::message::Event as MessageEvent;
use annals_events::{Event, Time};
use serde::{Deserialize, Serialize};

use crate::content::Pass;
use crate::fold::{Fold, Frame, map_fold};

/// 拟答 — the answer written last.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reply {
    /// Who wrote it.
    pub author: AccountId,
    /// Reviews passed, in order.
    pub passes: Vec<Pass>,
    /// Position of the entry.
    pub position: u64,
}

/// 留言 — the state of one message.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Message {
    /// Whether it was answered.
    pub answered: bool,
    /// Class and channel in a profile's words.
    pub attributes: Attributes,
    /// Who is to answer.
    pub organisation: Option<OrganisationId>,
    /// Whether message and answer are public.
    pub published: bool,
    /// When it came in.
    pub received_at: Time,
    /// The answer written last.
    pub reply: Option<Box<Reply>>,
    /// Its site.
    pub site: SiteId,
}

/// All messages.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Messages {
    messages: HashMap<MessageId, Message>,
}

impl Messages {
    /// One message.
    pub fn get(&self, id: MessageId) -> Option<&Message> {
        self.messages.get(&id)
    }
}

impl Message {
    fn apply(&mut self, frame: &Frame<'_>, event: &MessageEvent) {
        let actor = frame.actor.map(|actor| actor.account);
        match (event, actor) {
            (MessageEvent::Assigned(assigned), _) => {
                self.organisation = Some(assigned.organisation);
            }
            (MessageEvent::ReplyDrafted(_), Some(author)) => {
                let (passes, position) = (Vec::new(), frame.position);
                self.reply = Some(Box::new(Reply { author, passes, position }));
            }
            (MessageEvent::ReplyPassed(passed), Some(account)) => {
                let reply = self.reply.as_mut().filter(|reply| reply.position == passed.reply);
                let Some(reply) = reply else { return };
                let (gates, level) = (Vec::new(), passed.level.as_str().to_owned());
                reply.passes.push(Pass { account, gates, level, position: frame.position });
            }
            (MessageEvent::Answered(_), _) => self.answered = true,
            (MessageEvent::Published(_), _) => self.published = true,
            _ => {}
        }
    }
}

impl Fold for Messages {
    map_fold!(Messages, messages, "message", 1);

    fn apply(&mut self, frame: &Frame<'_>, event: &Event) {
        let Event::Message(event) = event else { return };
        let id = MessageId(frame.stream.id);
        if let MessageEvent::Received(received) = event {
            let message = Message {
                answered: false,
                attributes: received.attributes.clone(),
                organisation: None,
                published: false,
                received_at: frame.effective_at(),
                reply: None,
                site: received.site,
            };
            self.messages.insert(id, message);
        } else if let Some(message) = self.messages.get_mut(&id) {
            message.apply(frame, event);
        }
    }
}
