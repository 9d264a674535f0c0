//! A site as of any moment equals a plain fold of the file, byte for byte.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::process::Command;

use annals_events::id::SiteId;
use annals_events::{Event, Hash, Time};
use annals_projections::boards::pages::Pages;
use serde_json::Value;

use super::resume::stop_three_times;
use super::{Entry, Files, SITE, Told, audit, entries, import, imported, real_history};
use crate::harness::{BOTH, Place, Rng, code, json, text};

/// Path to plain digest.
type Site = BTreeMap<String, String>;

struct Line {
    at: Time,
    value: Value,
}

fn read(files: &Files) -> Vec<Line> {
    let text = fs::read_to_string(&files.changes).expect("the changes");
    text.lines()
        .map(|line| {
            let value: Value = serde_json::from_str(line).expect("JSON");
            let at = Time::from_rfc3339(value["at"].as_str().expect("a time")).expect("RFC 3339");
            Line { at, value }
        })
        .collect()
}

/// The site by the file alone: its lines are in the order of their times.
fn plain(lines: &[Line], at: Time) -> Site {
    let mut site = Site::new();
    for line in lines.iter().filter(|line| line.at <= at) {
        let word = |member: &str| line.value[member].as_str().map(str::to_owned);
        if let Some(from) = word("from") {
            site.remove(&from);
        }
        let path = word("path").expect("a path");
        match word("sha256") {
            Some(sha256) => site.insert(path, sha256),
            None => site.remove(&path),
        };
    }
    site
}

/// 50 moments by a seed, the busiest instants among them, and a microsecond before each.
fn moments(lines: &[Line], seed: u64) -> Vec<Time> {
    let mut busy: BTreeMap<Time, usize> = BTreeMap::new();
    lines.iter().for_each(|line| *busy.entry(line.at).or_default() += 1);
    let mut by_count: Vec<(usize, Time)> = busy.iter().map(|(at, n)| (*n, *at)).collect();
    by_count.sort_unstable_by(|a, b| b.cmp(a));
    let mut chosen: BTreeSet<Time> = by_count.iter().take(10).map(|(_, at)| *at).collect();
    chosen.extend([6_207, lines.len() - 1, 0].map(|line| lines[line].at));
    let mut random = Rng::from_seed(seed);
    while chosen.len() < 50 {
        chosen.insert(random.pick(lines).at);
    }
    let just_before = |at: &Time| Time::from_micros(at.micros() - 1).expect("a time");
    chosen.iter().flat_map(|at| [just_before(at), *at]).collect()
}

/// The board over every entry, and the plain digest of each body.
async fn board(place: &Place, all: &[Entry]) -> (Pages, BTreeMap<Hash, String>) {
    let mut ids = BTreeSet::new();
    let mut site = None;
    for entry in all {
        if let Event::Site(_) = &entry.event {
            site = Some(SiteId(entry.header.stream.id));
        }
        ids.extend(entry.event.body().map(|body| body.0));
    }
    let mut pages = Pages::new(site.expect("a site"));
    for entry in all {
        pages.apply(&entry.header, &entry.event, entry.private.as_deref());
    }
    let store = annals::store::open(&place.home.database()).await.expect("the store opens");
    let ids: Vec<[u8; 32]> = ids.into_iter().collect();
    let mut digests = BTreeMap::new();
    for page in ids.chunks(500) {
        for body in store.bodies(page).await.expect("bodies") {
            digests.insert(Hash(body.id), Hash::of(&[&body.bytes]).to_string());
        }
    }
    store.close().await;
    (pages, digests)
}

#[tokio::test(flavor = "multi_thread")]
async fn the_site_at_a_hundred_moments_equals_a_plain_fold_of_the_file() {
    let Some(files) = real_history() else { return };
    let lines = read(&files);
    let seed = 20_261_124;
    let moments = moments(&lines, seed);
    assert_eq!(moments.len(), 100);
    for kind in BOTH {
        let place = Place::new(kind).await;
        stop_three_times(&place, &files);
        let all = entries(&place).await;
        let (pages, digests) = board(&place, &all).await;
        let known = all.len() as u64;
        let mut sizes = BTreeSet::new();
        for at in &moments {
            let state = pages.as_of(*at, known);
            assert!(state.shadowed.is_empty());
            let shown: Site = state
                .pages
                .iter()
                .map(|(path, page)| (path.clone(), digests[&page.body].clone()))
                .collect();
            let expected = plain(&lines, *at);
            sizes.insert(expected.len());
            assert_eq!(shown, expected, "{kind:?} at {at}, seed {seed}");
        }
        assert!(sizes.contains(&0) && sizes.contains(&582) && sizes.len() > 20, "{sizes:?}");
        let middle = moments[moments.len() / 2];
        for (number, at) in [lines[0].at, middle, lines[7_925].at].into_iter().enumerate() {
            export_files(&place, &plain(&lines, at), &at.to_string(), &format!("site{number}"));
        }
        export_files(&place, &Site::new(), "2010-01-01T00:00:00Z", "before");
        export_files(&place, &Site::new(), "2014-03-01T22:17:32.999999Z", "just-before");
    }
}

