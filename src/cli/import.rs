//! `annals import history`: the history of one site from an older system.

use std::path::PathBuf;

use annals_events::Time;
use annals_events::text::PublicName;
use clap::{Args, Subcommand};
use serde_json::json;

use super::{Common, Writing, actor, people, term};
use crate::app::App;
use crate::error::{Exit, Failure};
use crate::import::{self, Order, Summary};

/// See [`super::Command::Import`].
#[derive(Args)]
pub struct Arguments {
    #[command(subcommand)]
    what: What,
}

#[derive(Subcommand)]
enum What {
    /// Changes and bodies as lines of JSON; the format is in events/IMPORT.md.
    History(Box<History>),
}

#[derive(Args)]
struct History {
    #[command(flatten)]
    common: Common,
    #[command(flatten)]
    writing: Writing,
    /// Public name of the site; opened by the first line where it is not known.
    #[arg(long, value_name = "NAME")]
    site: String,
    /// The changes.
    #[arg(long, value_name = "FILE")]
    changes: PathBuf,
    /// The bodies the changes name; .zst is unpacked.
    #[arg(long, value_name = "FILE")]
    bodies: Option<PathBuf>,
    /// Who proposes opening and closing, and gives the lines.
    #[arg(long, value_name = "NAME")]
    opened_by: String,
    /// Who confirms both: another person of another duty.
    #[arg(long, value_name = "NAME")]
    closed_by: String,
    /// Every line happened before this (RFC 3339); the moment of opening if not given.
    #[arg(long, value_name = "TIME")]
    cut_over: Option<String>,
    /// Begin a further import of the site though one was closed before.
    #[arg(long)]
    further: bool,
    /// Stop after so many lines and leave the import open, to be gone on with.
    #[arg(long, value_name = "LINES", allow_negative_numbers = true)]
    stop_after: Option<u64>,
}

/// Run it.
pub async fn run(arguments: Arguments) -> Result<Exit, Failure> {
    let What::History(history) = arguments.what;
    let (home, _) = history.common.home()?;
    let site = PublicName::new(history.site.as_str())
        .map_err(|why| Failure::input(format!("--site: {why}")))?;
    let cut_over = match &history.cut_over {
        Some(text) => Some(
            Time::from_rfc3339(text)
                .ok_or_else(|| Failure::input("--cut-over: not an RFC 3339 instant"))?,
        ),
        None => None,
    };
    let app = App::open(&home, history.writing.allow_owner).await?;
    let outcome = import_with(&app, &history, site, cut_over).await;
    let stopped = app.stop().await;
    let summary = outcome?;
    stopped?;
    print(history.common.json, &summary);
    Ok(Exit::Done)
}

async fn import_with(
    app: &App,
    history: &History,
    site: PublicName,
    cut_over: Option<Time>,
) -> Result<Summary, Failure> {
    let names = people::names(app).await?;
    let order = Order {
        site,
        changes: &history.changes,
        bodies: history.bodies.as_deref(),
        opened_by: actor(app, &names, "--opened-by", &history.opened_by).await?,
        closed_by: actor(app, &names, "--closed-by", &history.closed_by).await?,
        cut_over,
        stop_after: history.stop_after,
        further: history.further,
    };
    let bar = term::bar("lines");
    let summary = import::run(app, &order, &term::moving(&bar)).await;
    bar.finish_and_clear();
    summary
}

fn print(json: bool, summary: &Summary) {
    let object = json!({
        "lines": summary.lines,
        "appended": summary.appended,
        "already": summary.already,
        "bodies": summary.bodies,
        "bodies_unnamed": summary.bodies_unnamed,
        "live_pages": summary.live_pages,
        "closed": summary.closed,
        "flags": summary.flags,
        "first": summary.first,
        "last": summary.last,
    });
    let mut text = format!(
        "{} lines: {} written, {} there before; {} bodies, {} live pages; entries {} to {}\n",
        summary.lines,
        summary.appended,
        summary.already,
        summary.bodies,
        summary.live_pages,
        summary.first,
        summary.last
    );
    for (name, count) in &summary.flags {
        text.push_str(&format!("flagged: {name} {count}\n"));
    }
    if !summary.closed {
        text.push_str("the import is still open: the same call without --stop-after goes on\n");
    }
    term::answer(json, &object, &text);
}
