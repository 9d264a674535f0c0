//! Tokens from the command line, beside a service that runs.

use std::time::Instant;

use annals::tokens::{PREFIX, SECRET_CHARS};
use serde_json::Value;

use super::{Desk, PATIENCE, on_both};
use crate::harness::{ADMINISTRATOR, Kind, code, json, text};

on_both!(a_token_is_made_listed_and_revoked, what_makes_no_token_is_said);

async fn a_token_is_made_listed_and_revoked(kind: Kind) {
    let desk = Desk::new(kind).await;
    let arguments =
        ["token", "create", "--account", ADMINISTRATOR, "--scope", "read", "--days", "3", "--json"];
    let made = desk.place.annals(&arguments);
    assert_eq!(code(&made), 0, "{}", text(&made.stderr));
    let made = json(&made);
    let secret = made["secret"].as_str().expect("a secret").to_owned();
    assert!(secret.len() == SECRET_CHARS && secret.starts_with(PREFIX), "{secret}");
    assert_eq!(made["account"], format!("account/{}", desk.place.administrator()));

    assert_eq!(desk.ask("GET /v1/sites").token(&secret).send().await.status, 200);
    assert_eq!(desk.ask("PUT /v1/bodies").token(&secret).send().await.status, 403);
    let listed = desk.place.annals(&["token", "list", "--json"]);
    assert!(!text(&listed.stdout).contains(&secret[PREFIX.len()..]));
    let listed = json(&listed);
    let own = |token: &&Value| token["id"] == made["id"];
    let shown = listed["tokens"].as_array().expect("tokens").iter().find(own).expect("ours");
    assert_eq!((&shown["scope"], &shown["revoked_at"]), (&"read".into(), &Value::Null));
    let tables = desk.service.app.store().tokens().await.expect("tokens");
    assert!(!format!("{tables:?}").contains(&secret), "the secret is kept");

    let id = made["id"].as_str().expect("an id");
    let revoked = desk.place.annals(&["token", "revoke", id]);
    assert_eq!(code(&revoked), 0, "{}", text(&revoked.stderr));
    let begun = Instant::now();
    while desk.ask("GET /v1/sites").token(&secret).send().await.status != 401 {
        assert!(begun.elapsed() < PATIENCE, "a revoked token is still good");
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
    }
    assert!(text(&desk.place.annals(&["token", "list"]).stdout).contains("revoked"));
    desk.close().await;
}

async fn what_makes_no_token_is_said(kind: Kind) {
    let desk = Desk::new(kind).await;
    for (account, scope, days, said) in [
        ("无此人", "read", "3", "--account"),
        (ADMINISTRATOR, "all", "3", "--scope"),
        (ADMINISTRATOR, "read", "0", "--days"),
        (ADMINISTRATOR, "read", "99999", "--days"),
        ("account/01890a5d-ac96-774b-bcce-b302099a8057", "read", "3", "--account"),
    ] {
        let arguments = ["token", "create", "--account", account, "--scope", scope, "--days", days];
        let made = desk.place.annals(&arguments);
        assert_eq!(code(&made), 3, "{account} {scope} {days}");
        assert!(text(&made.stderr).contains(said), "{}", text(&made.stderr));
    }
    for id in ["x", "01890a5d-ac96-774b-bcce-b302099a8057"] {
        assert_eq!(code(&desk.place.annals(&["token", "revoke", id])), 3);
    }
    assert_eq!(desk.service.app.store().tokens().await.expect("tokens").len(), 2);
    desk.close().await;
}
