//! What tests share: a fresh ledger on either store, a small story on it, the programs as built.

mod random;
pub mod scribe;
mod scribe_export;

use annals_events::attributes::Attributes;
use annals_events::sorted::Sorted;
use annals_events::text::Word;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::sync::Arc;

use annals::app::{App, Given};
use annals::cli::init::{New, init};
use annals::clock::{Clock, SystemClock};
use annals::config::Home;
use annals::ledger::Receipt;
use annals::ledger::found::Founded;
use annals::store;
use annals_events::Hash;
use annals_events::account::Duty;
use annals_events::command::{self, Command as Act};
use annals_events::id::{AccountId, ColumnId, ContentId, SiteId};
use annals_events::ledger::Purpose;
use annals_events::text::PublicName;
use annals_harness::{DatabaseUrls, shared_cluster};
use uuid::Uuid;

pub use random::Rng;

pub const ORIGIN: &str = "ledger.example.gov.cn/test";
pub const ADMINISTRATOR: &str = "张建国";
pub const AUDITOR: &str = "李审计";

/// Which store a test runs on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    Sqlite,
    Postgres,
}

pub const BOTH: [Kind; 2] = [Kind::Sqlite, Kind::Postgres];

/// A founded ledger in a temporary folder (and, for PostgreSQL, a database of its own, used as
/// the service's role).
pub struct Place {
    pub kind: Kind,
    pub folder: tempfile::TempDir,
    pub home: Home,
    pub urls: Option<DatabaseUrls>,
    pub founded: Founded,
}

impl Place {
    pub async fn new(kind: Kind) -> Place {
        Place::with_clock(kind, Arc::new(SystemClock::new())).await
    }

    pub async fn with_clock(kind: Kind, clock: Arc<dyn Clock>) -> Place {
        let urls = match kind {
            Kind::Sqlite => None,
            Kind::Postgres => Some(fresh_database().await),
        };
        Place::at(urls, clock).await
    }

    /// In this database (migrated, empty), or embedded.
    pub async fn at(urls: Option<DatabaseUrls>, clock: Arc<dyn Clock>) -> Place {
        let kind = if urls.is_some() { Kind::Postgres } else { Kind::Sqlite };
        let folder = tempfile::tempdir().expect("a temporary folder");
        let home = Home::new(folder.path(), urls.as_ref().map(|urls| urls.service.clone()));
        let new = New {
            origin: ORIGIN,
            administrator: ADMINISTRATOR,
            auditor: AUDITOR,
            organisation: "示例市人民政府办公室",
            purpose: Purpose::Test,
        };
        let (founded, _) = init(&home, &new, clock, false).await.expect("a new ledger");
        Place { kind, folder, home, urls, founded }
    }

    /// Open it for writing.
    pub async fn app(&self) -> App {
        App::open(&self.home, false).await.expect("the ledger opens")
    }

    pub fn administrator(&self) -> AccountId {
        self.founded.accounts[0]
    }

    pub fn auditor(&self) -> AccountId {
        self.founded.accounts[1]
    }

    pub fn genesis(&self) -> Hash {
        self.founded.genesis
    }

    pub fn path(&self) -> &Path {
        self.folder.path()
    }

    /// Run `annals` on this ledger.
    pub fn annals(&self, arguments: &[&str]) -> Output {
        let mut all: Vec<String> = arguments.iter().map(|a| (*a).to_owned()).collect();
        all.extend(["--data".to_owned(), self.path().display().to_string()]);
        if let Some(urls) = &self.urls {
            all.extend(["--database".to_owned(), urls.service.clone()]);
        }
        run(Path::new(env!("CARGO_BIN_EXE_annals")), &all)
    }

    /// Export to a file of this place.
    pub fn export(&self) -> PathBuf {
        let out = self.path().join("export.ndjson");
        let output = self.annals(&["export", "--out", &out.display().to_string()]);
        assert!(output.status.success(), "{}", text(&output.stderr));
        out
    }
}

async fn fresh_database() -> DatabaseUrls {
    let urls = tokio::task::spawn_blocking(|| {
        shared_cluster().expect("a cluster").fresh_database().expect("a database")
    });
    let urls = urls.await.expect("the blocking task ends");
    store::migrate(&urls.owner).await.expect("a migration");
    urls
}

/// Whether files and lists that tests generate shall be written.
#[expect(clippy::disallowed_methods, reason = "a switch of the tests, not a setting")]
pub fn update_wanted() -> bool {
    std::env::var_os("ANNALS_UPDATE").is_some_and(|value| value == "1")
}

/// Run a program to its end.
pub fn run(program: &Path, arguments: &[String]) -> Output {
    Command::new(program)
        .args(arguments)
        .stdin(Stdio::null())
        .output()
        .unwrap_or_else(|error| panic!("{}: {error}", program.display()))
}

