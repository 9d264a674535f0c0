//! Whole rows: dropped, swapped, repeated, invented; with the head row made to fit or not.

use annals::ledger::anchor::{Anchor, Anchored, FileAnchor};
use annals::store;
use annals_verify::Verdict;

use super::attacker::Attacker;
use super::{Ground, Rng, found, large};
use crate::harness::{BOTH, Kind, code, json};

/// Entries from `size` on are gone, and the head row fits.
fn cut_to(ground: &Ground, attacker: &Attacker, size: u64) -> String {
    let head = head_at(ground, attacker, size);
    format!(
        "DELETE FROM entry WHERE position >= {size}; DELETE FROM private WHERE position >= {size}; \
         {head}"
    )
}

/// What is done, and where it must be found.
struct Attack {
    name: String,
    sql: String,
    position: u64,
}

fn attack(name: impl Into<String>, sql: impl Into<String>, position: u64) -> Attack {
    Attack { name: name.into(), sql: sql.into(), position }
}

/// A head row that says the ledger ends after `size` entries.
fn head_at(ground: &Ground, attacker: &Attacker, size: u64) -> String {
    let leaf = attacker.blob(&ground.rows[size as usize - 1].leaf);
    format!("UPDATE head SET size = {size}, leaf = {leaf}")
}

fn dropped(ground: &Ground, attacker: &Attacker, rng: &mut Rng) -> Vec<Attack> {
    let n = ground.size();
    let mut all = Vec::new();
    let mut some = vec![0, n - 1];
    some.extend((0..8).map(|_| 1 + rng.next() % (n - 2)));
    for p in some {
        let drop = format!("DELETE FROM entry WHERE position = {p}");
        let end = if p == n - 1 { n - 2 } else { n - 1 };
        let leaf = attacker.blob(&ground.rows[end as usize].leaf);
        let head = format!("UPDATE head SET size = {}, leaf = {leaf}", n - 1);
        all.push(attack(format!("drop {p}"), drop.clone(), p));
        all.push(attack(format!("drop {p}, head fits"), format!("{drop}; {head}"), p));
        let close = |table: &str| {
            format!(
                "DELETE FROM {table} WHERE position = {p}; \
                 UPDATE {table} SET position = position + 1000000 WHERE position > {p}; \
                 UPDATE {table} SET position = position - 1000001 WHERE position > 999999"
            )
        };
        let sql = format!("{}; {}; {head}", close("entry"), close("private"));
        all.push(attack(format!("drop {p} and close up"), sql, p));
    }
    let cut = n - 10;
    let tail = format!(
        "DELETE FROM entry WHERE position >= {cut}; DELETE FROM private WHERE position >= {cut}"
    );
    all.push(attack("cut the tail", tail, cut));
    all.push(attack("cut the tail, head fits", cut_to(ground, attacker, cut), cut));
    all
}

fn moved(ground: &Ground, attacker: &Attacker, rng: &mut Rng) -> Vec<Attack> {
    let n = ground.size();
    let mut all = Vec::new();
    for _ in 0..8 {
        let p = rng.next() % (n - 1);
        let q = p + 1 + rng.next() % (n - p - 1);
        let swap = |table: &str| {
            format!(
                "UPDATE {table} SET position = 1000000 WHERE position = {p}; \
                 UPDATE {table} SET position = {p} WHERE position = {q}; \
                 UPDATE {table} SET position = {q} WHERE position = 1000000"
            )
        };
        all.push(attack(format!("swap {p} and {q}"), swap("entry"), p));
        let both = format!("{}; {}", swap("entry"), swap("private"));
        all.push(attack(format!("swap {p} and {q} with private"), both, p));
        let again = format!(
            "INSERT INTO entry SELECT {n}, leaf, header, signature, facts, facts_salt, stream, \
             version + 5000, NULL, NULL FROM entry WHERE position = {p}; \
             INSERT INTO private SELECT {n}, salt, bytes FROM private WHERE position = {p}"
        );
        let leaf = attacker.blob(&ground.rows[p as usize].leaf);
        let head = format!("UPDATE head SET size = {}, leaf = {leaf}", n + 1);
        all.push(attack(format!("repeat {p} at the end"), again.clone(), n));
        all.push(attack(format!("repeat {p}, head fits"), format!("{again}; {head}"), n));
        let facts = |to: u64, from: u64| {
            let bytes = attacker.blob(&ground.rows[from as usize].facts);
            format!("UPDATE entry SET facts = {bytes} WHERE position = {to}")
        };
        let both = format!("{}; {}", facts(p, q), facts(q, p));
        let same = ground.rows[p as usize].facts == ground.rows[q as usize].facts;
        if !same {
            all.push(attack(format!("swap the facts of {p} and {q}"), both, p));
        }
    }
    all
}

