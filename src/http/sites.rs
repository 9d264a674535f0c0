//! 网站 — the sites, and each as of any moment: `at` is when it was shown, `known` how much the
//! ledger knew.

use std::collections::BTreeMap;
use std::sync::Arc;

use annals_events::id::{SiteId, SubjectKind};
use annals_events::{Header, Time};
use annals_projections::boards::pages::{Page, SiteState};
use axum::http::StatusCode;
use axum::response::Response;
use serde_json::{Value, json};

use super::bodies::download;
use super::problem::Problem;
use super::query::{subject, to_cursor};
use super::route::Call;
use super::service::Service;
use super::{body, limits};
use crate::ledger::about::check_rows;
use crate::ledger::index;
use crate::store::StoreError;
use crate::store::index::Kind;

/// `GET /v1/sites`.
pub async fn list(service: Arc<Service>, call: Call) -> Result<Response, Problem> {
    let limit = call.query.limit()?.unwrap_or(limits::PAGE);
    let from = call.query.after()?.map_or(0, |after| after + 1);
    let store = service.app.store();
    let found = index::find_from(store, Kind::Type, "site.opened", from, call.size).await?;
    let page: Vec<u64> = found.iter().copied().take(limit as usize).collect();
    let rows = store.read_at(&page).await?;
    let ring = service.app.ledger().follower().serving().await.ring.clone();
    let mut items = Vec::new();
    let checked = check_rows(rows, &ring)?;
    let serving = service.app.ledger().follower().serving().await;
    for entry in checked.iter().filter(|entry| entry.header.kind == "site.opened") {
        let id = SiteId(entry.header.stream.id);
        if let Some(site) = serving.state.sites.get(id) {
            let mut item = shown(id, site);
            item["position"] = json!(entry.header.position.0);
            items.push(item);
        }
    }
    let more = found.len() > page.len();
    let next = page.last().filter(|_| more).map(|last| to_cursor(&last.to_string()));
    Ok(body::json(StatusCode::OK, &json!({ "items": items, "next": next })))
}

fn shown(id: SiteId, site: &annals_projections::site::Site) -> Value {
    json!({
        "id": id.to_string(),
        "name": site.name,
        "organisation": site.organisation.to_string(),
        "opened_at": site.opened_at.to_string(),
    })
}

fn site_id(call: &Call) -> Result<SiteId, Problem> {
    let id = subject(call.part("id"), SubjectKind::Site);
    let id = id.ok_or_else(|| Problem::field("id", "not a UUID in lower case"))?;
    Ok(SiteId(id.id))
}

/// `GET /v1/sites/{id}`.
pub async fn one(service: Arc<Service>, call: Call) -> Result<Response, Problem> {
    let id = site_id(&call)?;
    let serving = service.app.ledger().follower().serving().await;
    let site = serving.state.sites.get(id).ok_or_else(no_site)?;
    let mut value = shown(id, site);
    value["entries"] = json!(serving.chain.next_number(id.into()));
    Ok(body::json(StatusCode::OK, &value))
}

fn no_site() -> Problem {
    Problem::not_found("there is no such site")
}

/// Which site, as of when.
struct Asked {
    site: SiteId,
    at: Option<Time>,
    known: u64,
}

impl Asked {
    fn read(call: &Call) -> Result<Asked, Problem> {
        let newest = call.size.saturating_sub(1);
        let known = call.query.number("known")?;
        if known.is_some_and(|known| known > newest) {
            return Err(Problem::field("known", format!("the last position is {newest}")));
        }
        let (site, at) = (site_id(call)?, call.query.time("at")?);
        Ok(Asked { site, at, known: known.unwrap_or(newest) })
    }
}

/// A site as of a moment, and which moment that is.
struct Moment {
    state: SiteState,
    at: Time,
    known: u64,
}

async fn moment(service: &Service, asked: Asked) -> Result<Moment, Problem> {
    let Asked { site, at, known } = asked;
    if service.app.ledger().follower().serving().await.state.sites.get(site).is_none() {
        return Err(no_site());
    }
    let at = match at {
        Some(at) => at,
        None => recorded_at(service, known).await?,
    };
    let pages = service.pages(site).await?;
    Ok(Moment { state: pages.as_of(at, known + 1), at, known })
}

async fn recorded_at(service: &Service, position: u64) -> Result<Time, Problem> {
    let rows = service.app.store().read_at(&[position]).await?;
    let row = rows.first().ok_or_else(|| Problem::not_found("there is no entry yet"))?;
    let header = Header::parse(&row.header)
        .map_err(|error| StoreError::Corrupt(format!("entry {position}: {error}")))?;
    Ok(header.recorded_at)
}

fn page(page: &Page) -> Value {
    json!({
        "path": page.path,
        "title": page.title,
        "content": page.content.to_string(),
        "position": page.position,
        "body": page.body.to_string(),
        "bytes": page.bytes,
    })
}

/// `GET /v1/sites/{id}/pages`.
pub async fn pages(service: Arc<Service>, call: Call) -> Result<Response, Problem> {
    let after = call.query.after_text()?;
    let limit = call.query.limit()?.unwrap_or(limits::PAGE) as usize;
    let moment = moment(&service, Asked::read(&call)?).await?;
    let all: &BTreeMap<String, Page> = &moment.state.pages;
    let behind = |path: &&String| after.as_ref().is_none_or(|after| *path > after);
    let mut left = all.iter().filter(|(path, _)| behind(path));
    let items: Vec<(&String, Value)> =
        left.by_ref().take(limit).map(|(path, found)| (path, page(found))).collect();
    let next = left.next().and(items.last()).map(|(path, _)| to_cursor(path));
    Ok(body::json(
        StatusCode::OK,
        &json!({
            "at": moment.at.to_string(),
            "known": moment.known,
            "count": all.len(),
            "items": items.into_iter().map(|(_, item)| item).collect::<Vec<Value>>(),
            "shadowed": moment.state.shadowed.iter().map(page).collect::<Vec<Value>>(),
            "next": next,
        }),
    ))
}

/// `GET /v1/sites/{id}/page`.
pub async fn page_bytes(service: Arc<Service>, call: Call) -> Result<Response, Problem> {
    let path = call.query.text("path");
    let path = path.ok_or_else(|| Problem::field("path", "is required"))?.to_owned();
    let moment = moment(&service, Asked::read(&call)?).await?;
    let found = moment.state.pages.get(&path);
    let found = found.ok_or_else(|| Problem::not_found("no page stood there at that moment"))?;
    download(&service, found.body, &path).await
}
