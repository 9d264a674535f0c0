//! What the service's own role may change, and what hides entries instead of altering them: no
//! answer is made from it, nothing is written over it, and `verify` says so.

use annals::app::Given;
use annals::ledger::{FollowError, WriteError, about};
use annals_events::account::Duty;
use annals_events::attributes::Attributes;
use annals_events::command::{self, Command as Act};
use annals_events::id::AccountId;
use uuid::Uuid;

use super::attacker::Attacker;
use super::large;
use crate::harness::{ADMINISTRATOR, AUDITOR, BOTH, Kind, Place, code, json, text};
use crate::import::{Told, imported};

/// Entries of the ledger attacked.
const SIZE: u64 = 295;

/// `verify`'s exit code, and the first bad thing: position and what.
fn verified(place: &Place) -> (i32, Option<(u64, String)>) {
    let output = place.annals(&["verify", "--json"]);
    let report = json(&output);
    let bad = report["first_bad"]["position"].as_u64();
    let what = report["first_bad"]["what"].as_str().map(str::to_owned);
    (code(&output), bad.zip(what))
}

fn index_at(size: u64) -> (i32, Option<(u64, String)>) {
    (1, Some((size, "index".to_owned())))
}

#[tokio::test(flavor = "multi_thread")]
async fn an_exchanged_name_or_a_lost_one_names_nobody() {
    for kind in BOTH {
        let place = large(kind).copy();
        let app = place.app().await;
        let (store, follower) = (app.store().clone(), app.ledger().follower());
        let names = about::names(&store, follower).await.expect("sound names");
        let of = |name: &str| names.find(name)[0].opened;
        let (first, second) = (of(ADMINISTRATOR), of(AUDITOR));
        let mut attacker = Attacker::of(&place).await;
        // What was folded is not read again: only the openings themselves can tell.
        let exchange = format!(
            "UPDATE private SET position = 900000 WHERE position = {first}; \
             UPDATE private SET position = {first} WHERE position = {second}; \
             UPDATE private SET position = {second} WHERE position = 900000"
        );
        attacker.run(&exchange).await.expect("exchanged");
        let failed = about::names(&store, follower).await.expect_err("exchanged names");
        assert!(
            matches!(failed, FollowError::Bad { position, what: "private", .. }
                if position == first.min(second)),
            "{kind:?}: {failed}"
        );
        attacker.restore("private").await;
        let lose = "DELETE FROM entry_index WHERE value = 'account.opened' AND position = 2";
        assert_eq!(attacker.run(lose).await.expect("lost"), 1, "{kind:?}");
        let failed = about::names(&store, follower).await.expect_err("a name is lost");
        assert!(matches!(failed, FollowError::Bad { what: "index", .. }), "{kind:?}: {failed}");
        attacker.restore("entry_index").await;
        about::names(&store, follower).await.expect("as it was");
        app.stop().await.expect("a clean stop");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lost_index_line_shortens_no_answer_about_an_earlier_moment() {
    for kind in BOTH {
        let place = large(kind).copy();
        let mut attacker = Attacker::of(&place).await;
        let site = "SELECT min(value) FROM entry_index WHERE value LIKE 'site/%'";
        let site = attacker.text(site).await;
        let export = |known: &str, out: &str| {
            let out = place.path().join(out).display().to_string();
            place.annals(&["site", "export", "--site", &site, "--known", known, "--out", &out])
        };
        let output = export("100", "before");
        assert_eq!(code(&output), 0, "{kind:?}: {}", text(&output.stderr));
        let lose = format!("DELETE FROM entry_index WHERE value = '{site}' AND position > 60");
        attacker.run(&lose).await.expect("lost");
        for known in ["100", "294"] {
            let output = export(known, known);
            let said = text(&output.stderr);
            assert_eq!(code(&output), 1, "{kind:?}: {said}");
            assert!(said.contains("entries about"), "{kind:?}: {said}");
        }
        // What is derived is made anew from the entries.
        assert_eq!(code(&place.annals(&["rebuild"])), 0);
        assert_eq!(code(&export("100", "after")), 0, "{kind:?}");
        assert_eq!(verified(&place), (0, None), "{kind:?}");
    }
}

/// Another writer's session; answers the size after it.
fn new_account(place: &Place) -> Given {
    let open = command::OpenAccount {
        attributes: Attributes::default(),
        person: None,
        duty: Duty::Editor,
        name: "钱编辑".to_owned(),
        organisation: place.founded.organisation,
    };
    let account = AccountId(Uuid::now_v7());
    Given::local(place.administrator(), account, Act::OpenAccount(open))
}

async fn write_one(place: &Place) -> Result<u64, WriteError> {
    let app = place.app().await;
    let given = app.give(new_account(place)).await;
    app.stop().await.expect("a clean stop");
    given.map(|receipt| receipt.last + 1)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_mark_that_lies_hides_nothing_and_is_told() {
    for kind in BOTH {
        for lie in ["UPDATE cursor SET indexed_to = 999999", "DELETE FROM cursor"] {
            let place = large(kind).copy();
            let mut attacker = Attacker::of(&place).await;
            attacker.run(lie).await.expect("a lie");
            assert_eq!(verified(&place), index_at(SIZE), "{kind:?}: {lie}");
            // A writer makes it anew.
            write_one(&place).await.expect("written");
            assert_eq!(verified(&place), (0, None), "{kind:?}: {lie}");
            // Fed no further than here, so what stands beyond is nobody's.
            let behind = "UPDATE cursor SET indexed_to = 3; \
                INSERT INTO entry_index SELECT kind, value, 4 FROM entry_index \
                 WHERE value LIKE 'site/%' LIMIT 1 ON CONFLICT DO NOTHING";
            attacker.run(behind).await.expect("a lie");
            assert_eq!(verified(&place), index_at(3), "{kind:?}: {lie}");
            let size = write_one(&place).await.expect("written");
            assert_eq!(verified(&place), (0, None), "{kind:?}: {lie}");
            let ahead = format!("UPDATE cursor SET indexed_to = {}", size + 7);
            let foreign = format!(
                "INSERT INTO entry_index SELECT kind, value, {size} FROM entry_index LIMIT 1"
            );
            for lie in [ahead, foreign] {
                attacker.run(&lie).await.expect("a lie");
                assert_eq!(verified(&place), index_at(size), "{kind:?}: {lie}");
                assert_eq!(code(&place.annals(&["rebuild"])), 0, "{kind:?}: {lie}");
                assert_eq!(verified(&place), (0, None), "{kind:?}: {lie}");
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_private_part_parked_beyond_the_end_is_told_and_not_written_over() {
    for kind in BOTH {
        for ahead in [0, 1, 7] {
            let place = large(kind).copy();
            let mut attacker = Attacker::of(&place).await;
            let at = SIZE + ahead;
            let salt = attacker.blob(&[1; 32]);
            let park = format!(
                "INSERT INTO private (position, salt, bytes) VALUES ({at}, {salt}, {salt})"
            );
            attacker.run(&park).await.expect("parked");
            let told = (1, Some((at, "row".to_owned())));
            assert_eq!(verified(&place), told, "{kind:?}");
            if ahead < 2 {
                let failed = write_one(&place).await.expect_err("not written over");
                assert!(matches!(failed, WriteError::Fault(_)), "{kind:?}: {failed}");
                assert_eq!(verified(&place), told, "{kind:?}");
            }
            attacker
                .run(&format!("DELETE FROM private WHERE position = {at}"))
                .await
                .expect("gone");
            write_one(&place).await.expect("written");
            assert_eq!(verified(&place), (0, None), "{kind:?}");
        }
    }
}

/// Rows at positions that no entry can have: told, with whatever else there is.
#[tokio::test(flavor = "multi_thread")]
async fn rows_before_the_first_entry_are_told() {
    for kind in BOTH {
        let place = large(kind).copy();
        let mut attacker = Attacker::of(&place).await;
        let rows: &[&str] = match kind {
            Kind::Sqlite => &[
                "PRAGMA ignore_check_constraints = on; \
                 INSERT INTO private SELECT -5, salt, bytes FROM private LIMIT 1",
                "PRAGMA ignore_check_constraints = on; INSERT INTO entry_index VALUES (1, 'x', -3)",
                "PRAGMA ignore_check_constraints = on; INSERT INTO entry SELECT -1, leaf, header, \
                 signature, facts, facts_salt, 'x', 5, NULL, NULL FROM entry WHERE position = 1",
            ],
            Kind::Postgres => &["ALTER TABLE entry_index DROP CONSTRAINT \
                entry_index_position_check; INSERT INTO entry_index VALUES (1, 'x', -3)"],
        };
        for row in rows {
            attacker.run(row).await.expect("a row");
            let (code, bad) = verified(&place);
            assert_eq!((code, bad.map(|(at, _)| at)), (1, Some(0)), "{kind:?}: {row}");
            attacker.restore_all().await;
        }
        assert_eq!(verified(&place), (0, None), "{kind:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_exported_from_a_ledger_that_was_cut_or_altered() {
    for kind in BOTH {
        let place = large(kind).copy();
        let mut attacker = Attacker::of(&place).await;
        let out = place.path().join("forged.ndjson");
        let salt = attacker.blob(&[6; 32]);
        for attack in [
            "UPDATE head SET size = size - 1".to_owned(),
            "DELETE FROM entry WHERE position = 294".to_owned(),
            "DELETE FROM entry WHERE position = 100".to_owned(),
            "DELETE FROM checkpoint".to_owned(),
            "DELETE FROM body WHERE id = (SELECT id FROM body ORDER BY id LIMIT 1)".to_owned(),
            format!(
                "UPDATE body SET bytes = {salt} \
                 WHERE id = (SELECT id FROM body ORDER BY id DESC LIMIT 1)"
            ),
            format!("UPDATE entry SET facts_salt = {salt} WHERE position = 288"),
            format!("UPDATE private SET salt = {salt} WHERE position = 2"),
            format!(
                "UPDATE entry SET signature = {salt2} WHERE position = 9",
                salt2 = attacker.blob(&[6; 64])
            ),
        ] {
            attacker.run(&attack).await.expect(&attack);
            let output = place.annals(&["export", "--out", &out.display().to_string()]);
            let said = text(&output.stderr);
            assert_eq!(code(&output), 1, "{kind:?}: {attack}: {said}");
            assert!(!out.exists(), "{kind:?}: {attack}");
            assert_ne!(verified(&place).0, 0, "{kind:?}: {attack}");
            if attack.contains("entry") || attack.contains("head") {
                let output = place.annals(&["rebuild"]);
                assert_eq!(code(&output), 1, "{kind:?}: {attack}: {}", text(&output.stdout));
            }
            attacker.restore_all().await;
        }
        assert_eq!(verified(&place), (0, None), "{kind:?}");
    }
}

/// `verify`'s first line, and what it says of the tier.
fn told(place: &Place) -> [String; 2] {
    let said = text(&place.annals(&["verify"]).stdout);
    let line = |word: &str| said.lines().find(|line| line.starts_with(word)).map(str::to_owned);
    [said.lines().next().unwrap_or_default().to_owned(), line("tier:").unwrap_or_default()]
}

#[tokio::test(flavor = "multi_thread")]
async fn without_its_anchor_or_checkpoints_a_ledger_is_not_called_sound() {
    let no_anchor = [
        "INCOMPLETE: what is here holds, but without the anchor the newest entries may be missing",
        "tier:       none (not compared with this host's anchor)",
    ];
    for kind in BOTH {
        let place = large(kind).copy();
        let anchor = place.path().join("anchor");
        let kept = std::fs::read(&anchor).expect("the anchor");
        std::fs::remove_file(&anchor).expect("removed");
        assert_eq!(verified(&place), (2, None), "{kind:?}");
        assert_eq!(told(&place), no_anchor, "{kind:?}");
        std::fs::write(&anchor, vec![7; kept.len()]).expect("spoilt");
        assert_eq!(verified(&place), (2, None), "{kind:?}");
        assert_eq!(told(&place), no_anchor, "{kind:?}");
        std::fs::write(&anchor, kept).expect("put back");
        assert_eq!(verified(&place), (0, None), "{kind:?}");
        let mut attacker = Attacker::of(&place).await;
        attacker.run("DELETE FROM checkpoint").await.expect("deleted");
        assert_eq!(verified(&place), (2, None), "{kind:?}");
        let no_checkpoint = [
            "INCOMPLETE: what is here holds, but every checkpoint is missing",
            "tier:       none (no checkpoint is kept here)",
        ];
        assert_eq!(told(&place), no_checkpoint, "{kind:?}");
        attacker.run("UPDATE head SET size = size - 1").await.expect("cut");
        let [first, tier] = told(&place);
        assert_eq!(first, "TAMPERED: what is shown is not what was written", "{kind:?}");
        assert_eq!(tier, "tier:       none (what is shown does not hold)", "{kind:?}");
    }
}

/// Where the first command's text is gone, its receipt is still for the person who gave it.
#[tokio::test(flavor = "multi_thread")]
async fn a_repeat_that_cannot_be_compared_is_the_same_persons_only() {
    for kind in BOTH {
        let place = large(kind).copy();
        let (app, given) = (place.app().await, new_account(&place));
        let first = app.give(given.clone()).await.expect("written").last;
        app.ledger().catch_up().await.expect("folded");
        let mut attacker = Attacker::of(&place).await;
        let empty = attacker.blob(b"{}");
        let gone = format!("UPDATE private SET bytes = {empty} WHERE position = {first}");
        attacker.run(&gone).await.expect("gone");
        let again = app.give(given.clone()).await.expect("his receipt");
        assert_eq!((again.last, again.replayed, again.compared), (first, true, false), "{kind:?}");
        let other = app.give(Given { account: place.auditor(), ..given }).await;
        assert!(matches!(other, Err(WriteError::KeyReused)), "{kind:?}: {other:?}");
    }
}

/// Whoever takes everything, and the anchor along, is not answered as if nothing had been there.
#[tokio::test(flavor = "multi_thread")]
async fn an_emptied_store_answers_nothing() {
    for kind in BOTH {
        let place = large(kind).copy();
        let mut attacker = Attacker::of(&place).await;
        let none = attacker.blob(&[0; 32]);
        let empty = format!(
            "DELETE FROM entry; DELETE FROM private; DELETE FROM snapshot; DELETE FROM checkpoint; \
             UPDATE head SET size = 0, leaf = {none}"
        );
        attacker.run(&empty).await.expect("emptied");
        std::fs::remove_file(place.home.anchor_path()).expect("removed");
        for call in [&["key", "show"][..], &["rebuild"], &["export", "--out", "-"]] {
            let output = place.annals(call);
            assert_eq!(code(&output), 1, "{kind:?}: {call:?}: {}", text(&output.stderr));
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_digest_that_leads_to_another_body_leads_nobody() {
    for kind in BOTH {
        let place = Place::new(kind).await;
        let mut told = Told::of(&["a", "b"]);
        imported(&place, &told.write(place.path()), &[]);
        let mut attacker = Attacker::of(&place).await;
        let lead =
            "UPDATE body_digest SET body = (SELECT body FROM body_digest ORDER BY body LIMIT 1)";
        assert_eq!(attacker.run(lead).await.expect("led astray"), 2, "{kind:?}");
        // Both bodies are equally long; a second history names them again.
        told.line("updated", "a", Some("<p>1</p>"));
        let again = imported(&place, &told.write(place.path()), &["--further"]);
        assert_eq!(again["lines"], 3, "{kind:?}: {again}");
        let (code, bad) = verified(&place);
        assert_eq!((code, bad.map(|(_, what)| what)), (1, Some("index".to_owned())), "{kind:?}");
        attacker.restore("body_digest").await;
    }
}
