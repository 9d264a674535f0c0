//! 回看 — the page as it stood on two evenings, and who had passed each version.

use annals_events::account::Person;
use annals_events::content::Event as ContentEvent;
use annals_events::id::AccountId;
use annals_events::{Event, Hash, Header, Time};

use super::tell::Teller;
use crate::app;
use crate::error::Failure;
use crate::ledger::{Follower, Serving};
use crate::store::SharedStore;

/// The page at one moment.
pub struct Evening {
    /// The moment.
    pub at: Time,
    /// How many pages the site had.
    pub pages: usize,
    /// Position of the entry that brought the version shown.
    pub position: u64,
    /// The line in which the two versions differ.
    pub line: String,
    /// Name of who passed it.
    pub passed_by: String,
    /// Position of the entry that says so.
    pub passed_at: u64,
}

/// The page before and after its correction.
pub struct Found {
    /// On the evening before.
    pub before: Evening,
    /// On the evening after.
    pub after: Evening,
}

/// Rebuild the site as of two moments from the first `size` entries.
pub async fn back(store: &SharedStore, size: u64) -> Result<Found, Failure> {
    let look = annals_demo::look_back();
    let follower = Follower::new(store.clone(), Serving::default());
    follower.catch_up(size).await?;
    let mut evenings = Vec::with_capacity(2);
    let mut texts = Vec::with_capacity(2);
    for at in [look.before, look.after] {
        let state = app::pages(store, &follower, look.site, size).await?.as_of(at, size);
        let page = state.pages.get(annals_demo::GUIDE_PATH);
        let page = page.ok_or_else(|| Failure::fault("the guide is not on the site"))?;
        let body = store.bodies(&[page.body.0]).await?.pop();
        let body = body.ok_or_else(|| Failure::fault("the guide's text is missing"))?;
        let (passed_at, account) = passed(store, page.body, size).await?;
        texts.push(String::from_utf8_lossy(&body.bytes).into_owned());
        evenings.push(Evening {
            at,
            pages: state.pages.len(),
            position: page.position,
            line: String::new(),
            passed_by: name(store, account).await?,
            passed_at,
        });
    }
    let pairs = texts[0].lines().zip(texts[1].lines());
    let (before, after) = pairs.filter(|(a, b)| a != b).map(|(a, b)| (plain(a), plain(b))).unzip();
    let [lines_before, lines_after]: [Vec<String>; 2] = [before, after];
    let mut evenings = evenings.into_iter();
    let (Some(mut before), Some(mut after)) = (evenings.next(), evenings.next()) else {
        return Err(Failure::fault("two evenings were looked at"));
    };
    before.line = lines_before.join(" ");
    after.line = lines_after.join(" ");
    Ok(Found { before, after })
}

/// Show both, and note what should hold of them.
pub fn tell(found: &Found, teller: &mut Teller) {
    teller.looked(found);
    let Found { before, after } = found;
    teller.expect(before.position != after.position, "the correction shows");
    teller.expect(before.line != after.line, "the two versions differ");
    for evening in [before, after] {
        let reviewer = annals_demo::Role::Reviewer.name();
        teller.expect(evening.passed_by == reviewer, "the reviewer passed what was shown");
    }
}

/// The entry that passed a version, and whose it is.
async fn passed(store: &SharedStore, body: Hash, size: u64) -> Result<(u64, AccountId), Failure> {
    let most = u32::try_from(size).unwrap_or(u32::MAX);
    for row in store.read(0, most).await? {
        let header = Header::parse(&row.header).map_err(|e| Failure::fault(e.to_string()))?;
        let event = Event::read(&header.kind, header.schema, &row.facts);
        let event = event.map_err(|e| Failure::fault(e.to_string()))?;
        let Event::Content(ContentEvent::ReviewPassed(passed)) = event else { continue };
        if let (true, Some(actor)) = (passed.body == body, header.actor) {
            return Ok((row.position, actor.account));
        }
    }
    Err(Failure::fault("nobody passed the version shown"))
}

/// The name an account was opened under.
async fn name(store: &SharedStore, account: AccountId) -> Result<String, Failure> {
    let rows = store.read_stream(&format!("account/{account}"), 0, 1).await?;
    let private = rows.into_iter().next().and_then(|row| row.private);
    let person = private.and_then(|(_, bytes)| serde_json::from_slice::<Person>(&bytes).ok());
    person.map(|person| person.name).ok_or_else(|| Failure::fault("an account has no name"))
}

/// A line without its tags.
fn plain(line: &str) -> String {
    let outside = |piece: &str| piece.rsplit('>').next().unwrap_or_default().to_owned();
    line.split('<').map(outside).collect()
}
