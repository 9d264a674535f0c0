//! 事项命令 — commands that write the facts they give: one line of a table each.
//!
//! On the wire `{"facts":{..},"note":"..","occurred_at":".."}`: `facts` are those of the type, the
//! note goes to the private part, and `occurred_at` says when it happened, where somebody reports
//! it afterwards.

use super::{Target, Text, Written};
use crate::canonical::{self, Json};
use crate::entry::Provenance;
use crate::evidence::{EvidenceRecorded, Note};
use crate::fields::Field;
use crate::id::Thing;
use crate::time::Time;
use crate::{Event, SCHEMA, account, column, content, incident, message, platform, site};

/// Whether a deed is done by the platform or told to it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reporting {
    /// 平台执行 — the platform does it now; refused where a rule forbids it.
    Never,
    /// 事后上报 — it happened in the world, now or at `occurred_at`; flagged where a rule is
    /// broken.
    Always,
    /// The platform does it, or, with `occurred_at`, somebody reports it.
    WithTime,
}

/// A line of the table.
#[derive(Debug, PartialEq, Eq)]
pub struct DeedKind {
    /// The command's name.
    pub name: &'static str,
    /// The type it writes.
    pub writes: &'static str,
    /// Whether its stream must be new or known.
    pub target: Target,
    /// Whether it is done or told.
    pub reporting: Reporting,
    /// The members of its facts.
    pub fields: &'static [Field],
}

impl DeedKind {
    /// The thing of its stream.
    pub fn thing(&self) -> Thing {
        let thing = self.writes.split_once('.').and_then(|(thing, _)| Thing::from_word(thing));
        thing.expect("the table's types are of things")
    }

    /// The line of this name.
    pub fn of(name: &str) -> Option<&'static DeedKind> {
        DEEDS.iter().find(|kind| kind.name == name)
    }
}

macro_rules! deeds {
    ($($name:literal writes $writes:literal of $facts:ty, $target:ident, $reporting:ident;)*) => {
        /// All of them, by thing.
        pub const DEEDS: &[DeedKind] = &[$(DeedKind {
            name: $name,
            writes: $writes,
            target: Target::$target,
            reporting: Reporting::$reporting,
            fields: <$facts>::FIELDS,
        },)*];
    };
}

deeds! {
    "adopt_calendar" writes "platform.calendar_adopted" of platform::CalendarAdopted, Known, Never;
    "grant_exemption" writes "platform.exemption_granted"
        of platform::ExemptionGranted, Known, Never;
    "end_exemption" writes "platform.exemption_ended" of platform::ExemptionEnded, Known, Never;
    "record_platform_evidence" writes "platform.evidence_recorded"
        of EvidenceRecorded, Known, Always;

    "apply_for_account" writes "account.applied" of account::Applied, New, Never;
    "grant_role" writes "account.role_granted" of account::RoleGranted, Known, Never;
    "revoke_role" writes "account.role_revoked" of account::RoleRevoked, Known, Never;
    "suspend_account" writes "account.suspended" of account::Suspended, Known, Never;
    "resume_account" writes "account.resumed" of account::Resumed, Known, Never;
    "cancel_account" writes "account.cancelled" of account::Cancelled, Known, Never;
    "record_account_evidence" writes "account.evidence_recorded"
        of EvidenceRecorded, Either, Always;

    "take_site_offline" writes "site.taken_offline" of site::TakenOffline, Known, Never;
    "report_shutdown" writes "site.shut_down" of site::ShutDown, Known, Always;
    "restore_site" writes "site.restored" of site::Restored, Known, WithTime;
    "close_site" writes "site.closed" of site::Closed, Known, Never;
    "record_site_evidence" writes "site.evidence_recorded" of EvidenceRecorded, Either, Always;

    "close_column" writes "column.closed" of column::Closed, Known, Never;

    "submit_content" writes "content.submitted" of content::Submitted, Known, Never;
    "return_content" writes "content.returned" of content::Returned, Known, Never;
    "revise_content" writes "content.revised" of content::Revised, Known, Never;
    "archive_content" writes "content.archived" of content::Archived, Known, Never;
    "record_content_evidence" writes "content.evidence_recorded" of EvidenceRecorded, Known, Always;

    "receive_message" writes "message.received" of message::Received, New, Always;
    "assign_message" writes "message.assigned" of message::Assigned, Known, Never;
    "promise_reply" writes "message.reply_promised" of message::ReplyPromised, Known, Never;
    "draft_reply" writes "message.reply_drafted" of message::ReplyDrafted, Known, Never;
    "pass_reply" writes "message.reply_passed" of message::ReplyPassed, Known, Never;
    "answer_message" writes "message.answered" of message::Answered, Known, Never;
    "publish_message" writes "message.published" of message::Published, Known, Never;
    "record_message_evidence" writes "message.evidence_recorded" of EvidenceRecorded, Known, Always;

    "detect_incident" writes "incident.detected" of incident::Detected, New, Always;
    "report_incident" writes "incident.reported" of incident::Reported, Known, Always;
    "report_arrival" writes "incident.responder_arrived"
        of incident::ResponderArrived, Known, Always;
    "report_isolation" writes "incident.isolated" of incident::Isolated, Known, Always;
    "report_removal" writes "incident.content_removed" of incident::ContentRemoved, Known, Always;
    "report_restoration" writes "incident.restored" of incident::Restored, Known, Always;
    "tell_authority" writes "incident.authority_told" of incident::AuthorityTold, Known, Always;
    "declare_force_majeure" writes "incident.force_majeure_declared"
        of incident::ForceMajeureDeclared, Known, Always;
    "record_incident_evidence" writes "incident.evidence_recorded"
        of EvidenceRecorded, Known, Always;
    "close_incident" writes "incident.closed" of incident::Closed, Known, Never;
    "purge_incident_archive" writes "incident.archive_purged"
        of incident::ArchivePurged, Known, Never;
}

