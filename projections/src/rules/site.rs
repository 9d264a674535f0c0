//! What may follow what among sites.

use annals_events::entry::Provenance;
use annals_events::id::SiteId;
use annals_events::site::{Event, Opened};

use crate::fold::Frame;
use crate::judge::{Finding, Findings, View};
use crate::site::Standing;

pub fn judge(view: View<'_>, frame: &Frame<'_>, event: &Event, findings: &mut Findings) {
    if let Event::Opened(opened) = event {
        return judge_opened(view, frame, opened, findings);
    }
    // Records may stand before the site is open: what its opening needs.
    if let Event::EvidenceRecorded(_) = event {
        return;
    }
    let Some(site) = view.site(SiteId(frame.stream.id)) else {
        findings.push(Finding::breach("site_unknown", "the site was not opened"));
        return;
    };
    let fits = match event {
        Event::TakenOffline(taken) => {
            if taken.planned_end <= frame.effective_at() {
                findings.push(Finding::breach("planned_end", "its planned end is past"));
            }
            site.standing == Standing::InService
        }
        Event::ShutDown(_) => site.standing == Standing::InService,
        Event::Restored(_) => matches!(site.standing, Standing::Offline(_) | Standing::ShutDown(_)),
        _ => site.standing != Standing::Closed,
    };
    if !fits {
        findings.push(match frame.provenance {
            Provenance::Reported => Finding::flag(
                "site_was_otherwise",
                "the site was not in the state this starts from",
            ),
            _ => Finding::breach("site_standing", "the site is not in the state this starts from"),
        });
    }
}

fn judge_opened(view: View<'_>, frame: &Frame<'_>, opened: &Opened, findings: &mut Findings) {
    if view.site(SiteId(frame.stream.id)).is_some() {
        findings.push(Finding::breach("site_exists", "the site is open"));
    }
    if view.state.sites.named(opened.name.as_str()).is_some() {
        findings.push(Finding::breach("site_name_taken", "another site has this name"));
    }
    if view.state.platform.organisation(opened.organisation).is_none() {
        findings.push(Finding::breach("organisation_unknown", "its organisation is unknown"));
    }
    let imported = frame.provenance == Provenance::Imported;
    if imported != opened.import.is_some() || imported != opened.line.is_some() {
        findings.push(Finding::breach(
            "site_of_import",
            "a site names an import exactly when an import brought it",
        ));
    }
    if imported && frame.actor.is_none_or(|actor| actor.organisation != opened.organisation) {
        findings.push(Finding::breach(
            "site_of_import",
            "a site that an import brings is of the organisation of who gives it",
        ));
    }
}
