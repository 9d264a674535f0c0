//! Sites: who may open one, how long and how often it may be away, how it ends.

use annals_events::attributes::Attributes;
use annals_events::command::{self, Command};
use annals_events::id::{OrganisationId, SiteId};
use annals_events::site::{Closed, Event as SiteEvent, Restored, ShutDown, TakenOffline};

use super::city::{City, at, attributes, deed, reported, word};
use crate::events::story::name;

const ALL: [&str; 9] = [
    "unit_head_consent",
    "domain_application_form",
    "written_explanation",
    "domain_review_form",
    "provincial_approval",
    "filing_completed",
    "announcement",
    "national_system_entry",
    "sign_off",
];

fn open(title: &str, organisation: OrganisationId, all: &[(&str, &str)]) -> Command {
    let attributes = if all.is_empty() { Attributes::default() } else { attributes(all) };
    Command::OpenSite(command::OpenSite { attributes, name: name(title), organisation })
}

#[test]
fn la_2_an_internal_body_a_township_and_a_special_topic_open_no_site() {
    let mut city = City::found("2022-03-01 09:00:00");
    let [inner, township, bureau] =
        [("某处室", "internal_body"), ("某镇", "township"), ("市教育局", "city_department")]
            .map(|(title, kind)| city.organisation(title, kind));
    city.adopt("lu_an", city.top);
    let by = city.people.administrator;
    let id = SiteId(city.scribe.id());
    let general = [("kind", "department"), ("purpose", "general"), ("hosting", "platform")];
    let refused =
        |organisation, all: &[(&str, &str)]| city.refused(by, id, open("某网", organisation, all));
    assert!(refused(inner, &general).contains(&"LA-P10.2a".to_owned()));
    assert!(refused(township, &general).contains(&"LA-P10.2b".to_owned()));
    let topic = [("kind", "department"), ("purpose", "special_topic"), ("hosting", "platform")];
    assert!(refused(bureau, &topic).contains(&"LA-P10.4".to_owned()));
    let elsewhere = [("kind", "department"), ("purpose", "general"), ("hosting", "self_hosted")];
    assert!(refused(bureau, &elsewhere).contains(&"LA-P10.0a".to_owned()));
    assert!(refused(bureau, &general).contains(&"LA-P12a".to_owned()), "no document yet");
}

#[test]
fn la_3_a_unit_opens_a_second_site_only_after_the_first_was_closed() {
    let mut city = City::found("2022-03-01 09:00:00");
    let bureau = city.organisation("市教育局", "city_department");
    let first = city.site(bureau, &[("kind", "department")]);
    city.adopt("lu_an", city.top);
    let by = city.people.administrator;
    let second = SiteId(city.scribe.id());
    for kind in ALL {
        city.record(by, second, |e| SiteEvent::EvidenceRecorded(e).into(), kind, &[]);
    }
    let general = [("kind", "department"), ("purpose", "general"), ("hosting", "platform")];
    let refused = city.refused(by, second, open("教育网", bureau, &general));
    assert!(refused.contains(&"LA-P10.0b".to_owned()), "{refused:?}");
    let left: Vec<String> = refused.into_iter().filter(|clause| clause != "LA-P10.0b").collect();
    city.scribe.give(by, first, &deed(SiteEvent::Closed(Closed { reason: word("merged") })));
    assert_eq!(city.refused(by, second, open("教育网", bureau, &general)), left);
}

fn away(city: &mut City) -> SiteId {
    let bureau = city.organisation("市教育局", "city_department");
    let site = city.site(bureau, &[("kind", "department")]);
    city.adopt("lu_an", city.top);
    site
}

fn offline(end: &str) -> Command {
    let taken = TakenOffline { planned_end: at(end), reason: word("rectification") };
    deed(SiteEvent::TakenOffline(taken))
}

