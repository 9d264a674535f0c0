//! 命令 — the one road in: every command of the table by one route, judged inside the decision.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use annals_events::canonical::Json;
use annals_events::command::Command;
use annals_events::entry::{ActorSignature, Authentication};
use annals_events::hash::hex;
use annals_events::id::{CommandKey, Stream, parse_uuid};
use annals_events::{Hash, Header, Time};
use annals_projections::chain::Tip;
use axum::http::header::{CONTENT_TYPE, LOCATION};
use axum::http::{HeaderValue, StatusCode};
use axum::response::Response;
use serde_json::{Value, json};

use super::problem::Problem;
use super::route::Call;
use super::service::Service;
use super::{body, entry, limits, query, schema};
use crate::app::Given;
use crate::ledger::{Receipt, WriteError};

/// What the deciding side says of a stream that moved.
const STALE: &str = "annals:stale";

/// A command's envelope.
struct Envelope {
    stream: Stream,
    command: Command,
    nonce: Option<Hash>,
    seen: Option<Hash>,
    issued_at: Option<Time>,
    signature: Option<ActorSignature>,
    cause: Option<u64>,
}

/// `POST /v1/commands/{name}`.
pub async fn give(service: Arc<Service>, mut call: Call) -> Result<Response, Problem> {
    let bearer = call.bearer.ok_or_else(|| Problem::fault("a command without a caller"))?;
    let name = known(call.part("name"))?;
    let key = key(&call)?;
    let matched = call.header("if-match")?.map(if_match).transpose()?;
    if !is_json(&call) {
        return Err(Problem::media_type("a command is application/json"));
    }
    let text = body::read(std::mem::take(&mut call.body), limits::ENVELOPE_BYTES).await?;
    let envelope = envelope(name, &text)?;
    let stream = envelope.stream;
    let seen = match matched {
        Some(matched) => meet(&service, stream, matched, key).await?.or(envelope.seen),
        None => envelope.seen,
    };
    let given = Given {
        account: bearer.account,
        authenticated: Authentication::Token,
        stream,
        key,
        command: envelope.command,
        nonce: envelope.nonce,
        seen,
        issued_at: envelope.issued_at,
        signature: envelope.signature,
        cause: envelope.cause,
    };
    match service.app.give(given).await {
        Ok(receipt) => answer(&service, &receipt),
        Err(error) => {
            if let WriteError::Refused(refusal) = &error {
                service.metrics.refused.fetch_add(1, Ordering::Relaxed);
                if refusal.clause == STALE {
                    return Err(stale(&service, stream, seen).await?);
                }
            }
            Err(error.into())
        }
    }
}

fn known(name: &str) -> Result<&'static str, Problem> {
    let described = schema::described(name)
        .ok_or_else(|| Problem::not_found("no command has this name; /v1/commands lists all"))?;
    match schema::elsewhere(described.name) {
        Some(why) => Err(Problem::not_found(why)),
        None => Ok(described.name),
    }
}

fn key(call: &Call) -> Result<CommandKey, Problem> {
    let wrong = |detail: &str| Problem::field("Idempotency-Key", detail);
    let text = call.header("idempotency-key")?;
    let text = text.ok_or_else(|| wrong("is required: a UUID of the client's own"))?;
    // The draft of this header writes it as a quoted string; a bare UUID is what most send.
    let text = text.trim_matches('"');
    parse_uuid(text).map(CommandKey).ok_or_else(|| wrong("not a UUID in lower case"))
}

fn is_json(call: &Call) -> bool {
    let kind = call.headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok());
    let kind = kind.and_then(|kind| kind.split(';').next()).unwrap_or_default();
    kind.trim().eq_ignore_ascii_case("application/json")
}

