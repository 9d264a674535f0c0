//! Incidents under Huashan's annex 5: ten, thirty and sixty minutes, force majeure, closing, the
//! archive's six months.

use annals_events::account::Duty;
use annals_events::id::{AccountId, IncidentId, SiteId};
use annals_events::incident::{
    ArchivePurged, AuthorityTold, Closed, ContentRemoved, Detected, Event as IncidentEvent,
    ForceMajeureDeclared, Reported, ResponderArrived, Restored,
};
use annals_projections::boards::compliance::Outcome;

use super::city::{City, NONE, attributes, deed, reported, word};

struct Case {
    city: City,
    by: AccountId,
    site: SiteId,
    id: IncidentId,
}

impl Case {
    fn detected(all: &[(&str, &str)], text: &str) -> Case {
        let mut city = City::found("2022-03-01 08:00:00");
        let office = city.organisation("区政府办公室", "county_office");
        let by = city.account(Duty::Editor, office);
        let site = city.site(office, &[("kind", "portal")]);
        city.adopt("huashan", city.top);
        city.later("2022-03-08 09:00:00");
        let id = IncidentId(city.scribe.id());
        let mut case = Case { city, by, site, id };
        let detected = Detected { attributes: attributes(all), site };
        case.told(IncidentEvent::Detected(detected), text);
        case
    }

    fn told(&mut self, event: IncidentEvent, text: &str) {
        self.city.give(self.by, self.id, reported(event, text));
    }

    /// Clause and outcome of every clock, as of an instant.
    fn clocks(&self, text: &str) -> Vec<(String, String, &'static str)> {
        let owed = self.city.owed(self.id, text);
        owed.into_iter()
            .map(|owed| (owed.rule.clause, owed.rule.title, owed.outcome.word()))
            .collect()
    }

    fn outcome(&self, title: &str, text: &str) -> &'static str {
        let clocks = self.clocks(text);
        let found = clocks.iter().find(|(_, told, _)| told.starts_with(title));
        found.unwrap_or_else(|| panic!("{title}: {clocks:?}")).2
    }

    fn record(&mut self, kind: &str, parts: &[&str]) {
        let thing = |e| IncidentEvent::EvidenceRecorded(e).into();
        self.city.record(self.by, self.id, thing, kind, parts);
    }
}

const UNREACHABLE: [(&str, &str); 1] = [("type", "unreachable")];

#[test]
fn s07_ten_thirty_and_sixty_minutes_run_for_each_addressee_on_its_own() {
    let mut case = Case::detected(&UNREACHABLE, "2022-03-07 09:00:00");
    let site = case.site;
    let reported = |to: &str| IncidentEvent::Reported(Reported { site, to: word(to) });
    case.told(reported("principal"), "2022-03-07 09:08:00");
    case.told(reported("deputy"), "2022-03-07 09:12:00");
    let arrived =
        |post: &str| IncidentEvent::ResponderArrived(ResponderArrived { post: word(post), site });
    case.told(arrived("responsible_person"), "2022-03-07 09:30:00");
    case.told(arrived("technician"), "2022-03-07 09:30:01");
    let now = "2022-03-07 12:00:00";
    assert_eq!(case.outcome("10分钟内向主要领导", now), "met");
    assert_eq!(case.outcome("10分钟内向分管领导", now), "late");
    assert_eq!(case.outcome("相关负责人30分钟", now), "met", "exactly on the limit");
    assert_eq!(case.outcome("技术人员30分钟", now), "late", "by a second");
    assert_eq!(case.outcome("一小时内恢复", "2022-03-07 10:00:00"), "open");
    assert_eq!(case.outcome("一小时内恢复", "2022-03-07 10:00:01"), "overdue");
    case.told(IncidentEvent::Restored(Restored { site }), "2022-03-07 09:59:59");
    assert_eq!(case.outcome("一小时内恢复", now), "met");
}

