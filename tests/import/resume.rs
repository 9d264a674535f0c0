//! Broken off anywhere and run again, an import ends as if it had never been broken off.

use std::fs;
use std::path::Path;
use std::process::{Command, Output, Stdio};
use std::time::{Duration, Instant};

use annals_events::Hash;
use serde_json::{Value, json};

use super::{
    Files, SITE, Told, arguments, audit, entries, import, imported, lines_kept, real_history, size,
};
use crate::harness::{Kind, Place, Rng, code, json as json_of, text};

/// What must be the same however often it was broken off: everything but ids, salts and times.
async fn outcome(place: &Place, files: &Files, name: &str) -> (Value, Vec<String>, Hash) {
    let mut summary = imported(place, files, &[]);
    for member in ["appended", "already", "first", "last"] {
        summary[member].take();
    }
    let out = place.path().join(name);
    let folder = out.display().to_string();
    let output = place.annals(&["site", "export", "--site", SITE, "--out", &folder]);
    assert_eq!(code(&output), 0, "{}", text(&output.stderr));
    let sums = Hash::of(&[&fs::read(out.join("SHA256SUMS")).expect("sums")]);
    fs::remove_dir_all(out).expect("the site was exported");
    assert_eq!(audit(place)["flags"], summary["flags"]);
    (summary, lines_kept(&entries(place).await), sums)
}