fn envelope(name: &str, text: &[u8]) -> Result<Envelope, Problem> {
    let json = Json::read(text).map_err(|error| {
        // Only the place: what stands there is the caller's.
        let at = error.rfind(" at line ").map_or("", |place| &error[place..]);
        Problem::bad_request(format!(
            "not the JSON that is taken (no null, fraction, repeated member){at}"
        ))
    })?;
    let Json::Object(members) = &json else {
        return Err(Problem::bad_request("the body is an object with stream and command"));
    };
    const MEMBERS: [&str; 7] =
        ["stream", "command", "nonce", "seen", "issued_at", "signature", "cause"];
    if members.keys().any(|name| !MEMBERS.contains(&name.as_str())) {
        return Err(Problem::field("body", "has a member that an envelope does not have"));
    }
    let text = |name: &str| json.get(name).map(|value| (value.text(), name.to_owned()));
    let parsed = |name: &str, wanted: &str| {
        text(name).map(|(text, name)| text.ok_or_else(|| Problem::field(&name, wanted)))
    };
    let wanted = "<thing>/<uuid> with a known thing";
    let stream = parsed("stream", wanted)
        .unwrap_or_else(|| Err(Problem::field("stream", "is required: <thing>/<uuid>")))?;
    let stream = stream.parse().map_err(|_| Problem::field("stream", wanted))?;
    let hash = |name: &str| {
        let wanted = "64 lower-case hex digits";
        let hash = parsed(name, wanted).transpose()?.map(query::hash);
        hash.map(|hash| hash.ok_or_else(|| Problem::field(name, wanted))).transpose()
    };
    let issued_at = parsed("issued_at", "an RFC 3339 instant").transpose()?.map(Time::from_rfc3339);
    let issued_at = issued_at
        .map(|at| at.ok_or_else(|| Problem::field("issued_at", "not an RFC 3339 instant")));
    let signature = json.get("signature").map(|value| {
        serde_json::from_slice(&value.to_bytes())
            .map_err(|_| Problem::field("signature", "not {algorithm, key, value}"))
    });
    let cause = json.get("cause").map(|value| match value {
        Json::Integer(number) => u64::try_from(*number).map_err(|_| ()),
        Json::Text(text) => query::number(text).ok_or(()),
        _ => Err(()),
    });
    let cause = cause.map(|cause| cause.map_err(|()| Problem::field("cause", "not a position")));
    Ok(Envelope {
        stream,
        command: command(name, json.get("command"))?,
        nonce: hash("nonce")?,
        seen: hash("seen")?,
        issued_at: issued_at.transpose()?,
        signature: signature.transpose()?,
        cause: cause.transpose()?,
    })
}

fn command(name: &str, given: Option<&Json>) -> Result<Command, Problem> {
    let given = given.ok_or_else(|| Problem::field("command", "is required"))?;
    if let Some(described) = schema::described(name)
        && let Err((member, why)) = schema::check(&described, given)
    {
        let field = if member.is_empty() { "command".into() } else { format!("command.{member}") };
        return Err(Problem::field(&field, why));
    }
    Command::read(name, &given.to_bytes()).map_err(|why| {
        // Our own sentences begin with the member; others might repeat what was given.
        let member = why.split_once(": ").map(|(member, _)| member);
        let member = member.filter(|m| m.bytes().all(|b| b.is_ascii_lowercase() || b == b'_'));
        let field = member.map_or("command".to_owned(), |member| format!("command.{member}"));
        Problem::field(&field, "is not what this command takes; see its schema")
    })
}

enum Matched {
    Any,
    Version(u64),
    Leaf(Hash),
}

fn if_match(text: &str) -> Result<Matched, Problem> {
    let wrong = || Problem::field("If-Match", "not \"<version>\", \"<leaf>\" or *");
    if text.trim() == "*" {
        return Ok(Matched::Any);
    }
    let inner = text.trim().strip_prefix('"').and_then(|rest| rest.strip_suffix('"'));
    let inner = inner.ok_or_else(wrong)?;
    let leaf = query::hash(inner).map(Matched::Leaf);
    leaf.or_else(|| query::number(inner).map(Matched::Version)).ok_or_else(wrong)
}

/// Hold what the caller saw against the newest entry of the stream; answers its leaf, so that the
/// decision asks once more. A command that was written already is past that.
async fn meet(
    service: &Service,
    stream: Stream,
    matched: Matched,
    key: CommandKey,
) -> Result<Option<Hash>, Problem> {
    service.app.ledger().catch_up().await?;
    let (tip, is_known) = {
        let serving = service.app.ledger().follower().serving().await;
        (serving.chain.tip(stream), serving.chain.knows_command(key))
    };
    let newest = tip.map_or(Hash::ZERO, |tip| tip.leaf);
    let holds = match (&matched, tip) {
        (Matched::Any, tip) => tip.is_some(),
        (Matched::Version(version), tip) => tip.is_some_and(|tip| tip.version == *version),
        (Matched::Leaf(leaf), _) => *leaf == newest,
    };
    if holds {
        return Ok(Some(newest));
    }
    if is_known {
        return Ok(if let Matched::Leaf(leaf) = matched { Some(leaf) } else { None });
    }
    Err(missed(service, stream, tip, matched).await?)
}

