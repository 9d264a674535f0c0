//! `annals`: parse, dispatch, exit code.

use std::process::ExitCode;

use tikv_jemallocator::Jemalloc;

// A tenth of a command's time and more went into the system's allocator (tools/bench).
#[global_allocator]
static ALLOCATOR: Jemalloc = Jemalloc;

fn main() -> ExitCode {
    annals::cli::main()
}