#[tokio::test(flavor = "multi_thread")]
async fn an_import_broken_off_anywhere_ends_the_same_on_sqlite() {
    break_off(Kind::Sqlite).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_import_broken_off_anywhere_ends_the_same_on_postgres() {
    break_off(Kind::Postgres).await;
}

async fn break_off(kind: Kind) {
    let Some(files) = real_history() else { return };
    let whole = Place::new(kind).await;
    imported(&whole, &files, &[]);
    let whole = outcome(&whole, &files, "whole").await;
    assert_eq!((whole.1.len(), &whole.0["live_pages"]), (7_926, &json!(582)));
    let stopped = Place::new(kind).await;
    stop_three_times(&stopped, &files);
    let killed = Place::new(kind).await;
    kill_half_way(&killed, &files).await;
    for place in [&stopped, &killed] {
        let end = outcome(place, &files, "site").await;
        assert!(end == whole, "{} {}", end.0, whole.0);
    }
}

/// Stopped at three lines drawn by lot, each time started anew.
pub fn stop_three_times(place: &Place, files: &Files) {
    let mut random = Rng::new();
    let mut stops = [(); 3].map(|()| random.between(1, 7_925));
    stops.sort_unstable();
    eprintln!("stopped after {stops:?}: ANNALS_SEED={}", random.seed);
    let mut done = 0;
    for stop in stops {
        let summary = imported(place, files, &["--stop-after", &stop.to_string()]);
        assert_eq!(summary["already"], done, "--stop-after {stop}");
        assert_eq!(summary["appended"], stop - done, "--stop-after {stop}");
        done = stop;
    }
    // An earlier stop than what is there is no step back.
    let summary = imported(place, files, &["--stop-after", "0"]);
    assert_eq!((&summary["appended"], &summary["already"]), (&json!(0), &json!(done)));
    let summary = imported(place, files, &[]);
    assert_eq!(summary["already"], done);
}

/// A real kill -9 somewhere in the middle.
async fn kill_half_way(place: &Place, files: &Files) {
    let store = annals::store::open(&place.home.database()).await.expect("the store opens");
    let mut all = arguments(files);
    all.extend(["--data".to_owned(), place.path().display().to_string()]);
    if let Some(urls) = &place.urls {
        all.extend(["--database".to_owned(), urls.service.clone()]);
    }
    let mut child = Command::new(Path::new(env!("CARGO_BIN_EXE_annals")))
        .args(all)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .expect("annals starts");
    while store.head().await.expect("a head").size < 3_500 {
        assert!(child.try_wait().expect("a child").is_none(), "it ended before it was killed");
        tokio::time::sleep(Duration::from_millis(2)).await;
    }
    child.kill().expect("killed");
    child.wait().expect("it ends");
    let size = store.head().await.expect("a head").size;
    store.close().await;
    assert!(size < 8_000, "killed too late to be half way: {size}");
    let output = once_the_lease_ran_out(place, files);
    assert_eq!(code(&output), 0, "{:?}: {}", place.kind, text(&output.stderr));
    let summary = json_of(&output);
    let already = summary["already"].as_u64().expect("a number");
    assert!((3_000..7_926).contains(&already), "{summary}");
    assert_eq!(summary["appended"], 7_926 - already);
}

/// Whoever was killed holds the lease until it runs out: exit 6 until then.
fn once_the_lease_ran_out(place: &Place, files: &Files) -> Output {
    let begun = Instant::now();
    loop {
        let output = import(place, files, &[]);
        if code(&output) != 6 || begun.elapsed() > Duration::from_secs(60) {
            return output;
        }
        std::thread::sleep(Duration::from_millis(200));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_import_goes_on_from_every_line_it_can_stop_at() {
    let place = Place::new(Kind::Sqlite).await;
    let mut told = Told::of(&["a", "b", "c"]);
    told.line("updated", "a", Some("<p>anew</p>"));
    told.line("renamed", "d", Some("<p>1</p>"))["from"] = json!("b");
    told.line("renamed", "e", Some("<p>other</p>"))["from"] = json!("d");
    told.line("removed", "c", None);
    told.line("created", "c", Some("<p>2</p>"));
    let files = told.write(place.path());
    for stop in 0..=8 {
        let summary = imported(&place, &files, &["--stop-after", &stop.to_string()]);
        assert_eq!(summary["appended"], u64::from(stop > 0), "after {stop}");
    }
    let (summary, lines, _) = outcome(&place, &files, "site").await;
    assert_eq!((&summary["live_pages"], &summary["flags"]), (&json!(3), &json!({})));
    assert_eq!(lines.join("\n") + "\n", told.text());
    let kinds: Vec<String> = entries(&place).await.into_iter().map(|e| e.header.kind).collect();
    let contents: Vec<&str> =
        kinds.iter().filter_map(|kind| kind.strip_prefix("content.")).collect();
    let expected = [
        "published",
        "published",
        "published",
        "corrected",
        "moved",
        "moved",
        "corrected",
        "withdrawn",
        "published",
    ];
    assert_eq!(contents, expected);
}

/// A body named again is not uploaded again, but its length is compared all the same.
#[tokio::test(flavor = "multi_thread")]
async fn a_wrong_length_is_found_after_a_stop_as_well_as_before() {
    for stop in [0, 1] {
        let place = Place::new(Kind::Sqlite).await;
        let mut told = Told::of(&["a"]);
        told.line("created", "b", Some("<p>0</p>"))["bytes"] = json!(9);
        let files = told.write(place.path());
        if stop > 0 {
            imported(&place, &files, &["--stop-after", "1"]);
        }
        let before = size(&place).await;
        let output = import(&place, &files, &[]);
        assert_eq!(code(&output), 3, "{}", text(&output.stderr));
        let said = text(&output.stderr);
        assert!(said.contains("line 1") && said.contains("bytes"), "{said}");
        assert_eq!(size(&place).await, before);
    }
}

/// What was opened for one site and has no line yet is in no other site's way.
#[tokio::test(flavor = "multi_thread")]
async fn an_import_without_a_line_stands_in_no_other_ones_way() {
    let place = Place::new(Kind::Sqlite).await;
    let folder = place.path().join("other");
    fs::create_dir(&folder).expect("a folder");
    let (one, other) = (Told::of(&["a"]), Told::of(&["b", "c"]));
    let (one, other) = (one.write(place.path()), other.write(&folder));
    imported(&place, &one, &["--stop-after", "0"]);
    let mut all = arguments(&other);
    let site = all.iter().position(|argument| argument == SITE).expect("the site");
    all[site] = "另一个网站".to_owned();
    let all: Vec<&str> = all.iter().map(String::as_str).collect();
    let output = place.annals(&all);
    assert_eq!(code(&output), 0, "{}", text(&output.stderr));
    assert_eq!(json_of(&output)["live_pages"], 2);
    let summary = imported(&place, &one, &[]);
    assert_eq!((&summary["appended"], &summary["live_pages"]), (&json!(1), &json!(1)));
    audit(&place);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_import_that_stopped_says_that_it_is_open() {
    let place = Place::new(Kind::Sqlite).await;
    let files = Told::of(&["a", "b"]).write(place.path());
    let told = |more: &[&str]| {
        let all = arguments(&files);
        let plain = all.iter().filter(|argument| *argument != "--json").map(String::as_str);
        let output = place.annals(&plain.chain(more.iter().copied()).collect::<Vec<_>>());
        assert_eq!(code(&output), 0, "{}", text(&output.stderr));
        text(&output.stdout)
    };
    let open = "the import is still open: the same call without --stop-after goes on\n";
    let first = told(&["--stop-after", "1"]);
    assert!(first.contains("1 written, 0 there before") && first.ends_with(open), "{first}");
    let none = told(&["--stop-after", "0"]);
    assert!(none.contains("0 written, 1 there before") && none.ends_with(open), "{none}");
    assert_eq!(imported(&place, &files, &["--stop-after", "1"])["closed"], false);
    let last = told(&[]);
    assert!(last.contains("1 written, 1 there before") && !last.contains("open"), "{last}");
    assert_eq!(imported(&place, &files, &["--stop-after", "1"])["closed"], true);
    audit(&place);
}
