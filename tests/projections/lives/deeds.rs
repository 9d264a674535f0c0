//! The deeds of a random life: roles, absences, reviews step by step, messages, incidents,
//! records, and now and then a rulebook.

use annals_events::account::{self, Event as AccountEvent, RoleGranted, RoleRevoked};
use annals_events::attributes::Attributes;
use annals_events::command::{self, Command, Deed, Reporting};
use annals_events::content::Event as ContentEvent;
use annals_events::evidence::EvidenceRecorded;
use annals_events::id::{AccountId, IncidentId, MessageId, Stream};
use annals_events::incident::Event as IncidentEvent;
use annals_events::ledger::Act;
use annals_events::message::Event as MessageEvent;
use annals_events::platform::{CalendarAdopted, Event as PlatformEvent};
use annals_events::site::Event as SiteEvent;
use annals_events::sorted::Sorted;
use annals_events::text::{Clause, Day, Word};
use annals_events::{Event, Hash, Time, column, content, incident, message, platform, site};

use super::{Life, choose};
use crate::events::second_story::rulebook;
use crate::events::story::act;

/// What a deed is chosen by.
#[derive(Clone, Copy, Debug)]
pub struct Choice {
    pub what: u8,
    pub which: usize,
    pub by: usize,
    /// Whether it is told afterwards, where it can be.
    pub late: bool,
}

fn word(number: usize) -> Word {
    Word::of(choose(&["initial", "final", "political", "chief_editor", "lessons"], number))
}

fn attributes(number: usize) -> Attributes {
    let pairs = [("class", "a"), ("kind", "department"), ("staff", "own")];
    let pairs =
        pairs.iter().take(number % 4).map(|(name, value)| (Word::of(name), Word::of(value)));
    Attributes::new(pairs).expect("few attributes")
}

fn day(number: usize) -> Day {
    Day::new(format!("2026-{:02}-{:02}", number % 12 + 1, number % 28 + 1)).expect("a day")
}

impl Life {
    pub fn deed(&mut self, on: u8, choice: Choice) {
        match on {
            0 => self.person(choice),
            1 => self.away(choice),
            2 => self.review(choice),
            3 => self.message(choice),
            4 => self.incident(choice),
            _ => self.rule(choice),
        }
    }

    fn do_deed(
        &mut self,
        choice: Choice,
        stream: impl Into<Stream>,
        event: impl Into<Event>,
    ) -> u64 {
        let mut deed = Deed::of(event).expect("a deed of this event");
        deed.note = choice.which.is_multiple_of(3).then(|| "说明".to_owned());
        if choice.late && deed.kind.reporting != Reporting::Never {
            let micros = self.scribe.now.micros() - (choice.which % 90_000) as i64 * 1_000_000;
            deed.occurred_at = Time::from_micros(micros);
        }
        let by = choose(&self.accounts, choice.by);
        self.scribe.give(by, stream, &Command::Deed(deed))
    }

    fn record(&self, Choice { which, by, late, .. }: Choice) -> EvidenceRecorded {
        let documents = Sorted::new((0..which % 3).map(|n| Hash::of(&[&[n as u8]])));
        let parts = Sorted::new((0..by % 3).map(word));
        EvidenceRecorded {
            documents: documents.expect("few"),
            kind: word(which),
            parts: parts.expect("few"),
            period: late.then(|| day(by)),
            site: by.is_multiple_of(2).then(|| choose(&self.sites, which)),
        }
    }

    /// Roles, suspensions, cancellations, of accounts that may not be open.
    fn person(&mut self, choice: Choice) {
        let Choice { what, which, by, .. } = choice;
        let account = match what {
            0 => AccountId(self.scribe.id()),
            _ => choose(&self.accounts, which),
        };
        let scope = match by % 3 {
            0 => choose(&self.sites, which).into(),
            1 => choose(&self.columns, which).into(),
            _ => choose(&self.organisations, which).into(),
        };
        let role = word(which);
        let organisation = choose(&self.organisations, by);
        let event = match what {
            0 => AccountEvent::Applied(account::Applied { organisation, role }),
            1 | 2 => AccountEvent::RoleGranted(RoleGranted { role, scope }),
            3 => AccountEvent::RoleRevoked(RoleRevoked { role, scope }),
            4 => AccountEvent::Suspended(account::Suspended {}),
            5 => AccountEvent::Resumed(account::Resumed {}),
            6 => AccountEvent::Cancelled(account::Cancelled { reason: role }),
            _ => AccountEvent::EvidenceRecorded(self.record(choice)),
        };
        self.do_deed(choice, account, event);
    }

    /// Sites go away and come back; columns close.
    fn away(&mut self, choice: Choice) {
        let Choice { what, which, .. } = choice;
        let (id, reason) = (choose(&self.sites, which), word(which));
        let event = match what {
            0 | 1 => {
                let planned_end = self.scribe.now;
                SiteEvent::TakenOffline(site::TakenOffline { planned_end, reason })
            }
            2 => SiteEvent::ShutDown(site::ShutDown { reason }),
            3 | 4 => SiteEvent::Restored(site::Restored {}),
            5 => SiteEvent::Closed(site::Closed { reason }),
            6 => {
                let column = choose(&self.columns, which);
                let closed = column::Event::Closed(column::Closed { site: id });
                self.do_deed(choice, column, closed);
                return;
            }
            _ => SiteEvent::EvidenceRecorded(self.record(choice)),
        };
        self.do_deed(choice, id, event);
    }

