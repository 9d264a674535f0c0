//! `annals site export`: a site as of any moment, byte for byte.

use std::fs::{self, File};
use std::io::Write;
use std::path::{Path, PathBuf};

use annals_events::id::{SiteId, Subject, SubjectKind};
use annals_events::{Hash, Header, Time, entry};
use annals_projections::boards::pages::Page;
use clap::{Args, Subcommand};
use serde_json::{Value, json};

use super::files::{FileNames, encode_path};
use super::reading::Reading;
use super::{Common, out, term};
use crate::app::pages;
use crate::error::{Exit, Failure};
use crate::ledger::{Follower, snapshot};
use crate::store::SharedStore;

/// See [`super::Command::Site`].
#[derive(Args)]
pub struct Arguments {
    #[command(subcommand)]
    action: Action,
}

#[derive(Subcommand)]
enum Action {
    /// Write the site's pages into an empty folder.
    Export(Box<Export>),
}

#[derive(Args)]
struct Export {
    #[command(flatten)]
    common: Common,
    /// Public name of the site, or site/<uuid>.
    #[arg(long, value_name = "NAME")]
    site: String,
    /// When it was shown (RFC 3339); if not given, when entry POSITION of --known was recorded.
    #[arg(long, value_name = "TIME")]
    at: Option<String>,
    /// As far as the entries up to and including this position tell; if not given, all.
    #[arg(long, value_name = "POSITION", allow_negative_numbers = true)]
    known: Option<u64>,
    /// Folder to write, absent or empty.
    #[arg(long, value_name = "DIR")]
    out: PathBuf,
}

/// Run it.
pub async fn run(arguments: Arguments) -> Result<Exit, Failure> {
    let Action::Export(export) = arguments.action;
    out::check_absent_or_empty("--out", &export.out)?;
    let reading = Reading::open(&export.common).await?;
    let outcome = write_site(&export, &reading.store).await;
    reading.end(outcome).await
}

async fn write_site(export: &Export, store: &SharedStore) -> Result<Exit, Failure> {
    let serving = snapshot::load_or_warn(store).await?;
    let follower = Follower::new(store.clone(), serving);
    let head = store.head().await?.size;
    follower.catch_up(head).await?;
    let (site, origin) = {
        let serving = follower.serving().await;
        let named = serving.state.sites.named(&export.site);
        let by_id = match export.site.parse() {
            Ok(Subject { kind: SubjectKind::Site, id }) => {
                serving.state.sites.get(SiteId(id)).map(|_| SiteId(id))
            }
            _ => None,
        };
        let site = named.or(by_id);
        let site = site.ok_or_else(|| Failure::input("--site: no site has this name"))?;
        (site, serving.chain.origin().to_owned())
    };
    let known = match export.known {
        Some(position) if position >= head => {
            return Err(Failure::input(format!("--known: the last position is {}", head - 1)));
        }
        Some(position) => position + 1,
        None => head,
    };
    let last = store.read_at(&[known.saturating_sub(1)]).await?;
    let last = last.first().ok_or_else(|| Failure::input("the ledger is empty"))?;
    let header = Header::parse(&last.header).map_err(Failure::unsound)?;
    let at = match &export.at {
        Some(text) => Time::from_rfc3339(text)
            .ok_or_else(|| Failure::input("--at: not an RFC 3339 instant"))?,
        None => header.recorded_at,
    };
    let pages = pages(store, &follower, site, known).await?;
    let state = pages.as_of(at, known);
    prepare(&export.out)?;
    let mut written = write_pages(store, &export.out, state.pages.into_values()).await?;
    written["origin"] = json!(origin);
    written["site"] = json!(format!("site/{site}"));
    written["at"] = json!(at.to_string());
    written["known"] = json!(known - 1);
    written["head"] = json!(entry::leaf(&last.header).to_string());
    written["shadowed"] = state
        .shadowed
        .iter()
        .map(|page| json!({ "path": page.path, "content": page.content.to_string() }))
        .collect();
    put(&export.out.join("site.json"), &serde_json::to_vec_pretty(&written).unwrap_or_default())?;
    let count = written["pages"].as_array().map_or(0, Vec::len);
    let text = format!("{count} pages of {} as of {at} in {}", export.site, export.out.display());
    term::answer(export.common.json, &written, &text);
    Ok(Exit::Done)
}

fn prepare(folder: &Path) -> Result<(), Failure> {
    let wrong = |error| out::wrong("--out", folder, error);
    fs::create_dir_all(folder).map_err(wrong)?;
    fs::create_dir(folder.join("files")).map_err(wrong)
}

/// Write the files, `SHA256SUMS`, and answer the list for `site.json`.
async fn write_pages(
    store: &SharedStore,
    out: &Path,
    pages: impl Iterator<Item = Page>,
) -> Result<Value, Failure> {
    let pages: Vec<Page> = pages.collect();
    let mut names = FileNames::default();
    let (mut list, mut sums, mut encoded) = (Vec::new(), Vec::new(), Vec::new());
    for chunk in pages.chunks(64) {
        let ids: Vec<[u8; 32]> = chunk.iter().map(|page| page.body.0).collect();
        let bodies = store.bodies(&ids).await?;
        for page in chunk {
            let body = bodies.iter().find(|body| body.id == page.body.0);
            let body = body.ok_or_else(|| {
                Failure::unsound(format!("entry {}: its body is missing", page.position))
            })?;
            let file = names.free(&encode_path(&page.path));
            if entry::body_id(&body.salt, &body.bytes) != page.body {
                let position = page.position;
                let why = format!("entry {position}: its body is not what was written");
                return Err(Failure::unsound(why));
            }
            let sha256 = Hash::of(&[&body.bytes]);
            put(&out.join("files").join(&file), &body.bytes)?;
            if file != page.path {
                encoded.push(json!({ "file": file, "path": page.path }));
            }
            list.push(json!({
                "file": file,
                "path": page.path,
                "title": page.title,
                "content": page.content.to_string(),
                "position": page.position,
                "sha256": sha256.to_string(),
                "bytes": body.bytes.len(),
            }));
            sums.push((file, sha256));
        }
    }
    sums.sort();
    let sums: String = sums.iter().map(|(file, sha256)| format!("{sha256}  {file}\n")).collect();
    put(&out.join("SHA256SUMS"), sums.as_bytes())?;
    Ok(json!({ "pages": list, "encoded": encoded }))
}

fn put(path: &Path, bytes: &[u8]) -> Result<(), Failure> {
    let named = |e: std::io::Error| Failure::fault(format!("{}: {e}", path.display()));
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder).map_err(named)?;
    }
    let mut file = File::create_new(path).map_err(named)?;
    file.write_all(bytes).map_err(named)
}