/// Through the program, with real files, accepted by coreutils.
fn export_files(place: &Place, expected: &Site, at: &str, name: &str) {
    let out = place.path().join(name);
    let folder = out.display().to_string();
    let output =
        place.annals(&["site", "export", "--site", SITE, "--at", at, "--out", &folder, "--json"]);
    assert_eq!(code(&output), 0, "{}", text(&output.stderr));
    let object = json(&output);
    let kept: Value =
        serde_json::from_slice(&fs::read(out.join("site.json")).expect("site.json")).expect("JSON");
    assert_eq!(kept, object);
    let pages = object["pages"].as_array().expect("a list");
    let shown: Site = pages
        .iter()
        .map(|page| {
            let word = |member: &str| page[member].as_str().expect("a word").to_owned();
            (word("path"), word("sha256"))
        })
        .collect();
    assert_eq!((&shown, pages.len()), (expected, expected.len()), "{at}");
    let sums = fs::read_to_string(out.join("SHA256SUMS")).expect("sums");
    let listed: Site = sums
        .lines()
        .map(|line| line.split_once("  ").expect("two columns"))
        .map(|(sha256, file)| (file.to_owned(), sha256.to_owned()))
        .collect();
    assert_eq!(&listed, expected, "no path of this site needs encoding");
    if expected.is_empty() {
        assert_eq!(fs::read_dir(out.join("files")).expect("a folder").count(), 0);
        return;
    }
    let sums = Command::new("sha256sum")
        .args(["--check", "--strict", "--quiet", "../SHA256SUMS"])
        .current_dir(out.join("files"))
        .output()
        .expect("sha256sum runs");
    assert!(sums.status.success(), "{} {}", text(&sums.stdout), text(&sums.stderr));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_page_created_and_removed_in_one_instant_never_shows() {
    let Some(files) = real_history() else { return };
    let lines = read(&files);
    let (created, removed) = (&lines[6_207], &lines[6_208]);
    assert_eq!(created.at, removed.at);
    let path = created.value["path"].as_str().expect("a path");
    let place = Place::new(BOTH[0]).await;
    imported(&place, &files, &[]);
    let all = entries(&place).await;
    let (pages, _) = board(&place, &all).await;
    let position = |line: u64| {
        let content = |entry: &&Entry| match &entry.event {
            Event::Content(event) => event.imported().is_some_and(|found| found.line == line),
            _ => false,
        };
        all.iter().find(content).expect("an entry").header.position.0
    };
    let at = created.at;
    assert!(pages.as_of(at, position(6_207) + 1).pages.contains_key(path), "it is known to be");
    let known = position(6_208) + 1;
    for micros in [-1, 0, 1] {
        let at = Time::from_micros(at.micros() + micros).expect("a time");
        assert!(!pages.as_of(at, known).pages.contains_key(path));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_fact_learnt_late_changes_no_earlier_answer() {
    for kind in BOTH {
        let place = Place::new(kind).await;
        let first = Told::of(&["a.html", "b.html"]).write(place.path());
        let summary = imported(&place, &first, &[]);
        let known = summary["last"].to_string();
        let at = ["--at", "2020-06-01T00:00:00Z"];
        let before = listed(&place, &[&at[..], &["--known", &known]].concat(), "before");
        assert_eq!(before, ["a.html", "b.html"]);
        let folder = place.path().join("late");
        fs::create_dir(&folder).expect("a folder");
        let late = Told::of(&["c.html"]).write(&folder);
        let summary = imported(&place, &late, &["--further"]);
        assert_eq!(summary["live_pages"], 3);
        let then = listed(&place, &[&at[..], &["--known", &known]].concat(), "then");
        assert_eq!(then, before, "{kind:?}");
        assert_eq!(listed(&place, &at, "now"), ["a.html", "b.html", "c.html"]);
        let unset = listed(&place, &["--known", &known], "unset");
        assert_eq!(unset, before, "without --at: when the last one known was written");
        audit(&place);
    }
}

fn listed(place: &Place, more: &[&str], name: &str) -> Vec<String> {
    let out = place.path().join(name).display().to_string();
    let all = [&["site", "export", "--json", "--site", SITE, "--out", &out], more].concat();
    let output = place.annals(&all);
    assert_eq!(code(&output), 0, "{}", text(&output.stderr));
    let object = json(&output);
    let pages = object["pages"].as_array().expect("a list");
    pages.iter().map(|page| page["path"].as_str().expect("a path").to_owned()).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_line_in_another_order_of_time_is_shown_at_its_time() {
    let place = Place::new(BOTH[0]).await;
    let mut told = Told::of(&["a.html"]);
    told.line("updated", "a.html", Some("third"))["at"] = "2020-03-01T00:00:00Z".into();
    told.line("updated", "a.html", Some("second"))["at"] = "2020-02-01T00:00:00Z".into();
    imported(&place, &told.write(place.path()), &[]);
    for (month, body) in [("02", "second"), ("03", "third"), ("04", "third")] {
        let (at, out) = (format!("2020-{month}-01T00:00:00Z"), place.path().join(month));
        let folder = out.display().to_string();
        let output =
            place.annals(&["site", "export", "--site", SITE, "--at", &at, "--out", &folder]);
        assert_eq!(code(&output), 0, "{}", text(&output.stderr));
        let shown = fs::read_to_string(out.join("files/a.html")).expect("the page");
        assert_eq!(shown, body, "at {at}");
    }
    assert_eq!(code(&import(&place, &told.write(place.path()), &[])), 0);
}
