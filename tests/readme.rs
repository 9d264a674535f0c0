//! The READMEs' commands, run in the order they stand, and what they say comes of them.
//!
//! The convention, in blocks fenced as `console`:
//!
//! - `$ ` begins a command; lines that begin with `> ` go on with it (a here-document, or after a
//!   backslash). All commands of a page run in one shell and one scratch folder.
//! - `# exit N` at the end of a command is the exit code it must have; without it, 0.
//! - The other lines are its whole output, standard error included. A line `...` stands for any
//!   lines, `...` within a line for any text. No lines: the output is not looked at.
//! - `cargo run --release --` is the program as built, `cargo build ...` is done already (the
//!   scratch folder has `target/release`), `bash tests/run` is this very run and left out. `tests`
//!   is the repository's.
//! - `$OWNER_URL` and `$SERVICE_URL` name an empty PostgreSQL database as each role.
//!
//! Shell in a block of another name would escape, so there is none.

use std::fmt::Write as _;
use std::fs;
use std::os::unix::fs::symlink;
use std::path::Path;
use std::process::{Command, Stdio};

use annals_harness::shared_cluster;

const PAGES: [&str; 2] = ["README.md", "README.zh-CN.md"];
const MARK: &str = "@@readme-test@@";

/// A command of a page, with what must come of it.
#[derive(Debug, PartialEq, Eq)]
struct Shown {
    line: usize,
    command: String,
    exit: i32,
    output: Vec<String>,
}

/// All commands of a page, and what is wrong with its form.
fn commands(page: &str) -> Result<Vec<Shown>, String> {
    let mut all: Vec<Shown> = Vec::new();
    let mut block: Option<&str> = None;
    for (line, text) in (1..).zip(page.lines()) {
        if let Some(name) = text.strip_prefix("```") {
            block = block.is_none().then_some(name);
            if let Some("" | "sh" | "bash" | "shell") = block {
                return Err(format!("line {line}: shell stands in a block called console"));
            }
            // Output belongs to a command of its own block.
            if block == Some("console") && !page.lines().nth(line).is_some_and(is_command) {
                return Err(format!("line {line}: a block begins with a command"));
            }
            continue;
        }
        if block != Some("console") {
            continue;
        }
        if let Some(command) = text.strip_prefix("$ ") {
            let (command, exit, output) = (command.to_owned(), 0, Vec::new());
            all.push(Shown { line, command, exit, output });
            continue;
        }
        let Some(last) = all.last_mut() else { continue };
        match text.strip_prefix("> ") {
            Some(more) => {
                last.command.push('\n');
                last.command.push_str(more);
            }
            None => last.output.push(text.to_owned()),
        }
    }
    for shown in &mut all {
        let first = shown.command.lines().next().unwrap_or_default();
        if let Some((_, exit)) = first.rsplit_once("# exit ") {
            shown.exit =
                exit.parse().map_err(|_| format!("line {}: not an exit code", shown.line))?;
        }
    }
    Ok(all)
}

fn is_command(line: &str) -> bool {
    line.starts_with("$ ")
}

/// The command as it runs here.
fn here(command: &str) -> String {
    if let Some(arguments) = command.strip_prefix("cargo run --release -- ") {
        return format!("target/release/annals {arguments}");
    }
    let elsewhere = command.starts_with("cargo build ") || command == "bash tests/run";
    if elsewhere { ":".to_owned() } else { command.to_owned() }
}

/// Run all commands in one shell; answers the exit code and the output of each.
fn play(all: &[Shown], folder: &Path, urls: [&str; 2]) -> Vec<(i32, String)> {
    let mut script = String::from("exec 2>&1\n");
    for shown in all {
        let command = here(&shown.command);
        writeln!(script, "{command}\nprintf '\\n{MARK}%d\\n' $?").expect("a string takes it");
    }
    let built = Path::new(env!("CARGO_BIN_EXE_annals")).parent().expect("programs lie in a folder");
    fs::create_dir(folder.join("target")).expect("a folder");
    symlink(built, folder.join("target/release")).expect("a link");
    symlink(Path::new(env!("CARGO_MANIFEST_DIR")).join("tests"), folder.join("tests"))
        .expect("a link");
    let output = Command::new("bash")
        .args(["-c", &script])
        .current_dir(folder)
        .env("OWNER_URL", urls[0])
        .env("SERVICE_URL", urls[1])
        .stdin(Stdio::null())
        .output()
        .expect("bash runs");
    let said = String::from_utf8(output.stdout).expect("what is said is text");
    let mut played = Vec::new();
    let mut text = String::new();
    for line in said.split_inclusive('\n') {
        match line.strip_prefix(MARK) {
            Some(code) => {
                let code = code.trim().parse().expect("a code");
                // The mark stands on a line of its own, wherever the output ended.
                let whole = text.strip_suffix('\n').unwrap_or(&text);
                played.push((code, whole.to_owned()));
                text.clear();
            }
            None => text.push_str(line),
        }
    }
    played
}