fn payloads(ground: &Ground, attacker: &Attacker, rng: &mut Rng) -> Vec<Attack> {
    let mut all = Vec::new();
    let with: Vec<_> = ground.rows.iter().filter(|row| row.private.is_some()).collect();
    let mut named: Vec<_> = ground.named.iter().map(|(id, p)| (attacker.blob(id), *p)).collect();
    named.sort_by_key(|(_, p)| *p);
    for _ in 0..5 {
        let p = rng.pick(&with).position;
        let drop = format!("DELETE FROM private WHERE position = {p}");
        all.push(attack(format!("drop the private part of {p}"), drop, p));
        let add =
            format!("INSERT INTO private SELECT 0, salt, bytes FROM private WHERE position = {p}");
        all.push(attack(format!("give genesis the private part of {p}"), add, 0));
        let (id, p) = rng.pick(&named);
        let drop = format!("DELETE FROM body WHERE id = {id}");
        all.push(attack(format!("drop the body of {p}"), drop, *p));
        // Later pages repeat earlier ones, whose bodies keep the line in the digest index.
        let (first, at) = rng.pick(&named[..20]);
        let drop = format!("DELETE FROM body_digest WHERE body = {first}");
        all.push(attack(format!("drop the digest of the body of {at}"), drop, *at));
        let (other, q) = rng.pick(&named);
        if id != other {
            let sql = format!(
                "UPDATE body SET id = {b} WHERE id = {id}; UPDATE body SET id = {id} WHERE id = \
                 {other}; UPDATE body SET id = {other} WHERE id = {b}",
                b = attacker.blob(&[7; 32]),
            );
            all.push(attack(format!("swap the bodies of {p} and {q}"), sql, *p.min(q)));
        }
        let (new, salt) = (attacker.blob(&[9; 32]), attacker.blob(&[8; 32]));
        let add = format!("INSERT INTO body (id, salt, bytes) VALUES ({new}, {salt}, {salt})");
        all.push(attack("add a body that nobody names", add, ground.size()));
        let add = format!(
            "INSERT INTO body_digest SELECT site, {new}, body FROM body_digest WHERE body = {first}"
        );
        all.push(attack("add a digest", add, ground.size()));
    }
    all
}

fn derived(ground: &Ground, attacker: &Attacker, rng: &mut Rng) -> Vec<Attack> {
    let n = ground.size();
    let mut all = vec![
        attack("empty the index", "DELETE FROM entry_index", 0),
        attack("drop the head row", "DELETE FROM head", n - 1),
        attack("lower the head's epoch", "UPDATE head SET epoch = 0", n - 1),
    ];
    for p in [n - 1, rng.next() % n, rng.next() % n, 0] {
        let drop = format!("DELETE FROM entry_index WHERE position = {p}");
        all.push(attack(format!("drop the index of {p}"), drop.clone(), p));
        let drop = format!("DELETE FROM entry_index WHERE position >= {p}");
        all.push(attack(format!("drop the index from {p}"), drop, p));
        for kind in [1, 5, 6] {
            let drop = format!("DELETE FROM entry_index WHERE position = {p} AND kind = {kind}");
            all.push(attack(format!("drop line {kind} of the index of {p}"), drop, p));
        }
        for kind in [1, 99] {
            let add = format!("INSERT INTO entry_index VALUES ({kind}, 'account/0', {p})");
            all.push(attack(format!("add a line {kind} to the index of {p}"), add, p));
        }
    }
    let later = "DELETE FROM entry_index WHERE position = 3; \
                 UPDATE entry SET header = facts WHERE position = 9";
    all.push(attack("drop the index of 3, spoil a later header", later, 3));
    let sizes: Vec<u64> = checkpoints(ground);
    let [a, b] = [sizes[1], sizes[2]];
    let swap = format!(
        "UPDATE checkpoint SET size = 1 WHERE size = {a}; UPDATE checkpoint SET size = {a} \
         WHERE size = {b}; UPDATE checkpoint SET size = {b} WHERE size = 1"
    );
    all.push(attack("swap two checkpoints", swap, a - 1));
    let fork = format!(
        "DELETE FROM entry WHERE position >= {a}; DELETE FROM checkpoint WHERE size = {b}; {}",
        head_at(ground, attacker, a)
    );
    all.push(attack("go back to a checkpoint but for the newest", fork, a));
    all
}

