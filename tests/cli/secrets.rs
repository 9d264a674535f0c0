//! No seed of a key and no password of a database is ever said.

use std::fs;

use super::program;
use crate::harness::{ADMINISTRATOR, AUDITOR, BOTH, Place, code, text};
use crate::import::{Told, import};

const PASSWORD: &str = "Geheim-8d1f";

#[tokio::test(flavor = "multi_thread")]
async fn no_seed_is_in_any_answer() {
    for kind in BOTH {
        let place = Place::new(kind).await;
        let mut seeds = Vec::new();
        let keep = |seeds: &mut Vec<String>| {
            for name in ["root.key", "log.key", "cosigner.key"] {
                let seed = fs::read_to_string(place.path().join(name)).expect("a key");
                assert_eq!(seed.trim_end().len(), 64);
                seeds.push(seed.trim_end().to_owned());
            }
        };
        keep(&mut seeds);
        let files = Told::of(&["a.html"]).write(place.path());
        let root = place.path().join("root.key").display().to_string();
        let persons = ["--by", ADMINISTRATOR, "--confirmed-by", AUDITOR, "--root-key", &root];
        let rotate = [&["key", "rotate"][..], &persons].concat();
        let mut said = Vec::new();
        let mut outputs = vec![import(&place, &files, &[])];
        for call in [
            &rotate[..],
            &["key", "show", "--json"],
            &["key", "show"],
            &["verify", "--json"],
            &["rebuild"],
            &["export", "--out", "-"],
        ] {
            outputs.push(place.annals(call));
        }
        keep(&mut seeds);
        for output in outputs {
            assert_eq!(code(&output), 0, "{}", text(&output.stderr));
            said.extend(output.stdout);
            said.extend(output.stderr);
        }
        let log = place.path().join("log.key");
        fs::write(&log, format!("{}x\n", seeds[0])).expect("spoilt");
        let output = import(&place, &Told::of(&["b.html"]).write(place.path()), &["--further"]);
        assert_eq!(code(&output), 3, "{}", text(&output.stderr));
        said.extend(output.stderr);
        let said = text(&said);
        for seed in seeds {
            assert!(!said.contains(&seed), "{kind:?}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn no_password_is_in_any_error() {
    let place = Place::new(BOTH[0]).await;
    let data = place.path().display().to_string();
    let to = |rest: &str| format!("postgres://annals_service:{PASSWORD}@{rest}");
    for (url, exit) in [
        (to("127.0.0.1:1/annals"), 5),
        (to(&format!("localhost/annals?host={data}")), 5),
        (to("127.0.0.1:no-port/annals"), 3),
        (to("[::1/annals"), 3),
        (to("127.0.0.1/annals?sslmode=unheard-of"), 3),
        (format!("mysql://annals_service:{PASSWORD}@127.0.0.1/annals"), 3),
        (format!("postgres://annals_service:{PASSWORD}/x@127.0.0.1:1/annals"), 3),
    ] {
        for call in [&["verify"][..], &["migrate"], &["key", "show", "--json"]] {
            let all = [call, &["--data", &data, "--database", &url]].concat();
            let output = program(&all);
            let said = text(&output.stdout) + &text(&output.stderr);
            assert_eq!(code(&output), exit, "{call:?}: {said}");
            assert!(!said.contains(PASSWORD) && !said.is_empty(), "{call:?}: {said}");
        }
    }
}
