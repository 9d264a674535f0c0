//! 账本 — the ledger's own entries: genesis, epochs, keys, acts of two persons, seals, imports.

use serde::{Deserialize, Serialize};

use crate::event::{CommandText, NoPrivate, thing_events};
use crate::hash::Hash;
use crate::id::{SiteId, Thing, words};
use crate::keys::IntroducedKey;
use crate::text::BuildName;
use crate::time::Time;

words! {
    /// 用途 — what a ledger is for; a scripted clock exists for demo and test only.
    Purpose {
        /// 正式
        Production = "production",
        /// 演示
        Demo = "demo",
        /// 测试
        Test = "test",
    }
}

words! {
    /// 密码套件 — fixed at genesis.
    Suite {
        /// SHA-256 and Ed25519.
        International = "international",
    }
}

words! {
    /// 双人操作 — acts that one person proposes and another, of another duty, does.
    Act {
        /// 开启导入
        OpenImport = "open_import",
        /// 关闭导入
        CloseImport = "close_import",
        /// 更换账本密钥
        RotateKey = "rotate_key",
        /// 采用规则
        AdoptProfile = "adopt_profile",
    }
}

impl Act {
    /// The thing of the stream it stands in, and its proposal with it.
    pub fn thing(self) -> Thing {
        match self {
            Act::OpenImport | Act::CloseImport | Act::RotateKey => Thing::Ledger,
            Act::AdoptProfile => Thing::Platform,
        }
    }
}

words! {
    /// 导入格式 — how the lines of an import are to be read.
    ImportFormat {
        /// One JSON object a line; see `IMPORT.md`.
        History = "annals/history/v1",
    }
}

/// 创世 — the first entry; commits to the roots, so its leaf is all a verifier needs to pin.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Genesis {
    /// The program, e.g. `annals-0.1.0`.
    pub build: BuildName,
    /// Version of the rules as code, for the entries of epoch 0.
    pub engine: u32,
    /// Roots first, then the log key, the cosigner, the entry key of epoch 0.
    pub keys: Vec<IntroducedKey>,
    /// What the ledger is for.
    pub purpose: Purpose,
    /// Which algorithms.
    pub suite: Suite,
    /// How many roots must sign together.
    pub threshold: u32,
}

/// The head a writer found when it took over.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct HeadFound {
    /// Leaf of the last entry.
    pub leaf: Hash,
    /// Number of entries.
    pub size: u64,
}

/// 任期开始 — first entry of each start or takeover; brings and is signed by the epoch's key.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EpochStarted {
    /// The program, e.g. `annals-0.1.0`.
    pub build: BuildName,
    /// Version of the rules as code.
    pub engine: u32,
    /// What it continued from: its own `prev` and position.
    pub head: HeadFound,
    /// The epoch's entry key, endorsed by a log key.
    pub key: IntroducedKey,
}

/// 更换密钥 — a new log key in place of an old one.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct KeyRotated {
    /// The command, as text.
    pub command: String,
    /// The new key, endorsed by `threshold` roots.
    pub key: IntroducedKey,
    /// Nonce of the command's digest.
    pub nonce: Hash,
    /// Fingerprint of the key it replaces: valid for checkpoints up to and with this entry.
    pub retired: Hash,
}

/// 提议 — one person proposes an act that another must do.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ActProposed {
    /// Which act.
    pub act: Act,
    /// The proposal's own command, as text.
    pub command: String,
    /// Digest of the command that the act will carry.
    pub digest: Hash,
    /// Nonce of the proposal's digest.
    pub nonce: Hash,
}

/// Digest of one fold at a seal.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FoldDigest {
    /// SHA-256 over the fold's rows.
    pub digest: Hash,
    /// Name of the fold.
    pub fold: String,
    /// Version of its meaning.
    pub version: u32,
}

/// 状态封存 — what all entries before this one fold to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct StateSealed {
    /// Sorted by name.
    pub folds: Vec<FoldDigest>,
    /// Number of entries folded: this entry's position.
    pub size: u64,
}

/// 导入开启 — a history of one site is about to be taken over.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ImportOpened {
    /// Every line happened before this.
    pub cut_over: Time,
    /// How the lines are to be read.
    pub format: ImportFormat,
    /// How many lines.
    pub lines: u64,
    /// The site.
    pub site: SiteId,
    /// SHA-256 of the whole source file.
    pub source: Hash,
}

/// 导入关闭 — all lines are in; nothing more can come under this import.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ImportClosed {
    /// How many lines.
    pub lines: u64,
    /// SHA-256 of the whole source file.
    pub source: Hash,
}

thing_events! {
    /// A fact about the ledger itself.
    "ledger" {
        /// 创世
        Genesis(Genesis, NoPrivate) = "genesis",
        /// 任期开始
        EpochStarted(EpochStarted, NoPrivate) = "epoch_started",
        /// 更换密钥
        KeyRotated(KeyRotated, NoPrivate) = "key_rotated",
        /// 提议双人操作
        ActProposed(ActProposed, NoPrivate) = "act_proposed",
        /// 状态封存
        StateSealed(StateSealed, NoPrivate) = "state_sealed",
        /// 导入开启
        ImportOpened(ImportOpened, CommandText) = "import_opened",
        /// 导入关闭
        ImportClosed(ImportClosed, CommandText) = "import_closed",
    }
}
