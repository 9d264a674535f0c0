//! What may follow what among organisations, rulebooks, calendars, exemptions.

use annals_events::entry::Provenance;
use annals_events::id::OrganisationId;
use annals_events::ledger::Act;
use annals_events::platform::{Event, OrganisationRegistered};

use crate::fold::Frame;
use crate::judge::{Finding, Findings, View};
use crate::rulebook;
use crate::rules::{FIRST_POSITIONS, ledger};

pub fn judge(view: View<'_>, frame: &Frame<'_>, event: &Event, findings: &mut Findings) {
    let platform = &view.state.platform;
    let id = OrganisationId(frame.stream.id);
    if let Event::OrganisationRegistered(registered) = event {
        return judge_registered(view, frame, registered, findings);
    }
    if platform.organisation(id).is_none() {
        findings
            .push(Finding::breach("organisation_unknown", "the organisation is not registered"));
    }
    match event {
        Event::ProfileAdopted(adopted) => {
            ledger::judge_two_persons(view, frame, Act::AdoptProfile, findings);
            let fit = adopted.adoption().is_some_and(|a| rulebook::check(&a.profile).is_empty());
            if !fit {
                findings.push(Finding::breach(
                    "profile_unfit",
                    "the rulebook says something that cannot be judged",
                ));
            }
        }
        Event::CalendarAdopted(adopted) => {
            let year = format!("{:04}-", adopted.year);
            let days = adopted.off.iter().chain(adopted.on.iter());
            if !days.into_iter().all(|day| day.as_str().starts_with(&year)) {
                findings.push(Finding::breach("calendar_year", "a day is not of the year adopted"));
            }
        }
        Event::ExemptionGranted(granted) if granted.from >= granted.until => {
            findings.push(Finding::breach("exemption_span", "the exemption ends before it begins"));
        }
        Event::ExemptionEnded(ended) => {
            let known = platform.exemption(ended.exemption);
            if known.is_none_or(|known| known.until <= frame.recorded_at) {
                findings.push(Finding::breach("exemption_unknown", "no such exemption is running"));
            }
        }
        _ => {}
    }
}

fn judge_registered(
    view: View<'_>,
    frame: &Frame<'_>,
    registered: &OrganisationRegistered,
    findings: &mut Findings,
) {
    let platform = &view.state.platform;
    if frame.provenance == Provenance::Internal && frame.position >= FIRST_POSITIONS {
        findings.push(Finding::breach(
            "organisation_without_command",
            "only the first organisation is registered without a command",
        ));
    }
    if platform.organisation(OrganisationId(frame.stream.id)).is_some() {
        findings.push(Finding::breach("organisation_exists", "the organisation is registered"));
    }
    if registered.parent.is_some_and(|parent| platform.organisation(parent).is_none()) {
        findings.push(Finding::breach(
            "organisation_unknown",
            "the organisation above it is not registered",
        ));
    }
}
