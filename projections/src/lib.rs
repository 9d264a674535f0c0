//! Everything that follows from the entries alone, so that a stranger can recompute it.
//!
//! Folding cannot fail: what is on the ledger has happened. The same entries give the same state,
//! whatever the batches. Nothing here reads a clock, a store or a file. In reading order:

pub mod chain;
pub mod fold;
pub mod keys;

pub mod calendar;

pub mod account;
pub mod column;
pub mod content;
pub mod evidence;
pub mod incident;
pub mod ledger;
pub mod message;
pub mod platform;
pub mod site;

pub mod judge;
pub mod rulebook;
mod rules;

pub mod boards;

use annals_events::ledger::FoldDigest;
use annals_events::{Event, Header};

pub use fold::{Cited, Fold, Frame};

/// Version of the rules as code: raised whenever `judge` may answer differently.
pub const ENGINE: u32 = 2;

/// Whether this version of the rules judges what that one wrote: it answers the same for every
/// entry that one could write.
pub fn judges(engine: u32) -> bool {
    (1..=ENGINE).contains(&engine)
}

/// A seal of the state is due at every multiple of this many entries.
pub const SEAL_EVERY: u64 = 100_000;

macro_rules! folds {
    ($($(#[$doc:meta])* $field:ident: $ty:ty,)*) => {
        /// What all entries fold to: one fold per thing, from headers and facts only.
        #[derive(Clone, Debug, Default, PartialEq)]
        pub struct State { $($(#[$doc])* pub $field: $ty,)* }

        impl State {
            /// The names of all folds.
            pub const FOLDS: &[&str] = &[$(<$ty as Fold>::NAME,)*];

            /// Fold one more entry.
            pub fn apply(&mut self, frame: &Frame<'_>, event: &Event) {
                $(self.$field.apply(frame, event);)*
            }

            /// The digest of each fold, sorted by name.
            pub fn digests(&self) -> Vec<FoldDigest> {
                let mut all = vec![$(FoldDigest {
                    digest: fold::digest(&self.$field.rows()),
                    fold: <$ty as Fold>::NAME.to_owned(),
                    version: <$ty as Fold>::VERSION,
                },)*];
                all.sort_by(|a, b| a.fold.cmp(&b.fold));
                all
            }

            /// Every fold's rows, for a snapshot.
            pub fn rows(&self) -> Vec<(&'static str, u32, Vec<Vec<u8>>)> {
                vec![$((<$ty as Fold>::NAME, <$ty as Fold>::VERSION, self.$field.rows()),)*]
            }

            /// Back from rows that `find` answers per fold and version; `None` where one is
            /// missing or does not decode.
            pub fn from_rows(
                find: &mut dyn FnMut(&'static str, u32) -> Option<Vec<Vec<u8>>>,
            ) -> Option<State> {
                Some(State { $($field: <$ty as Fold>::from_rows(
                    find(<$ty as Fold>::NAME, <$ty as Fold>::VERSION)?,
                )?,)* })
            }
        }
    };
}

folds! {
    /// 账号
    accounts: account::Accounts,
    /// 栏目
    columns: column::Columns,
    /// 信息
    contents: content::Contents,
    /// 证据记录
    evidence: evidence::Evidence,
    /// 安全事件
    incidents: incident::Incidents,
    /// 账本
    ledger: ledger::Ledger,
    /// 留言
    messages: message::Messages,
    /// 平台
    platform: platform::Platform,
    /// 网站
    sites: site::Sites,
}

impl State {
    /// Fold a committed entry.
    pub fn apply_entry(&mut self, header: &Header, event: &Event) {
        self.apply(&Frame::of(header), event);
    }
}
