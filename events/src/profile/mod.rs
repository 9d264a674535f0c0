//! 规则文本 — what a rulebook must say: every limit, duty, role and route of a jurisdiction as data.
//!
//! A profile holds kinds of rules and nothing that computes. A rule selects by equality or
//! membership on declared attributes, all of them; "or" is two rules. No expressions, no
//! variables, no nesting: what cannot be said is a new kind, or a new named fact in Rust. What each
//! kind means is `projections/src/rulebook/`, in the version that `semantics` names.

mod kinds;

pub use kinds::{
    Deadline, Duty, Evidence, Freshness, Permission, Precondition, Quota, Retention, Route, Rule,
    Shape, Span, Step,
};

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::fields::facts;
use crate::id::words;
use crate::text::{AttributeName, Clause, Day, PublicName, Word};

words! {
    /// 效力 — how strictly a rule binds.
    Force {
        /// 必须 — refused on a command, a violation on a fact.
        Must = "must",
        /// 原则上 — the same, unless an exemption covers it.
        Principle = "principle",
        /// 宜 — a warning.
        Advisory = "advisory",
        /// 可 — may grant; never warns.
        May = "may",
        /// 及时, 定期 — a reminder; nothing is late before the jurisdiction adopts a figure.
        Vague = "vague",
    }
}

words! {
    /// 时间单位 — minutes and hours run through; the others end with a day in China.
    Unit {
        /// 分钟
        Minute = "minute",
        /// 小时
        Hour = "hour",
        /// 日 — by the calendar.
        Day = "day",
        /// 工作日 — by the adopted calendars.
        WorkingDay = "working_day",
        /// 周
        Week = "week",
        /// 月
        Month = "month",
        /// 年
        Year = "year",
    }
}

words! {
    /// 周期 — the periods a duty comes back in.
    Period {
        /// 每日
        Day = "day",
        /// 每个工作日
        WorkingDay = "working_day",
        /// 每周
        Week = "week",
        /// 每月
        Month = "month",
        /// 每季度
        Quarter = "quarter",
        /// 每年
        Year = "year",
        /// 一次 — once, to stand for ever.
        Once = "once",
    }
}

/// Attribute and the values of which it must have one; all attributes together.
pub type When = BTreeMap<AttributeName, Vec<Word>>;

facts! {
    /// 期限 — so many of a unit.
    Amount {
        /// How many.
        n: u32,
        /// Of what.
        unit: Unit,
    }
    /// 词汇 — an attribute that things of a kind may have, and its values.
    Attribute {
        /// Its name.
        name: Word,
        /// The thing that has it: `content`, `site`, `organisation`, `column`, ...
        of: Word,
        /// What it may be.
        values: Vec<Word>,
    }
    /// 术语 — a word of the profile and what officials call it.
    Term {
        /// What it is: `role`, `level`, `gate`, `evidence`, `part`, `post`, `authority`, `reason`,
        /// `ground`, `value`.
        kind: Word,
        /// What officials call it.
        title: PublicName,
        /// The word.
        word: Word,
    }
    /// 规则文本
    Profile {
        /// Attributes.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        attributes: Vec<Attribute>,
        /// Clauses that no software can serve, with the reason.
        #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
        beyond: BTreeMap<Clause, PublicName>,
        /// 期限
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        deadlines: Vec<Deadline>,
        /// 发文字号
        #[serde(skip_serializing_if = "Option::is_none")]
        document: Option<PublicName>,
        /// 职责
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        duties: Vec<Duty>,
        /// 证据
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        evidence: Vec<Evidence>,
        /// 更新
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        freshness: Vec<Freshness>,
        /// Its name: `lu_an`.
        id: Word,
        /// 解释机关
        interpreter: PublicName,
        /// 印发日期
        #[serde(skip_serializing_if = "Option::is_none")]
        issued: Option<Day>,
        /// 权限
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        permissions: Vec<Permission>,
        /// 前提
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        preconditions: Vec<Precondition>,
        /// 限额
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        quotas: Vec<Quota>,
        /// 保存
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        retentions: Vec<Retention>,
        /// 审核流程
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        routes: Vec<Route>,
        /// Which version of the kinds' meaning it is written for.
        semantics: u32,
        /// 形式
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        shapes: Vec<Shape>,
        /// 时段
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        spans: Vec<Span>,
        /// 上位规范
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        superior: Vec<PublicName>,
        /// Words and what officials call them.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        terms: Vec<Term>,
        /// 标题
        title: PublicName,
        /// Which version of the profile.
        version: u32,
    }
}

impl Profile {
    /// Every rule, with the word of its kind.
    pub fn rules(&self) -> impl Iterator<Item = (&'static str, Rule<'_>)> {
        let all = [
            self.routes.iter().map(|r| ("route", r.rule())).collect::<Vec<_>>(),
            self.permissions.iter().map(|r| ("permission", r.rule())).collect(),
            self.preconditions.iter().map(|r| ("precondition", r.rule())).collect(),
            self.shapes.iter().map(|r| ("shape", r.rule())).collect(),
            self.quotas.iter().map(|r| ("quota", r.rule())).collect(),
            self.spans.iter().map(|r| ("span", r.rule())).collect(),
            self.deadlines.iter().map(|r| ("deadline", r.rule())).collect(),
            self.duties.iter().map(|r| ("duty", r.rule())).collect(),
            self.freshness.iter().map(|r| ("freshness", r.rule())).collect(),
            self.retentions.iter().map(|r| ("retention", r.rule())).collect(),
            self.evidence.iter().map(|r| ("evidence", r.rule())).collect(),
        ];
        all.into_iter().flatten()
    }
}
