//! Sites, and each as of any moment.

use annals_events::command::{self, Command};
use serde_json::Value;
use uuid::Uuid;

use super::{Desk, on_both};
use crate::harness::{Kind, give};

on_both!(sites_are_listed_and_shown, a_site_is_shown_as_of_any_moment, pages_come_in_pages);

async fn sites_are_listed_and_shown(kind: Kind) {
    let desk = Desk::new(kind).await;
    let by = desk.place.administrator();
    let mut expected = vec![desk.town.site.to_string()];
    for number in 0..3 {
        let id = annals_events::id::SiteId(Uuid::now_v7());
        let name = format!("网站 {number}");
        let open = command::OpenSite {
            attributes: annals_events::attributes::Attributes::default(),
            name: annals_events::text::PublicName::new(name).expect("a name"),
            organisation: desk.place.founded.organisation,
        };
        give(&desk.service.app, by, id, Command::OpenSite(open)).await;
        expected.push(id.to_string());
    }
    desk.service.app.ledger().catch_up().await.expect("folded");
    let (mut found, mut after) = (Vec::new(), String::new());
    loop {
        let page = desk.get("GET /v1/sites", &[], &format!("limit=3{after}")).await.json();
        for item in page["items"].as_array().expect("items") {
            found.push(item["id"].as_str().expect("an id").to_owned());
        }
        match page["next"].as_str() {
            Some(next) => after = format!("&after={next}"),
            None => break,
        }
    }
    assert_eq!(found, expected);
    let one = desk.get("GET /v1/sites/{id}", &[&expected[2]], "").await.json();
    assert_eq!((&one["id"], &one["name"]), (&expected[2].clone().into(), &"网站 1".into()));
    let absent = Uuid::now_v7().to_string();
    for route in ["GET /v1/sites/{id}", "GET /v1/sites/{id}/pages"] {
        assert_eq!(desk.get(route, &[&absent], "").await.status, 404);
        desk.get(route, &["x"], "").await.is_about(400, "id");
    }
    desk.close().await;
}

async fn a_site_is_shown_as_of_any_moment(kind: Kind) {
    let desk = Desk::new(kind).await;
    let (town, app) = (&desk.town, &desk.service.app);
    let site = town.site.to_string();
    let pages = async |query: &str| {
        app.ledger().catch_up().await.expect("folded");
        desk.get("GET /v1/sites/{id}/pages", &[&site], query).await
    };
    assert_eq!(pages("").await.json()["count"], 0);
    let content = town.publish(app, "政务/a.html", "一").await;
    let first = pages("").await.json();
    assert_eq!(first["items"][0]["path"], "政务/a.html");
    town.publish(app, "b.html", "二").await;
    let withdraw = command::WithdrawContent { reason: "过期".into(), site: town.site };
    give(app, town.reviewer, content, Command::WithdrawContent(withdraw)).await;
    let now = pages("").await.json();
    assert_eq!((&now["count"], &now["items"][0]["path"]), (&1.into(), &"b.html".into()));

    // What was true then, as far as was known then or is known now.
    let at = first["at"].as_str().expect("a time");
    for query in [format!("at={at}"), format!("known={}", first["known"])] {
        let then: Value = pages(&query).await.json();
        assert_eq!(then["items"], first["items"], "{query}");
    }
    let path = "path=%E6%94%BF%E5%8A%A1%2Fa.html";
    let page = desk.get("GET /v1/sites/{id}/page", &[&site], &format!("{path}&at={at}")).await;
    assert_eq!((page.status.as_u16(), page.text().as_str()), (200, "一"));
    assert!(page.header("content-disposition").contains("a.html"));
    assert_eq!(desk.get("GET /v1/sites/{id}/page", &[&site], path).await.status, 404);
    desk.get("GET /v1/sites/{id}/page", &[&site], "").await.is_about(400, "path");
    pages("known=999").await.is_about(400, "known");
    pages("at=now").await.is_about(400, "at");
    pages("after=x").await.is_about(400, "after");
    desk.close().await;
}

async fn pages_come_in_pages(kind: Kind) {
    let desk = Desk::new(kind).await;
    desk.town.fill(&desk.service.app, 9).await;
    desk.service.app.ledger().catch_up().await.expect("folded");
    let site = desk.town.site.to_string();
    let (mut paths, mut after) = (Vec::new(), String::new());
    loop {
        let query = format!("limit=4{after}");
        let page = desk.get("GET /v1/sites/{id}/pages", &[&site], &query).await.json();
        assert_eq!(page["count"], 6);
        for item in page["items"].as_array().expect("items") {
            paths.push(item["path"].as_str().expect("a path").to_owned());
        }
        match page["next"].as_str() {
            Some(next) => after = format!("&after={next}"),
            None => break,
        }
    }
    let expected = [0, 1, 3, 4, 6, 7].map(|number| format!("page/{number}.html"));
    assert_eq!(paths, expected);
    desk.close().await;
}
