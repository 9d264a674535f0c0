//! Messages, incidents, records of evidence.

use std::collections::BTreeMap;

use super::Second;
use super::bytes::*;

pub struct Reply {
    pub author: Vec<u8>,
    pub passes: Vec<Pass>,
    pub position: u64,
}

pub struct Message {
    pub answered: u8,
    pub attributes: Vec<u8>,
    pub organisation: Option<Vec<u8>>,
    pub published: u8,
    pub received: Vec<u8>,
    pub reply: Option<Reply>,
    pub site: Vec<u8>,
}

pub struct Incident {
    pub attributes: Vec<u8>,
    pub closed: Option<Vec<u8>>,
    pub detected: Vec<u8>,
    pub purged: u8,
    pub site: Vec<u8>,
    pub steps: Vec<Vec<u8>>,
}

#[derive(Default)]
pub struct Records {
    pub records: Vec<Vec<u8>>,
    pub last: BTreeMap<String, u64>,
}

impl Second {
    pub fn record(&mut self, word: &str, at: &At<'_>) {
        let own = stream(&at.header["stream"]);
        if word != "evidence_recorded" {
            if let Some(kept) = self.evidence.get_mut(&own) {
                kept.last.insert(text(&at.header["type"]).to_owned(), at.position);
            }
            return;
        }
        let record = [
            effective(at.header),
            string(&at.facts["kind"]),
            strings(at.fact("parts")),
            maybe(at.fact("period").map(string)),
            number(at.position),
        ];
        let site = at.fact("site").map(|site| [word_of("site"), id(site)].concat());
        let site = site.filter(|site| *site != own);
        for place in [Some(own), site].into_iter().flatten() {
            self.evidence.entry(place).or_default().records.push(record.concat());
        }
    }

    pub fn message(&mut self, what: &str, at: &At<'_>) {
        let facts = at.facts;
        if what == "received" {
            let message = Message {
                answered: 0,
                attributes: attributes(facts),
                organisation: None,
                published: 0,
                received: effective(at.header),
                reply: None,
                site: id(&facts["site"]),
            };
            self.messages.insert(at.own.clone(), message);
            return;
        }
        let Some(message) = self.messages.get_mut(&at.own) else { return };
        match what {
            "assigned" => message.organisation = Some(id(&facts["organisation"])),
            "reply_drafted" => {
                let position = at.position;
                let reply = |author| Reply { author, passes: Vec::new(), position };
                message.reply = actor(at.header).map(reply).or(message.reply.take());
            }
            "reply_passed" => {
                if let (Some(reply), Some(pass)) = (&mut message.reply, at.pass())
                    && reply.position == count(&facts["reply"])
                {
                    reply.passes.push(pass);
                }
            }
            "answered" => message.answered = 1,
            "published" => message.published = 1,
            _ => assert!(["reply_promised", "evidence_recorded"].contains(&what), "{what}"),
        }
    }

    pub fn incident(&mut self, what: &str, at: &At<'_>) {
        let facts = at.facts;
        if what == "detected" {
            let incident = Incident {
                attributes: attributes(facts),
                closed: None,
                detected: effective(at.header),
                purged: 0,
                site: id(&facts["site"]),
                steps: Vec::new(),
            };
            self.incidents.insert(at.own.clone(), incident);
            return;
        }
        let Some(incident) = self.incidents.get_mut(&at.own) else { return };
        let named = match what {
            "reported" => Some("to"),
            "responder_arrived" => Some("post"),
            "authority_told" => Some("authority"),
            _ => None,
        };
        let named = maybe(named.map(|name| string(&facts[name])));
        incident.steps.push([string(&at.header["type"]), named].concat());
        match what {
            "closed" => incident.closed = Some(effective(at.header)),
            "archive_purged" => incident.purged = 1,
            _ => {}
        }
    }
}

impl Message {
    pub fn row(&self) -> Vec<u8> {
        let reply = self.reply.as_ref();
        let reply =
            reply.map(|r| [r.author.clone(), passes(&r.passes), number(r.position)].concat());
        let head = [vec![self.answered], self.attributes.clone(), maybe(self.organisation.clone())];
        let rest = [vec![self.published], self.received.clone(), maybe(reply), self.site.clone()];
        [head.concat(), rest.concat()].concat()
    }
}

impl Incident {
    pub fn row(&self) -> Vec<u8> {
        let head = [self.attributes.clone(), maybe(self.closed.clone()), self.detected.clone()];
        let rest = [vec![self.purged], self.site.clone(), list(&self.steps)];
        [head.concat(), rest.concat()].concat()
    }
}

impl Records {
    pub fn row(&self) -> Vec<u8> {
        let last = |(kind, at): (&String, &u64)| {
            [number(kind.len() as u64), kind.as_bytes().to_vec(), number(*at)].concat()
        };
        let last = list(&self.last.iter().map(last).collect::<Vec<_>>());
        [list(&self.records), last].concat()
    }
}
