//! Server-sent events: in order, none missed, resumed where they broke off.

use std::time::Duration;

use annals::http::service::Settings;
use axum::body::BodyDataStream;
use futures_util::StreamExt;
use tokio::time::timeout;

use super::{Ask, Desk, PATIENCE, on_both};
use crate::harness::Kind;

on_both!(
    entries_come_as_they_are_written,
    a_client_that_comes_back_misses_none,
    a_stop_ends_every_stream,
);

struct Stream {
    body: BodyDataStream,
    text: String,
}

impl Stream {
    async fn of(ask: Ask<'_>) -> Stream {
        let response = ask.begin().await;
        assert_eq!(response.status(), 200);
        assert_eq!(response.headers()["content-type"], "text/event-stream");
        Stream { body: response.into_body().into_data_stream(), text: String::new() }
    }

    /// The next message; `None` at the end.
    async fn next(&mut self) -> Option<String> {
        loop {
            if let Some((message, rest)) = self.text.split_once("\n\n") {
                let (message, rest) = (message.to_owned(), rest.to_owned());
                self.text = rest;
                return Some(message);
            }
            let piece = timeout(PATIENCE, self.body.next()).await.expect("in time")?;
            self.text += std::str::from_utf8(&piece.expect("a piece")).expect("UTF-8");
        }
    }

    /// Positions of the next entries.
    async fn positions(&mut self, count: usize) -> Vec<u64> {
        let mut positions = Vec::new();
        while positions.len() < count {
            let message = self.next().await.expect("more");
            let Some(id) = message.strip_prefix("id: ") else { continue };
            let (id, rest) = id.split_once('\n').expect("lines");
            let data = rest.strip_prefix("event: entry\ndata: ").expect("an entry");
            let item: serde_json::Value = serde_json::from_str(data).expect("an object");
            assert_eq!(item["position"].to_string(), id);
            positions.push(id.parse().expect("a position"));
        }
        positions
    }
}

async fn entries_come_as_they_are_written(kind: Kind) {
    let settings = Settings { heartbeat: Duration::from_millis(50), ..Settings::default() };
    let desk = Desk::with(kind, settings).await;
    let size = desk.service.size().await;
    let mut now = Stream::of(desk.ask("GET /v1/events").token(&desk.read)).await;
    let mut all = Stream::of(desk.ask("GET /v1/events").query("after=0").token(&desk.read)).await;
    assert_eq!(now.next().await.as_deref(), Some("retry: 2000"));
    assert_eq!(now.next().await.as_deref(), Some(": heartbeat"));
    desk.town.fill(&desk.service.app, 3).await;
    assert_eq!(now.positions(10).await, (size..size + 10).collect::<Vec<u64>>());
    let count = usize::try_from(size + 9).expect("it fits");
    assert_eq!(all.positions(count).await, (1..size + 10).collect::<Vec<u64>>());
    drop((now, all));
    desk.close().await;
}

async fn a_client_that_comes_back_misses_none(kind: Kind) {
    let settings = Settings { streams: 1, ..Settings::default() };
    let desk = Desk::with(kind, settings).await;
    desk.town.fill(&desk.service.app, 2).await;
    desk.service.app.ledger().catch_up().await.expect("folded");
    let size = desk.service.size().await;
    let ask = || desk.ask("GET /v1/events").token(&desk.read);
    let mut first = Stream::of(ask().query("after=2")).await;
    assert_eq!(first.positions(2).await, [3, 4]);
    let full = ask().send().await;
    assert_eq!((full.status.as_u16(), full.header("retry-after")), (503, "10"));
    drop(first);
    let mut again = Stream::of(ask().query("after=2").header("last-event-id", "4")).await;
    let count = usize::try_from(size - 5).expect("it fits");
    assert_eq!(again.positions(count).await, (5..size).collect::<Vec<u64>>());
    drop(again);
    ask().header("last-event-id", "x").send().await.is_about(400, "Last-Event-ID");
    ask().query(&format!("after={size}")).send().await.is_about(400, "after");
    desk.close().await;
}

async fn a_stop_ends_every_stream(kind: Kind) {
    let desk = Desk::new(kind).await;
    let mut stream = Stream::of(desk.ask("GET /v1/events").token(&desk.read)).await;
    assert_eq!(stream.next().await.as_deref(), Some("retry: 2000"));
    desk.service.stop();
    assert_eq!(stream.next().await, None);
    assert_eq!(desk.ask("GET /readyz").send().await.status, 503);
    drop(stream);
    desk.close().await;
}
