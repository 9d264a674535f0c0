//! Review and separation: who may show what after which reviews.

use annals_events::account::Duty;
use annals_events::content;
use annals_events::id::AccountId;

use super::city::{City, Item, NONE, SIX, deed, evidence};

const FIVE: [&str; 5] = ["legal", "policy", "political", "secrecy", "opinion"];

fn three(city: &mut City) -> [AccountId; 3] {
    [Duty::Editor, Duty::Reviewer, Duty::Approver].map(|duty| city.account(duty, city.top))
}

#[test]
fn s01_three_reviews_with_six_gates_come_before_publication() {
    let mut city = City::found("2022-03-01 09:00:00");
    let [editor, reviewer, approver] = three(&mut city);
    let site = city.site(city.top, &[("kind", "portal")]);
    city.adopt("municipal", city.top);
    let mut item = Item::draft(&mut city, editor, site, "正文一");
    assert_eq!(city.refused(editor, item.id, item.publish()), ["PF-3.2b"], "never submitted");
    assert_eq!(city.refused(editor, item.id, item.submission(&[], None)), ["PF-3.2c"]);
    item.submit(&mut city, editor, &[("kind", "ordinary")]);
    city.give(editor, item.id, item.pass("initial", &SIX));
    city.give(reviewer, item.id, item.pass("second", &SIX));
    assert_eq!(city.refused(editor, item.id, item.publish()), ["PF-3.2b"], "三审 is missing");
    let five = &SIX[..5];
    assert_eq!(city.refused(approver, item.id, item.pass("final", five)), ["PF-3.2b"], "a gate");
    city.give(approver, item.id, item.pass("final", &SIX));
    assert_eq!(city.refused(editor, item.id, item.publish()), NONE);
    item.edit(&mut city, editor, "正文二");
    assert_eq!(city.refused(editor, item.id, item.publish()), ["PF-3.2b"], "edited after review");
}

#[test]
fn s02_who_reviews_does_not_release_but_where_the_text_lets_him() {
    let mut city = City::found("2022-03-01 09:00:00");
    let [editor, reviewer, other] =
        [Duty::Editor, Duty::Reviewer, Duty::Reviewer].map(|duty| city.account(duty, city.top));
    for account in [reviewer, other] {
        city.role(account, "publisher", city.top);
        for role in ["content_reviewer", "secrecy_reviewer"] {
            city.role(account, role, city.top);
        }
    }
    let site = city.site(city.top, &[("kind", "portal")]);
    city.adopt("fufeng", city.top);
    let item = Item::draft(&mut city, editor, site, "正文");
    item.submit(&mut city, editor, &[("kind", "ordinary")]);
    for level in ["content", "secrecy"] {
        city.give(
            reviewer,
            item.id,
            item.pass(level, &["legal", "policy", "political", "secrecy", "wording"]),
        );
    }
    assert_eq!(city.refused(reviewer, item.id, item.publish()), ["FF-19.3b"]);
    assert_eq!(city.refused(other, item.id, item.publish()), NONE);
    let own = Item::draft(&mut city, other, site, "自写");
    own.submit(&mut city, other, &[("kind", "ordinary")]);
    let pass = own.pass("content", &["legal", "policy", "political", "secrecy", "wording"]);
    assert!(city.refused(other, own.id, pass).contains(&"FF-19.3b".to_owned()));
}

#[test]
fn s02_a_responsible_editor_of_huashan_releases_what_he_edited_in_class_a() {
    let mut city = City::found("2022-03-01 09:00:00");
    let office = city.organisation("区政府办公室", "county_office");
    let editor = city.account(Duty::Editor, office);
    city.role(editor, "responsible_editor", office);
    let site = city.site(office, &[("kind", "portal")]);
    city.adopt("huashan", city.top);
    let item = Item::draft(&mut city, editor, site, "会议");
    let class_a = [("channel", "site"), ("class", "a"), ("kind", "ordinary")];
    item.submit(&mut city, editor, &class_a);
    form(&mut city, editor, &item);
    city.give(editor, item.id, item.pass("initial", &SIX));
    assert_eq!(city.refused(editor, item.id, item.publish()), NONE);
}

fn form(city: &mut City, by: AccountId, item: &Item) {
    let mut record = evidence("three_level_form", &[]);
    record.site = Some(item.site);
    city.give(by, item.id, deed(content::Event::EvidenceRecorded(record)));
}

