//! 故事 — from the founding to a withdrawal, with the four attempts that the rules refuse.

use annals_events::account::Duty;
use annals_events::attributes::Attributes;
use annals_events::command::{
    Command, CorrectContent, DraftContent, OpenAccount, OpenColumn, OpenSite, PassReview,
    PublishContent, RegisterOrganisation, WithdrawContent,
};
use annals_events::id::{AccountId, ColumnId, ContentId, OrganisationId, SiteId, Stream};
use annals_events::sorted::Sorted;
use annals_events::text::PublicName;
use annals_events::text::Word;
use uuid::Uuid;

use crate::texts::{GUIDE, GUIDE_CORRECTED, NOTICE};
use crate::{Expected, GUIDE_PATH, Given, Role, SITE, Step, TEXTS, beijing};

pub(crate) const SITE_ID: SiteId = SiteId(id(5));
const BUREAU: OrganisationId = OrganisationId(id(1));
const EDITOR: AccountId = AccountId(id(2));
const REVIEWER: AccountId = AccountId(id(3));
const APPROVER: AccountId = AccountId(id(4));
const GUIDES: ColumnId = ColumnId(id(6));
const NOTICES: ColumnId = ColumnId(id(7));
const GUIDE_PAGE: ContentId = ContentId(id(8));
const NOTICE_PAGE: ContentId = ContentId(id(9));
const NOTICE_PATH: &str = "tzgg/chunji-zhaopinhui.html";
const GUIDE_TITLE: &str = "就业登记办理指南";
const NOTICE_TITLE: &str = "关于举办2025年春季招聘会的通知";

/// The story's own ids: version 7, of the morning of the founding.
const fn id(number: u128) -> Uuid {
    Uuid::from_u128(0x0195_5968_df40_7000_8000_0000_0000_0000 | number)
}

/// The story, in the order of its times.
pub fn story(given: &Given) -> Vec<Step> {
    let teller = Teller { given };
    let mut steps = teller.platform();
    steps.extend(teller.guide());
    steps.extend(teller.notice());
    steps.extend(teller.correction());
    steps
}

fn public(name: &str) -> PublicName {
    PublicName::new(name).expect("the story's names are public names")
}

struct Teller<'a> {
    given: &'a Given,
}

