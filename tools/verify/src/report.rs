//! What an audit answers.

use std::collections::BTreeMap;

use annals_events::Hash;
use annals_events::text::is_hidden;
use serde_json::{Value, json};

/// Most characters of one sentence that a person is shown.
const SHOWN_CHARS_MAX: usize = 400;

/// Why what was tampered with reaches no tier.
const NOT_HELD: &str = "what is shown does not hold";

/// 结论 — the verdict, in order of precedence when several apply.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Verdict {
    /// 无法使用 — the input or the call cannot be used.
    Unusable,
    /// 被篡改 — something does not hold.
    Tampered,
    /// 违规写入 — intact, but written against the rules.
    AgainstTheRulebook,
    /// 未能全部证明 — all shown holds, but not all is shown.
    Incomplete,
    /// 完好
    Sound,
}

impl Verdict {
    /// The exit code.
    pub fn exit_code(self) -> u8 {
        match self {
            Verdict::Sound => 0,
            Verdict::Tampered => 1,
            Verdict::Incomplete => 2,
            Verdict::Unusable => 3,
            Verdict::AgainstTheRulebook => 4,
        }
    }

    /// The word in JSON.
    pub fn word(self) -> &'static str {
        match self {
            Verdict::Sound => "sound",
            Verdict::Tampered => "tampered",
            Verdict::Incomplete => "incomplete",
            Verdict::Unusable => "unusable",
            Verdict::AgainstTheRulebook => "against_the_rulebook",
        }
    }
}

/// The first thing that does not hold.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Bad {
    /// Position of the entry, or, at the end, the number of entries read.
    pub position: u64,
    /// 1-based line of the export; `None` in a store.
    pub line: Option<u64>,
    /// One word of the closed list in `events/README.md` section 10.
    pub what: &'static str,
    /// The sentence.
    pub detail: String,
}

/// The whole answer.
#[derive(Clone, Debug)]
pub struct Report {
    /// The verdict.
    pub verdict: Verdict,
    /// What an incomplete verdict leaves open.
    pub gap: &'static str,
    /// The ledger, as its genesis says.
    pub origin: String,
    /// Entries found good.
    pub size: u64,
    /// Leaf of the last of them.
    pub head: Hash,
    /// Root over them.
    pub root: Hash,
    /// Whether the genesis leaf was given by the user.
    pub pinned: bool,
    /// `strict` or `batch`.
    pub signatures: &'static str,
    /// `T0` or `T1`; `none` where not even T0 is shown.
    pub tier: &'static str,
    /// Why the tier is not higher.
    pub tier_why: &'static str,
    /// The first bad thing.
    pub first_bad: Option<Bad>,
    /// Breaches of rules found by judging again.
    pub rule_findings: u64,
    /// The first of them, for a person.
    pub first_breach: Option<String>,
    /// Flags by name.
    pub flags: BTreeMap<String, u64>,
    /// What was not compared, and why.
    pub notes: Vec<String>,
    /// Actor signatures: checked, not checked (no key given), entries with an actor in all.
    pub actor_signatures: (u64, u64, u64),
    /// Time on the checkpoint by the ledger's own cosigner, Unix seconds.
    pub checkpoint_time: Option<u64>,
}

impl Report {
    /// An input that cannot be used at all.
    pub fn unusable(detail: impl Into<String>) -> Report {
        Report {
            verdict: Verdict::Unusable,
            gap: "",
            origin: String::new(),
            size: 0,
            head: Hash::ZERO,
            root: annals_events::merkle::empty_root(),
            pinned: false,
            signatures: "strict",
            tier: "none",
            tier_why: "nothing could be read",
            first_bad: None,
            rule_findings: 0,
            first_breach: None,
            flags: BTreeMap::new(),
            notes: vec![detail.into()],
            actor_signatures: (0, 0, 0),
            checkpoint_time: None,
        }
    }

    /// 下调 — what somebody else found beside the entries: a graver verdict takes the place of the
    /// one here with all its words, and nothing found beside the entries raises the tier.
    pub fn lower(&mut self, verdict: Verdict, gap: &'static str, tier_why: &'static str) {
        let is_graver = verdict < self.verdict;
        if is_graver {
            self.verdict = verdict;
            self.gap = gap;
        }
        if is_graver || self.tier != "none" {
            self.tier = "none";
            self.tier_why = tier_why;
        }
    }

