//! A store that is not as it was written is no fault of the program: exit 1, and what to do.

use std::fs;

use sqlx::postgres::PgConnection;
use sqlx::sqlite::SqliteConnectOptions;
use sqlx::{AssertSqlSafe, ConnectOptions, Connection};

use super::ends;
use crate::harness::{BOTH, Kind, Place, code, json, text};
use crate::import::{SITE, Told, imported};

/// What whoever owns the tables can do, triggers or not.
async fn damage(place: &Place, sql: &str) {
    match &place.urls {
        None => {
            let options = SqliteConnectOptions::new().filename(place.home.database());
            let mut on = options.foreign_keys(false).connect().await.expect("a connection");
            let names = "SELECT name FROM sqlite_master WHERE type = 'trigger'";
            let names: Vec<String> =
                sqlx::query_scalar(names).fetch_all(&mut on).await.expect("triggers");
            let drop: String = names.iter().map(|name| format!("DROP TRIGGER {name};")).collect();
            let sql = AssertSqlSafe(drop + sql);
            sqlx::raw_sql(sql).execute(&mut on).await.expect("damaged");
            on.close().await.expect("closed");
        }
        Some(urls) => {
            let mut on = PgConnection::connect(&urls.superuser).await.expect("a connection");
            let sql = AssertSqlSafe(format!("SET session_replication_role = replica; {sql}"));
            sqlx::raw_sql(sql).execute(&mut on).await.expect("damaged");
            on.close().await.expect("closed");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_store_that_lost_something_is_1_and_verify_is_named() {
    for kind in BOTH {
        for (sql, found) in [
            ("DELETE FROM body", "tampered"),
            ("DELETE FROM head", "tampered"),
            ("DELETE FROM checkpoint", ""),
            ("DELETE FROM entry_index; DELETE FROM private; DELETE FROM entry", "tampered"),
        ] {
            let place = Place::new(kind).await;
            imported(&place, &Told::of(&["a.html"]).write(place.path()), &[]);
            damage(&place, sql).await;
            let out = place.path().join("out.ndjson").display().to_string();
            ends(&place.annals(&["export", "--out", &out]), 1, "run `annals verify`");
            if sql == "DELETE FROM body" {
                let site = ["site", "export", "--site", SITE, "--out"];
                let folder = place.path().join("site").display().to_string();
                let all = [&site[..], &[&folder]].concat();
                ends(&place.annals(&all), 1, "run `annals verify`");
            }
            if !found.is_empty() {
                let output = place.annals(&["verify", "--json"]);
                let report = json(&output);
                assert_eq!((code(&output), &report["verdict"]), (1, &found.into()), "{sql}");
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_altered_header_is_1() {
    for kind in BOTH {
        let place = Place::new(kind).await;
        let last = "position = (SELECT max(position) FROM entry)";
        damage(&place, &format!("UPDATE entry SET header = signature WHERE {last}")).await;
        let out = place.path().join("out.ndjson").display().to_string();
        for call in [&["export", "--out", &out][..], &["key", "show"], &["rebuild"]] {
            let output = place.annals(call);
            assert_eq!(code(&output), 1, "{kind:?} {call:?}: {}", text(&output.stderr));
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_that_is_no_database_is_1_and_verify_does_not_send_to_verify() {
    let place = Place::new(Kind::Sqlite).await;
    fs::write(place.path().join("annals.db"), "no database".repeat(1_000)).expect("written");
    ends(&place.annals(&["key", "show"]), 1, "run `annals verify`");
    let output = place.annals(&["verify"]);
    ends(&output, 1, "too little can be read");
    assert!(!text(&output.stderr).contains("run `annals verify`"));
}