#[test]
fn s03_class_c_needs_the_district_leader_and_of_grave_events_the_principal() {
    let mut city = City::found("2022-03-01 09:00:00");
    let office = city.organisation("区政府办公室", "county_office");
    let site = city.site(office, &[("kind", "portal")]);
    let editor = city.account(Duty::Editor, office);
    city.role(editor, "responsible_editor", office);
    let leaders: Vec<AccountId> = [
        "unit_officer",
        "unit_principal",
        "website_leader",
        "district_leader",
        "district_principal",
    ]
    .map(|role| {
        let account = city.account(Duty::Approver, office);
        city.role(account, role, city.top);
        account
    })
    .to_vec();
    city.adopt("huashan", city.top);
    let item = Item::draft(&mut city, editor, site, "重特大事件");
    let class_c = [("channel", "site"), ("class", "c"), ("kind", "major_incident_response")];
    item.submit(&mut city, editor, &class_c);
    let unit = ["accuracy", "completeness", "secrecy", "timeliness"];
    city.give(leaders[0], item.id, item.pass("unit_officer", &unit));
    city.give(leaders[1], item.id, item.pass("unit_principal", &[]));
    city.give(leaders[2], item.id, item.pass("website_leader", &[]));
    let refused = city.refused(editor, item.id, item.publish());
    assert!(refused.contains(&"HS-2.7.3a".to_owned()), "{refused:?}");
    city.give(leaders[3], item.id, item.pass("district_leader", &[]));
    let refused = city.refused(editor, item.id, item.publish());
    assert!(refused.contains(&"HS-2.7.3c".to_owned()), "{refused:?}");
    assert!(!refused.contains(&"HS-2.7.3a".to_owned()), "{refused:?}");
    city.give(leaders[4], item.id, item.pass("district_principal", &[]));
    let refused = city.refused(editor, item.id, item.publish());
    assert!(refused.contains(&"HS-2.8b".to_owned()), "the form is not filled: {refused:?}");
    form(&mut city, editor, &item);
    assert_eq!(city.refused(editor, item.id, item.publish()), NONE);
}

#[test]
fn la_13_second_review_comes_before_the_final_one_and_an_edit_voids_both() {
    let mut city = City::found("2022-03-01 09:00:00");
    let [editor, reviewer, approver] = three(&mut city);
    let site = city.site(city.top, &[("kind", "department")]);
    city.adopt("lu_an", city.top);
    let mut item = Item::draft(&mut city, editor, site, "正文");
    let kind = [("channel", "site"), ("kind", "ordinary")];
    item.submit(&mut city, editor, &kind);
    city.give(editor, item.id, item.pass("initial", &[]));
    let early = city.refused(approver, item.id, item.pass("final", &FIVE));
    assert_eq!(early, ["LA-P24e"], "终审 before 复审");
    city.give(reviewer, item.id, item.pass("second", &FIVE));
    assert_eq!(city.refused(reviewer, item.id, item.publish()), ["LA-P24f"], "only 复审");
    city.give(approver, item.id, item.pass("final", &FIVE));
    assert_eq!(city.refused(reviewer, item.id, item.publish()), NONE);
    item.edit(&mut city, editor, "改后");
    let refused = city.refused(reviewer, item.id, item.publish());
    assert!(!refused.is_empty(), "the edit voided the passes");
    item.submit(&mut city, editor, &kind);
    let refused = city.refused(reviewer, item.id, item.publish());
    assert_eq!(refused, ["LA-P24d", "LA-P24e", "LA-P24f"]);
}

#[test]
fn la_14_nobody_edits_reviews_and_releases_the_same_by_either_of_his_accounts() {
    let mut city = City::found("2022-03-01 09:00:00");
    let person = annals_events::id::PersonId(city.scribe.id());
    let one = city.account_of(person, Duty::Editor, city.top);
    let other = city.account_of(person, Duty::Reviewer, city.top);
    city.role(other, "approver", city.top);
    let site = city.site(city.top, &[("kind", "department")]);
    city.adopt("lu_an", city.top);
    let item = Item::draft(&mut city, one, site, "正文");
    item.submit(&mut city, one, &[("channel", "site"), ("kind", "ordinary")]);
    city.give(one, item.id, item.pass("initial", &[]));
    assert_eq!(city.refused(other, item.id, item.pass("second", &FIVE)), ["LA-P24b"]);
    let last = city.refused(other, item.id, item.pass("final", &FIVE));
    assert!(last.contains(&"LA-P24b".to_owned()), "{last:?}");
}

#[test]
fn the_same_command_under_five_rulebooks() {
    let publish = |profile: &str| {
        let mut city = City::found("2022-03-01 09:00:00");
        let office = city.organisation("办公室", "county_office");
        let [editor, reviewer] =
            [Duty::Editor, Duty::Reviewer].map(|duty| city.account(duty, office));
        city.role(reviewer, "publisher", office);
        let site = city.site(office, &[("kind", "portal")]);
        city.adopt(profile, city.top);
        let item = Item::draft(&mut city, editor, site, "正文");
        let kind = [("channel", "site"), ("class", "a"), ("kind", "ordinary")];
        let declared = annals::profiles::shipped(profile).expect("a profile");
        let kind: Vec<(&str, &str)> = kind
            .into_iter()
            .filter(|(name, _)| declared.attributes.iter().any(|a| a.name.as_str() == *name))
            .collect();
        item.submit(&mut city, editor, &kind);
        city.refused(reviewer, item.id, item.publish())
    };
    assert_eq!(publish("municipal"), ["PF-3.2b"]);
    assert!(publish("fufeng").iter().any(|clause| clause.starts_with("FF-19")));
    assert!(publish("huashan").contains(&"HS-2.7.1".to_owned()));
    assert_eq!(publish("lu_an"), ["LA-P24d", "LA-P24e", "LA-P24f"]);
    assert_eq!(publish("changzhou"), ["annals:review_missing"], "the text fixes no route");
    assert_ne!(publish("huashan"), publish("lu_an"), "each by its own text");
}
