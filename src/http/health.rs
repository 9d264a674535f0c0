//! 健康 — for those who watch the service: is it alive, is it ready, what did it count, what did
//! it sign.

use std::sync::Arc;

use annals_events::{Header, Time};
use axum::http::StatusCode;
use axum::response::Response;
use serde_json::{Value, json};

use super::body;
use super::problem::Problem;
use super::route::Call;
use super::service::Service;
use crate::store::Head;

/// `GET /healthz`.
pub async fn alive(_: Arc<Service>, _: Call) -> Result<Response, Problem> {
    Ok(body::json(StatusCode::OK, &json!({ "alive": true })))
}

/// `GET /readyz`.
pub async fn ready(service: Arc<Service>, _: Call) -> Result<Response, Problem> {
    let app = &service.app;
    let now = app.now();
    let stopped = app.ledger().follower().stopped().await;
    let rehashed = service.upkeep.rehashed();
    let bad = rehashed.as_ref().and_then(|rehashed| rehashed.bad.as_ref());
    let head = app.store().head().await;
    let served = service.size().await;
    let anchored = app.ledger().parts().anchor.get().await;
    let anchor = match anchored.ok().flatten() {
        Some(anchored) => {
            let at = recorded_at(&service, anchored.size).await;
            json!({ "size": anchored.size, "age_seconds": at.map(|at| age(at, now)) })
        }
        None => Value::Null,
    };
    let checkpoint = service.upkeep.checkpoint().map(|(checkpoint, at)| {
        json!({ "size": checkpoint.size, "age_seconds": at.map(|at| age(at, now)) })
    });
    let is_stopping = *service.stopping().borrow();
    let is_ready = head.is_ok() && stopped.is_none() && bad.is_none() && !is_stopping;
    let value = json!({
        "ready": is_ready,
        "role": head.as_ref().ok().map(|head| role(head, app.ledger().holder())),
        "size": served,
        "lag": head.as_ref().ok().map(|head| head.size.saturating_sub(served)),
        // Which entry, and no more: what is wrong with it is for the operator's log.
        "following_stopped": stopped.is_some(),
        // A service that may rewrite what it wrote: for demo and tests only.
        "excess_rights": app.store().excess_rights().await.ok().map(|why| why.is_some()),
        "rehash": rehashed.as_ref().map(|rehashed| json!({
            "size": rehashed.size,
            "age_seconds": age(rehashed.at, now),
            "holds": rehashed.bad.is_none(),
        })),
        "anchor": anchor,
        "checkpoint": checkpoint,
    });
    let status = if is_ready { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE };
    Ok(body::json(status, &value))
}

/// Whether this run writes, another does, or nobody has since it started: then the first command
/// takes the lease.
fn role(head: &Head, own: &str) -> &'static str {
    match &head.holder {
        Some(holder) if holder == own => "leader",
        Some(_) if head.lease_left_micros > 0 => "follower",
        _ => "standby",
    }
}

fn age(at: Time, now: Time) -> i64 {
    (now.micros() - at.micros()).max(0) / 1_000_000
}

async fn recorded_at(service: &Service, size: u64) -> Option<Time> {
    let rows = service.app.store().read_at(&[size.checked_sub(1)?]).await.ok()?;
    let header = Header::parse(&rows.first()?.header).ok()?;
    Some(header.recorded_at)
}

/// `GET /metrics`.
pub async fn metrics(service: Arc<Service>, _: Call) -> Result<Response, Problem> {
    let served = service.size().await;
    let head = service.app.store().head().await.map(|head| head.size).unwrap_or(served);
    let sealed = service.upkeep.checkpoint().map_or(0, |(checkpoint, _)| checkpoint.size);
    let is_stopped = service.app.ledger().follower().stopped().await.is_some();
    let text = service.metrics.to_text(&[
        ("annals_head_size", "Entries in the store.", head),
        ("annals_serving_size", "Entries served.", served),
        ("annals_checkpoint_size", "Entries under the newest checkpoint.", sealed),
        ("annals_following_stopped", "1 once an entry did not hold.", u64::from(is_stopped)),
    ]);
    Ok(body::text(StatusCode::OK, "text/plain; version=0.0.4; charset=utf-8", text))
}

/// `GET /checkpoint`.
pub async fn checkpoint(service: Arc<Service>, _: Call) -> Result<Response, Problem> {
    let newest = service.upkeep.checkpoint();
    let (newest, _) = newest.ok_or_else(|| Problem::not_found("no checkpoint was signed yet"))?;
    Ok(body::text(StatusCode::OK, "text/plain; charset=utf-8", newest.note))
}
