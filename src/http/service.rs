//! What every handler works with: the ledger, and what this process counts and remembers.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use annals_events::id::SiteId;
use annals_projections::boards::pages::Pages;
use tokio::sync::{Mutex, Semaphore, watch};

use super::limits;
use super::metrics::Metrics;
use super::problem::Problem;
use crate::app::upkeep::Upkeep;
use crate::app::{App, pages};
use crate::tokens::Known;

/// What tests set otherwise.
#[derive(Clone, Copy, Debug)]
pub struct Settings {
    /// Between two signs of life of a stream of events.
    pub heartbeat: Duration,
    /// How long `min_position` is waited for.
    pub position: Duration,
    /// Requests worked on at once.
    pub requests: usize,
    /// Streams at once.
    pub streams: usize,
    /// Whether clients come over TLS.
    pub is_tls: bool,
}

impl Default for Settings {
    fn default() -> Self {
        Settings {
            heartbeat: limits::HEARTBEAT,
            position: limits::POSITION_TIME,
            requests: limits::REQUESTS,
            streams: limits::STREAMS,
            is_tls: false,
        }
    }
}

/// A site's pages, folded when the site had so many entries about it.
struct Folded {
    entries: u64,
    pages: Arc<Pages>,
}

/// See the module.
pub struct Service {
    /// The ledger.
    pub app: App,
    /// Its upkeep.
    pub upkeep: Upkeep,
    /// What is counted.
    pub metrics: Metrics,
    /// Tokens used lately.
    pub known: Known,
    /// See [`Settings`].
    pub settings: Settings,
    /// Requests that may begin.
    pub requests: Semaphore,
    /// Streams that may begin.
    pub streams: Arc<Semaphore>,
    /// Uploads that may begin.
    pub uploads: Semaphore,
    stopping: watch::Sender<bool>,
    sites: Mutex<HashMap<SiteId, Folded>>,
}

impl Service {
    /// Around an open ledger.
    pub async fn new(app: App, settings: Settings) -> Arc<Service> {
        let service = Service {
            app,
            upkeep: Upkeep::default(),
            metrics: Metrics::new(),
            known: Known::default(),
            settings,
            requests: Semaphore::new(settings.requests),
            streams: Arc::new(Semaphore::new(settings.streams)),
            uploads: Semaphore::new(limits::UPLOADS),
            stopping: watch::Sender::new(false),
            sites: Mutex::default(),
        };
        service.upkeep.read_checkpoint(&service.app).await;
        Arc::new(service)
    }

    /// Streams end, nothing new begins.
    pub fn stop(&self) {
        self.stopping.send_replace(true);
    }

    /// Whether that was said.
    pub fn stopping(&self) -> watch::Receiver<bool> {
        self.stopping.subscribe()
    }

    /// How many entries are served.
    pub async fn size(&self) -> u64 {
        self.app.ledger().follower().serving().await.chain.size()
    }

    /// Wait until entry `position` is served.
    pub async fn wait_for(&self, position: u64) -> Result<(), Problem> {
        let follower = self.app.ledger().follower();
        let mut sizes = follower.sizes();
        if *sizes.borrow_and_update() > position {
            return Ok(());
        }
        // Another instance may have written it; what nobody has written is not waited for.
        let written = self.app.ledger().catch_up().await?;
        let waited = sizes.wait_for(|size| *size > position);
        let is_there = position < written
            && matches!(tokio::time::timeout(self.settings.position, waited).await, Ok(Ok(_)));
        if is_there {
            return Ok(());
        }
        let problem = Problem::not_yet("read again when an entry at this position was written");
        Err(problem.with("field", "min_position".into()).retry(1))
    }

    /// All that is known of a site's pages: folded once, and again when the site has news.
    pub async fn pages(&self, site: SiteId) -> Result<Arc<Pages>, Problem> {
        let follower = self.app.ledger().follower();
        let mut sites = self.sites.lock().await;
        let (entries, size) = {
            let serving = follower.serving().await;
            (serving.chain.next_number(site.into()), serving.chain.size())
        };
        if let Some(folded) = sites.get(&site).filter(|folded| folded.entries == entries) {
            return Ok(folded.pages.clone());
        }
        let pages = Arc::new(pages(self.app.store(), follower, site, size).await?);
        if sites.len() >= limits::SITES {
            sites.clear();
        }
        sites.insert(site, Folded { entries, pages: pages.clone() });
        Ok(pages)
    }
}
