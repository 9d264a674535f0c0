//! Single bytes in the store: every column that is evidence or repeats some.

use annals::store::{self, Store};
use annals_events::hash::hex_to_array;

use super::attacker::Attacker;
use super::{Ground, Rng, found, large};
use crate::harness::{BOTH, Kind, Place};

/// Changed this often in each column.
const TIMES: usize = 20;

#[derive(Clone, Copy, PartialEq)]
enum Form {
    Bytes,
    Text,
    /// A number, and how many of its low bits may change.
    Number(u32),
}
use Form::{Bytes, Number, Text};

const COLUMNS: &[(&str, &str, Form)] = &[
    ("entry", "header", Bytes),
    ("entry", "facts", Bytes),
    ("entry", "facts_salt", Bytes),
    ("entry", "signature", Bytes),
    ("entry", "leaf", Bytes),
    ("entry", "stream", Text),
    ("entry", "version", Number(16)),
    ("entry", "command_key", Bytes),
    ("entry", "command_index", Number(16)),
    ("private", "bytes", Bytes),
    ("private", "salt", Bytes),
    ("body", "bytes", Bytes),
    ("body", "salt", Bytes),
    ("body", "id", Bytes),
    ("body_digest", "site", Bytes),
    ("body_digest", "sha256", Bytes),
    ("body_digest", "body", Bytes),
    ("head", "size", Number(12)),
    ("head", "leaf", Bytes),
    ("checkpoint", "size", Number(12)),
    ("checkpoint", "note", Text),
    ("entry_index", "value", Text),
    ("entry_index", "kind", Number(8)),
    ("entry_index", "position", Number(10)),
];

/// What must be said of a column that is the entry's own.
fn what_of((table, column, _): (&str, &str, Form)) -> Option<&'static str> {
    match (table, column) {
        ("entry", "facts" | "facts_salt") => Some("facts"),
        ("entry", "signature") => Some("signature"),
        ("entry", "header") => None,
        ("entry", _) => Some("row"),
        ("private", _) => Some("private"),
        ("body", _) => Some("body"),
        ("body_digest" | "entry_index", _) => Some("index"),
        _ => None,
    }
}

/// A row by its key, and the entry it belongs to.
struct Place1 {
    key: String,
    position: u64,
}

async fn rows_of(
    table: &str,
    column: &str,
    ground: &Ground,
    attacker: &Attacker,
    store: &dyn Store,
) -> Vec<Place1> {
    let entry = |position: u64| Place1 { key: format!("position = {position}"), position };
    match table {
        "entry" => {
            let commanded =
                |row: &&store::Row| row.command_key.is_some() || !column.starts_with("command_");
            ground.rows.iter().filter(commanded).map(|row| entry(row.position)).collect()
        }
        "private" => {
            let with = ground.rows.iter().filter(|row| row.private.is_some());
            with.map(|row| entry(row.position)).collect()
        }
        "body" => {
            let key = |id: &[u8; 32]| format!("id = {}", attacker.blob(id));
            ground.named.iter().map(|(id, p)| Place1 { key: key(id), position: *p }).collect()
        }
        "body_digest" => {
            let all = store.all_body_digests(None, 10_000).await.expect("digests");
            let key = |site: &[u8], sha256: &[u8]| {
                let (site, sha256) = (attacker.blob(site), attacker.blob(sha256));
                format!("site = {site} AND sha256 = {sha256}")
            };
            let all = all.iter().map(|line| Place1 {
                key: key(&line.site, &line.sha256),
                position: ground.named[&line.body],
            });
            all.collect()
        }
        "head" => vec![Place1 { key: "one = 1".to_owned(), position: ground.size() - 1 }],
        "checkpoint" => {
            let all = store.checkpoints(0, 100).await.expect("checkpoints");
            let all = all.iter().map(|stored| Place1 {
                key: format!("size = {}", stored.size),
                position: stored.size - 1,
            });
            all.collect()
        }
        "entry_index" => {
            let all = store.index_rows(0, ground.size()).await.expect("index lines");
            let all = all.iter().map(|line| {
                let (kind, value) = (line.kind, Attacker::quoted(&line.value));
                let position = line.position;
                let key = format!("kind = {kind} AND value = {value} AND position = {position}");
                Place1 { key, position }
            });
            all.collect()
        }
        _ => panic!("{table}"),
    }
}

