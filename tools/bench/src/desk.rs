//! A desk to write at: an account, a site and one uploaded body, and drafts in streams of their
//! own.

use annals::app::{App, Given};
use annals_events::account::{Duty, Event as AccountEvent};
use annals_events::attributes::Attributes;
use annals_events::command::{Command, DraftContent, OpenSite};
use annals_events::id::{AccountId, ContentId, OrganisationId, SiteId};
use annals_events::text::PublicName;
use annals_events::{Event, Hash, Header};
use uuid::Uuid;

use crate::Failed;

const SITE: &str = "示例市人民政府压测网";
const TEXT: &str = "<p>一段正文，所有草稿共用。</p>";
/// The first administrator is among the first entries of every ledger.
const FIRST_ENTRIES: u32 = 8;

/// See the module.
#[derive(Clone)]
pub struct Desk {
    account: AccountId,
    site: SiteId,
    body: Hash,
}

impl Desk {
    /// Sit down as the first administrator; opens the site if it is not there.
    pub async fn open(app: &App) -> Result<Desk, Failed> {
        let (account, organisation) = administrator(app).await?;
        let known = app.ledger().follower().serving().await.state.sites.named(SITE);
        let site = match known {
            Some(site) => site,
            None => {
                let site = SiteId(Uuid::now_v7());
                let name = PublicName::new(SITE)?;
                let open = Command::OpenSite(OpenSite {
                    attributes: Attributes::default(),
                    name,
                    organisation,
                });
                app.give(Given::local(account, site, open)).await?;
                site
            }
        };
        let body = app.upload(TEXT.as_bytes().to_vec()).await?;
        let desk = Desk { account, site, body };
        app.give(desk.draft(0)).await?;
        app.ledger().catch_up().await?;
        Ok(desk)
    }

    /// Who sits there.
    pub fn account(&self) -> AccountId {
        self.account
    }

    /// A draft in a stream of its own.
    pub fn draft(&self, number: u64) -> Given {
        let draft = DraftContent {
            body: self.body,
            bytes: TEXT.len() as u64,
            column: None,
            path: format!("xxgk/zfxxgkml/2026/{number:08}.html"),
            site: self.site,
            title: Some(format!("关于进一步规范政务信息发布工作的通知（{number:08}）")),
        };
        let stream = ContentId(Uuid::now_v7());
        let mut given = Given::local(self.account, stream, Command::DraftContent(draft));
        given.seen = Some(Hash::ZERO);
        given
    }
}

async fn administrator(app: &App) -> Result<(AccountId, OrganisationId), Failed> {
    for row in app.store().read(0, FIRST_ENTRIES).await? {
        let header = Header::parse(&row.header)?;
        if let Event::Account(AccountEvent::Opened(opened)) =
            Event::read(&header.kind, header.schema, &row.facts)?
            && opened.duty == Duty::Administrator
        {
            return Ok((AccountId(header.stream.id), opened.organisation));
        }
    }
    Err("no administrator among the first entries".into())
}