/// Sizes under a checkpoint: where epochs begin, and the whole.
fn checkpoints(ground: &Ground) -> Vec<u64> {
    let starts = ground.rows.iter().filter(|row| {
        annals_events::Header::parse(&row.header).expect("a header").kind == "ledger.epoch_started"
    });
    starts.map(|row| row.position).chain([ground.size()]).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn every_row_dropped_swapped_repeated_or_invented_is_found() {
    for kind in BOTH {
        let place = large(kind).copy();
        let store = store::open(&place.home.database()).await.expect("the store");
        let ground = Ground::of(&place, &store).await;
        let mut attacker = Attacker::of(&place).await;
        let mut rng = Rng::new();
        let mut wrong = Vec::new();
        for choose in [dropped, moved, payloads, derived] {
            for Attack { name, sql, position } in choose(&ground, &attacker, &mut rng) {
                attacker.run(&sql).await.unwrap_or_else(|error| panic!("{name}: {error}"));
                let report = ground.scan(&store, rng.next().is_multiple_of(2)).await;
                let at = report.first_bad.as_ref().map(|bad| bad.position);
                if report.verdict != Verdict::Tampered || at != Some(position) {
                    wrong.push(format!("{name}: expected {position}, {:?}", found(&report)));
                }
                attacker.restore_all().await;
            }
        }
        assert_eq!(found(&ground.scan(&store, true).await), ("sound", None), "not restored");
        let seed = rng.seed;
        assert!(wrong.is_empty(), "{kind:?} ANNALS_SEED={seed}:\n{}", wrong.join("\n"));
    }
}

/// Everything of the newest epoch is taken out, nothing is left that speaks of it: a sound, older
/// ledger, but for the anchor that this host keeps outside the database.
#[tokio::test(flavor = "multi_thread")]
async fn a_ledger_set_back_without_a_trace_is_found_by_the_anchor() {
    for kind in BOTH {
        let place = large(kind).copy();
        let store = store::open(&place.home.database()).await.expect("the store");
        let ground = Ground::of(&place, &store).await;
        let mut attacker = Attacker::of(&place).await;
        let size = checkpoints(&ground)[2];
        let mut sql = format!(
            "DELETE FROM entry_index WHERE position >= {size}; \
             UPDATE cursor SET indexed_to = {size}; DELETE FROM checkpoint WHERE size > {size}; {}",
            cut_to(&ground, &attacker, size)
        );
        for (id, _) in ground.named.iter().filter(|(_, first)| **first >= size) {
            let id = attacker.blob(id);
            sql += &format!("; DELETE FROM body WHERE id = {id}");
            sql += &format!("; DELETE FROM body_digest WHERE body = {id}");
        }
        attacker.run(&sql).await.expect("set back");
        let report = ground.scan(&store, true).await;
        assert_eq!((found(&report), report.size), (("sound", None), size), "{kind:?}");
        let output = place.annals(&["verify", "--json"]);
        let bad = &json(&output)["first_bad"];
        let told = (code(&output), bad["what"].as_str(), bad["position"].as_u64());
        assert_eq!(told, (1, Some("truncated"), Some(size)), "{kind:?}: {}", json(&output));
        // Whoever opens it to write signs nothing over what is left, with the anchor or without.
        let kept = store.checkpoints(0, 1_000).await.expect("kept").len();
        for word in ["were acknowledged", "the anchor is missing"] {
            let why = place.app().await.stop().await.expect_err("nothing is signed").sentence;
            assert!(why.contains("no checkpoint is signed") && why.contains(word), "{why}");
            assert_eq!(store.checkpoints(0, 1_000).await.expect("kept").len(), kept, "{kind:?}");
            std::fs::remove_file(place.home.anchor_path()).unwrap_or_default();
        }
    }
}

/// Cut, with an anchor that fits: another host's checkpoint still says that more was there.
#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_signed_over_less_than_a_checkpoint_says() {
    for kind in BOTH {
        let place = large(kind).copy();
        let store = store::open(&place.home.database()).await.expect("the store");
        let ground = Ground::of(&place, &store).await;
        let mut attacker = Attacker::of(&place).await;
        let size = checkpoints(&ground)[2];
        attacker.run(&cut_to(&ground, &attacker, size)).await.expect("cut");
        let last = &ground.rows[size as usize - 1];
        let header = annals_events::Header::parse(&last.header).expect("a header");
        let (leaf, signature) = (annals_events::Hash(last.leaf), last.signature);
        let older = Anchored { size, leaf, epoch: header.epoch.0, signature };
        std::fs::remove_file(place.home.anchor_path()).expect("removed");
        let anchor = FileAnchor::new(&place.home.anchor_path());
        anchor.swap(None, &older).await.expect("swapped");
        let kept = store.checkpoints(0, 1_000).await.expect("kept").len();
        let why = place.app().await.stop().await.expect_err("nothing is signed").sentence;
        assert!(why.contains("entries were known"), "{kind:?}: {why}");
        assert_eq!(store.checkpoints(0, 1_000).await.expect("kept").len(), kept, "{kind:?}");
    }
}

/// The tail was written again by whoever holds every key: the anchor knows the entry that was
/// acknowledged. Without an anchor the answer says so.
#[tokio::test(flavor = "multi_thread")]
async fn a_last_entry_that_is_not_the_one_acknowledged_is_found_by_the_anchor() {
    let place = large(Kind::Sqlite).copy();
    let path = place.home.anchor_path();
    let anchor = FileAnchor::new(&path);
    let held = anchor.get().await.expect("readable").expect("held");
    let other = Anchored { leaf: annals_events::Hash([5; 32]), ..held.clone() };
    anchor.swap(Some(&held), &other).await.expect("swapped");
    let told = place.annals(&["verify", "--json"]);
    assert_eq!(code(&told), 1, "{}", json(&told));
    let bad = &json(&told)["first_bad"];
    assert_eq!((&bad["what"], &bad["position"]), (&"head".into(), &(held.size - 1).into()));
    std::fs::remove_file(&path).expect("removed");
    let told = place.annals(&["verify", "--json"]);
    assert_eq!(code(&told), 2, "{}", json(&told));
    let missing = "anchor is missing";
    assert!(json(&told)["notes"].to_string().contains(missing), "{}", json(&told));
}
