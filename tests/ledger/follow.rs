//! A follower verifies what it folds: at the first entry that does not hold it stops for good.

use annals::ledger::{FollowError, Follower, Serving, WriteError};
use annals_events::Header;
use sqlx::{AssertSqlSafe, Connection, PgConnection, SqliteConnection};

use super::{Rig, Told, Town, persist, until};
use crate::harness::{ADMINISTRATOR, AUDITOR, Kind, code, text};

on_both!(
    a_flipped_byte_stops_a_follower_at_its_entry,
    a_flipped_byte_stops_a_running_writer_for_good,
);

impl Town {
    /// Put bytes in the place of others, as only the owner of the database can.
    async fn edit(&self, table: &str, column: &str, position: u64, bytes: &[u8]) {
        let text = format!("UPDATE {table} SET {column} = $1 WHERE position = {position}");
        let done = match &self.place.urls {
            Some(urls) => {
                let mut raw = PgConnection::connect(&urls.superuser).await.expect("connected");
                let query = sqlx::query(AssertSqlSafe(text)).bind(bytes);
                query.execute(&mut raw).await.expect("edited").rows_affected()
            }
            None => {
                let url = format!("sqlite://{}", self.place.home.database());
                let mut raw = SqliteConnection::connect(&url).await.expect("connected");
                let drop = format!("DROP TRIGGER IF EXISTS {table}_kept_update");
                sqlx::query(AssertSqlSafe(drop)).execute(&mut raw).await.expect("dropped");
                let query = sqlx::query(AssertSqlSafe(text)).bind(bytes);
                query.execute(&mut raw).await.expect("edited").rows_affected()
            }
        };
        assert_eq!(done, 1);
    }
}

fn flipped(bytes: &[u8], at: usize) -> Vec<u8> {
    let mut bytes = bytes.to_vec();
    bytes[at] ^= 1;
    bytes
}

/// Another header in the right form, with the same facts: only the signature tells.
fn other_id(header: &[u8]) -> Vec<u8> {
    let text = String::from_utf8(header.to_vec()).expect("ASCII");
    let at = text.find("\"id\":\"").expect("an id") + "\"id\":\"".len() + 35;
    let mut bytes = header.to_vec();
    bytes[at] = if bytes[at] == b'0' { b'1' } else { b'0' };
    Header::parse(&bytes).expect("still a header");
    bytes
}

async fn some_columns(town: &Town, count: usize) -> Vec<Told> {
    let app = town.place.app().await;
    let mut told = Vec::new();
    for _ in 0..count {
        let given = town.column();
        told.push((given.key, persist(&app, &given).await));
    }
    app.stop().await.expect("a clean stop");
    told
}

async fn a_flipped_byte_stops_a_follower_at_its_entry(kind: Kind) {
    let town = Town::new(kind).await;
    let told = some_columns(&town, 40).await;
    let store = town.store().await;
    let size = store.head().await.expect("a head").size;
    for position in [told[3].1.first, told[39].1.first] {
        let row = store.read_at(&[position]).await.expect("an entry").pop().expect("an entry");
        let (_, private) = row.private.clone().expect("a title is private");
        let middle = |bytes: &[u8]| flipped(bytes, bytes.len() / 2);
        for (table, column, good, bad) in [
            ("entry", "facts", &row.facts[..], middle(&row.facts)),
            ("entry", "header", &row.header[..], middle(&row.header)),
            ("entry", "header", &row.header[..], other_id(&row.header)),
            ("entry", "signature", &row.signature[..], middle(&row.signature)),
            ("entry", "facts_salt", &row.facts_salt[..], middle(&row.facts_salt)),
            ("private", "bytes", &private[..], middle(&private)),
        ] {
            town.edit(table, column, position, &bad).await;
            let follower = Follower::new(store.clone(), Serving::default());
            let failed = follower.catch_up(size).await;
            let Err(FollowError::Bad { position: found, .. }) = failed else {
                panic!("{column}: {failed:?}")
            };
            assert_eq!(found, position, "{column}: {failed:?}");
            town.edit(table, column, position, good).await;
            let failed = follower.catch_up(size).await;
            let again =
                matches!(failed, Err(FollowError::Bad { position, .. }) if position == found);
            assert!(again, "{column}: it went on: {failed:?}");
            let fresh = Follower::new(store.clone(), Serving::default());
            fresh.catch_up(size).await.expect("everything is as it was");
        }
    }
    store.close().await;
    town.holds(&told).await;
}

async fn a_flipped_byte_stops_a_running_writer_for_good(kind: Kind) {
    let rig = Rig::new(kind).await;
    let mut told = vec![rig.write().await];
    // Its own loop has folded its own entry, and rests once this may catch up too.
    let size = rig.town.size().await;
    let follower = rig.app.ledger().follower();
    until("its own entry is folded", async || follower.serving().await.chain.size() == size).await;
    follower.catch_up(size).await.expect("everything holds");
    // Another process writes on; what it wrote is altered before this one folds it.
    let rig = {
        let Rig { town, store, anchor, app } = rig;
        let other = town.parts().await;
        let other = annals::ledger::Parts { force: true, ..other };
        let other = annals::app::App::start(other, None).await.expect("the ledger opens");
        for _ in 0..3 {
            let given = town.column();
            told.push((given.key, other.give(given.clone()).await.expect("written")));
        }
        other.stop().await.expect("a clean stop");
        Rig { town, store, anchor, app }
    };
    let position = told[2].1.first;
    let store = rig.town.store().await;
    let row = store.read_at(&[position]).await.expect("an entry").pop().expect("an entry");
    rig.town.edit("entry", "facts", position, &flipped(&row.facts, 5)).await;
    let size = rig.town.size().await;
    let expected = format!("entry {position} does not hold");
    for is_repaired in [false, true] {
        if is_repaired {
            rig.town.edit("entry", "facts", position, &row.facts).await;
        }
        let failed = rig.app.ledger().catch_up().await.expect_err("it does not hold");
        assert!(failed.to_string().contains(&expected), "{failed}");
        for _ in 0..3 {
            let refused = rig.app.give(rig.town.column()).await;
            let said = format!("{refused:?}");
            assert!(
                matches!(refused, Err(WriteError::Stopped(_) | WriteError::NotLeader { .. })),
                "{said}"
            );
        }
        let failed = rig.app.give(rig.town.column()).await.expect_err("it does not hold");
        assert!(failed.to_string().contains(&expected), "{failed}");
        if !is_repaired {
            refused_at_the_command_line(&rig.town, &expected);
        }
    }
    assert_eq!(rig.town.size().await, size);
    let (town, app) = rig.restart().await;
    let given = town.column();
    told.push((given.key, persist(&app, &given).await));
    app.stop().await.expect("a clean stop");
    town.holds(&told).await;
}

fn refused_at_the_command_line(town: &Town, expected: &str) {
    let root = town.place.path().join("root.key").display().to_string();
    let people = ["--by", ADMINISTRATOR, "--confirmed-by", AUDITOR, "--root-key", &root];
    let output = town.place.annals(&[&["key", "rotate"], &people[..]].concat());
    assert_eq!(code(&output), 1);
    assert!(text(&output.stderr).contains(expected), "{}", text(&output.stderr));
}
