//! What is no route, what is too much, and what every answer carries.

use annals::http::service::Settings;

use super::{Ask, Desk, on_both};
use crate::harness::Kind;

on_both!(what_is_no_route_is_a_problem_too, too_much_is_refused, every_answer_carries_its_headers);

async fn what_is_no_route_is_a_problem_too(kind: Kind) {
    let desk = Desk::new(kind).await;
    for path in ["/", "/v1", "/v1/entries/1/2", "/v2/entries", "/%ff", "/etc/passwd"] {
        let reply = Ask::raw(&desk, "GET", path).send().await;
        assert_eq!(reply.status, 404, "{path}");
        assert_eq!(reply.header("content-type"), "application/problem+json");
        assert_eq!(reply.json()["type"], "urn:annals:problem:not-found");
    }
    for (method, path, allowed) in [
        ("DELETE", "/v1/entries", "GET, HEAD"),
        ("POST", "/healthz", "GET, HEAD"),
        ("GET", "/v1/bodies", "PUT"),
        ("PUT", "/v1/commands/open_site", "POST"),
        ("OPTIONS", "/v1/sites", "GET, HEAD"),
        ("BREW", "/v1/sites", "GET, HEAD"),
    ] {
        let reply = Ask::raw(&desk, method, path).token(&desk.write).send().await;
        assert_eq!(reply.status, 405, "{method} {path}");
        assert_eq!(reply.header("allow"), allowed, "{method} {path}");
        assert_eq!(reply.json()["status"], 405);
    }
    let head = Ask::raw(&desk, "HEAD", "/healthz").send().await;
    assert_eq!((head.status.as_u16(), head.body.len()), (200, 0));
    let metrics = desk.ask("GET /metrics").send().await.text();
    assert!(!metrics.contains("BREW") && !metrics.contains("passwd"), "{metrics}");
    desk.close().await;
}

async fn too_much_is_refused(kind: Kind) {
    let settings = Settings { requests: 0, ..Settings::default() };
    let desk = Desk::with(kind, settings).await;
    let busy = desk.ask("GET /healthz").send().await;
    assert_eq!((busy.status.as_u16(), busy.header("retry-after")), (503, "1"));
    desk.close().await;

    let desk = Desk::new(kind).await;
    let long = format!("/v1/entries?type={}", "a".repeat(8 * 1024));
    assert_eq!(Ask::raw(&desk, "GET", &long).token(&desk.read).send().await.status, 414);
    let long = format!("/{}", "a".repeat(9 * 1024));
    assert_eq!(Ask::raw(&desk, "GET", &long).send().await.status, 414);
    let body = format!("{{\"stream\":\"{}\"}}", "a".repeat(512 * 1024));
    let ask = desk.post(&desk.write, "open_site", serde_json::Value::Null).body(body);
    assert_eq!(ask.send().await.status, 413);
    desk.close().await;
}

async fn every_answer_carries_its_headers(kind: Kind) {
    let desk = Desk::new(kind).await;
    let trace = "4bf92f3577b34da6a3ce929d0e0e4736";
    let parent = format!("00-{trace}-00f067aa0ba902b7-01");
    for (path, token) in [
        ("/healthz", None),
        ("/v1/sites", Some(&desk.read)),
        ("/v1/sites", None),
        ("/v1/bodies", Some(&desk.read)),
        ("/nowhere", None),
        ("/docs/", None),
    ] {
        let ask = Ask::raw(&desk, "GET", path).header("traceparent", &parent);
        let reply = match token {
            Some(token) => ask.token(token).send().await,
            None => ask.send().await,
        };
        assert_eq!(reply.header("x-request-id"), trace, "{path}");
        let own = reply.header("traceparent");
        assert!(own.starts_with(&format!("00-{trace}-")) && own != parent, "{own}");
        assert_eq!(reply.header("x-content-type-options"), "nosniff");
        assert_eq!(reply.header("x-frame-options"), "DENY");
        assert_eq!(reply.header("referrer-policy"), "no-referrer");
        let policy = reply.header("content-security-policy");
        assert!(policy.starts_with("default-src 'none'"), "{policy}");
        assert!(!policy.contains("script-src 'unsafe") && !policy.contains("http"), "{policy}");
    }
    let own = desk.ask("GET /healthz").send().await;
    assert_eq!(own.header("x-request-id").len(), 32);
    assert_eq!(own.header("cache-control"), "no-store");
    desk.close().await;
}
