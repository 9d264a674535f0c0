//! 条目 — reading entries: by any combination of conditions, by position, by stream.

use std::sync::Arc;

use annals_events::hash::hex;
use annals_events::id::{Stream, Thing, parse_uuid};
use annals_projections::keys::KeyRing;
use axum::body::{Body, Bytes};
use axum::http::header::{ACCEPT, ETAG};
use axum::http::{HeaderValue, StatusCode};
use axum::response::Response;
use futures_util::stream;
use serde_json::{Value, json};
use tokio::sync::OwnedSemaphorePermit;

use super::problem::Problem;
use super::query::{self, to_cursor};
use super::route::Call;
use super::service::Service;
use super::walk::{Filter, Found, Walk};
use super::{body, entry, limits};
use crate::store::SharedStore;

const NDJSON: &str = "application/x-ndjson";

/// `GET /v1/entries`.
pub async fn list(service: Arc<Service>, call: Call) -> Result<Response, Problem> {
    let filter = Filter::read(&call.query)?;
    find(service, call, filter).await
}

/// `GET /v1/streams/{thing}/{id}/entries`.
pub async fn of_stream(service: Arc<Service>, call: Call) -> Result<Response, Problem> {
    let thing = Thing::from_word(call.part("thing"));
    let thing = thing.ok_or_else(|| Problem::field("thing", "not a thing that has streams"))?;
    let id = parse_uuid(call.part("id"));
    let id = id.ok_or_else(|| Problem::field("id", "not a UUID in lower case"))?;
    let stream = Stream::new(thing, id);
    let tip = service.app.ledger().follower().serving().await.chain.tip(stream);
    let tip = tip.ok_or_else(|| Problem::not_found("this stream has no entries"))?;
    let mut response = find(service, call, Filter::of_stream(stream)).await?;
    if let Ok(tag) = HeaderValue::try_from(format!("\"{}\"", tip.leaf)) {
        response.headers_mut().insert(ETAG, tag);
    }
    Ok(response)
}

async fn find(service: Arc<Service>, call: Call, filter: Filter) -> Result<Response, Problem> {
    let (after, limit) = (call.query.after()?, call.query.limit()?);
    let store = service.app.store().clone();
    let mut walk = Walk::begin(&store, filter, after, call.size).await?;
    if wants_lines(&call) {
        return lines(service, walk, limit, call.size).await;
    }
    let found = walk.find(limit.unwrap_or(limits::PAGE)).await?;
    let ring = ring(&service).await;
    let indexed = store.indexed_to().await?.min(call.size);
    Ok(body::json(
        StatusCode::OK,
        &json!({
            "items": entry::items(&found.rows, &ring)?,
            "next": next(&found),
            "indexed_to": indexed,
            "size": call.size,
        }),
    ))
}

fn next(found: &Found) -> Value {
    found.next.map(|position| to_cursor(&position.to_string())).into()
}

async fn ring(service: &Service) -> KeyRing {
    service.app.ledger().follower().serving().await.ring.clone()
}

fn wants_lines(call: &Call) -> bool {
    let accepted = call.headers.get(ACCEPT).and_then(|value| value.to_str().ok());
    let mut kinds = accepted.unwrap_or_default().split(',');
    kinds.any(|kind| kind.split(';').next().is_some_and(|kind| kind.trim() == NDJSON))
}

/// What a stream of lines goes on from.
struct Lines {
    service: Arc<Service>,
    walk: Walk,
    ring: KeyRing,
    left: Option<u64>,
    size: u64,
    is_done: bool,
    _permit: OwnedSemaphorePermit,
}

/// Every entry a line, then one line that says where they end. Read page by page as the client
/// takes them; what was written meanwhile is not among them.
async fn lines(
    service: Arc<Service>,
    walk: Walk,
    left: Option<u64>,
    size: u64,
) -> Result<Response, Problem> {
    let permit = service.streams.clone().try_acquire_owned();
    let _permit =
        permit.map_err(|_| Problem::unavailable("too many streams are open").retry(10))?;
    let ring = ring(&service).await;
    let lines = Lines { service, walk, ring, left, size, is_done: false, _permit };
    let pages = stream::try_unfold(lines, async |mut lines| {
        let page = lines.page().await.map_err(|problem| {
            // The status is gone already: a stream without its last line is not whole.
            std::io::Error::other(problem.to_json().to_string())
        })?;
        Ok::<_, std::io::Error>(page.map(|page| (Bytes::from(page), lines)))
    });
    Ok(body::text(StatusCode::OK, NDJSON, Body::from_stream(Box::pin(pages))))
}

impl Lines {
    async fn page(&mut self) -> Result<Option<String>, Problem> {
        if self.is_done {
            return Ok(None);
        }
        let most = u64::from(limits::READY);
        let limit = self.left.map_or(most, |left| left.min(most));
        let found = self.walk.find(limit).await?;
        let mut page = String::new();
        for item in entry::items(&found.rows, &self.ring)? {
            page += &item.to_string();
            page.push('\n');
        }
        if let Some(left) = &mut self.left {
            *left -= found.rows.len() as u64;
        }
        if found.next.is_none() || self.left == Some(0) {
            self.is_done = true;
            let checkpoint = self.service.upkeep.checkpoint().map(|(checkpoint, _)| checkpoint);
            let end = json!({ "end": {
                "size": self.size,
                "next": next(&found),
                "checkpoint": checkpoint.map(|checkpoint| checkpoint.note),
            }});
            page += &end.to_string();
            page.push('\n');
        }
        Ok(Some(page))
    }
}

/// `GET /v1/entries/{position}`.
pub async fn one(service: Arc<Service>, call: Call) -> Result<Response, Problem> {
    let position = query::number(call.part("position"));
    let position = position.ok_or_else(|| Problem::field("position", "not a position"))?;
    if position >= call.size {
        return Err(Problem::not_found("there is no entry at this position yet"));
    }
    let store: &SharedStore = service.app.store();
    let wanted: Vec<u64> = [position.checked_sub(1), Some(position), Some(position + 1)]
        .into_iter()
        .flatten()
        .filter(|position| *position < call.size)
        .collect();
    let rows = store.read_at(&wanted).await?;
    let at = |wanted: Option<u64>| rows.iter().find(|row| Some(row.position) == wanted);
    let row = at(Some(position));
    let row = row.ok_or_else(|| Problem::unsound("an entry that was folded is not there"))?;
    let around = [at(position.checked_sub(1)), at(Some(position + 1))];
    let (value, header) = entry::whole(row, around, &ring(&service).await)?;
    // The links to both sides are what makes it a chain: shown only where they hold.
    let holds = around[0].is_none_or(|before| before.leaf == header.prev.0)
        && hex(&row.leaf) == value["leaf"].as_str().unwrap_or_default();
    if !holds {
        return Err(Problem::unsound("an entry is not linked with the one before it"));
    }
    Ok(body::json(StatusCode::OK, &value))
}