#[test]
fn s07_a_second_over_the_hour_is_late_for_ever() {
    let mut case = Case::detected(&UNREACHABLE, "2022-03-07 09:00:00");
    let site = case.site;
    case.told(IncidentEvent::Restored(Restored { site }), "2022-03-07 10:00:01");
    assert_eq!(case.outcome("一小时内恢复", "2023-03-07 12:00:00"), "late");
}

#[test]
fn s07_a_grave_incident_is_closed_only_when_both_authorities_were_told() {
    let grave = [("type", "unreachable"), ("gravity", "major")];
    let mut case = Case::detected(&grave, "2022-03-07 09:00:00");
    let (by, id, site) = (case.by, case.id, case.site);
    let close = || deed(IncidentEvent::Closed(Closed { site }));
    assert_eq!(case.city.refused(by, id, close()), ["HS-5.7b", "HS-5.9a"]);
    let told = |authority: &str| {
        IncidentEvent::AuthorityTold(AuthorityTold { authority: word(authority), site })
    };
    case.told(told("cyberspace"), "2022-03-07 11:00:00");
    assert_eq!(case.city.refused(by, id, close()), ["HS-5.7b", "HS-5.9a"]);
    case.told(told("public_security"), "2022-03-07 11:05:00");
    assert_eq!(case.city.refused(by, id, close()), ["HS-5.9a"], "no record, no lessons");
    case.record("detailed_record", &[]);
    case.record("lessons", &[]);
    assert_eq!(case.city.refused(by, id, close()), NONE);
}

#[test]
fn s08_force_majeure_lifts_the_hour_and_not_the_ten_minutes() {
    let mut case = Case::detected(&[("type", "power_failure")], "2022-03-07 14:00:00");
    let site = case.site;
    let now = "2022-03-07 18:00:00";
    assert_eq!(case.outcome("一小时内恢复", now), "overdue");
    let ground = word("power_failure");
    let declared = IncidentEvent::ForceMajeureDeclared(ForceMajeureDeclared { ground, site });
    case.told(declared, "2022-03-07 14:05:00");
    case.told(IncidentEvent::Restored(Restored { site }), "2022-03-07 17:00:00");
    assert_eq!(case.outcome("一小时内恢复", now), "waived");
    assert_eq!(case.outcome("10分钟内向主要领导", now), "overdue");
    let hour = case.city.owed(case.id, now).into_iter().find(|o| o.rule.clause == "HS-5.6");
    assert!(matches!(hour.expect("the hour").outcome, Outcome::Waived(_)));
}

#[test]
fn s10_illegal_content_goes_first_where_it_is_urgent() {
    for (urgent, flagged) in [(true, false), (false, true)] {
        let case = Case::detected(&[("type", "illegal_content")], "2022-03-07 20:00:00");
        let removed = ContentRemoved { content: None, site: case.site, urgent };
        let command = reported(IncidentEvent::ContentRemoved(removed), "2022-03-07 20:01:00");
        let weight = annals_projections::judge::Weight::Flag;
        let found = case.city.clauses(case.by, case.id, command, weight);
        assert_eq!(found.contains(&"HS-5.3.1c".to_owned()), flagged, "{found:?}");
    }
}

#[test]
fn an_archive_is_kept_for_six_months_after_closing() {
    let mut case = Case::detected(&UNREACHABLE, "2022-03-07 09:00:00");
    let (by, id, site) = (case.by, case.id, case.site);
    case.record("detailed_record", &[]);
    case.record("lessons", &[]);
    case.city.give(by, id, deed(IncidentEvent::Closed(Closed { site })));
    let purge = || deed(IncidentEvent::ArchivePurged(ArchivePurged { site }));
    case.city.later("2022-09-08 23:59:59");
    assert_eq!(case.city.refused(by, id, purge()), ["HS-5.9b"]);
    case.city.later("2022-09-09 00:00:00");
    assert_eq!(case.city.refused(by, id, purge()), NONE);
}
