//! Builds again when a migration is added: the compiler alone sees only those it has embedded.
#![allow(clippy::print_stdout)] // how a build script speaks

fn main() {
    println!("cargo::rerun-if-changed=migrations");
}
