//! The actor's own signature: ten lines, each of which counts.

use annals::app::{App, Given};
use annals_events::attributes::Attributes;
use annals_events::command::{self, Command, OpenSite};
use annals_events::entry::{ActorSignature, Header};
use annals_events::hash::{Bytes, hex};
use annals_events::id::{CommandKey, SiteId};
use annals_events::keys::{Algorithm, PublicKey, SecretKey};
use annals_events::{Hash, Time};
use serde_json::{Value, json};
use uuid::Uuid;

use super::example::example;
use super::story::{first, name};
use super::{hold, read, testdata, unhex_to};
use crate::harness::scribe::key;
use crate::harness::{Kind, Place, annals_verify, code, json as report};

/// What each line of the statement is called, in order.
const LINES: [&str; 10] = [
    "title",
    "origin",
    "genesis",
    "fingerprint",
    "name",
    "key",
    "stream",
    "seen",
    "issued_at",
    "digest",
];

/// The ten lines with one of them changed in its last digit or letter.
fn with_changed(lines: &[String; 10], changed: Option<usize>) -> Vec<u8> {
    let mut lines = lines.clone();
    if let Some(at) = changed {
        let line = &mut lines[at];
        let last = line.pop().expect("no line is empty");
        let before = if last == 'Z' { line.pop().expect("a digit") } else { last };
        line.push(if before == '1' { '2' } else { '1' });
        if last == 'Z' {
            line.push('Z');
        }
    }
    (lines.join("\n") + "\n").into_bytes()
}

/// The ten lines by the words of the format.
fn lines(header: &Value, genesis: &Hash, print: &Hash) -> [String; 10] {
    let command = &header["command"];
    let text = |value: &Value| value.as_str().expect("a string").to_owned();
    [
        "annals/command/v1".to_owned(),
        text(&header["origin"]),
        genesis.to_string(),
        print.to_string(),
        text(&command["name"]),
        text(&command["key"]),
        text(&command["stream"]),
        text(&command["seen"]),
        text(&command["issued_at"]),
        text(&command["digest"]),
    ]
}

fn signed(lines: &[String; 10], changed: Option<usize>) -> ActorSignature {
    let actor = key("actor");
    ActorSignature {
        algorithm: Algorithm::Ed25519,
        key: actor.public().fingerprint(),
        value: Bytes(actor.sign(&with_changed(lines, changed))),
    }
}

/// One header whose actor signed what it says, and one for each line that he signed otherwise.
fn file() -> String {
    let scribe = example();
    let (genesis, print) = (scribe.genesis(), key("actor").public().fingerprint());
    let header = &first(&scribe, "content.drafted").header;
    let value: Value = serde_json::from_slice(&header.to_bytes()).expect("JSON");
    let lines = lines(&value, &genesis, &print);
    let mut rows = Vec::new();
    for changed in std::iter::once(None).chain((0..LINES.len()).map(Some)) {
        let signature = signed(&lines, changed);
        let header = Header { actor_signature: Some(signature), ..header.clone() };
        let header = String::from_utf8(header.to_bytes()).expect("JSON is UTF-8");
        rows.push(json!({
            "differs": changed.map(|at| LINES[at]),
            "good": changed.is_none(),
            "header": header,
            "signed": String::from_utf8(with_changed(&lines, changed)).expect("UTF-8"),
        }));
    }
    let public = hex(&key("actor").public().bytes());
    let all = json!({ "genesis": genesis, "public": public, "entries": rows });
    serde_json::to_string_pretty(&all).expect("JSON") + "\n"
}

#[test]
fn one_good_and_one_bad_entry_for_each_line_are_a_file() {
    let path = testdata().join("actor-signed.json");
    hold(&path, &file());
    let text = read(&path).expect("the file");
    let file: Value = serde_json::from_str(&text).expect("JSON");
    let genesis = Hash(unhex_to(&file["genesis"]));
    let public = PublicKey::from_bytes(unhex_to(&file["public"])).expect("a key");
    let rows = file["entries"].as_array().expect("a list");
    assert_eq!(rows.len(), 1 + LINES.len());
    for row in rows {
        let header = row["header"].as_str().expect("a header");
        let header = Header::parse(header.as_bytes()).expect("a header");
        let good = row["good"].as_bool().expect("true or false");
        let found = command::verify_actor(&header, genesis, &public);
        assert_eq!(found.is_ok(), good, "{}", row["differs"]);
        // The signature is good over what was signed: only the lines differ.
        let signature = header.actor_signature.as_ref().expect("signed").value.0;
        let signed = row["signed"].as_str().expect("lines").as_bytes();
        assert_eq!(public.verify_strict(signed, &signature), Ok(()));
        let other = key("log").public();
        assert!(command::verify_actor(&header, genesis, &other).is_err());
    }
}

