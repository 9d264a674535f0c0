//! Tokens: made, found by their digest, revoked once, never changed.

use annals::store::{StoreError, Token};

use super::{Fixture, on_both};

on_both!(
    a_token_is_found_by_its_digest,
    an_id_or_a_digest_is_taken_once,
    a_token_is_revoked_once_and_keeps_the_time,
    what_is_no_token_is_refused,
);

fn token(seed: u8) -> Token {
    Token {
        id: [seed; 16],
        sha256: [seed ^ 0x55; 32],
        account: [7; 16],
        scope: "read".into(),
        created_at: 1_000 - i64::from(seed),
        expires_at: 2_000,
        revoked_at: None,
    }
}

async fn a_token_is_found_by_its_digest(fixture: &Fixture) {
    let store = &*fixture.store;
    let write = Token { scope: "write".into(), revoked_at: Some(1_500), ..token(2) };
    store.put_token(&token(1)).await.expect("kept");
    store.put_token(&write).await.expect("kept");
    assert_eq!(store.token(&token(1).sha256).await.expect("an answer"), Some(token(1)));
    assert_eq!(store.token(&write.sha256).await.expect("an answer"), Some(write.clone()));
    assert_eq!(store.token(&[9; 32]).await.expect("an answer"), None);
    let other = fixture.another().await;
    assert_eq!(other.tokens().await.expect("all"), [write, token(1)]);
    other.close().await;
}

async fn an_id_or_a_digest_is_taken_once(fixture: &Fixture) {
    let store = &*fixture.store;
    store.put_token(&token(1)).await.expect("kept");
    for again in [Token { sha256: [9; 32], ..token(1) }, Token { id: [9; 16], ..token(1) }] {
        let refused = store.put_token(&again).await;
        assert!(matches!(refused, Err(StoreError::Refused(_))), "{refused:?}");
    }
    assert_eq!(store.tokens().await.expect("all"), [token(1)]);
}

async fn a_token_is_revoked_once_and_keeps_the_time(fixture: &Fixture) {
    let store = &*fixture.store;
    store.put_token(&token(1)).await.expect("kept");
    store.put_token(&token(2)).await.expect("kept");
    assert!(!store.revoke_token(&[9; 16], 5).await.expect("an answer"));
    assert!(store.revoke_token(&[1; 16], 1_200).await.expect("an answer"));
    assert!(store.revoke_token(&[1; 16], 1_300).await.expect("an answer"));
    let revoked = Token { revoked_at: Some(1_200), ..token(1) };
    assert_eq!(store.tokens().await.expect("all"), [token(2), revoked]);
}

async fn what_is_no_token_is_refused(fixture: &Fixture) {
    let store = &*fixture.store;
    for wrong in [
        Token { scope: "all".into(), ..token(1) },
        Token { expires_at: token(1).created_at, ..token(1) },
    ] {
        let refused = store.put_token(&wrong).await;
        assert!(matches!(refused, Err(StoreError::Refused(_))), "{refused:?}");
    }
    assert_eq!(store.tokens().await.expect("none"), []);
}