/// Changes one byte (or bit, of a number); answers what it did and the position to be named.
async fn change(
    attacker: &mut Attacker,
    (table, column, form): (&str, &str, Form),
    row: &Place1,
    (rng, size): (&mut Rng, u64),
) -> Option<(String, u64)> {
    let Place1 { key, position } = row;
    let read = match (form, &attacker) {
        (Number(_), _) => format!("CAST({column} AS TEXT)"),
        (_, Attacker::Sqlite(_)) => format!("lower(hex(CAST({column} AS BLOB)))"),
        (Bytes, _) => format!("encode({column}, 'hex')"),
        (Text, _) => format!("encode(convert_to({column}, 'UTF8'), 'hex')"),
    };
    let was = attacker.text(&format!("SELECT {read} FROM {table} WHERE {key}")).await;
    let mut expected = *position;
    let value = if let Number(bits) = form {
        let was: u64 = was.parse().expect("a number");
        let now = was ^ (1 << rng.below(0..bits as usize));
        match (table, column) {
            ("head", "size") if now > size => expected = size,
            ("entry_index", "position") => expected = expected.min(now),
            _ => {}
        }
        now.to_string()
    } else {
        let mut bytes: Vec<u8> = (0..was.len() / 2)
            .map(|at| hex_to_array::<1>(&was[2 * at..2 * at + 2]).expect("hex")[0])
            .collect();
        let at = rng.below(0..bytes.len());
        if form == Text && (!bytes[at].is_ascii() || bytes[at] == b'\n') {
            return None;
        }
        let flip = 1 + rng.below(0..255) as u8;
        let now = if form == Text { 0x21 + flip % 0x5e } else { bytes[at] ^ flip };
        if bytes[at] == now {
            return None;
        }
        bytes[at] = now;
        match form {
            Text => Attacker::quoted(&String::from_utf8(bytes).expect("UTF-8")),
            _ => attacker.blob(&bytes),
        }
    };
    let sql = format!("UPDATE {table} SET {column} = {value} WHERE {key}");
    // A unique key may stand in the way: then another byte is tried.
    let changed = attacker.run(&sql).await.ok()?;
    assert_eq!(changed, 1, "{sql}");
    let short: String = sql.chars().take(200).collect();
    Some((format!("{short}; was {}", &was[..was.len().min(60)]), expected))
}

#[tokio::test(flavor = "multi_thread")]
async fn every_changed_byte_of_a_sqlite_file_is_found_at_its_entry() {
    change_bytes(Kind::Sqlite).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn every_changed_byte_of_a_postgresql_database_is_found_at_its_entry() {
    change_bytes(Kind::Postgres).await;
}

async fn change_bytes(kind: Kind) {
    let place = large(kind).copy();
    let store = store::open(&place.home.database()).await.expect("the store");
    let ground = Ground::of(&place, &store).await;
    let mut attacker = Attacker::of(&place).await;
    let mut rng = Rng::new();
    let mut wrong = Vec::new();
    for column in COLUMNS {
        // The genesis's own columns too: nothing before it says what its signature is over.
        let rows = rows_of(column.0, column.1, &ground, &attacker, store.as_ref()).await;
        let mut done = 0;
        while done < TIMES {
            let row = if done == 0 { &rows[0] } else { rng.pick(&rows) };
            let changing = (&mut rng, ground.size());
            let Some((did, at)) = change(&mut attacker, *column, row, changing).await else {
                continue;
            };
            done += 1;
            let report = ground.scan(&store, rng.next().is_multiple_of(2)).await;
            let (verdict, bad) = found(&report);
            let is_told = bad.is_some_and(|(position, what)| {
                position == at && what_of(*column).is_none_or(|told| told == what)
            });
            if verdict != "tampered" || !is_told {
                let what = what_of(*column);
                wrong.push(format!("{did}: expected {at} {what:?}, {:?}", found(&report)));
            }
            attacker.restore(column.0).await;
        }
    }
    let report = ground.scan(&store, false).await;
    assert_eq!(found(&report), ("sound", None), "not restored: {report:?}");
    assert!(wrong.is_empty(), "ANNALS_SEED={}:\n{}", rng.seed, wrong.join("\n"));
}

/// What a database can hold that no column allows: found, or refused, but never sound.
#[tokio::test(flavor = "multi_thread")]
async fn values_of_a_shape_never_written_are_found_too() {
    for kind in BOTH {
        let place = large(kind).copy();
        misshape(&place).await;
    }
}

async fn misshape(place: &Place) {
    let mut attacker = Attacker::of(place).await;
    let wrong = match attacker {
        Attacker::Sqlite(_) => [
            "PRAGMA ignore_check_constraints = on; \
             UPDATE entry SET leaf = X'00' WHERE position = 70",
            "UPDATE entry SET stream = CAST(X'636fff' AS TEXT) WHERE position = 70",
        ],
        Attacker::Postgres(_) => [
            "ALTER TABLE entry DROP CONSTRAINT entry_leaf_check; \
             UPDATE entry SET leaf = '\\x00' WHERE position = 70",
            "UPDATE entry SET stream = '' WHERE position = 70",
        ],
    };
    for sql in wrong {
        attacker.run(sql).await.expect("changed");
        let output = place.annals(&["verify", "--json"]);
        let (code, json) = (crate::harness::code(&output), crate::harness::json(&output));
        assert_eq!((code, &json["first_bad"]["position"]), (1, &70.into()), "{sql}: {json}");
        attacker.restore("entry").await;
    }
}
