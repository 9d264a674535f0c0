//! The history of a site's pages, for every face of the service.

use annals_events::id::SiteId;
use annals_projections::boards::pages::Pages;

use crate::ledger::about::entries_about;
use crate::ledger::{FollowError, Follower};
use crate::store::SharedStore;

/// As far as the first `known` entries tell, every entry checked and none missing.
pub async fn pages(
    store: &SharedStore,
    follower: &Follower,
    site: SiteId,
    known: u64,
) -> Result<Pages, FollowError> {
    let mut pages = Pages::new(site);
    for entry in entries_about(store, follower, site.into(), known).await? {
        pages.apply(&entry.header, &entry.event, entry.private.as_deref());
    }
    Ok(pages)
}
