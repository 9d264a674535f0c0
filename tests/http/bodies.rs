//! Bodies: up within limits, down as files.

use annals_events::Hash;
use axum::body::Body;
use axum::body::Bytes;
use data_encoding::BASE64;
use futures_util::stream;

use super::{Desk, on_both};
use crate::harness::Kind;

on_both!(a_body_goes_up_and_comes_down_as_a_file, a_body_beyond_the_limit_is_not_taken);

async fn a_body_goes_up_and_comes_down_as_a_file(kind: Kind) {
    let desk = Desk::new(kind).await;
    let text = "<script>alert(1)</script>政".as_bytes();
    let sha256 = Hash::of(&[text]);
    let digest = |hash: Hash| format!("sha-512=:AA==:, sha-256=:{}:", BASE64.encode(&hash.0));
    let put = |digest: &str| {
        let ask = desk.ask("PUT /v1/bodies").token(&desk.write).body(text.to_vec());
        ask.header("content-digest", digest).send()
    };
    let kept = put(&digest(sha256)).await;
    assert_eq!(kept.status, 201, "{}", kept.text());
    let kept = kept.json();
    assert_eq!((&kept["bytes"], &kept["sha256"]), (&text.len().into(), &sha256.to_string().into()));
    for bad in [digest(Hash::ZERO), "sha-512=:AA==:".into(), "sha-256=AA".into(), "x".into()] {
        put(&bad).await.is_about(400, "Content-Digest");
    }
    let id = kept["id"].as_str().expect("an id");
    // Uploaded, but named by no entry: not to be had.
    assert_eq!(desk.get("GET /v1/bodies/{id}", &[id], "").await.status, 404);
    desk.get("GET /v1/bodies/{id}", &["x"], "").await.is_about(400, "id");

    let text = "<p>页</p>";
    desk.town.publish(&desk.service.app, "a.html", text).await;
    let rows = desk.service.app.store().body_ids(None, 9).await.expect("ids");
    let reply = desk.get("GET /v1/bodies/{id}", &[&Hash(rows[0]).to_string()], "").await;
    assert_eq!((reply.status.as_u16(), &reply.body[..]), (200, text.as_bytes()));
    assert_eq!(reply.header("content-type"), "application/octet-stream");
    assert!(reply.header("content-disposition").starts_with("attachment; "));
    assert_eq!(reply.header("x-content-type-options"), "nosniff");
    let sha256 = Hash::of(&[text.as_bytes()]);
    let expected = format!("sha-256=:{}:", BASE64.encode(&sha256.0));
    assert_eq!(reply.header("content-digest"), expected);
    desk.close().await;
}

async fn a_body_beyond_the_limit_is_not_taken(kind: Kind) {
    const LIMIT: usize = 64 * 1024 * 1024;
    let desk = Desk::new(kind).await;
    let put = |body: Body| desk.ask("PUT /v1/bodies").token(&desk.write).body(body).send();
    // Said beforehand, and found while it comes.
    assert_eq!(put(Body::from(vec![0; LIMIT + 1])).await.status, 413);
    let piece = Bytes::from(vec![7; 1024 * 1024]);
    let pieces = |count: usize| {
        let piece = piece.clone();
        Body::from_stream(stream::iter(
            (0..count).map(move |_| Ok::<_, std::io::Error>(piece.clone())),
        ))
    };
    let over = put(pieces(65)).await;
    assert_eq!(over.status, 413);
    assert_eq!(over.json()["type"], "urn:annals:problem:too-large");
    let exactly = put(pieces(64)).await;
    assert_eq!(exactly.status, 201, "{}", exactly.text());
    assert_eq!(exactly.json()["bytes"], LIMIT);
    let broken = stream::iter([Ok(piece), Err(std::io::Error::other("gone"))]);
    assert_eq!(put(Body::from_stream(broken)).await.status, 400);
    desk.close().await;
}
