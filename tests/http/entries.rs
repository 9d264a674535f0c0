//! Reading entries: exact bytes, any combination of conditions, pages, lines.

use annals_events::{Hash, Header, Time, entry};
use serde_json::Value;
use uuid::Uuid;

use super::{Desk, on_both};
use crate::harness::Kind;

on_both!(
    an_entry_comes_with_its_bytes_and_neighbours,
    conditions_hold_all_at_once,
    pages_are_whole_and_repeat_nothing,
    lines_end_with_what_they_are,
    a_stream_is_read_by_its_thing,
    bad_questions_are_told_by_their_parameter,
    a_read_waits_for_a_position,
);

async fn desk(kind: Kind) -> Desk {
    let desk = Desk::new(kind).await;
    desk.town.fill(&desk.service.app, 7).await;
    desk.service.app.ledger().catch_up().await.expect("folded");
    desk
}

/// Every entry, read by pages of 5.
async fn all(desk: &Desk, query: &str) -> Vec<Value> {
    let (mut items, mut after): (Vec<Value>, String) = (Vec::new(), String::new());
    loop {
        let page = desk.get("GET /v1/entries", &[], &format!("limit=5&{query}{after}")).await;
        assert_eq!(page.status, 200, "{query}: {}", page.text());
        let page = page.json();
        items.extend(page["items"].as_array().expect("items").iter().cloned());
        match page["next"].as_str() {
            Some(next) => after = format!("&after={next}"),
            None => return items,
        }
    }
}

fn header(item: &Value) -> Header {
    Header::parse(item["header"].as_str().expect("text").as_bytes()).expect("a header")
}

async fn an_entry_comes_with_its_bytes_and_neighbours(kind: Kind) {
    let desk = desk(kind).await;
    let size = desk.service.size().await;
    let mut before = Value::Null;
    for position in 0..size {
        let reply = desk.get("GET /v1/entries/{position}", &[&position.to_string()], "").await;
        assert_eq!(reply.status, 200, "{}", reply.text());
        assert_eq!(reply.header("annals-position"), (size - 1).to_string());
        let item = reply.json();
        let exact = header(&item);
        assert_eq!(entry::leaf(&exact.to_bytes()).to_string(), item["leaf"]);
        assert_eq!(item["parsed"]["header"]["type"], exact.kind);
        let salt = Hash::from_hex(item["facts_salt"].as_str().expect("hex")).expect("a salt");
        let facts = item["facts"].as_str().expect("text").as_bytes();
        assert_eq!(entry::facts_digest(&salt.0, facts), exact.facts_digest);
        assert_eq!(item["private"].is_null(), exact.private_digest.is_none());
        assert_eq!(item["before"]["leaf"], before);
        assert_eq!(item["after"].is_null(), position + 1 == size);
        before = item["leaf"].clone();
    }
    for missing in [size, 9_007_199_254_740_991] {
        let reply = desk.get("GET /v1/entries/{position}", &[&missing.to_string()], "").await;
        assert_eq!(reply.status, 404);
    }
    for bad in ["x", "-1", "01", "9007199254740992"] {
        desk.get("GET /v1/entries/{position}", &[bad], "").await.is_about(400, "position");
    }
    desk.close().await;
}

/// What a query asks for, and whether an entry is that.
type Condition<'a> = (String, Box<dyn Fn(&Header) -> bool + 'a>);

fn conditions(desk: &Desk, middle: Time) -> Vec<Condition<'_>> {
    let town = &desk.town;
    let day = middle.day();
    let (own, far) = (day.clone(), "2001-01-01T00:00:00Z");
    vec![
        ("type=content.published".into(), Box::new(move |h| h.kind == "content.published")),
        (
            format!("actor={}", town.editor),
            Box::new(move |h| h.actor.as_ref().is_some_and(|a| a.account == town.editor)),
        ),
        (
            format!("site=site/{}", town.site),
            Box::new(move |h| h.about().iter().any(|a| a.subject == town.site.into())),
        ),
        (
            format!("account=account/{}", town.reviewer),
            Box::new(move |h| h.about().iter().any(|a| a.subject == town.reviewer.into())),
        ),
        (
            format!("organisation={}", desk.place.founded.organisation),
            Box::new(move |h| {
                h.about().iter().any(|a| a.subject == desk.place.founded.organisation.into())
            }),
        ),
        ("provenance=commanded".into(), Box::new(move |h| h.provenance.word() == "commanded")),
        (format!("from={middle}"), Box::new(move |h| h.effective_at() >= middle)),
        (format!("to={middle}"), Box::new(move |h| h.effective_at() < middle)),
        (format!("from={far}&to={middle}"), Box::new(move |h| h.effective_at() < middle)),
        (
            format!("from={day}T00:00:00Z&to={day}T23:59:59.999999Z"),
            Box::new(move |h| h.effective_at().day() == own),
        ),
    ]
}

