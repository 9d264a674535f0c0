//! `rulebook list`, `check`, `coverage`, `adopt`: what is shipped, and how it comes into force.

use annals_events::command::{self, Command};
use annals_events::id::SiteId;

use super::{ends, one_object, program};
use crate::harness::{ADMINISTRATOR, AUDITOR, BOTH, Place, annals_verify, code, json};

fn adopt<'a>(profile: &'a str, by: &'a str, confirmed_by: &'a str) -> Vec<&'a str> {
    let what = ["rulebook", "adopt", "--json", "--profile", profile];
    [&what[..], &["--by", by, "--confirmed-by", confirmed_by]].concat()
}

#[test]
fn what_is_shipped_is_listed_and_its_coverage_counted() {
    let listed = one_object(&program(&["rulebook", "list", "--json"]));
    let all = listed["rulebooks"].as_array().expect("a list");
    assert_eq!(all.len(), 5);
    assert!(all.iter().all(|one| one["rules"].as_u64().is_some_and(|rules| rules > 20)), "{all:?}");
    let counted = one_object(&program(&["rulebook", "coverage", "--json"]));
    for profile in counted["profiles"].as_array().expect("a list") {
        assert_eq!(profile["unknown"].as_array().map(Vec::len), Some(0), "{profile}");
        let halves = profile["halves"].as_object().expect("halves").values();
        let covered: u64 = halves.filter_map(|half| half["covered"].as_u64()).sum();
        assert_eq!(profile["covered"].as_u64(), Some(covered));
    }
}

#[test]
fn a_text_that_is_no_rulebook_is_refused_with_its_place() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("mine.toml");
    let path = file.display().to_string();
    let (_, text) = annals::profiles::SHIPPED[0];
    for (text, said) in [
        (text.to_owned(), ""),
        (text.replace("semantics = 1", "semantics = 9"), "version 9 is not known here"),
        (text.replace("\"reviewer\"]", "\"moon\"]"), "moon is no role"),
        (text.replace("version = 1", "colour = 1"), "unknown field"),
    ] {
        std::fs::write(&file, text).expect("written");
        let output = program(&["rulebook", "check", &path, "--json"]);
        if said.is_empty() {
            assert_eq!(one_object(&output)["id"], "municipal");
        } else {
            ends(&output, 3, said);
        }
    }
    ends(&program(&["rulebook", "check", "no-such-file.toml"]), 3, "no-such-file.toml");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_rulebook_in_force_refuses_what_it_forbids_and_a_stranger_judges_again() {
    for kind in BOTH {
        let place = Place::new(kind).await;
        let alone = adopt("lu_an", ADMINISTRATOR, ADMINISTRATOR);
        ends(&place.annals(&alone), 1, "one person");
        ends(&place.annals(&adopt("atlantis", ADMINISTRATOR, AUDITOR)), 3, "atlantis");
        let adopted = one_object(&place.annals(&adopt("lu_an", ADMINISTRATOR, AUDITOR)));
        assert_eq!(adopted["profile"], "lu_an");
        let rulebook = adopted["rulebook"].as_u64().expect("a position");
        refuse(&place, rulebook).await;
        let (export, genesis) = (place.export(), place.genesis().to_string());
        let export = export.display().to_string();
        let output = annals_verify(&[&export, "--genesis", &genesis, "--json"]);
        assert_eq!((code(&output), &json(&output)["verdict"]), (0, &"sound".into()), "{kind:?}");
        assert_eq!(json(&output)["rule_findings"], 0, "{kind:?}");
    }
}

/// No document, so no site: by which rulebook is told.
async fn refuse(place: &Place, rulebook: u64) {
    let app = place.app().await;
    let open = Command::OpenSite(command::OpenSite {
        attributes: annals_events::attributes::Attributes::default(),
        name: annals_events::text::PublicName::new("某网").expect("a name"),
        organisation: place.founded.organisation,
    });
    let site = SiteId(uuid::Uuid::now_v7());
    let given = annals::app::Given::local(place.administrator(), site, open);
    match app.give(given).await {
        Err(annals::ledger::WriteError::Refused(refusal)) => {
            assert!(refusal.clause.starts_with("LA-"), "{refusal}");
            assert_eq!(refusal.rulebook, Some(rulebook));
        }
        other => panic!("{other:?}"),
    }
    app.stop().await.expect("stopped");
}
