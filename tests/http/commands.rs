//! Commands: written once, refused with their clause, and each way to get one wrong.

use annals_events::command::Command;
use annals_events::entry::Authentication;
use annals_events::id::parse_uuid;
use annals_events::{Hash, Header, entry};
use serde_json::{Value, json};
use uuid::Uuid;

use super::{Desk, on_both};
use crate::harness::Kind;

on_both!(
    a_command_is_written_once,
    a_page_comes_about_over_http_alone,
    a_refusal_names_its_clause,
    what_was_not_seen_is_shown,
    a_wrong_envelope_is_told_by_its_member,
    a_key_is_for_one_command,
    a_writer_that_lost_its_place_says_when_to_come_back,
);

fn column(desk: &Desk) -> (String, Value) {
    let stream = format!("column/{}", Uuid::now_v7());
    let command = json!({ "site": desk.town.site.to_string(), "title": "政务要闻" });
    (stream, command)
}

async fn a_command_is_written_once(kind: Kind) {
    let desk = Desk::new(kind).await;
    let (stream, command) = column(&desk);
    let key = Uuid::now_v7().to_string();
    let body = json!({ "stream": stream, "command": command });
    let give = || {
        let ask = desk.post(&desk.write, "open_column", body.clone());
        ask.header("idempotency-key", &key).send()
    };
    let first = give().await;
    assert_eq!(first.status, 201, "{}", first.text());
    let receipt = first.json();
    assert_eq!(first.header("location"), format!("/v1/entries/{}", receipt["position"]));
    assert_eq!((&receipt["replayed"], &receipt["state"]), (&false.into(), &"anchored".into()));
    assert_eq!(receipt["warnings"], json!([]));
    assert!(receipt["checkpoint"].is_string() && receipt["rulebook"].is_null());

    let header = receipt["entries"][0]["header"].as_str().expect("text");
    let parsed = Header::parse(header.as_bytes()).expect("a header");
    let actor = parsed.actor.expect("an actor");
    assert_eq!(actor.account, desk.place.administrator());
    assert_eq!(actor.authenticated, Authentication::Token);
    assert_eq!(parsed.command.expect("a command").key.0, parse_uuid(&key).expect("a UUID"));

    let again = give().await;
    assert_eq!(again.status, 200);
    let mut replayed = again.json();
    assert_eq!(replayed["replayed"], true);
    replayed["replayed"] = false.into();
    assert_eq!(replayed["entries"], receipt["entries"]);
    desk.close().await;
}

async fn a_page_comes_about_over_http_alone(kind: Kind) {
    let desk = Desk::new(kind).await;
    let (editor, reviewer) =
        (desk.token_of(desk.town.editor).await, desk.token_of(desk.town.reviewer).await);
    let text = "<p>政务公开</p>";
    let put = desk.ask("PUT /v1/bodies").token(&editor).body(text).send().await;
    let body = put.json();
    let (site, content) = (desk.town.site.to_string(), format!("content/{}", Uuid::now_v7()));
    let draft = json!({
        "body": body["id"], "bytes": body["bytes"], "path": "a.html", "site": site, "title": "公开",
    });
    desk.command(&editor, "draft_content", &content, draft.clone()).await;
    let pass = json!({ "body": body["id"], "level": "final", "site": site });
    let own = desk.post(&editor, "pass_review", json!({ "stream": content, "command": pass }));
    let refused = own.send().await;
    assert_eq!(refused.status, 422, "{}", refused.text());
    assert!(refused.json()["clause"].as_str().expect("a clause").starts_with("annals:"));
    desk.command(&reviewer, "pass_review", &content, pass).await;
    let receipt = desk.command(&reviewer, "publish_content", &content, draft).await;
    let query = format!("path=a.html&min_position={}", receipt["position"]);
    let page = desk.get("GET /v1/sites/{id}/page", &[&site], &query).await;
    assert_eq!(page.body, text.as_bytes());
    desk.close().await;
}

