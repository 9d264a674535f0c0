//! The worked example held to OpenSSL: every hash and every signature, from the bytes that the
//! page shows and the rules that it states. No code of ours but base64 and hex.

use std::collections::BTreeMap;
use std::fs;
use std::io::Write as _;
use std::path::Path;
use std::process::{Command, Stdio};

use data_encoding::{BASE64, HEXLOWER};
use serde_json::Value;

use super::example::readme;
use super::{read, unhex};

/// SHA-256 by OpenSSL, in hex.
fn sha256(parts: &[&[u8]]) -> String {
    let mut child = Command::new("openssl")
        .args(["dgst", "-sha256", "-r"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("openssl is installed");
    child.stdin.take().expect("a pipe").write_all(&parts.concat()).expect("openssl reads");
    let output = child.wait_with_output().expect("openssl ends");
    String::from_utf8_lossy(&output.stdout[..64]).into_owned()
}

/// Whether OpenSSL finds an Ed25519 signature good.
fn verifies(folder: &Path, public: &[u8], text: &[u8], signature: &[u8]) -> bool {
    let der = [&unhex("302a300506032b6570032100"), public].concat();
    for (name, bytes) in [("key", &der[..]), ("text", text), ("signature", signature)] {
        fs::write(folder.join(name), bytes).expect("a file");
    }
    let status = Command::new("openssl")
        .args(["pkeyutl", "-verify", "-pubin", "-keyform", "DER", "-inkey", "key"])
        .args(["-rawin", "-in", "text", "-sigfile", "signature"])
        .current_dir(folder)
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status();
    status.expect("openssl is installed").success()
}

/// What stands under one `###` title: blocks by label, table rows by first field.
#[derive(Default)]
struct Section {
    blocks: BTreeMap<String, String>,
    rows: BTreeMap<String, Vec<String>>,
}

impl Section {
    fn value(&self, name: &str) -> &str {
        self.rows.get(name).unwrap_or_else(|| panic!("no row {name}")).last().expect("a value")
    }

    fn bytes(&self, name: &str) -> Vec<u8> {
        unhex(self.value(name))
    }

    /// A block of JSON, by the beginning of its label.
    fn json(&self, label: &str) -> Option<&str> {
        let found = self.blocks.iter().find(|(name, _)| name.starts_with(label));
        found.map(|(_, text)| text.trim_end_matches('\n'))
    }
}

/// The example's sections by title.
fn sections() -> BTreeMap<String, Section> {
    let page = read(&readme()).expect("events/README.md");
    let (_, example) = page.split_once("<!-- example:").expect("the example");
    let mut all = BTreeMap::new();
    for piece in example.split("\n### ").skip(1) {
        let (title, rest) = piece.split_once('\n').expect("a title");
        let (mut section, mut label) = (Section::default(), String::new());
        let mut lines = rest.lines();
        while let Some(line) = lines.next() {
            if line.starts_with("```") {
                let content = lines.by_ref().take_while(|line| *line != "```");
                let content: String = content.map(|line| format!("{line}\n")).collect();
                section.blocks.insert(label.clone(), content);
            } else if let Some(row) = line.strip_prefix("| ") {
                let mut fields = row.trim_end_matches(" |").split(" | ");
                let name = fields.next().expect("a name").to_owned();
                let fields = fields.map(|field| field.trim_matches('`').to_owned());
                section.rows.insert(name, fields.collect());
            } else if let Some(text) = line.strip_suffix(':') {
                label = text.to_owned();
            }
        }
        all.insert(title.to_owned(), section);
    }
    all
}

/// Public keys by fingerprint.
type Keys = BTreeMap<String, Vec<u8>>;

fn keys(section: &Section) -> Keys {
    let mut keys = Keys::new();
    for (name, fields) in &section.rows {
        if let [_, public, print] = &fields[..]
            && public.len() == 64
        {
            let public = unhex(public);
            assert_eq!(&sha256(&[&public]), print, "fingerprint of {name}");
            keys.insert(print.clone(), public);
        }
    }
    assert_eq!(keys.len(), 6);
    keys
}

fn member<'a>(value: &'a Value, name: &str) -> &'a str {
    value[name].as_str().unwrap_or_else(|| panic!("no {name} in {value}"))
}

