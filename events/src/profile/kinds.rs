//! The kinds of rules, a struct each; members in the order of their names.

use std::collections::BTreeMap;
use std::ops::Not;

use super::{Amount, Force, Period, When};
use crate::fields::facts;
use crate::text::{AttributeName, Clause, PublicName, TypeName, Word};

facts! {
    /// 审核步骤 — one review of a route.
    Step {
        /// Its own clause, where the route's is not it.
        #[serde(skip_serializing_if = "Option::is_none")]
        clause: Option<Clause>,
        /// 关 — checks that must all be passed.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        gates: Vec<Word>,
        /// Which review.
        level: Word,
        /// Whether the role must be held for who supplied it, not for the site.
        #[serde(default, skip_serializing_if = "Not::not")]
        provider: bool,
        /// 修改权 — whether its holder may make a version of his own.
        #[serde(default, skip_serializing_if = "Not::not")]
        revises: bool,
        /// Roles of which the reviewer holds one.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        roles: Vec<Word>,
    }
    /// 审核流程 — which reviews, by whom, before something is shown.
    Route {
        /// 条款 — the clause that is cited.
        clause: Clause,
        /// Every requirement it covers, the clause among them.
        covers: Vec<Clause>,
        /// Sets of steps whose persons all differ; `author` and `publisher` are steps too.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        distinct: Vec<Vec<Word>>,
        /// Records that must stand in the stream before.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        evidence: Vec<Word>,
        /// 效力
        force: Force,
        /// Which entries need it: `content.published`.
        on: Vec<TypeName>,
        /// Roles of which whoever shows it holds one.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        publishers: Vec<Word>,
        /// The reviews, in order.
        steps: Vec<Step>,
        /// In a few official words.
        title: PublicName,
        /// Only where it has all of these.
        #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
        when: When,
    }
    /// 权限 — who may do what; what nobody holds together.
    Permission {
        /// 条款 — the clause that is cited.
        clause: Clause,
        /// Every requirement it covers, the clause among them.
        covers: Vec<Clause>,
        /// 效力
        force: Force,
        /// Roles of which one person holds at most one for one scope.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        never_together: Vec<Word>,
        /// Which entries.
        on: Vec<TypeName>,
        /// Roles of which the actor holds one; with none of both lists, nobody may.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        roles: Vec<Word>,
        /// In a few official words.
        title: PublicName,
        /// Only where it has all of these.
        #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
        when: When,
    }
    /// 前提 — what must be on record before.
    Precondition {
        /// Entries of the same stream of which one must be there.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        after: Vec<TypeName>,
        /// 条款 — the clause that is cited.
        clause: Clause,
        /// Every requirement it covers, the clause among them.
        covers: Vec<Clause>,
        /// Records that must all be there.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        evidence: Vec<Word>,
        /// 效力
        force: Force,
        /// Whether a record counts only if it is newer than the last entry that `on` lists.
        #[serde(default, skip_serializing_if = "Not::not")]
        fresh: bool,
        /// Where they must stand: `stream`, `site`, `organisation`, `actor`.
        of: Word,
        /// Which entries.
        on: Vec<TypeName>,
        /// In a few official words.
        title: PublicName,
        /// Only where it has all of these.
        #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
        when: When,
        /// Only what has all of these counts for `after`.
        #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
        with: When,
    }
    /// 形式 — what a value must be.
    Shape {
        /// 条款 — the clause that is cited.
        clause: Clause,
        /// Every requirement it covers, the clause among them.
        covers: Vec<Clause>,
        /// Which attribute.
        field: AttributeName,
        /// 效力
        force: Force,
        /// What it must not be.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        never: Vec<Word>,
        /// Which entries.
        on: Vec<TypeName>,
        /// What it must be one of.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        one_of: Vec<Word>,
        /// Whether it must be stated.
        #[serde(default, skip_serializing_if = "Not::not")]
        required: bool,
        /// In a few official words.
        title: PublicName,
        /// Only where it has all of these.
        #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
        when: When,
        /// How far ahead a time may lie at most.
        #[serde(skip_serializing_if = "Option::is_none")]
        within: Option<Amount>,
    }
    /// 限额 — at most so many.
    Quota {
        /// 条款 — the clause that is cited.
        clause: Clause,
        /// What is counted: `site_offlines`, `organisation_sites`.
        counts: Word,
        /// Every requirement it covers, the clause among them.
        covers: Vec<Clause>,
        /// 效力
        force: Force,
        /// How many there may be.
        most: u32,
        /// Which entries.
        on: Vec<TypeName>,
        /// In a few official words.
        title: PublicName,
        /// Only where it has all of these.
        #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
        when: When,
    }
    /// 时段 — how long a state may last, and what it becomes.
    Span {
        /// What it counts as when the time is over.
        #[serde(skip_serializing_if = "Option::is_none")]
        becomes: Option<Word>,
        /// 条款 — the clause that is cited.
        clause: Clause,
        /// Every requirement it covers, the clause among them.
        covers: Vec<Clause>,
        /// 效力
        force: Force,
        /// Which state: `site_offline`, `site_shut_down`.
        of: Word,
        /// In a few official words.
        title: PublicName,
        /// Only where the thing has all of these.
        #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
        when: When,
        /// How long.
        within: Amount,
    }
    /// 期限 — what must follow, and by when.
    Deadline {
        /// 条款 — the clause that is cited.
        clause: Clause,
        /// Every requirement it covers, the clause among them.
        covers: Vec<Clause>,
        /// 效力
        force: Force,
        /// The entry that starts the clock.
        from: TypeName,
        /// Entries of the same stream of which one meets it.
        met_by: Vec<TypeName>,
        /// The outer limit, where there is one.
        #[serde(skip_serializing_if = "Option::is_none")]
        outer: Option<Amount>,
        /// In a few official words.
        title: PublicName,
        /// A day that the starting entry itself names, instead of a span.
        #[serde(skip_serializing_if = "Option::is_none")]
        until: Option<AttributeName>,
        /// Entries that lift it.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        waived_by: Vec<TypeName>,
        /// Only where the starting entry has all of these.
        #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
        when: When,
        /// Only what has all of these meets it.
        #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
        with: When,
        /// How long.
        #[serde(skip_serializing_if = "Option::is_none")]
        within: Option<Amount>,
    }
    /// 职责 — a record that is owed again and again.
    Duty {
        /// 条款 — the clause that is cited.
        clause: Clause,
        /// Every requirement it covers, the clause among them.
        covers: Vec<Clause>,
        /// How often.
        every: Period,
        /// Which record.
        evidence: Word,
        /// 效力
        force: Force,
        /// Who owes it: each `site` or each `organisation`.
        of: Word,
        /// In a few official words.
        title: PublicName,
        /// Only where who owes it has all of these.
        #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
        when: When,
        /// By when in the period, counted from the day before its first; without it, by its end.
        #[serde(skip_serializing_if = "Option::is_none")]
        within: Option<Amount>,
    }
    /// 更新 — something new within a span.
    Freshness {
        /// 条款 — the clause that is cited.
        clause: Clause,
        /// Every requirement it covers, the clause among them.
        covers: Vec<Clause>,
        /// 效力
        force: Force,
        /// What must be fresh: each `column`.
        of: Word,
        /// In a few official words.
        title: PublicName,
        /// Only where it has all of these.
        #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
        when: When,
        /// How long it stays fresh.
        within: Amount,
    }
    /// 保存 — what is kept at least so long.
    Retention {
        /// 条款 — the clause that is cited.
        clause: Clause,
        /// Every requirement it covers, the clause among them.
        covers: Vec<Clause>,
        /// 效力
        force: Force,
        /// The entry of the stream from which on.
        from: TypeName,
        /// How long.
        keep: Amount,
        /// Which entries would end it.
        on: Vec<TypeName>,
        /// In a few official words.
        title: PublicName,
    }
    /// 证据 — which parts a record must have to count.
    Evidence {
        /// 条款 — the clause that is cited.
        clause: Clause,
        /// Every requirement it covers, the clause among them.
        covers: Vec<Clause>,
        /// 效力
        force: Force,
        /// Which record.
        kind: Word,
        /// On which things: `incident`, `site`.
        of: Word,
        /// Which parts.
        parts: Vec<Word>,
        /// In a few official words.
        title: PublicName,
    }
}

macro_rules! ruled {
    ($($name:ident),*) => {$(
        impl $name {
            /// What every rule has.
            pub fn rule(&self) -> Rule<'_> {
                Rule {
                    clause: &self.clause,
                    covers: &self.covers,
                    force: self.force,
                    title: &self.title,
                }
            }
        }
    )*};
}

/// What every rule has.
#[derive(Clone, Copy, Debug)]
pub struct Rule<'a> {
    /// The clause that is cited.
    pub clause: &'a Clause,
    /// Every requirement it covers.
    pub covers: &'a [Clause],
    /// How strictly it binds.
    pub force: Force,
    /// In a few official words.
    pub title: &'a PublicName,
}

ruled!(
    Route,
    Permission,
    Precondition,
    Shape,
    Quota,
    Span,
    Deadline,
    Duty,
    Freshness,
    Retention,
    Evidence
);