async fn a_refusal_names_its_clause(kind: Kind) {
    let desk = Desk::new(kind).await;
    let (stream, mut command) = column(&desk);
    command["site"] = Uuid::now_v7().to_string().into();
    command["title"] = "秘密的标题".into();
    let ask = desk.post(&desk.write, "open_column", json!({"stream": stream, "command": command}));
    let refused = ask.send().await;
    assert_eq!(refused.status, 422, "{}", refused.text());
    assert_eq!(refused.header("content-type"), "application/problem+json");
    let problem = refused.json();
    assert_eq!(problem["type"], "urn:annals:problem:refused");
    assert!(problem["clause"].as_str().expect("a clause").starts_with("annals:"), "{problem}");
    assert!(!refused.text().contains("秘密"), "{problem}");

    let mut auditor = json!({ "stream": stream, "command": column(&desk).1 });
    let token = desk.token_of(desk.place.auditor()).await;
    assert_eq!(desk.post(&token, "open_column", auditor.clone()).send().await.status, 422);
    // A stream of another thing, and a body that nobody uploaded.
    auditor["stream"] = format!("site/{}", Uuid::now_v7()).into();
    let wrong = desk.post(&desk.write, "open_column", auditor).send().await;
    assert_eq!(wrong.json()["clause"], "annals:stream");
    let draft = json!({
        "body": "ab".repeat(32), "bytes": 5, "path": "a", "site": desk.town.site.to_string(),
    });
    let stream = format!("content/{}", Uuid::now_v7());
    let body = json!({ "stream": stream, "command": draft });
    let missing = desk.post(&desk.write, "draft_content", body).send().await;
    assert_eq!(missing.json()["clause"], "annals:body_missing");
    let metrics = desk.ask("GET /metrics").send().await.text();
    assert!(metrics.contains("annals_refused_total 4"), "{metrics}");
    desk.close().await;
}

async fn what_was_not_seen_is_shown(kind: Kind) {
    let desk = Desk::new(kind).await;
    let editor = desk.token_of(desk.town.editor).await;
    let stream = format!("content/{}", Uuid::now_v7());
    let mut leaves = Vec::new();
    let draft = async |text: &'static str| {
        let put = desk.ask("PUT /v1/bodies").token(&editor).body(text).send().await.json();
        json!({
            "body": put["id"], "bytes": put["bytes"], "path": "a.html",
            "site": desk.town.site.to_string(),
        })
    };
    for text in ["一", "二"] {
        let receipt = desk.command(&editor, "draft_content", &stream, draft(text).await).await;
        let header = receipt["entries"][0]["header"].as_str().expect("text");
        leaves.push(entry::leaf(header.as_bytes()).to_string());
    }
    let body = json!({ "stream": stream, "command": draft("三").await });
    let give = |matched: &str| {
        desk.post(&editor, "draft_content", body.clone()).header("if-match", matched)
    };
    for matched in ["\"0\"", &format!("\"{}\"", leaves[0])] {
        let stale = give(matched).send().await;
        assert_eq!(stale.status, 412, "{}", stale.text());
        let problem = stale.json();
        let missed = problem["missed"].as_array().expect("entries");
        assert_eq!(missed.len(), 1, "{problem}");
        assert_eq!(missed[0]["leaf"], leaves[1]);
        assert_eq!((&problem["version"], &problem["leaf"]), (&1.into(), &leaves[1].clone().into()));
    }
    assert_eq!(give("\"7\"").send().await.json()["missed"], json!([]));
    assert_eq!(
        give(&format!("\"{}\"", Hash::ZERO)).send().await.json()["missed"][1]["leaf"],
        leaves[1]
    );
    for bad in ["1", "\"x\"", "W/\"1\"", "\"01\""] {
        give(bad).send().await.is_about(400, "If-Match");
    }
    // `seen` in the envelope is the same promise, asked by the decision itself.
    let mut seen = body.clone();
    seen["seen"] = leaves[0].clone().into();
    let stale = desk.post(&editor, "draft_content", seen).send().await;
    assert_eq!(stale.status, 412, "{}", stale.text());
    assert_eq!(stale.json()["missed"][0]["leaf"], leaves[1]);

    let key = Uuid::now_v7().to_string();
    let matched = format!("\"{}\"", leaves[1]);
    let good = give(&matched).header("idempotency-key", &key).send().await;
    assert_eq!(good.status, 201, "{}", good.text());
    // What the caller saw is old now, by his own command: he gets his receipt.
    let again = give(&matched).header("idempotency-key", &key).send().await;
    assert_eq!(again.status, 200, "{}", again.text());
    assert_eq!(give("\"2\"").send().await.status, 201);
    assert_eq!(give("*").send().await.status, 201);
    desk.close().await;
}