struct Checked {
    signatures: usize,
    leaves: Vec<String>,
    genesis: String,
}

/// One entry by sections 1, 5, 7 and 8 of the page.
fn check_entry(folder: &Path, keys: &Keys, section: &Section, done: &mut Checked) {
    let header_bytes = section.json("Header").expect("a header");
    let header: Value = serde_json::from_str(header_bytes).expect("JSON");
    let leaf = sha256(&[&[0], header_bytes.as_bytes()]);
    assert_eq!(leaf, section.value("leaf"));
    let zero = "0".repeat(64);
    assert_eq!(member(&header, "prev"), done.leaves.last().unwrap_or(&zero));
    for (part, label) in [("facts", "Facts"), ("private", "Private part")] {
        let digest = header[format!("{part}_digest")].as_str();
        let found = section.json(label).map(|bytes| {
            let salt = section.bytes(&format!("{part} salt"));
            sha256(&[format!("annals/{part}/v1\n").as_bytes(), &salt, bytes.as_bytes()])
        });
        assert_eq!(digest, found.as_deref(), "{part}");
    }
    let signed =
        [b"annals/entry/v1\n", member(&header, "origin").as_bytes(), b"\n", &unhex(&leaf)].concat();
    assert_eq!(signed, section.bytes("signed text"));
    let key = &keys[section.value("signed by")];
    assert!(verifies(folder, key, &signed, &section.bytes("signature")));
    done.signatures += 1;
    let facts: Value = serde_json::from_str(section.json("Facts").expect("facts")).expect("JSON");
    check_keys(folder, keys, &header, &facts, done);
    check_command(folder, keys, &header, section, done);
    if done.leaves.is_empty() {
        done.genesis.clone_from(&leaf);
    }
    done.leaves.push(leaf);
}

/// Statements and proofs of possession of the keys that the facts bring.
fn check_keys(folder: &Path, keys: &Keys, header: &Value, facts: &Value, done: &mut Checked) {
    let brought = facts["keys"].as_array().cloned().unwrap_or_default();
    for key in brought.iter().chain(facts.get("key")) {
        let (public, role) = (member(key, "public"), member(key, "role"));
        let genesis = if done.genesis.is_empty() { "0".repeat(64) } else { done.genesis.clone() };
        let lines = [
            role,
            member(header, "origin"),
            &genesis,
            member(header, "epoch"),
            member(header, "position"),
            member(header, "prev"),
            "ed25519",
            public,
        ];
        let lines = lines.join("\n") + "\n";
        let possession = format!("annals/key-possession/v1\n{lines}");
        let signature = unhex(member(key, "possession"));
        assert!(verifies(folder, &unhex(public), possession.as_bytes(), &signature), "{role}");
        done.signatures += 1;
        let endorsements = key["endorsements"].as_array().expect("a list");
        assert_eq!(endorsements.is_empty(), role == "root");
        for endorsement in endorsements {
            let (text, by) = (format!("annals/key/v1\n{lines}"), member(endorsement, "key"));
            let signature = unhex(member(endorsement, "value"));
            assert!(verifies(folder, &keys[by], text.as_bytes(), &signature), "{role} by {by}");
            done.signatures += 1;
        }
    }
}

/// The command's digest and the actor's signature.
fn check_command(
    folder: &Path,
    keys: &Keys,
    header: &Value,
    section: &Section,
    done: &mut Checked,
) {
    let Some(command) = header.get("command") else { return };
    let private = section.json("Private part").expect("a command is kept");
    let private: Value = serde_json::from_str(private).expect("JSON");
    let nonce = unhex(member(&private, "nonce"));
    let text = member(&private, "command").as_bytes();
    let digest = sha256(&[b"annals/command-body/v1\n", &nonce, text]);
    assert_eq!(digest, member(command, "digest"));
    let Some(signature) = header.get("actor_signature") else { return };
    let print = member(signature, "key");
    let lines = [
        "annals/command/v1",
        member(header, "origin"),
        &done.genesis,
        print,
        member(command, "name"),
        member(command, "key"),
        member(command, "stream"),
        member(command, "seen"),
        member(command, "issued_at"),
        member(command, "digest"),
    ];
    let signed = lines.join("\n") + "\n";
    assert_eq!(signed, section.blocks["Text that the actor signed"]);
    let signature = unhex(member(signature, "value"));
    assert!(verifies(folder, &keys[print], signed.as_bytes(), &signature));
    assert!(!verifies(folder, &keys[print], &signed.as_bytes()[1..], &signature));
    done.signatures += 1;
}

