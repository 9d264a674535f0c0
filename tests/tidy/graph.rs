//! What the crates that a stranger must trust may depend on, asked of cargo.

use std::process::Command;

use super::Finding;

/// A database, a web service, a runtime, a network client.
const OUTSIDE: &[&str] = &[
    "sqlx",
    "sqlx-core",
    "rusqlite",
    "axum",
    "hyper",
    "tokio",
    "reqwest",
    "ureq",
    "rustls",
    "mio",
];

/// Packages that must not stand in the tree of another, at any depth.
pub const WALLS: &[(&str, &[&[&str]])] = &[
    ("annals-events", &[OUTSIDE, &["rayon", "annals", "annals-projections", "annals-verify"]]),
    ("annals-projections", &[OUTSIDE, &["rayon", "annals", "annals-verify"]]),
    ("annals-verify", &[OUTSIDE, &["annals", "annals-demo", "annals-harness"]]),
    ("annals-demo", &[OUTSIDE, &["annals", "annals-projections", "annals-verify"]]),
    ("annals", &[&["annals-harness", "openssl", "native-tls"]]),
];

/// Features of serde_json that change bytes: sorting and numbers.
const BYTE_CHANGING: &[&str] = &["preserve_order", "arbitrary_precision"];

/// All packages that one package needs to run, one a line.
pub fn packages_of(package: &str) -> Result<String, String> {
    cargo_tree(&["--package", package, "--edges", "normal,build", "--format", "{p}"])
}

/// All packages of the workspace, tests included, one a line, each with its features.
pub fn features_of_workspace() -> Result<String, String> {
    cargo_tree(&["--workspace", "--edges", "normal,build,dev", "--format", "{p} [{f}]"])
}

/// Names of a listing that a wall bans.
pub fn banned_packages(package: &str, banned: &[&[&str]], listing: &str) -> Vec<Finding> {
    let mut names: Vec<&str> =
        listing.lines().filter_map(|line| line.split_whitespace().next()).collect();
    names.sort_unstable();
    names.dedup();
    names
        .into_iter()
        .filter(|name| *name != package && banned.iter().any(|list| list.contains(name)))
        .map(|name| format!("{package} depends on {name}: `cargo tree -p {package} -i {name}`"))
        .collect()
}

/// Features that would change the bytes we hash; cargo unites features across the graph.
pub fn banned_features(listing: &str) -> Vec<Finding> {
    let mut findings = Vec::new();
    let mut seen = false;
    for line in listing.lines().filter(|line| line.starts_with("serde_json v")) {
        seen = true;
        let features = line.split_once('[').map_or("", |(_, rest)| rest);
        for name in features.split([',', ']']).filter(|name| BYTE_CHANGING.contains(name)) {
            findings.push(format!(
                "serde_json has {name} on: find who asks by `cargo tree -e features -i serde_json`"
            ));
        }
    }
    if !seen {
        findings.push("serde_json is not in the listing: mend the check".to_owned());
    }
    findings.sort();
    findings.dedup();
    findings
}

fn cargo_tree(arguments: &[&str]) -> Result<String, String> {
    let listing = Command::new(env!("CARGO"))
        .args(["tree", "--locked", "--offline", "--prefix", "none"])
        .args(arguments)
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .output()
        .map_err(|why| format!("cannot run cargo tree: {why}"))?;
    if !listing.status.success() {
        return Err(format!("cargo tree: {}", String::from_utf8_lossy(&listing.stderr).trim()));
    }
    String::from_utf8(listing.stdout).map_err(|why| format!("cargo tree: {why}"))
}

#[cfg(test)]
mod tests {
    use super::{OUTSIDE, banned_features, banned_packages};

    #[test]
    fn a_banned_package_is_named_once() {
        let listing = "annals-events v0.1.0\ntokio v1.54.0\nsha2 v0.11.0\ntokio v1.54.0 (*)\n";
        assert_eq!(
            banned_packages("annals-events", &[OUTSIDE, &["rayon"]], listing),
            ["annals-events depends on tokio: `cargo tree -p annals-events -i tokio`"]
        );
    }

    #[test]
    fn a_feature_that_changes_bytes_is_named() {
        let listing = "a v1.0.0 [preserve_order]\nserde_json v1.0.1 [default,preserve_order,std]\n";
        assert_eq!(
            banned_features(listing),
            ["serde_json has preserve_order on: \
              find who asks by `cargo tree -e features -i serde_json`"]
        );
        assert_eq!(
            banned_features("a v1.0.0 []\n"),
            ["serde_json is not in the listing: mend the check"]
        );
    }
}