async fn a_wrong_envelope_is_told_by_its_member(kind: Kind) {
    let desk = Desk::new(kind).await;
    let (stream, command) = column(&desk);
    let good = json!({ "stream": stream, "command": command });
    let with = |name: &str, value: Value| {
        let mut body = good.clone();
        body[name] = value;
        body
    };
    let inner = |name: &str, value: Value| {
        let mut body = good.clone();
        body["command"][name] = value;
        body
    };
    let long = "长".repeat(6_000);
    for (body, field) in [
        (json!({ "command": command }), "stream"),
        (json!({ "stream": stream }), "command"),
        (with("stream", "column".into()), "stream"),
        (with("stream", 5.into()), "stream"),
        (with("secret-Aa1", "hunter2".into()), "body"),
        (with("nonce", "ab".into()), "nonce"),
        (with("seen", "AB".repeat(32).into()), "seen"),
        (with("issued_at", "yesterday".into()), "issued_at"),
        (with("cause", "-1".into()), "cause"),
        (with("signature", json!({ "value": "hunter2" })), "signature"),
        (inner("title", 5.into()), "command.title"),
        (inner("title", "".into()), "command.title"),
        (inner("title", long.into()), "command.title"),
        (inner("site", "hunter2".into()), "command.site"),
        (inner("hunter2", "hunter2".into()), "command"),
        (with("command", json!({ "title": "a" })), "command.site"),
        (with("command", json!([])), "command"),
    ] {
        let reply = desk.post(&desk.write, "open_column", body.clone()).send().await;
        reply.is_about(400, field);
        assert!(!reply.text().contains("hunter2"), "{body}");
    }
    for text in ["", "[]", "{\"a\":null}", "{\"a\":1.5}", "{\"a\":1,\"a\":2}", "hunter2", "\u{1}"] {
        let ask = desk.post(&desk.write, "open_column", Value::Null).body(text);
        let reply = ask.send().await;
        assert_eq!(reply.status, 400, "{text}: {}", reply.text());
        assert!(!reply.text().contains("hunter2"));
    }
    for key in ["", "7", "hunter2"] {
        let ask = desk.post(&desk.write, "open_column", good.clone());
        ask.header("idempotency-key", key).send().await.is_about(400, "Idempotency-Key");
    }
    let ask = desk.ask("POST /v1/commands/{name}").path(&["open_column"]).token(&desk.write);
    ask.body(good.to_string()).send().await.is_about(400, "Idempotency-Key");
    let ask = desk.post(&desk.write, "open_column", good.clone());
    assert_eq!(ask.header("content-type", "text/plain").send().await.status, 415);
    for name in ["fly", "rotate_key", "open_import", "close_import"] {
        let reply = desk.post(&desk.write, name, good.clone()).send().await;
        assert_eq!(reply.status, 404, "{name}");
        let schema = desk.get("GET /v1/commands/{name}/schema", &[name], "").await;
        assert_eq!(schema.status, 404, "{name}");
    }
    assert_eq!(desk.post(&desk.write, "open_column", good).send().await.status, 201);
    desk.close().await;
}

