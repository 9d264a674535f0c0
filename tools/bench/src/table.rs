//! `annals-bench table`: everything in one run, side by side, and the ratios that decide.

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use annals_harness::{Cluster, Durability};
use clap::Args;

use crate::figures::{Figures, Where};
use crate::ours::{Ours, Place};
use crate::sample::Sample;
use crate::{Failed, audit, cold, history, limits, peer_postgres, peer_sqlite, report};

/// See [`super::What::Table`].
#[derive(Args, Default)]
pub struct Arguments {
    /// One short round: to see that it runs, not to be quoted.
    #[arg(long)]
    quick: bool,
    /// A million entries for what is measured at a size.
    #[arg(long)]
    full: bool,
    /// Folder of a real history (`changes.jsonl`, `bodies.jsonl.zst`).
    #[arg(long, value_name = "DIR")]
    history: Option<PathBuf>,
    /// Only the rounds whose ratios decide what writing costs.
    #[arg(long, conflicts_with = "reading")]
    writing: bool,
    /// Only the import and what is measured at a size: audits, folds, cold starts, bytes.
    #[arg(long)]
    reading: bool,
}

struct Scale {
    rounds: usize,
    span: Duration,
    entries: u64,
}

impl Arguments {
    fn scale(&self) -> Scale {
        let (rounds, millis, entries) = match (self.quick, self.full) {
            (true, _) => (1, 1_000, 20_000),
            (_, true) => (3, 3_000, 1_000_000),
            _ => (3, 3_000, 100_000),
        };
        Scale { rounds, span: Duration::from_millis(millis), entries }
    }
}

/// Run it.
pub async fn run(arguments: Arguments) -> Result<(), Failed> {
    let scale = arguments.scale();
    let begun = Instant::now();
    let folder = tempfile::tempdir()?;
    let cluster = tokio::task::block_in_place(|| Cluster::start(Durability::On))?;
    let mut figures = Figures::default();
    let mut sqlite = Ours::open(Place::new(folder.path(), None).await?, scale.span).await?;
    let place = Place::new(folder.path(), Some(&cluster)).await?;
    let mut postgres = Ours::open(place, scale.span).await?;
    let sample = Sample::take(sqlite.app()).await?;
    let sizes = sample.sizes();
    let plain = peer_sqlite::Plain::new(folder.path(), sample.clone(), scale.span);
    let peers = peer_postgres::Plain::new(&cluster, sample, scale.span).await?;
    let rounds = if arguments.reading { 0 } else { scale.rounds };
    for round in 0..rounds {
        told(&format!("round {} of {}", round + 1, scale.rounds));
        limits::fdatasync(folder.path(), scale.span / 2, &mut figures)?;
        peers.round(&mut figures).await?;
        postgres.round(&mut figures).await?;
        limits::fdatasync(folder.path(), scale.span / 2, &mut figures)?;
        plain.round(&mut figures).await?;
        sqlite.round(&mut figures).await?;
    }
    // What the rounds wrote is left as it is: sizes are measured on ledgers of one size.
    drop((sqlite, postgres));
    if !arguments.writing {
        let source = arguments.history.clone().unwrap_or_else(history::folder);
        for cluster in [None, Some(&cluster)] {
            told("history");
            history::measure(folder.path(), &source, cluster, &mut figures).await?;
            sized(&scale, folder.path(), cluster, &mut figures).await?;
        }
    }
    crate::say(&report::table(&figures, sizes, begun.elapsed()))
}

/// What depends on how many entries there are.
async fn sized(
    scale: &Scale,
    folder: &Path,
    cluster: Option<&Cluster>,
    figures: &mut Figures,
) -> Result<(), Failed> {
    let mut ours = Ours::open(Place::new(folder, cluster).await?, scale.span).await?;
    let kind = ours.place.kind;
    told(&format!("{kind:?}: fill and stop"));
    ours.fill(scale.entries).await?;
    let size = ours.app().store().head().await?.size;
    figures.add(kind, "entries", size as f64);
    let begun = Instant::now();
    let place = ours.stop().await?;
    figures.add(kind, "clean_stop", begun.elapsed().as_secs_f64());
    let bytes = match (cluster, &place.urls) {
        (Some(cluster), Some(urls)) => {
            peer_postgres::bytes_on_disk(cluster, peer_postgres::database_of(&urls.owner))?
        }
        _ => peer_sqlite::bytes_on_disk(Path::new(&place.home.database())).await?,
    };
    figures.add(kind, "disk_entry", bytes / size as f64);
    told(&format!("{kind:?}: {size} entries, cold starts"));
    cold::measure(kind, &place.home, figures)?;
    told("scan and fold");
    let store = annals::store::open(&place.home.database()).await?;
    audit::live(kind, &store, place.genesis, figures).await?;
    audit::refold(kind, &store, scale.rounds, figures).await?;
    if kind == Where::Sqlite {
        told("export and verify");
        audit::exported(&store, place.genesis, folder, scale.rounds, figures).await?;
    }
    store.close().await;
    Ok(())
}

fn told(what: &str) {
    eprintln!("annals-bench: {what}");
}