/// Whether a text is a pattern's, where `...` stands for anything.
fn line_fits(pattern: &str, line: &str) -> bool {
    let Some((begin, rest)) = pattern.split_once("...") else { return pattern == line };
    let Some(mut left) = line.strip_prefix(begin) else { return false };
    let mut pieces: Vec<&str> = rest.split("...").collect();
    let end = pieces.pop().unwrap_or_default();
    for piece in pieces {
        let Some(at) = left.find(piece) else { return false };
        left = &left[at + piece.len()..];
    }
    left.ends_with(end)
}

/// Whether lines are those expected, where a line `...` stands for any lines.
fn fits(expected: &[String], lines: &[&str]) -> bool {
    match expected.split_first() {
        None => lines.is_empty(),
        Some((first, rest)) if first == "..." => {
            (0..=lines.len()).any(|skip| fits(rest, &lines[skip..]))
        }
        Some((first, rest)) => lines
            .split_first()
            .is_some_and(|(line, others)| line_fits(first, line) && fits(rest, others)),
    }
}

/// What does not come out as a page says.
fn differences(page: &str, folder: &Path, urls: [&str; 2]) -> Vec<String> {
    let all = match commands(page) {
        Ok(all) => all,
        Err(wrong) => return vec![wrong],
    };
    let played = play(&all, folder, urls);
    let mut findings = Vec::new();
    for (at, shown) in all.iter().enumerate() {
        let Shown { line, command, exit, output } = shown;
        let Some((code, said)) = played.get(at) else {
            findings.push(format!("line {line}: {command}: was not reached"));
            continue;
        };
        if code != exit {
            findings.push(format!("line {line}: {command}: exit {code}, not {exit}: {said}"));
        }
        let lines: Vec<&str> = said.lines().collect();
        let looked_at = !output.is_empty() && command != "bash tests/run";
        if looked_at && !fits(output, &lines) {
            findings.push(format!("line {line}: {command}: says something else: {said}"));
        }
    }
    findings
}

fn text_of(page: &str) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(page);
    fs::read_to_string(path).unwrap_or_else(|error| panic!("{page}: {error}"))
}

#[test]
fn every_command_of_both_readmes_comes_out_as_it_says() {
    let cluster = shared_cluster().expect("a cluster");
    let mut report = String::new();
    for page in PAGES {
        let urls = cluster.fresh_database().expect("a database");
        let folder = tempfile::tempdir().expect("a folder");
        for wrong in differences(&text_of(page), folder.path(), [&urls.owner, &urls.service]) {
            writeln!(report, "{page}: {wrong}").expect("a string takes it");
        }
    }
    assert!(report.is_empty(), "{report}");
}

#[test]
fn both_readmes_show_the_same_commands() {
    let [english, chinese] = PAGES.map(|page| {
        let all = commands(&text_of(page)).expect("a page in form");
        all.into_iter().map(|shown| (shown.command, shown.exit, shown.output)).collect::<Vec<_>>()
    });
    let programs =
        ["annals ", "annals-verify ", "python3 ", "cargo run --release -- demo", "bash tests/run"];
    for program in programs {
        assert!(english.iter().any(|(command, ..)| command.starts_with(program)), "{program}");
    }
    assert_eq!(english, chinese);
}

/// Endings of files that a page may name.
const ENDINGS: [&str; 7] = [".rs", ".md", ".py", ".sql", ".lock", ".txt", ".toml"];

/// The pages of the repository, by their paths.
fn all_pages() -> Vec<String> {
    let output = Command::new("git")
        .args(["ls-files", "--cached", "--others", "--exclude-standard", "*.md"])
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .output()
        .expect("git runs");
    let said = String::from_utf8(output.stdout).expect("paths are text");
    said.lines().map(str::to_owned).collect()
}

