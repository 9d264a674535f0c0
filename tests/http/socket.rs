//! The program itself, over real sockets: started, asked, stopped.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use serde_json::Value;

use super::{PATIENCE, on_both};
use crate::harness::{ADMINISTRATOR, Kind, Place, code, json, text};

on_both!(a_service_starts_answers_and_stops, a_service_speaks_tls);

struct Served {
    child: Child,
    address: String,
}

impl Served {
    fn start(place: &Place, more: &[&str]) -> Served {
        let mut command = Command::new(env!("CARGO_BIN_EXE_annals"));
        command.args(["serve", "--listen", "127.0.0.1:0", "--json", "--data"]).arg(place.path());
        if let Some(urls) = &place.urls {
            command.args(["--database", &urls.service]);
        }
        let mut child = command
            .args(more)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("started");
        let mut line = String::new();
        let out = child.stdout.take().expect("its output");
        BufReader::new(out).read_line(&mut line).expect("a line");
        let listening: Value = serde_json::from_str(&line).expect("an object");
        let address = listening["listening"].as_str().expect("an address").to_owned();
        Served { child, address }
    }

    fn exchange(&self, request: &str) -> String {
        let mut stream = TcpStream::connect(&self.address).expect("connected");
        stream.set_read_timeout(Some(PATIENCE)).expect("set");
        stream.write_all(request.as_bytes()).expect("sent");
        let mut answer = Vec::new();
        stream.read_to_end(&mut answer).expect("an answer");
        text(&answer)
    }

    fn get(&self, path: &str, token: &str) -> String {
        self.exchange(&format!(
            "GET {path} HTTP/1.1\r\nhost: a\r\nauthorization: Bearer {token}\r\n\
             connection: close\r\n\r\n"
        ))
    }

    /// SIGTERM; answers the exit code and what was said.
    fn stop(mut self) -> (i32, String) {
        let id = self.child.id().to_string();
        assert!(Command::new("kill").args(["-TERM", &id]).status().expect("kill").success());
        let begun = Instant::now();
        loop {
            if let Some(status) = self.child.try_wait().expect("a child") {
                let mut said = String::new();
                let mut err = self.child.stderr.take().expect("its errors");
                err.read_to_string(&mut said).expect("text");
                return (status.code().unwrap_or(-1), said);
            }
            assert!(begun.elapsed() < PATIENCE, "it does not stop");
            thread::sleep(Duration::from_millis(20));
        }
    }
}

impl Drop for Served {
    fn drop(&mut self) {
        // Of a test that failed; one that is waited for is gone already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn token(place: &Place) -> String {
    let arguments = [
        "token",
        "create",
        "--account",
        ADMINISTRATOR,
        "--scope",
        "write",
        "--days",
        "1",
        "--json",
    ];
    json(&place.annals(&arguments))["secret"].as_str().expect("a secret").to_owned()
}

async fn a_service_starts_answers_and_stops(kind: Kind) {
    let place = Place::new(kind).await;
    let secret = token(&place);
    let served = Served::start(&place, &[]);
    assert!(served.get("/healthz", "x").starts_with("HTTP/1.1 200 OK\r\n"));
    assert!(served.get("/v1/entries", "x").starts_with("HTTP/1.1 401 "));
    // Made while it runs, too.
    for secret in [&secret, &token(&place)] {
        let answer = served.get("/v1/entries?type=ledger.genesis", secret);
        assert!(answer.contains("\"next\":null") && answer.contains("ledger.genesis"), "{answer}");
    }
    let command = format!(
        "{{\"stream\":\"site/{}\",\"command\":{{\"name\":\"秘密\",\"organisation\":\"{}\"}}}}",
        uuid::Uuid::now_v7(),
        place.founded.organisation
    );
    let answer = served.exchange(&format!(
        "POST /v1/commands/open_site HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\
         authorization: Bearer {secret}\r\nidempotency-key: {}\r\n\
         content-type: application/json\r\ncontent-length: {}\r\n\r\n{command}",
        uuid::Uuid::now_v7(),
        command.len()
    ));
    assert!(answer.starts_with("HTTP/1.1 201 Created\r\n"), "{answer}");
    let large = format!("GET / HTTP/1.1\r\nhost: a\r\nx: {}\r\n\r\n", "a".repeat(64 * 1024));
    assert!(served.exchange(&large).starts_with("HTTP/1.1 431 "));
    if kind == Kind::Sqlite {
        let second = place.annals(&["serve", "--listen", "127.0.0.1:0"]);
        assert_eq!(code(&second), 6, "{}", text(&second.stderr));
    }
    // Streams end when the service does.
    let mut stream = TcpStream::connect(&served.address).expect("connected");
    let ask =
        format!("GET /v1/events HTTP/1.1\r\nhost: a\r\nauthorization: Bearer {secret}\r\n\r\n");
    stream.write_all(ask.as_bytes()).expect("sent");
    let mut first = [0; 12];
    stream.read_exact(&mut first).expect("an answer begins");
    assert_eq!(&first, b"HTTP/1.1 200");

    let (exit, said) = served.stop();
    assert_eq!(exit, 0, "{said}");
    assert!(!said.contains("秘密") && !said.contains(&secret[7..]), "{said}");
    let line = said.lines().find(|line| line.contains("/v1/commands/{name}")).expect("a line");
    let line: Value = serde_json::from_str(line).expect("an object a line");
    assert_eq!((&line["status"], &line["method"]), (&201.into(), &"POST".into()), "{line}");
    assert_eq!(line["trace"].as_str().map(str::len), Some(32));
    let verified = place.annals(&["verify"]);
    assert_eq!(code(&verified), 0, "{}", text(&verified.stdout));
    if kind == Kind::Sqlite {
        assert!(!place.path().join("annals.db-wal").exists(), "the store was not closed");
    }
}

async fn a_service_speaks_tls(kind: Kind) {
    let place = Place::new(kind).await;
    let (certificate, key) = (place.path().join("tls.pem"), place.path().join("tls.key"));
    let made = Command::new("openssl")
        .args(["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"])
        .args(["-days", "2", "-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost"])
        .arg("-keyout")
        .arg(&key)
        .arg("-out")
        .arg(&certificate)
        .output()
        .expect("openssl");
    assert!(made.status.success(), "{}", text(&made.stderr));
    let shown = |path: &Path| path.display().to_string();
    let swapped = ["--tls-cert", &shown(&key), "--tls-key", &shown(&certificate)];
    let wrong = place.annals(&[&["serve", "--listen", "127.0.0.1:0"][..], &swapped[..]].concat());
    assert_eq!(code(&wrong), 3, "{}", text(&wrong.stderr));
    let half = place.annals(&["serve", "--tls-cert", &shown(&certificate)]);
    assert_eq!(code(&half), 3);

    let served =
        Served::start(&place, &["--tls-cert", &shown(&certificate), "--tls-key", &shown(&key)]);
    let mut client = Command::new("openssl")
        .args(["s_client", "-quiet", "-verify_return_error", "-verify_hostname", "localhost"])
        .args(["-connect", &served.address, "-CAfile"])
        .arg(&certificate)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .expect("openssl");
    let mut input = client.stdin.take().expect("its input");
    input
        .write_all(b"GET /healthz HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n")
        .expect("sent");
    let answer = text(&client.wait_with_output().expect("an answer").stdout);
    drop(input);
    assert!(answer.starts_with("HTTP/1.1 200 OK\r\n"), "{answer}");
    assert!(answer.to_lowercase().contains("strict-transport-security: "), "{answer}");
    let (exit, said) = served.stop();
    assert_eq!(exit, 0, "{said}");
}
