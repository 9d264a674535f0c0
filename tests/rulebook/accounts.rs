//! Accounts: who gives which role, what nobody holds together, what companies never do.

use annals_events::account::{Duty, Event as AccountEvent, RoleGranted};
use annals_events::command::{self, Command};
use annals_events::id::{AccountId, Stream};

use super::city::{City, attributes, deed, word};

fn grant(role: &str, scope: impl Into<Stream>) -> Command {
    deed(AccountEvent::RoleGranted(RoleGranted { role: word(role), scope: scope.into() }))
}

#[test]
fn s15_a_county_administrator_makes_no_other_and_rules_no_other_county() {
    let mut city = City::found("2022-03-01 09:00:00");
    let [one, other] =
        ["甲县政府办公室", "乙县政府办公室"].map(|title| city.organisation(title, "county_office"));
    let [root, county, editor] = [city.top, one, one].map(|o| city.account(Duty::Administrator, o));
    city.role(root, "platform_administrator", city.top);
    city.role(county, "county_administrator", one);
    city.adopt("municipal", city.top);
    let refused = city.refused(county, editor, grant("county_administrator", one));
    assert!(refused.contains(&"PF-5.1.1b".to_owned()), "{refused:?}");
    let refused = city.refused(county, editor, grant("editor", other));
    assert_eq!(refused, ["PF-5.4"], "a role over another county's ground");
    assert_eq!(city.refused(county, editor, grant("publisher", one)), super::city::NONE);
}

#[test]
fn la_14_editing_and_reviewing_are_never_in_one_hand() {
    let mut city = City::found("2022-03-01 09:00:00");
    let editor = city.account(Duty::Editor, city.top);
    city.adopt("lu_an", city.top);
    let by = city.people.administrator;
    let thing = |e| AccountEvent::EvidenceRecorded(e).into();
    city.record(by, editor, thing, "business_application", &[]);
    let refused = city.refused(by, editor, grant("reviewer", city.top));
    assert!(refused.contains(&"LA-P41.3f".to_owned()), "even with an approved order: {refused:?}");
}

#[test]
fn s23_a_companys_staff_neither_publishes_nor_reviews() {
    let mut city = City::found("2022-03-01 09:00:00");
    let vendor = city.organisation("某公司", "vendor");
    let id = AccountId(city.scribe.id());
    let open = command::OpenAccount {
        attributes: attributes(&[("staff", "vendor")]),
        duty: Duty::Editor,
        name: "某人".to_owned(),
        organisation: vendor,
        person: None,
    };
    let by = city.people.administrator;
    city.scribe.give(by, id, &Command::OpenAccount(open));
    city.adopt("huashan", city.top);
    for role in ["publisher", "reviewer"] {
        let refused = city.refused(by, id, grant(role, city.top));
        assert!(refused.contains(&"HS-0.3.2d".to_owned()), "{role}: {refused:?}");
    }
    let drafting = city.refused(by, id, grant("information_officer", city.top));
    assert!(!drafting.contains(&"HS-0.3.2d".to_owned()), "{drafting:?}");
    assert!(drafting.contains(&"HS-1.20b".to_owned()), "filed with neither office: {drafting:?}");
}