#[test]
fn a_header_changed_after_signing_is_noticed_member_by_member() {
    let scribe = example();
    let (good, public) = (&first(&scribe, "content.drafted").header, key("actor").public());
    let genesis = scribe.genesis();
    assert_eq!(command::verify_actor(good, genesis, &public), Ok(()));
    assert!(command::verify_actor(good, Hash::ZERO, &public).is_err());
    type Change = fn(&mut Header);
    let rows: &[(&str, Change)] = &[
        ("origin", |h| h.origin += "x"),
        ("name", |h| h.command.iter_mut().for_each(|c| c.name += "x")),
        ("key", |h| {
            h.command.iter_mut().for_each(|c| c.key = CommandKey(Uuid::nil()));
        }),
        ("stream", |h| h.command.iter_mut().for_each(|c| c.stream.id = Uuid::nil())),
        ("seen", |h| h.command.iter_mut().for_each(|c| c.seen = Hash([1; 32]))),
        ("issued_at", |h| {
            h.command.iter_mut().for_each(|c| c.issued_at = Time::from_micros(0).expect("1970"));
        }),
        ("digest", |h| h.command.iter_mut().for_each(|c| c.digest = Hash::ZERO)),
        ("fingerprint", |h| h.actor_signature.iter_mut().for_each(|s| s.key = Hash::ZERO)),
        ("no signature", |h| h.actor_signature = None),
        ("no command", |h| h.command = None),
    ];
    for (what, change) in rows {
        let mut bad = good.clone();
        change(&mut bad);
        assert!(command::verify_actor(&bad, genesis, &public).is_err(), "{what}");
    }
}

/// A command of the administrator, signed by a key of his, perhaps over another line.
async fn give(app: &App, place: &Place, changed: Option<usize>) {
    let (actor, site) = (key("actor"), SiteId(Uuid::now_v7()));
    let name = name(&format!("示例网站 {site}"));
    let open = OpenSite {
        attributes: Attributes::default(),
        name,
        organisation: place.founded.organisation,
    };
    let command = Command::OpenSite(open);
    let nonce = Hash::of(&[site.0.as_bytes()]);
    let mut given = Given::local(place.administrator(), site, command);
    (given.nonce, given.seen, given.issued_at) = (Some(nonce), Some(Hash::ZERO), Some(app.now()));
    let lines = [
        "annals/command/v1".to_owned(),
        crate::harness::ORIGIN.to_owned(),
        place.genesis().to_string(),
        actor.public().fingerprint().to_string(),
        given.command.name().to_owned(),
        given.key.to_string(),
        given.stream.to_string(),
        Hash::ZERO.to_string(),
        given.issued_at.expect("just set").to_string(),
        command::digest(&nonce, &given.command.to_bytes()).to_string(),
    ];
    given.signature = Some(signed(&lines, changed));
    app.give(given).await.expect("the command is written");
}

/// Found a ledger, give one signed command, audit its export; answers exit code and report.
async fn audited(changed: Option<usize>, key: Option<&SecretKey>) -> (i32, Value) {
    let place = Place::new(Kind::Sqlite).await;
    let app = place.app().await;
    give(&app, &place, changed).await;
    app.stop().await.expect("a clean stop");
    let (export, genesis) = (place.export().display().to_string(), place.genesis().to_string());
    let mut arguments = vec![export.as_str(), "--genesis", &genesis, "--json"];
    let public = key.map(|key| hex(&key.public().bytes()));
    if let Some(public) = &public {
        arguments.extend(["--actor-key", public.as_str()]);
    }
    let output = annals_verify(&arguments);
    (code(&output), report(&output))
}

#[tokio::test(flavor = "multi_thread")]
async fn a_signed_command_is_checked_by_whoever_has_the_actors_key() {
    let (actor, other) = (key("actor"), key("log"));
    let (exit, report) = audited(None, Some(&actor)).await;
    assert_eq!((exit, &report["verdict"]), (0, &json!("sound")), "{report}");
    assert_eq!(report["actor_signatures"]["checked"], 1);
    assert_eq!(report["actor_signatures"]["not_checked"], 0);
    for key in [None, Some(&other)] {
        let (exit, report) = audited(None, key).await;
        assert_eq!((exit, &report["verdict"]), (0, &json!("sound")), "{report}");
        assert_eq!(report["actor_signatures"]["checked"], 0);
        assert_eq!(report["actor_signatures"]["not_checked"], 1);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_command_signed_over_another_line_is_tampered_with_for_whoever_has_the_key() {
    let actor = key("actor");
    for (at, line) in LINES.iter().enumerate() {
        let (exit, report) = audited(Some(at), Some(&actor)).await;
        assert_eq!((exit, &report["verdict"]), (1, &json!("tampered")), "{line}: {report}");
        let bad = &report["first_bad"];
        assert_eq!((&bad["what"], &bad["position"]), (&json!("actor_signature"), &json!(5)));
    }
    // Without the key nobody can tell, and nobody says he can.
    let (exit, report) = audited(Some(1), None).await;
    assert_eq!((exit, &report["actor_signatures"]["not_checked"]), (0, &json!(1)), "{report}");
}
