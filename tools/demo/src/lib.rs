//! 演示 — a week of an invented city, as data: who wants what, when, and what must come of it.
//!
//! No file, no clock, no store: `annals demo` plays it through the same road as everybody's
//! commands. The people, the city and its papers are made up.

mod history;
mod story;
mod texts;

use annals_events::Time;
use annals_events::command::Command;
use annals_events::id::{AccountId, BodyId, OrganisationId, SiteId, Stream};

pub use history::{History, history};
pub use story::story;
pub use texts::TEXTS;

/// The ledger's name.
pub const ORIGIN: &str = "ledger.qinghe.example/demo";
/// The organisation that runs the platform.
pub const ORGANISATION: &str = "青河市人民政府办公室";
/// The site the story is about.
pub const SITE: &str = "青河市人民政府门户网站";
/// The page that is corrected.
pub const GUIDE_PATH: &str = "fwzn/jiuye-dengji.html";

/// 角色 — who acts, by what they are there for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    /// 平台管理员; the account exists from the founding on.
    Administrator,
    /// 审计人员; the account exists from the founding on.
    Auditor,
    /// 编辑员
    Editor,
    /// 审核员
    Reviewer,
    /// 负责人
    Approver,
}

impl Role {
    /// Everybody.
    pub const ALL: [Role; 5] =
        [Role::Administrator, Role::Auditor, Role::Editor, Role::Reviewer, Role::Approver];

    /// The person's name.
    pub fn name(self) -> &'static str {
        match self {
            Role::Administrator => "周建平",
            Role::Auditor => "沈敏",
            Role::Editor => "林晓",
            Role::Reviewer => "赵慧",
            Role::Approver => "何志远",
        }
    }

    /// What the person is called at work.
    pub fn chinese(self) -> &'static str {
        match self {
            Role::Administrator => "管理员",
            Role::Auditor => "审计员",
            Role::Editor => "编辑员",
            Role::Reviewer => "审核员",
            Role::Approver => "负责人",
        }
    }

    /// The same in English.
    pub fn english(self) -> &'static str {
        match self {
            Role::Administrator => "administrator",
            Role::Auditor => "auditor",
            Role::Editor => "editor",
            Role::Reviewer => "reviewer",
            Role::Approver => "approver",
        }
    }
}

/// What the founding and the uploads gave to the story.
#[derive(Clone, Copy, Debug)]
pub struct Given {
    /// The founding organisation.
    pub organisation: OrganisationId,
    /// The administrator's account.
    pub administrator: AccountId,
    /// The auditor's account.
    pub auditor: AccountId,
    /// Ids of [`TEXTS`], in their order.
    pub bodies: [BodyId; TEXTS.len()],
}

/// What must come of a command.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Expected {
    /// It is written.
    Written,
    /// It is refused under this clause.
    Refused(&'static str),
}

/// What a clause of the story says, in Chinese; `None` for a clause that no step expects.
pub fn clause_in_chinese(clause: &str) -> Option<&'static str> {
    Some(match clause {
        "annals:reviewer_is_author" => "不得审核本人提交的版本",
        "annals:review_missing" => "该版本尚未经他人审核通过",
        "annals:auditor_writes_nothing" => "审计员除确认须由两人办理的操作外，不得写入任何记录",
        _ => return None,
    })
}

/// 步骤 — somebody gives a command.
#[derive(Clone, Debug)]
pub struct Step {
    /// When.
    pub at: Time,
    /// Who.
    pub role: Role,
    /// Under which account.
    pub account: AccountId,
    /// What happens, in Chinese.
    pub chinese: &'static str,
    /// The same, shorter, in English.
    pub english: &'static str,
    /// The stream the command is aimed at.
    pub stream: Stream,
    /// The command.
    pub command: Command,
    /// What must come of it.
    pub expected: Expected,
}

/// 回看 — two moments between which [`GUIDE_PATH`] was corrected.
#[derive(Clone, Copy, Debug)]
pub struct LookBack {
    /// The site.
    pub site: SiteId,
    /// The end of work on the day before the correction.
    pub before: Time,
    /// The end of work on the day of it.
    pub after: Time,
}

/// When the ledger is founded.
pub fn founded_at() -> Time {
    beijing("2025-03-03T08:30")
}

/// The moments to look back to.
pub fn look_back() -> LookBack {
    LookBack {
        site: story::SITE_ID,
        before: beijing("2025-03-06T18:00"),
        after: beijing("2025-03-07T18:00"),
    }
}

/// A minute of the story, by the clock on the wall in the office.
fn beijing(minute: &str) -> Time {
    Time::from_rfc3339(&format!("{minute}:00+08:00")).expect("the story's times are written so")
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use annals_events::Hash;
    use annals_events::command::Command;
    use uuid::Uuid;

    use super::*;

    fn steps() -> Vec<Step> {
        let id = Uuid::from_u128;
        story(&Given {
            organisation: OrganisationId(id(1)),
            administrator: AccountId(id(2)),
            auditor: AccountId(id(3)),
            bodies: std::array::from_fn(|at| Hash::of(&[TEXTS[at].as_bytes()])),
        })
    }

    #[test]
    fn time_only_goes_forward() {
        let mut last = founded_at();
        for step in steps() {
            assert!(step.at > last, "{}", step.english);
            last = step.at;
        }
        assert!(last > look_back().after);
    }

    #[test]
    fn every_clause_of_the_story_is_said_in_chinese() {
        for step in steps() {
            let Expected::Refused(clause) = step.expected else { continue };
            assert!(clause_in_chinese(clause).is_some(), "{clause}");
        }
        assert_eq!(clause_in_chinese("annals:unheard_of"), None);
    }

    #[test]
    fn every_text_is_drafted_once_with_its_length() {
        let mut drafted = BTreeSet::new();
        for step in steps() {
            let Command::DraftContent(draft) = step.command else { continue };
            let text = TEXTS.iter().find(|text| Hash::of(&[text.as_bytes()]) == draft.body);
            assert_eq!(text.map(|text| text.len() as u64), Some(draft.bytes));
            assert!(drafted.insert(draft.body));
        }
        assert_eq!(drafted.len(), TEXTS.len());
    }

    #[test]
    fn everybody_acts_and_every_command_is_within_its_bounds() {
        let steps = steps();
        for role in Role::ALL {
            assert!(steps.iter().any(|step| step.role == role), "{role:?}");
        }
        for step in steps {
            assert_eq!(step.command.check(), Ok(()), "{}", step.english);
            assert!(step.command.is_for(step.stream.thing), "{}", step.english);
        }
    }
}