async fn conditions_hold_all_at_once(kind: Kind) {
    let desk = desk(kind).await;
    let everything = all(&desk, "").await;
    // Part of it indexed, the tail not: both are looked through.
    desk.service.upkeep.seal(&desk.service.app).await;
    desk.town.publish(&desk.service.app, "late.html", "晚").await;
    desk.service.app.ledger().catch_up().await.expect("folded");
    let everything_now = all(&desk, "").await;
    assert_eq!(everything_now.len(), everything.len() + 3);
    let page = desk.get("GET /v1/entries", &[], "type=site.opened").await.json();
    assert_eq!(page["indexed_to"], everything.len());

    let conditions = conditions(&desk, header(&everything_now[12]).effective_at());
    for (at, (first, holds_first)) in conditions.iter().enumerate() {
        for (second, holds_second) in &conditions[at..] {
            let names = |query: &str| -> Vec<String> {
                query.split('&').map(|p| p.split('=').next().unwrap_or("").to_owned()).collect()
            };
            let same = names(first).iter().any(|name| names(second).contains(name));
            let query = if same { first.clone() } else { format!("{first}&{second}") };
            let found: Vec<u64> = all(&desk, &query)
                .await
                .iter()
                .map(|item| item["position"].as_u64().expect("a number"))
                .collect();
            let expected: Vec<u64> = everything_now
                .iter()
                .map(header)
                .filter(|h| holds_first(h) && (same || holds_second(h)))
                .map(|h| h.position.0)
                .collect();
            assert_eq!(found, expected, "{query}");
        }
    }
    drop(conditions);
    assert!(all(&desk, "clause=LA-P24").await.is_empty());
    let stream = header(&everything_now[15]).stream;
    let found = all(&desk, &format!("stream={stream}&type=content.drafted")).await;
    assert_eq!(found.len(), 1);
    assert_eq!(header(&found[0]).stream, stream);
    desk.close().await;
}

async fn pages_are_whole_and_repeat_nothing(kind: Kind) {
    let desk = desk(kind).await;
    let size = desk.service.size().await;
    for query in ["", "from=2001-01-01T00:00:00Z"] {
        let found = all(&desk, query).await;
        let positions: Vec<u64> =
            found.iter().map(|item| item["position"].as_u64().expect("a number")).collect();
        assert_eq!(positions, (0..size).collect::<Vec<u64>>());
    }
    let page = desk.get("GET /v1/entries", &[], "after=3&limit=2").await.json();
    assert_eq!(
        (&page["items"][0]["position"], &page["items"][1]["position"]),
        (&4.into(), &5.into())
    );
    let beyond = desk.get("GET /v1/entries", &[], &format!("after={size}")).await.json();
    assert_eq!(
        (beyond["items"].as_array().map(Vec::len), beyond["next"].is_null()),
        (Some(0), true)
    );
    desk.close().await;
}

async fn lines_end_with_what_they_are(kind: Kind) {
    let desk = desk(kind).await;
    let size = desk.service.size().await;
    for (query, count, is_cut) in
        [("", size, false), ("type=site.opened", 1, false), ("limit=3", 3, true)]
    {
        let ask = desk.ask("GET /v1/entries").query(query).token(&desk.read);
        let reply = ask.header("accept", "application/x-ndjson, application/json;q=0.5");
        let reply = reply.send().await;
        assert_eq!(reply.header("content-type"), "application/x-ndjson");
        let lines: Vec<Value> = reply
            .text()
            .lines()
            .map(|line| serde_json::from_str(line).expect("an object a line"))
            .collect();
        let (end, items) = lines.split_last().expect("a last line");
        assert_eq!(items.len() as u64, count, "{query}");
        items.iter().for_each(|item| drop(header(item)));
        assert_eq!(end["end"]["size"], size);
        assert_eq!(end["end"]["next"].is_string(), is_cut, "{end}");
        let note = end["end"]["checkpoint"].as_str().expect("a checkpoint");
        annals_events::note::Note::parse(note).expect("signed");
    }
    desk.close().await;
}