/// Node over hex hashes.
fn node(left: &str, right: &str) -> String {
    sha256(&[&[1], &unhex(left), &unhex(right)])
}

/// One line of a note under a key of this name and type; answers what follows the key id.
fn signature_line(note: &str, name: &str, kind: u8, public: &[u8]) -> Vec<u8> {
    let begin = format!("\u{2014} {name} ");
    let line = note.lines().find_map(|line| line.strip_prefix(&begin)).expect("a line");
    let blob = BASE64.decode(line.as_bytes()).expect("base64");
    let id = sha256(&[name.as_bytes(), b"\n", &[kind], public]);
    assert_eq!(HEXLOWER.encode(&blob[..4]), id[..8], "key id of {name}");
    blob[4..].to_vec()
}

fn check_checkpoint(folder: &Path, keys: &Section, section: &Section, leaves: &[String]) {
    let [a, b, c, d, e, f] = leaves else { panic!("not six leaves") };
    let left = node(&node(a, b), &node(c, d));
    assert_eq!(node(a, b), section.value("node over leaves 0 and 1"));
    assert_eq!(left, section.value("node over leaves 0 to 3"));
    assert_eq!(node(&left, &node(e, f)), section.value("root"));
    let note = &section.blocks["Checkpoint"];
    let (text, _) = note.split_once("\n\n").expect("text and signatures");
    let text = format!("{text}\n");
    let lines: Vec<&str> = text.lines().collect();
    let [origin, "6", root] = lines[..] else { panic!("not three lines of size 6: {text}") };
    let root = BASE64.decode(root.as_bytes()).expect("base64");
    assert_eq!(HEXLOWER.encode(&root), section.value("root"));
    let public = |name: &str| unhex(&keys.rows[name][1]);
    let signature = signature_line(note, origin, 1, &public("log"));
    assert!(verifies(folder, &public("log"), text.as_bytes(), &signature));
    let cosigner = format!("{origin}/cosigner");
    let blob = signature_line(note, &cosigner, 4, &public("cosigner"));
    let time = u64::from_be_bytes(blob[..8].try_into().expect("8 bytes"));
    let signed = format!("cosignature/v1\ntime {time}\n{text}");
    assert_eq!(signed, section.blocks["Text that the cosigner signed"]);
    assert!(verifies(folder, &public("cosigner"), signed.as_bytes(), &blob[8..]));
    assert!(!verifies(folder, &public("log"), signed.as_bytes(), &blob[8..]));
}

#[test]
fn openssl_finds_every_hash_and_signature_of_the_example_good() {
    let folder = tempfile::tempdir().expect("a folder");
    let folder = folder.path();
    let sections = sections();
    let keys_shown = &sections["Keys"];
    let keys = keys(keys_shown);
    let mut done = Checked { signatures: 0, leaves: Vec::new(), genesis: String::new() };
    for (title, section) in sections.range("Entry".to_owned().."Entrz".to_owned()) {
        assert!(title.starts_with(&format!("Entry {}: ", done.leaves.len())), "{title}");
        check_entry(folder, &keys, section, &mut done);
    }
    assert_eq!(done.leaves.len(), 6);
    // Six entries, five keys held, four of them endorsed, one actor.
    assert_eq!(done.signatures, 6 + 5 + 4 + 1);
    let body = &sections["Body"];
    let text = body.json("Bytes").expect("a body");
    let id = sha256(&[b"annals/body/v1\n", &body.bytes("salt"), text.as_bytes()]);
    assert_eq!(id, body.value("id"));
    let drafted = sections.iter().find(|(title, _)| title.contains("content.drafted"));
    let (_, drafted) = drafted.expect("the draft");
    let facts: Value = serde_json::from_str(drafted.json("Facts").expect("facts")).expect("JSON");
    assert_eq!(member(&facts, "body"), id);
    check_checkpoint(folder, keys_shown, &sections["Tree and checkpoint"], &done.leaves);
}