/// The folder the test's programs were built into.
fn built() -> PathBuf {
    let annals = Path::new(env!("CARGO_BIN_EXE_annals"));
    annals.parent().expect("a program lies in a folder").to_owned()
}

/// Run `annals-verify`, as built by `cargo build --workspace --bins`.
pub fn annals_verify(arguments: &[&str]) -> Output {
    let all: Vec<String> = arguments.iter().map(|a| (*a).to_owned()).collect();
    run(&annals_verify_path(), &all)
}

pub fn annals_verify_path() -> PathBuf {
    built().join("annals-verify")
}

/// `annals-bench`, built beside it.
pub fn annals_bench_path() -> PathBuf {
    built().join("annals-bench")
}

pub fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

pub fn json(output: &Output) -> serde_json::Value {
    serde_json::from_slice(&output.stdout)
        .unwrap_or_else(|_| panic!("no JSON: {} {}", text(&output.stdout), text(&output.stderr)))
}

pub fn code(output: &Output) -> i32 {
    output.status.code().unwrap_or(-1)
}

/// A site with a column, an editor and a reviewer.
pub struct Town {
    pub site: SiteId,
    pub column: ColumnId,
    pub editor: AccountId,
    pub reviewer: AccountId,
}

impl Town {
    /// Four commands of the administrator.
    pub async fn build(app: &App, place: &Place) -> Town {
        let by = place.administrator();
        let organisation = place.founded.organisation;
        let [site, column, editor, reviewer] = [(); 4].map(|()| Uuid::now_v7());
        let name = PublicName::new(format!("示例市人民政府网 {site}")).expect("a name");
        let open = command::OpenSite { attributes: Attributes::default(), name, organisation };
        give(app, by, SiteId(site), Act::OpenSite(open)).await;
        let open = command::OpenColumn {
            attributes: Attributes::default(),
            site: SiteId(site),
            title: "政务要闻".to_owned(),
        };
        give(app, by, ColumnId(column), Act::OpenColumn(open)).await;
        for (account, duty, name) in
            [(editor, Duty::Editor, "王编辑"), (reviewer, Duty::Reviewer, "赵审核")]
        {
            let open = command::OpenAccount {
                attributes: Attributes::default(),
                duty,
                name: name.to_owned(),
                organisation,
                person: None,
            };
            give(app, by, AccountId(account), Act::OpenAccount(open)).await;
        }
        Town {
            site: SiteId(site),
            column: ColumnId(column),
            editor: AccountId(editor),
            reviewer: AccountId(reviewer),
        }
    }

    /// Drafted, passed, published: three entries and a body.
    pub async fn publish(&self, app: &App, path: &str, text: &str) -> ContentId {
        let content = ContentId(Uuid::now_v7());
        let body = self.draft(app, content, path, text).await;
        self.pass(app, content, body).await;
        let publish = command::PublishContent {
            body,
            bytes: text.len() as u64,
            path: path.to_owned(),
            site: self.site,
            title: None,
        };
        give(app, self.reviewer, content, Act::PublishContent(publish)).await;
        content
    }

    pub async fn draft(&self, app: &App, content: ContentId, path: &str, text: &str) -> Hash {
        let body = app.upload(text.as_bytes().to_vec()).await.expect("an upload");
        let draft = command::DraftContent {
            body,
            bytes: text.len() as u64,
            column: Some(self.column),
            path: path.to_owned(),
            site: self.site,
            title: Some(format!("标题 {path}")),
        };
        give(app, self.editor, content, Act::DraftContent(draft)).await;
        body
    }

    pub async fn pass(&self, app: &App, content: ContentId, body: Hash) {
        let pass = command::PassReview {
            gates: Sorted::default(),
            body,
            level: Word::of("final"),
            opinion: Some("同意".to_owned()),
            site: self.site,
        };
        give(app, self.reviewer, content, Act::PassReview(pass)).await;
    }

    /// `pages` published pages, every third withdrawn again.
    pub async fn fill(&self, app: &App, pages: usize) {
        for page in 0..pages {
            let text = format!("<p>第 {page} 页</p>{}", "正文。".repeat(page % 40));
            let content = self.publish(app, &format!("page/{page}.html"), &text).await;
            if page % 3 == 2 {
                let reason = "内容过期".to_owned();
                let withdraw = command::WithdrawContent { reason, site: self.site };
                give(app, self.reviewer, content, Act::WithdrawContent(withdraw)).await;
            }
        }
    }
}

/// Give a command that must be written.
pub async fn give(
    app: &App,
    account: AccountId,
    stream: impl Into<annals_events::id::Stream>,
    command: Act,
) -> Receipt {
    let name = command.name();
    app.give(Given::local(account, stream, command))
        .await
        .unwrap_or_else(|error| panic!("{name}: {error}"))
}