impl Teller<'_> {
    fn account(&self, role: Role) -> AccountId {
        match role {
            Role::Administrator => self.given.administrator,
            Role::Auditor => self.given.auditor,
            Role::Editor => EDITOR,
            Role::Reviewer => REVIEWER,
            Role::Approver => APPROVER,
        }
    }

    fn step(
        &self,
        at: &str,
        role: Role,
        [chinese, english]: [&'static str; 2],
        stream: impl Into<Stream>,
        command: Command,
    ) -> Step {
        Step {
            at: beijing(at),
            role,
            account: self.account(role),
            chinese,
            english,
            stream: stream.into(),
            command,
            expected: Expected::Written,
        }
    }

    fn refused(&self, clause: &'static str, step: Step) -> Step {
        Step { expected: Expected::Refused(clause), ..step }
    }

    /// Monday: the platform is set up.
    fn platform(&self) -> Vec<Step> {
        let by = Role::Administrator;
        let office = self.given.organisation;
        let open = |role: Role, duty, organisation| {
            Command::OpenAccount(OpenAccount {
                attributes: Attributes::default(),
                duty,
                name: role.name().to_owned(),
                organisation,
                person: None,
            })
        };
        let column = |title: &str| {
            Command::OpenColumn(OpenColumn {
                attributes: Attributes::default(),
                site: SITE_ID,
                title: title.to_owned(),
            })
        };
        let bureau = RegisterOrganisation {
            attributes: Attributes::default(),
            name: public("青河市人力资源和社会保障局"),
            parent: Some(office),
        };
        let says = ["登记人力资源和社会保障局。", "registers the labour bureau"];
        let bureau = Command::RegisterOrganisation(bureau);
        let mut steps = vec![self.step("2025-03-03T09:00", by, says, BUREAU, bureau)];
        let says = ["为林晓开通编辑账号。", "opens the editor's account"];
        let editor = open(Role::Editor, Duty::Editor, BUREAU);
        steps.push(self.step("2025-03-03T09:05", by, says, EDITOR, editor));
        let says = ["为赵慧开通审核账号。", "opens the reviewer's account"];
        let reviewer = open(Role::Reviewer, Duty::Reviewer, office);
        steps.push(self.step("2025-03-03T09:10", by, says, REVIEWER, reviewer));
        let says = ["为何志远开通负责人账号。", "opens the approver's account"];
        let approver = open(Role::Approver, Duty::Approver, office);
        steps.push(self.step("2025-03-03T09:15", by, says, APPROVER, approver));
        let says = ["开办市政府门户网站。", "opens the city's site"];
        let site = Command::OpenSite(OpenSite {
            attributes: Attributes::default(),
            name: public(SITE),
            organisation: office,
        });
        steps.push(self.step("2025-03-03T09:20", by, says, SITE_ID, site));
        let says = ["设立“服务指南”栏目。", "opens a column for guides"];
        steps.push(self.step("2025-03-03T09:25", by, says, GUIDES, column("服务指南")));
        let says = ["设立“通知公告”栏目。", "opens a column for notices"];
        steps.push(self.step("2025-03-03T09:30", by, says, NOTICES, column("通知公告")));
        steps
    }

    /// Tuesday: the guide is drafted, passed by another person, published.
    fn guide(&self) -> Vec<Step> {
        let says = ["起草《就业登记办理指南》。", "drafts a guide: five working days"];
        let draft = self.draft(GUIDE_PAGE, GUIDE);
        let mut steps = vec![self.step("2025-03-04T10:00", Role::Editor, says, GUIDE_PAGE, draft)];
        let says = ["试图审核通过本人的稿件。", "tries to pass his own draft"];
        let own = self.pass(GUIDE, "内容无误");
        let own = self.step("2025-03-04T10:05", Role::Editor, says, GUIDE_PAGE, own);
        steps.push(self.refused("annals:reviewer_is_author", own));
        let says = ["审核通过该版本。", "passes this version"];
        let pass = self.pass(GUIDE, "经核对，材料与时限无误，同意发布");
        steps.push(self.step("2025-03-04T14:00", Role::Reviewer, says, GUIDE_PAGE, pass));
        let says = ["签发，页面发布。", "publishes it"];
        let publish = self.publish(GUIDE_PAGE, GUIDE);
        steps.push(self.step("2025-03-04T14:30", Role::Approver, says, GUIDE_PAGE, publish));
        steps
    }

    /// Wednesday: a notice, which somebody wants online before it is reviewed.
    fn notice(&self) -> Vec<Step> {
        let says = ["起草招聘会通知。", "drafts a notice of a job fair"];
        let draft = self.draft(NOTICE_PAGE, NOTICE);
        let mut steps = vec![self.step("2025-03-05T09:00", Role::Editor, says, NOTICE_PAGE, draft)];
        let says = ["试图未经审核直接发布。", "tries to publish it unreviewed"];
        let early = self.publish(NOTICE_PAGE, NOTICE);
        let early = self.step("2025-03-05T09:10", Role::Editor, says, NOTICE_PAGE, early);
        steps.push(self.refused("annals:review_missing", early));
        let says = ["审核通过。", "passes it"];
        let pass = self.pass(NOTICE, "时间、地点已与主办方核实，同意");
        steps.push(self.step("2025-03-05T10:00", Role::Reviewer, says, NOTICE_PAGE, pass));
        let says = ["签发，通知发布。", "publishes it"];
        let publish = self.publish(NOTICE_PAGE, NOTICE);
        steps.push(self.step("2025-03-05T10:20", Role::Approver, says, NOTICE_PAGE, publish));
        steps
    }

    /// Friday: the guide is corrected; on Monday the notice, which is over, is withdrawn.
    fn correction(&self) -> Vec<Step> {
        let says = ["按新规定起草更正稿，时限改为3个工作日。", "drafts version two: three days"];
        let draft = self.draft(GUIDE_PAGE, GUIDE_CORRECTED);
        let mut steps = vec![self.step("2025-03-07T09:00", Role::Editor, says, GUIDE_PAGE, draft)];
        let correct = Command::CorrectContent(CorrectContent {
            body: self.given.bodies[GUIDE_CORRECTED],
            bytes: TEXTS[GUIDE_CORRECTED].len() as u64,
            path: GUIDE_PATH.to_owned(),
            site: SITE_ID,
            title: Some(GUIDE_TITLE.to_owned()),
        });
        let says = ["试图以未经审核的新版本替换页面。", "tries to show it unreviewed"];
        let early =
            self.step("2025-03-07T09:05", Role::Approver, says, GUIDE_PAGE, correct.clone());
        steps.push(self.refused("annals:review_missing", early));
        let says =
            ["试图代为审核；审计员只能查阅，不得写入。", "tries to review; auditors only read"];
        let audit = self.pass(GUIDE_CORRECTED, "同意");
        let audit = self.step("2025-03-07T09:30", Role::Auditor, says, GUIDE_PAGE, audit);
        steps.push(self.refused("annals:auditor_writes_nothing", audit));
        let says = ["审核通过新版本。", "passes the new version"];
        let pass = self.pass(GUIDE_CORRECTED, "与新规定一致，同意更正");
        steps.push(self.step("2025-03-07T11:00", Role::Reviewer, says, GUIDE_PAGE, pass));
        let says = ["签发更正，新版本替换旧版本。", "corrects the page"];
        steps.push(self.step("2025-03-07T11:10", Role::Approver, says, GUIDE_PAGE, correct));
        let says = ["撤回过期的招聘会通知，写明原因。", "withdraws the notice, with a reason"];
        let reason = "招聘会已于3月8日结束，通知过期".to_owned();
        let withdraw = Command::WithdrawContent(WithdrawContent { reason, site: SITE_ID });
        steps.push(self.step("2025-03-10T08:30", Role::Approver, says, NOTICE_PAGE, withdraw));
        steps
    }

    fn draft(&self, page: ContentId, text: usize) -> Command {
        let (path, title, column) = place(page);
        Command::DraftContent(DraftContent {
            body: self.given.bodies[text],
            bytes: TEXTS[text].len() as u64,
            column: Some(column),
            path: path.to_owned(),
            site: SITE_ID,
            title: Some(title.to_owned()),
        })
    }

    fn pass(&self, text: usize, opinion: &str) -> Command {
        Command::PassReview(PassReview {
            gates: Sorted::default(),
            body: self.given.bodies[text],
            level: Word::of("final"),
            opinion: Some(opinion.to_owned()),
            site: SITE_ID,
        })
    }

    fn publish(&self, page: ContentId, text: usize) -> Command {
        let (path, title, _) = place(page);
        Command::PublishContent(PublishContent {
            body: self.given.bodies[text],
            bytes: TEXTS[text].len() as u64,
            path: path.to_owned(),
            site: SITE_ID,
            title: Some(title.to_owned()),
        })
    }
}

/// Path, title and column of a page.
fn place(page: ContentId) -> (&'static str, &'static str, ColumnId) {
    if page == GUIDE_PAGE {
        (GUIDE_PATH, GUIDE_TITLE, GUIDES)
    } else {
        (NOTICE_PATH, NOTICE_TITLE, NOTICES)
    }
}