#[test]
fn la_5_an_offline_of_more_than_thirty_days_is_a_violation_that_stays() {
    let mut city = City::found("2022-02-01 09:00:00");
    let site = away(&mut city);
    let by = city.people.administrator;
    city.later("2022-03-01 08:00:00");
    let too_long = city.refused(by, site, offline("2022-04-05 08:00:00"));
    assert!(too_long.contains(&"LA-P11.1b".to_owned()), "{too_long:?}");
    city.scribe.give(by, site, &offline("2022-03-31 08:00:00"));
    let over = |city: &City, text: &str| {
        city.violated(site, text).iter().filter(|v| v.rule.clause == "LA-P11.1b").count()
    };
    assert_eq!(over(&city, "2022-03-31 23:59:59"), 0);
    assert_eq!(over(&city, "2022-04-01 00:00:00"), 1);
    city.later("2022-04-04 10:00:00");
    city.scribe.give(by, site, &deed(SiteEvent::Restored(Restored {})));
    assert_eq!(over(&city, "2022-05-01 00:00:00"), 1, "it stays after the restoration");
    let all = city.violated(site, "2022-05-01 00:00:00");
    let violation = all.iter().find(|violation| violation.rule.clause == "LA-P11.1b");
    let until = violation.and_then(|violation| violation.until);
    assert_eq!(until, Some(at("2022-04-04 10:00:00")));
}

fn shut_down(city: &mut City, site: SiteId, from: &str, until: Option<&str>) {
    let by = city.people.administrator;
    let down = SiteEvent::ShutDown(ShutDown { reason: word("power_failure") });
    city.scribe.give(by, site, &reported(down, from));
    if let Some(until) = until {
        city.scribe.give(by, site, &reported(SiteEvent::Restored(Restored {}), until));
    }
}

#[test]
fn la_6_a_shutdown_of_less_than_seventy_two_hours_takes_no_offline_of_the_year() {
    let mut city = City::found("2022-02-01 09:00:00");
    let site = away(&mut city);
    city.later("2022-05-13 09:00:00");
    shut_down(&mut city, site, "2022-05-10 02:00:00", Some("2022-05-13 01:59:00"));
    let by = city.people.administrator;
    let refused = city.refused(by, site, offline("2022-05-20 08:00:00"));
    assert!(!refused.contains(&"LA-P11.1a".to_owned()), "{refused:?}");
}

#[test]
fn la_7_a_longer_shutdown_becomes_the_years_offline_and_goes_against_a_used_one() {
    let mut city = City::found("2022-02-01 09:00:00");
    let site = away(&mut city);
    city.later("2022-05-20 09:00:00");
    shut_down(&mut city, site, "2022-05-10 02:00:00", Some("2022-05-14 02:00:00"));
    let by = city.people.administrator;
    let refused = city.refused(by, site, offline("2022-05-25 08:00:00"));
    assert!(refused.contains(&"LA-P11.1a".to_owned()), "{refused:?}");
    let quota = |city: &City, site: SiteId| {
        let all = city.violated(site, "2022-12-01 00:00:00");
        all.iter().filter(|v| v.rule.clause == "LA-P11.1a").count()
    };
    assert_eq!(quota(&city, site), 0);
    city.later("2022-08-20 09:00:00");
    shut_down(&mut city, site, "2022-08-10 02:00:00", Some("2022-08-14 02:00:00"));
    assert_eq!(quota(&city, site), 1, "the year's slot was used");
}

#[test]
fn la_9_a_site_is_closed_only_with_all_its_records_and_a_portal_never() {
    let mut city = City::found("2022-02-01 09:00:00");
    let portal = city.site(city.top, &[("kind", "portal")]);
    let site = away(&mut city);
    let by = city.people.administrator;
    let close = |reason: &str| deed(SiteEvent::Closed(Closed { reason: word(reason) }));
    let refused = city.refused(by, site, close("unmaintainable"));
    assert!(refused.contains(&"LA-P11.2b".to_owned()), "{refused:?}");
    assert!(city.refused(by, portal, close("merged")).contains(&"LA-P11.0b".to_owned()));
    let refused = city.refused(by, site, close("fashion"));
    assert!(refused.contains(&"LA-P11.2a".to_owned()), "no reason of the text: {refused:?}");
}