async fn a_key_is_for_one_command(kind: Kind) {
    let desk = Desk::new(kind).await;
    let key = Uuid::now_v7().to_string();
    for (round, expected) in [201, 422].into_iter().enumerate() {
        let (stream, command) = column(&desk);
        let body = json!({ "stream": stream, "command": command });
        let ask = desk.post(&desk.write, "open_column", body);
        let reply = ask.header("idempotency-key", &key).send().await;
        assert_eq!(reply.status, expected, "{round}: {}", reply.text());
        if expected == 422 {
            reply.is_about(422, "Idempotency-Key");
            assert_eq!(reply.json()["type"], "urn:annals:problem:key-reused");
        }
    }
    desk.close().await;
}

async fn a_writer_that_lost_its_place_says_when_to_come_back(kind: Kind) {
    let desk = Desk::new(kind).await;
    let store = desk.service.app.store().clone();
    let ttl = std::time::Duration::from_secs(7);
    let thief = store.acquire("somebody else", ttl, 0, true).await.expect("taken");
    let (stream, command) = column(&desk);
    let body = json!({ "stream": stream, "command": command });
    let key = Uuid::now_v7().to_string();
    let give = || {
        let ask = desk.post(&desk.write, "open_column", body.clone());
        ask.header("idempotency-key", &key).send()
    };
    // First it learns that it was overtaken, then who has the lease.
    let overtaken = give().await;
    assert_eq!(overtaken.status, 503, "{}", overtaken.text());
    assert!(overtaken.header("retry-after").parse::<u64>().expect("seconds") >= 1);
    assert_eq!(desk.ask("GET /readyz").send().await.json()["role"], "follower");
    // Whoever holds the lock of an embedded store takes the lease back at once.
    if kind == Kind::Postgres {
        let reply = give().await;
        assert_eq!(reply.status, 503, "{}", reply.text());
        assert_eq!(reply.json()["type"], "urn:annals:problem:not-leader");
        let seconds: u64 = reply.header("retry-after").parse().expect("seconds");
        assert!((1..=7).contains(&seconds), "{seconds}");
        assert!(!reply.text().contains("somebody else"));
        store.release(&thief).await.expect("released");
        assert_eq!(desk.ask("GET /readyz").send().await.json()["role"], "standby");
    }
    let reply = give().await;
    assert_eq!(reply.status, 201, "{}", reply.text());
    desk.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_command_that_is_given_here_has_a_schema() {
    let desk = Desk::new(Kind::Sqlite).await;
    let list = desk.get("GET /v1/commands", &[], "").await.json();
    let items = list["items"].as_array().expect("items");
    assert_eq!(items.len(), Command::names().count() - 3);
    for item in items {
        let name = item["name"].as_str().expect("a name");
        let reply = desk.get("GET /v1/commands/{name}/schema", &[name], "").await;
        assert_eq!(reply.header("content-type"), "application/schema+json");
        let schema = reply.json();
        assert_eq!(schema["additionalProperties"], false);
        let members = schema["properties"].as_object().expect("members");
        assert!(members.values().all(|member| member["description"] != ""), "{schema}");
        assert!(!schema["description"].as_str().expect("words").is_empty());
    }
    let draft = desk.get("GET /v1/commands/{name}/schema", &["draft_content"], "").await.json();
    assert_eq!(draft["required"], json!(["body", "bytes", "path", "site"]));
    let pass = desk.get("GET /v1/commands/{name}/schema", &["pass_review"], "").await.json();
    assert_eq!(pass["required"], json!(["body", "level", "site"]));
    let told = desk.get("GET /v1/commands/{name}/schema", &["report_incident"], "").await.json();
    assert_eq!(told["required"], json!(["facts"]));
    assert_eq!(told["properties"]["facts"]["required"], json!(["site", "to"]));
    assert_eq!(told["properties"]["occurred_at"]["type"], "string");
    desk.close().await;
}
