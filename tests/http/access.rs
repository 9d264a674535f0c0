//! Who may call what: the table of routes against every kind of token.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use annals::http::ROUTES;
use annals::http::route::Access;
use annals::store::Token;
use annals::tokens::{Scope, create};
use annals_events::id::AccountId;
use sha2::Digest;
use uuid::Uuid;

use super::{Ask, Desk, name, on_both};
use crate::harness::Kind;

on_both!(every_route_lets_in_whom_the_table_says, an_account_that_is_none_opens_nothing);

/// Placeholders filled with something of the right form.
fn filled(path: &str) -> String {
    let uuid = Uuid::now_v7().to_string();
    path.replace("{position}", "0")
        .replace("{thing}", "site")
        .replace("/v1/bodies/{id}", &format!("/v1/bodies/{}", "0".repeat(64)))
        .replace("{id}", &uuid)
        .replace("{name}", "open_site")
        .replace("{*file}", "index.html")
}

struct Tokens {
    bad: Vec<String>,
    read: String,
    write: String,
}

async fn tokens(desk: &Desk) -> Tokens {
    let (store, now) = (desk.service.app.store(), desk.service.app.now());
    let account = desk.place.administrator();
    let (revoked, secret) = create(store, account, Scope::Write, now, 1).await.expect("made");
    assert!(store.revoke_token(&revoked.id, now.micros()).await.expect("revoked"));
    let ended = format!("annals_{}", "e".repeat(43));
    let token = Token {
        id: Uuid::now_v7().into_bytes(),
        sha256: sha2::Sha256::digest(ended.as_bytes()).into(),
        account: account.0.into_bytes(),
        scope: "write".to_owned(),
        created_at: now.micros() - 2_000_000,
        expires_at: now.micros() - 1_000_000,
        revoked_at: None,
    };
    store.put_token(&token).await.expect("kept");
    let unknown = format!("annals_{}", "u".repeat(43));
    let bad = vec![secret, ended, unknown, desk.write.to_lowercase(), String::new()];
    Tokens { bad, read: desk.read.clone(), write: desk.write.clone() }
}

async fn every_route_lets_in_whom_the_table_says(kind: Kind) {
    let desk = Desk::new(kind).await;
    let tokens = tokens(&desk).await;
    for route in ROUTES {
        let path = filled(route.path);
        let method = route.method.as_str();
        let ask = |token: Option<&String>| {
            let ask = Ask::raw(&desk, method, &path);
            match token {
                Some(token) => ask.token(token),
                None => ask,
            }
        };
        let is_open = route.access == Access::Open;
        for token in std::iter::once(None).chain(tokens.bad.iter().map(Some)) {
            let answer = ask(token).begin().await;
            let status = answer.status().as_u16();
            assert_eq!(status == 401, !is_open, "{}: {token:?}: {status}", name(route));
            let asks = answer.headers().contains_key("www-authenticate");
            assert_eq!(asks, !is_open, "{}", name(route));
        }
        for (token, is_refused) in
            [(&tokens.read, route.access == Access::Write), (&tokens.write, false)]
        {
            let status = ask(Some(token)).begin().await.status().as_u16();
            assert_eq!(status == 403, is_refused, "{}: {status}", name(route));
            assert_ne!(status, 401, "{}", name(route));
        }
    }
    for header in ["Basic YTpi", "Bearer", "annals_x", "Bearer \u{e9}"] {
        let ask = desk.ask("GET /v1/sites").header("authorization", header);
        assert_eq!(ask.begin().await.status(), 401, "{header}");
    }
    desk.close().await;
}

async fn an_account_that_is_none_opens_nothing(kind: Kind) {
    let desk = Desk::new(kind).await;
    let nobody = desk.token_of(AccountId(Uuid::now_v7())).await;
    assert_eq!(desk.ask("GET /v1/sites").token(&nobody).send().await.status, 401);
    desk.close().await;
}

/// A route is tested where a test of this folder asks for it by its row of the table.
#[test]
fn routes_without_a_test_only_become_fewer() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/http");
    let mut texts = String::new();
    for file in fs::read_dir(&folder).expect("this folder") {
        let path = file.expect("a file").path();
        if path.extension().is_some_and(|extension| extension == "rs") {
            texts += &fs::read_to_string(path).expect("a text");
        }
    }
    let listed = fs::read_to_string(folder.join("uncovered.txt")).expect("the list");
    let listed: BTreeSet<&str> = listed.lines().filter(|line| !line.starts_with('#')).collect();
    let names: Vec<String> = ROUTES.iter().map(name).collect();
    let uncovered: BTreeSet<&str> = names
        .iter()
        .map(String::as_str)
        .filter(|name| !texts.contains(&format!("\"{name}\"")))
        .collect();
    assert_eq!(uncovered, listed, "left: without a test; right: listed in uncovered.txt");
}