/// A command of the table.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Deed {
    /// Its line.
    pub kind: &'static DeedKind,
    /// The facts it gives; of the type of its line.
    pub event: Event,
    /// Opinion, reason, description, question or answer.
    pub note: Option<String>,
    /// When it happened, where that is not now.
    pub occurred_at: Option<Time>,
}

impl Deed {
    /// The deed that writes this event now, without a note; `None` if none does.
    pub fn of(event: impl Into<Event>) -> Option<Deed> {
        let event = event.into();
        let kind = DEEDS.iter().find(|kind| kind.writes == event.kind())?;
        Some(Deed { kind, event, note: None, occurred_at: None })
    }

    /// Canonical bytes.
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut bytes = b"{\"facts\":".to_vec();
        bytes.extend(self.event.facts());
        for (name, value) in [
            (&b",\"note\":"[..], self.note.as_ref().map(canonical::to_bytes)),
            (b",\"occurred_at\":", self.occurred_at.as_ref().map(canonical::to_bytes)),
        ] {
            if let Some(value) = value {
                bytes.extend_from_slice(name);
                bytes.extend(value);
            }
        }
        bytes.push(b'}');
        bytes
    }

    /// Read one whose members are sorted.
    pub(super) fn parse(name: &str, text: &[u8]) -> Result<Deed, String> {
        let kind = DeedKind::of(name).ok_or_else(|| format!("no command is called {name:?}"))?;
        let Json::Object(members) = Json::read(text)? else {
            return Err("a command is an object".to_owned());
        };
        let (mut facts, mut note, mut occurred_at) = (None, None, None);
        for (member, value) in members {
            match (&*member, value) {
                ("facts", facts_given @ Json::Object(_)) => facts = Some(facts_given.to_bytes()),
                ("note", Json::Text(text)) => note = Some(text),
                ("occurred_at", Json::Text(text)) => {
                    let at = Time::parse(&text).ok_or("occurred_at: not a time of 27 bytes")?;
                    occurred_at = Some(at);
                }
                (member, _) => return Err(format!("{member}: unknown, or of another form")),
            }
        }
        let facts = facts.ok_or("facts: missing")?;
        let event = Event::read(kind.writes, SCHEMA, &facts).map_err(|e| e.to_string())?;
        if occurred_at.is_some() && kind.reporting == Reporting::Never {
            return Err("occurred_at: what the platform does happens when it is recorded".into());
        }
        Ok(Deed { kind, event, note, occurred_at })
    }

    /// What it writes.
    pub(super) fn written(&self, text: &Text) -> Written {
        let Text { command, nonce } = text.clone();
        let note = Note { command, nonce, note: self.note.clone() };
        let is_told = match self.kind.reporting {
            Reporting::Never => false,
            Reporting::Always => true,
            Reporting::WithTime => self.occurred_at.is_some(),
        };
        Written {
            event: self.event.clone(),
            private: Some(canonical::to_bytes(&note)),
            provenance: if is_told { Provenance::Reported } else { Provenance::Commanded },
            occurred_at: self.occurred_at,
        }
    }
}