async fn a_stream_is_read_by_its_thing(kind: Kind) {
    let desk = desk(kind).await;
    let app = &desk.service.app;
    let content = annals_events::id::ContentId(Uuid::now_v7());
    for text in ["1", "2", "3", "4", "5", "6", "7", "8", "9"] {
        desk.town.draft(app, content, "s.html", text).await;
        desk.town.publish(app, &format!("between-{text}"), "x").await;
    }
    app.ledger().catch_up().await.expect("folded");
    let path = ["content", &content.to_string()];
    let (mut versions, mut after) = (Vec::new(), String::new());
    loop {
        let query = format!("limit=2{after}");
        let reply = desk.get("GET /v1/streams/{thing}/{id}/entries", &path, &query).await;
        assert_eq!(reply.status, 200, "{}", reply.text());
        let page = reply.json();
        let items = page["items"].as_array().expect("items").clone();
        versions.extend(items.iter().map(|item| header(item).version.0));
        match page["next"].as_str() {
            Some(next) => after = format!("&after={next}"),
            None => {
                let tip = app.ledger().follower().serving().await.chain.tip(content.into());
                let leaf = tip.expect("a tip").leaf;
                assert_eq!(reply.header("etag"), format!("\"{leaf}\""));
                break;
            }
        }
    }
    assert_eq!(versions, (0..9).collect::<Vec<u64>>());
    let absent = ["content", &Uuid::now_v7().to_string()];
    let reply = desk.get("GET /v1/streams/{thing}/{id}/entries", &absent, "").await;
    assert_eq!(reply.status, 404);
    for (path, field) in [(["page", absent[1]], "thing"), (["content", "x"], "id")] {
        let reply = desk.get("GET /v1/streams/{thing}/{id}/entries", &path, "").await;
        reply.is_about(400, field);
    }
    desk.close().await;
}

async fn bad_questions_are_told_by_their_parameter(kind: Kind) {
    let desk = Desk::new(kind).await;
    for (query, field) in [
        ("limit=0", "limit"),
        ("limit=1001", "limit"),
        ("limit=5&limit=5", "limit"),
        ("after=x", "after"),
        ("after=-1", "after"),
        ("stream=site", "stream"),
        ("stream=page/01890a5d-ac96-774b-bcce-b302099a8057", "stream"),
        ("site=account/01890a5d-ac96-774b-bcce-b302099a8057", "site"),
        ("actor=somebody", "actor"),
        ("type=", "type"),
        ("type=%E6%94%BF", "type"),
        ("type=%zz", "type"),
        ("from=yesterday", "from"),
        ("from=2026-01-02T00:00:00Z&to=2026-01-01T00:00:00Z", "to"),
        ("min_position=x", "min_position"),
        ("colour=red", "colour"),
    ] {
        desk.get("GET /v1/entries", &[], query).await.is_about(400, field);
    }
    desk.close().await;
}

async fn a_read_waits_for_a_position(kind: Kind) {
    let desk = Desk::new(kind).await;
    let receipt = {
        let column = serde_json::json!({ "site": desk.town.site.to_string(), "title": "a" });
        let stream = format!("column/{}", Uuid::now_v7());
        desk.command(&desk.write, "open_column", &stream, column).await
    };
    let position = receipt["position"].as_u64().expect("a position");
    let query = format!("min_position={position}");
    let reply = desk.get("GET /v1/entries/{position}", &[&position.to_string()], &query).await;
    assert_eq!(reply.status, 200, "{}", reply.text());
    assert!(reply.header("annals-position").parse::<u64>().expect("a number") >= position);
    // What nobody wrote yet is not waited for.
    let query = format!("min_position={}", position + 1);
    let early = desk.get("GET /v1/sites", &[], &query).await;
    early.is_about(409, "min_position");
    assert_eq!(early.header("retry-after"), "1");
    desk.close().await;
}
