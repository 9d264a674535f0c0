//! What goes to the terminal: answers on standard output, everything else on standard error.

use std::io::{self, IsTerminal, Write};
use std::sync::OnceLock;

use indicatif::{ProgressBar, ProgressStyle};
use serde_json::Value;

/// Why some of an answer did not arrive. Kept here because answers are given in many places and
/// it counts once, at the end.
static LOST: OnceLock<String> = OnceLock::new();

/// A line on standard error.
pub fn say(line: &str) {
    let _ = writeln!(io::stderr(), "{line}");
}

/// The answer: one JSON object, or text.
pub fn answer(json: bool, object: &Value, text: &str) {
    if json { tell(&object.to_string()) } else { tell(text.trim_end()) }
}

/// A line of a longer answer, as it comes about.
pub fn tell(line: &str) {
    let mut out = io::stdout().lock();
    match writeln!(out, "{line}").and_then(|()| out.flush()) {
        // A closed pipe is the reader's choice.
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => {
            LOST.get_or_init(|| error.to_string());
        }
        _ => {}
    }
}

/// Why some of an answer did not arrive, if so.
pub fn lost() -> Option<&'static str> {
    LOST.get().map(String::as_str)
}

/// A progress bar on a terminal, nothing elsewhere.
pub fn bar(what: &'static str) -> ProgressBar {
    if !io::stderr().is_terminal() {
        return ProgressBar::hidden();
    }
    let bar = ProgressBar::new(0);
    let style = ProgressStyle::with_template("{msg} {bar:40} {pos}/{len} {per_sec} {eta}");
    bar.set_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()));
    bar.set_message(what);
    bar
}

/// A callback that moves the bar.
pub fn moving(bar: &ProgressBar) -> impl Fn(u64, u64) + Send + Sync + '_ {
    |at, of| {
        bar.set_length(of);
        bar.set_position(at);
    }
}