    /// What happens to a version between its draft and its publication.
    fn review(&mut self, choice: Choice) {
        let Choice { what, which, by, .. } = choice;
        let (content, site) = (choose(&self.contents, which), choose(&self.sites, which));
        let (body, level) = (choose(&self.bodies, by), word(which));
        let event = match what {
            0 | 1 => ContentEvent::Submitted(content::Submitted {
                attributes: attributes(by),
                body,
                provider: which.is_multiple_of(2).then(|| choose(&self.organisations, by)),
                site,
            }),
            2 | 3 => {
                let gates = Sorted::new((0..which % 3).map(word)).expect("few");
                let pass = command::PassReview { body, gates, level, opinion: None, site };
                let by = choose(&self.accounts, by);
                self.scribe.give(by, content, &Command::PassReview(pass));
                return;
            }
            4 => ContentEvent::Returned(content::Returned { body, level, site }),
            5 => ContentEvent::Revised(content::Revised { body, bytes: 3, level, site }),
            6 => ContentEvent::Archived(content::Archived { site }),
            _ => ContentEvent::EvidenceRecorded(self.record(choice)),
        };
        self.do_deed(choice, content, event);
    }

    fn message(&mut self, choice: Choice) {
        let Choice { what, which, by, .. } = choice;
        if what == 0 {
            self.messages.push(MessageId(self.scribe.id()));
        }
        let (id, site) = (choose(&self.messages, which), choose(&self.sites, which));
        let reply = choose(&self.replies, by);
        let event = match what {
            0 | 1 => MessageEvent::Received(message::Received { attributes: attributes(by), site }),
            2 => {
                let organisation = choose(&self.organisations, by);
                MessageEvent::Assigned(message::Assigned { organisation, site })
            }
            3 => MessageEvent::ReplyPromised(message::ReplyPromised { by: day(which), site }),
            4 => MessageEvent::ReplyDrafted(message::ReplyDrafted { site }),
            5 => {
                MessageEvent::ReplyPassed(message::ReplyPassed { level: word(which), reply, site })
            }
            6 => MessageEvent::Answered(message::Answered { reply, site }),
            7 => MessageEvent::Published(message::Published { site }),
            _ => MessageEvent::EvidenceRecorded(self.record(choice)),
        };
        let position = self.do_deed(choice, id, event);
        if what == 4 {
            self.replies.push(position);
        }
    }

    fn incident(&mut self, choice: Choice) {
        let Choice { what, which, by, late } = choice;
        if what == 0 {
            self.incidents.push(IncidentId(self.scribe.id()));
        }
        let (id, site) = (choose(&self.incidents, which), choose(&self.sites, which));
        let (name, attributes) = (word(by), attributes(by));
        let content = late.then(|| choose(&self.contents, by));
        let event = match what {
            0 => IncidentEvent::Detected(incident::Detected { attributes, site }),
            1 => IncidentEvent::Reported(incident::Reported { site, to: name }),
            2 => IncidentEvent::ResponderArrived(incident::ResponderArrived { post: name, site }),
            3 => IncidentEvent::Isolated(incident::Isolated { site }),
            4 => {
                let urgent = by.is_multiple_of(2);
                IncidentEvent::ContentRemoved(incident::ContentRemoved { content, site, urgent })
            }
            5 => IncidentEvent::Restored(incident::Restored { site }),
            6 => IncidentEvent::AuthorityTold(incident::AuthorityTold { authority: name, site }),
            7 => IncidentEvent::ForceMajeureDeclared(incident::ForceMajeureDeclared {
                ground: name,
                site,
            }),
            8 => IncidentEvent::Closed(incident::Closed { site }),
            9 => IncidentEvent::ArchivePurged(incident::ArchivePurged { site }),
            _ => IncidentEvent::EvidenceRecorded(self.record(choice)),
        };
        self.do_deed(choice, id, event);
    }

    /// Calendars, exemptions, records, and rarely a rulebook.
    fn rule(&mut self, choice: Choice) {
        let Choice { what, which, by, late } = choice;
        let organisation = choose(&self.organisations, which);
        let event = match what {
            0 => PlatformEvent::CalendarAdopted(CalendarAdopted {
                off: Sorted::new((0..which % 4).map(day)).expect("few"),
                on: Sorted::new((0..by % 4).map(day)).expect("few"),
                year: 2026 + (by % 3) as u32,
            }),
            1 | 2 => PlatformEvent::ExemptionGranted(platform::ExemptionGranted {
                clause: Clause::new("EX-5").expect("a clause"),
                from: self.scribe.now,
                subject: choose(&self.sites, by).into(),
                until: Time::from_micros(self.scribe.now.micros() + (by % 9) as i64 * 1_000_000)
                    .expect("in range"),
            }),
            3 => {
                let exemption = choose(&self.exemptions, by);
                PlatformEvent::ExemptionEnded(platform::ExemptionEnded { exemption })
            }
            4 if late => {
                let (effective_from, profile) = (self.scribe.now, Box::new(rulebook()));
                let adopt = command::AdoptProfile { effective_from, profile };
                let adopt = Command::AdoptProfile(adopt);
                act(&mut self.scribe, self.people, Act::AdoptProfile, organisation.into(), &adopt);
                return;
            }
            _ => PlatformEvent::EvidenceRecorded(self.record(choice)),
        };
        let position = self.do_deed(choice, organisation, event);
        if let 1 | 2 = what {
            self.exemptions.push(position);
        }
    }
}