/// What a page links to, or names as a path between backticks outside its blocks.
fn named(page: &str) -> Vec<String> {
    let mut fenced = false;
    let prose: Vec<&str> = page
        .lines()
        .filter(|line| {
            let fence = line.trim_start().starts_with("```");
            fenced ^= fence;
            !fenced && !fence
        })
        .collect();
    let prose = prose.join("\n");
    let targets = prose.split("](").skip(1);
    let targets = targets.filter_map(|after| after.split([')', '#']).next());
    let targets = targets.filter(|target| !target.is_empty() && !target.contains("://"));
    let words = prose.split('`').skip(1).step_by(2).flat_map(str::split_whitespace);
    targets.chain(words.filter(|word| is_path(word))).map(str::to_owned).collect()
}

/// A file of this repository by its ending, or something under one of its folders; a word in
/// capitals stands for anything.
fn is_path(word: &str) -> bool {
    let plain = |c: char| c.is_ascii_alphanumeric() || "._-/".contains(c);
    let (first, rest) = word.split_once('/').unwrap_or((word, ""));
    let rooms = ["src", "events", "projections", "tests", "tools", "migrations"];
    let open = word.split(['/', '.']).any(|part| {
        part.len() > 1 && part != "README" && part.chars().all(|c| c.is_ascii_uppercase())
    });
    let is_page = word.ends_with(".md");
    let is_named = ENDINGS.iter().any(|ending| word.ends_with(ending)) || rooms.contains(&first);
    word.contains('/')
        && !rest.starts_with('/')
        && word.chars().all(plain)
        && is_named
        && (!open || is_page)
}

/// From the page's folder, the root, or the folders that a page may leave out.
fn is_there(root: &Path, page: &str, target: &str) -> bool {
    let folder = root.join(page).parent().expect("a page lies in a folder").to_owned();
    let left_out = ["", "src", "events/src", "projections/src"].map(|folder| root.join(folder));
    [folder].iter().chain(&left_out).any(|folder| folder.join(target).exists())
}

#[test]
fn pages_name_only_files_that_are_there_and_a_readme_stays_short() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut report = String::new();
    let pages = all_pages();
    assert!(pages.len() >= 14, "{pages:?}");
    for page in &pages {
        let text = text_of(page);
        for target in named(&text).iter().filter(|target| !is_there(root, page, target)) {
            writeln!(report, "{page} names {target}").expect("a string takes it");
        }
    }
    let tools = ["tools/verify/README.md", "tools/demo/README.md", "tools/harness/README.md"];
    for page in PAGES.iter().chain(&tools) {
        let lines = text_of(page).lines().count();
        assert!(lines <= 150, "{page} has {lines} lines");
    }
    assert!(report.is_empty(), "{report}");
}

fn sorted(mut words: Vec<String>) -> Vec<String> {
    words.sort();
    words
}

#[test]
fn a_path_that_a_page_names_is_told_from_other_words() {
    let page = [
        "`ledger/scan.rs` [x](gone.md#y) `tests/tidy` `cargo run tools/x` `a/b`",
        "```sh",
        "`src/fenced.rs`",
        "```",
        "`events/src/THING.rs` `events/IMPORT.md` https://x/y.md `account/<uuid>`",
        "`postgres://h/x.md` `scan.rs` [site](https://x.y/z.md)",
    ];
    let page = page.join("\n");
    let expected = ["gone.md", "ledger/scan.rs", "tests/tidy", "tools/x", "events/IMPORT.md"];
    assert_eq!(sorted(named(&page)), sorted(expected.map(str::to_owned).to_vec()));
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let there = expected.map(|target| is_there(root, "README.md", target));
    assert_eq!(there, [false, false, true, false, true]);
}

#[test]
fn a_page_that_says_what_is_not_so_is_found_out() {
    let page = [
        "```console",
        "$ printf 'a\\nb\\n'",
        "a",
        "...",
        "$ false  # exit 1",
        "$ true  # exit 1",
        "$ echo one",
        "two",
        "$ X=3",
        "$ cat <<'END'",
        "> $X",
        "> END",
        "$X",
        "$ echo $X ten",
        "3 ...n",
        "```",
    ]
    .join("\n");
    let folder = tempfile::tempdir().expect("a folder");
    assert_eq!(
        differences(&page, folder.path(), ["", ""]),
        ["line 6: true  # exit 1: exit 0, not 1: ", "line 7: echo one: says something else: one\n"]
    );
    let sh = differences("```sh\nrm x\n```\n", folder.path(), ["", ""]);
    assert_eq!(sh, ["line 1: shell stands in a block called console"]);
}
