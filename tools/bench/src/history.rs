//! The real history of a site, imported whole.

use std::path::{Path, PathBuf};
use std::time::Instant;

use annals::app::App;
use annals::import::{self, Order};
use annals_events::text::PublicName;
use annals_harness::Cluster;

use crate::Failed;
use crate::cold;
use crate::figures::{Figures, Where};
use crate::ours::Place;

/// Where it lies beside the repository.
pub fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/real-history")
}

/// Import it into a fresh ledger; nothing is measured if it is not there.
pub async fn measure(
    parent: &Path,
    source: &Path,
    cluster: Option<&Cluster>,
    figures: &mut Figures,
) -> Result<(), Failed> {
    let changes = source.join("changes.jsonl");
    let bodies = source.join("bodies.jsonl.zst");
    if !changes.is_file() {
        return Ok(());
    }
    let place = Place::new(parent, cluster).await?;
    let begun = Instant::now();
    let app = App::open(&place.home, false).await?;
    let order = Order {
        site: PublicName::new("示例市人民政府网")?,
        changes: &changes,
        bodies: Some(&bodies),
        opened_by: place.accounts[0],
        closed_by: place.accounts[1],
        cut_over: None,
        stop_after: None,
        further: false,
    };
    let summary = import::run(&app, &order, &|_, _| {}).await?;
    app.stop().await?;
    let seconds = begun.elapsed().as_secs_f64();
    figures.add(place.kind, "history", seconds);
    figures.add(Where::Machine, "history_lines", summary.lines as f64);
    figures.add(Where::Machine, "history_bodies", summary.bodies as f64);
    cold::measure_pages(place.kind, &place.home, figures)
}