async fn stale(service: &Service, stream: Stream, seen: Option<Hash>) -> Result<Problem, Problem> {
    service.app.ledger().catch_up().await?;
    let tip = service.app.ledger().follower().serving().await.chain.tip(stream);
    missed(service, stream, tip, seen.map_or(Matched::Any, Matched::Leaf)).await
}

/// What the caller has not seen: the entries after the one he named, as far as it is one.
async fn missed(
    service: &Service,
    stream: Stream,
    tip: Option<Tip>,
    matched: Matched,
) -> Result<Problem, Problem> {
    let store = service.app.store();
    let (newest, name) = (tip.map_or(0, |tip| tip.version), stream.to_string());
    let most = u64::from(limits::MISSED);
    let from = match matched {
        Matched::Version(version) => version.saturating_add(1),
        Matched::Leaf(Hash::ZERO) => 0,
        // Somewhere near the end: nobody looks at a page and comes back thousands later.
        Matched::Leaf(leaf) => {
            let near = newest.saturating_sub(most);
            let rows = store.read_stream(&name, near, limits::MISSED + 1).await?;
            rows.iter().find(|row| row.leaf == leaf.0).map_or(near, |row| row.version + 1)
        }
        Matched::Any => newest + 1,
    };
    let rows = store.read_stream(&name, from, limits::MISSED).await?;
    let ring = service.app.ledger().follower().serving().await.ring.clone();
    Ok(Problem::stale("read what was missed, then decide again")
        .with("stream", json!(name))
        .with("version", tip.map(|tip| tip.version).into())
        .with("leaf", tip.map(|tip| tip.leaf.to_string()).into())
        .with("missed", entry::items(&rows, &ring)?.into()))
}

fn answer(service: &Service, receipt: &Receipt) -> Result<Response, Problem> {
    let mut entries = Vec::new();
    let (mut rulebook, mut clauses) = (None, Vec::new());
    for written in &receipt.entries {
        let header = std::str::from_utf8(&written.header)
            .map_err(|_| Problem::fault("a receipt that is not UTF-8"))?;
        let parsed = Header::parse(&written.header).ok();
        rulebook = parsed.as_ref().and_then(|header| header.rulebook);
        clauses.extend(parsed.and_then(|header| header.clauses).into_iter().flatten());
        entries.push(json!({ "header": header, "signature": hex(&written.signature) }));
    }
    let newest = service.upkeep.checkpoint().map(|(checkpoint, _)| checkpoint.note);
    let value = json!({
        "entries": entries,
        "checkpoint": newest.or_else(|| receipt.checkpoint.clone()),
        "position": receipt.last,
        "rulebook": rulebook.map(|position| position.0),
        "state": "anchored",
        "replayed": receipt.replayed,
        "warnings": clauses,
    });
    let status = if receipt.replayed { StatusCode::OK } else { StatusCode::CREATED };
    if !receipt.replayed {
        let count = receipt.entries.len() as u64;
        service.metrics.appended.fetch_add(count, Ordering::Relaxed);
    }
    let mut response = body::json(status, &value);
    let place = format!("/v1/entries/{}", receipt.first);
    if let Ok(place) = HeaderValue::try_from(place) {
        response.headers_mut().insert(LOCATION, place);
    }
    Ok(response)
}

/// `GET /v1/commands`.
pub async fn list(_: Arc<Service>, _: Call) -> Result<Response, Problem> {
    let row = |name: &String| {
        let doc = schema::described(name).map(|described| described.doc);
        json!({ "name": name, "summary": doc, "schema": format!("/v1/commands/{name}/schema") })
    };
    let items: Vec<Value> = schema::names().iter().map(row).collect();
    Ok(body::json(StatusCode::OK, &json!({ "items": items })))
}

/// `GET /v1/commands/{name}/schema`.
pub async fn schema_of(_: Arc<Service>, call: Call) -> Result<Response, Problem> {
    let name = known(call.part("name"))?;
    let described = schema::described(name).ok_or_else(|| Problem::not_found("no such command"))?;
    let mut schema = schema::of_command(&described);
    schema["$schema"] = json!("https://json-schema.org/draft/2020-12/schema");
    schema["$id"] = json!(format!("/v1/commands/{name}/schema"));
    let body = schema.to_string();
    Ok(body::text(StatusCode::OK, "application/schema+json", body))
}
