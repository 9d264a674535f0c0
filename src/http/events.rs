//! 推送 — entries as server-sent events: `id` is the position, and a client that comes back with
//! `Last-Event-ID` misses none.
//!
//! The client draws: a page is read from the store when it takes the one before, so that a slow
//! one costs a page of memory and nothing else.

use std::sync::Arc;

use annals_projections::keys::KeyRing;
use axum::body::{Body, Bytes};
use axum::http::header::CACHE_CONTROL;
use axum::http::{HeaderValue, StatusCode};
use axum::response::Response;
use futures_util::stream;
use tokio::sync::{OwnedSemaphorePermit, watch};
use tokio::time::timeout;

use super::problem::Problem;
use super::route::Call;
use super::service::Service;
use super::{body, entry, limits, query};

struct Feed {
    service: Arc<Service>,
    /// The next position to tell.
    at: u64,
    sizes: watch::Receiver<u64>,
    stopping: watch::Receiver<bool>,
    ring: (u64, KeyRing),
    is_greeted: bool,
    is_over: bool,
    _permit: OwnedSemaphorePermit,
}

/// `GET /v1/events`.
pub async fn follow(service: Arc<Service>, call: Call) -> Result<Response, Problem> {
    let last = match call.header("last-event-id")? {
        Some(text) => Some(
            query::number(text).ok_or_else(|| Problem::field("Last-Event-ID", "not a position"))?,
        ),
        None => None,
    };
    let after = last.or(call.query.after()?);
    if after.is_some_and(|after| after >= call.size) {
        return Err(Problem::field("after", "beyond the entries there are"));
    }
    let permit = service.streams.clone().try_acquire_owned();
    let _permit =
        permit.map_err(|_| Problem::unavailable("too many streams are open").retry(10))?;
    let follower = service.app.ledger().follower();
    let (sizes, stopping) = (follower.sizes(), service.stopping());
    let at = after.map_or(call.size, |after| after + 1);
    let ring = (0, KeyRing::default());
    let feed =
        Feed { service, at, sizes, stopping, ring, is_greeted: false, is_over: false, _permit };
    let pieces = stream::unfold(feed, async |mut feed| {
        let piece = feed.piece().await?;
        Some((Ok::<_, std::io::Error>(Bytes::from(piece)), feed))
    });
    let mut response =
        body::text(StatusCode::OK, "text/event-stream", Body::from_stream(Box::pin(pieces)));
    let headers = response.headers_mut();
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store, no-transform"));
    // A proxy that gathers an answer before it passes it on would hold it back for ever.
    headers.insert("x-accel-buffering", HeaderValue::from_static("no"));
    Ok(response)
}

impl Feed {
    /// The next piece, or the end.
    async fn piece(&mut self) -> Option<String> {
        if !self.is_greeted {
            self.is_greeted = true;
            return Some("retry: 2000\n\n".to_owned());
        }
        loop {
            if self.is_over || *self.stopping.borrow() {
                return None;
            }
            let size = *self.sizes.borrow_and_update();
            if self.at < size {
                let page = self.page(size).await;
                return Some(page.unwrap_or_else(|problem| {
                    // No id: whoever comes back asks for the same entry again. He comes back
                    // after a while; going on here would only repeat it.
                    self.is_over = true;
                    format!("event: problem\ndata: {}\n\n", problem.to_json())
                }));
            }
            let heartbeat = self.service.settings.heartbeat;
            tokio::select! {
                changed = timeout(heartbeat, self.sizes.changed()) => match changed {
                    Ok(Ok(())) => {}
                    Ok(Err(_)) => return None,
                    Err(_) => return Some(": heartbeat\n\n".to_owned()),
                },
                _ = self.stopping.changed() => return None,
            }
        }
    }

    async fn page(&mut self, size: u64) -> Result<String, Problem> {
        let most = u32::try_from(size - self.at).unwrap_or(limits::READY).min(limits::READY);
        let rows = self.service.app.store().read(self.at, most).await?;
        if self.ring.0 < size {
            let serving = self.service.app.ledger().follower().serving().await;
            self.ring = (serving.chain.size(), serving.ring.clone());
        }
        let mut text = String::new();
        for (row, item) in rows.iter().zip(entry::items(&rows, &self.ring.1)?) {
            text += &format!("id: {}\nevent: entry\ndata: {item}\n\n", row.position);
            self.at = row.position + 1;
        }
        Ok(text)
    }
}