    /// The first thing that does not hold, found beside the entries.
    pub fn fail(&mut self, bad: Bad) {
        self.first_bad = Some(bad);
        self.lower(Verdict::Tampered, "", NOT_HELD);
    }

    /// One JSON object.
    pub fn to_json(&self) -> Value {
        json!({
            "verdict": self.verdict.word(),
            "origin": self.origin,
            "size": self.size,
            "head": (self.size > 0).then(|| self.head.to_string()),
            "root": (self.size > 0).then(|| self.root.to_string()),
            "pinned": self.pinned,
            "signatures": self.signatures,
            "tier": self.tier,
            "tier_why": self.tier_why,
            "first_bad": self.first_bad.as_ref().map(|bad| json!({
                "position": bad.position,
                "line": bad.line,
                "what": bad.what,
                "detail": bad.detail,
            })),
            "rule_findings": self.rule_findings,
            "first_breach": self.first_breach,
            "flags": self.flags,
            "actor_signatures": {
                "checked": self.actor_signatures.0,
                "not_checked": self.actor_signatures.1,
                "of": self.actor_signatures.2,
            },
            "checkpoint_time": self.checkpoint_time,
            "notes": self.notes,
        })
    }

    /// For a person: some ten lines. What comes from the input is shown escaped and cut, so that
    /// it can neither move the cursor nor pass for a verdict.
    pub fn to_text(&self) -> String {
        let shown = |text: &str| -> String {
            let escape = |c: char| {
                let hidden = is_hidden(c).then(|| c.escape_unicode());
                hidden.map_or_else(|| c.to_string(), |escaped| escaped.to_string())
            };
            text.chars().take(SHOWN_CHARS_MAX).map(escape).collect()
        };
        let sentence = match self.verdict {
            Verdict::Sound => "SOUND: every entry is as it was written",
            Verdict::Tampered => "TAMPERED: what is shown is not what was written",
            Verdict::AgainstTheRulebook => "AGAINST THE RULEBOOK: intact, but rules were broken",
            Verdict::Incomplete => "INCOMPLETE: ",
            Verdict::Unusable => "UNUSABLE: this cannot be verified",
        };
        let gap = if self.verdict == Verdict::Incomplete { self.gap } else { "" };
        let mut out = format!("{sentence}{gap}\n");
        if self.verdict == Verdict::Unusable {
            // Whatever was read before the reason showed says nothing.
            for note in &self.notes {
                out.push_str(&format!("reason:     {}\n", shown(note)));
            }
            return out;
        }
        if let Some(bad) = &self.first_bad {
            let line = bad.line.map(|line| format!(" (line {line})")).unwrap_or_default();
            let Bad { position, what, detail, .. } = bad;
            let detail = shown(detail);
            out.push_str(&format!("first bad:  entry {position}{line}: {what}: {detail}\n"));
        }
        if let Some(breach) = &self.first_breach {
            out.push_str(&format!("breaches:   {}, first: {breach}\n", self.rule_findings));
        }
        let other = self.first_bad.as_ref().is_some_and(|bad| bad.what == "genesis");
        let pinned = match (self.pinned, other) {
            (true, true) => "NOT the one given",
            (true, false) => "pinned",
            (false, _) => "NOT pinned",
        };
        let origin = shown(&self.origin);
        let Report { size, head, root, signatures, tier, tier_why, .. } = self;
        out.push_str(&format!(
            "ledger:     {origin}, genesis {pinned}\nentries:    {size}\nhead:       {head}\n\
             root:       {root}\nsignatures: {signatures}\ntier:       {tier} ({tier_why})\n"
        ));
        let (checked, not_checked, of) = self.actor_signatures;
        out.push_str(&format!(
            "actors:     {of} entries, {checked} signatures checked, {not_checked} not checked\n"
        ));
        for (name, count) in &self.flags {
            out.push_str(&format!("flag:       {name} {count}\n"));
        }
        for note in &self.notes {
            out.push_str(&format!("note:       {}\n", shown(note)));
        }
        out
    }
}
