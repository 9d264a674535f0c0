//! The end: what the last line or the head says, the checkpoints, the verdict.

use annals_events::Hash;
use annals_projections::chain::Breach;

use super::{Auditor, End, Source};
use crate::check::Placed;
use crate::report::{Bad, Report, Verdict};

impl Auditor {
    /// The input ended; `None` if it has no end of its own (a cut-off export).
    pub fn finish(mut self, end: Option<End>, trailing: Option<Placed>) -> Report {
        self.settle();
        if let (None, Some(_)) = (&self.bad, &end) {
            if let Some((id, position, line)) = self.awaited.take() {
                let detail = format!("body {id} is missing");
                self.fail(position, line, Breach::new("body", detail));
            }
            if let Err(breach) = self.chain.check_end() {
                self.fail(self.chain.size() - 1, self.line, breach);
            }
        }
        let mut unusable = None;
        let mut time = None;
        if self.bad.is_none() {
            match self.check_end(end, trailing, &mut time) {
                Ok(()) => {}
                Err(Ending::Unusable(detail)) => unusable = Some(detail),
                Err(Ending::Bad(placed)) => self.note(placed),
            }
        }
        self.report(unusable, time)
    }

    /// In this order: truncated, end, trailing, checkpoints given, checkpoint, root, state.
    fn check_end(
        &mut self,
        end: Option<End>,
        trailing: Option<Placed>,
        time: &mut Option<u64>,
    ) -> Result<(), Ending> {
        let size = self.chain.size();
        let bad = |position, line, what, detail: String| {
            Err(Ending::Bad(Placed { position, line, breach: Breach::new(what, detail) }))
        };
        let Some(end) = end else {
            return bad(size, self.line, "truncated", "the end line is missing".to_owned());
        };
        if end.size != size || end.head != self.chain.head() {
            let (what, position) = match self.source {
                Source::Export => ("end", size),
                // The first entry that is missing, else the last that is there.
                Source::Store if end.size > size => ("head", size),
                Source::Store => ("head", size.saturating_sub(1)),
            };
            let detail = format!("says size {} head {}, found {size}", end.size, end.head);
            return bad(position, end.line, what, detail);
        }
        if let Some(placed) = trailing {
            return Err(Ending::Bad(placed));
        }
        let matching = self.check_given()?;
        if let Some(note) = &end.checkpoint {
            let (checkpoint, cosigned) = match self.ring.check_note(note) {
                Ok(good) => good,
                Err(detail) => return bad(size, end.line, "checkpoint", detail),
            };
            if checkpoint.size != size {
                let detail = format!("its size is {}", checkpoint.size);
                return bad(size, end.line, "checkpoint", detail);
            }
            *time = cosigned;
            if checkpoint.root != self.chain.root() {
                let detail = "the leaves do not hash to the signed root: a fork, written with an \
                              entry key but without the log key";
                return bad(matching, end.line, "root", detail.to_owned());
            }
            self.checkpoint_good = true;
        }
        if let Err(detail) = self.compare_state(&end.state.clone(), "at the end") {
            return bad(size, end.line, "state", detail);
        }
        Ok(())
    }

    /// Compare the checkpoints the user gave; answers the largest size that matches.
    fn check_given(&self) -> Result<u64, Ending> {
        let mut matching = 0;
        let mut notes = Vec::new();
        for note in &self.policy.checkpoints {
            let (checkpoint, _) = self
                .ring
                .check_note(note)
                .map_err(|detail| Ending::Unusable(format!("the checkpoint given: {detail}")))?;
            notes.push(checkpoint);
        }
        notes.sort_by_key(|checkpoint| checkpoint.size);
        for checkpoint in notes {
            let size = self.chain.size();
            let bad = |position, what, detail: String| {
                let breach = Breach::new(what, detail);
                Err(Ending::Bad(Placed { position, line: None, breach }))
            };
            if checkpoint.size > size {
                let detail = format!("a checkpoint of size {} was given", checkpoint.size);
                return bad(size, "truncated", detail);
            }
            let root = match checkpoint.size {
                0 => annals_events::merkle::empty_root(),
                size => self.roots.get(&size).copied().unwrap_or(Hash::ZERO),
            };
            if root != checkpoint.root {
                let detail = format!("the checkpoint given for size {} differs", checkpoint.size);
                return bad(matching, "root", detail);
            }
            matching = checkpoint.size;
        }
        Ok(matching)
    }

    fn report(mut self, unusable: Option<String>, time: Option<u64>) -> Report {
        let pinned = self.policy.genesis.is_some();
        let rule_findings = self.breaches.values().sum();
        if self.options.no_fold {
            self.notes.push("keys and bodies not compared; not judged, not folded".to_owned());
        }
        if self.unknown_types > 0 {
            let count = self.unknown_types;
            self.notes.push(format!("{count} entries are of types not known here"));
        }
        if self.not_judged > 0 {
            let count = self.not_judged;
            self.notes.push(format!("{count} entries not re-judged: other engine version"));
        }
        self.notes.extend(unusable.clone());
        let verdict = if unusable.is_some() {
            Verdict::Unusable
        } else if self.bad.is_some() {
            Verdict::Tampered
        } else if rule_findings > 0 {
            Verdict::AgainstTheRulebook
        } else if !pinned || self.unknown_types > 0 {
            Verdict::Incomplete
        } else {
            Verdict::Sound
        };
        let shown = !matches!(verdict, Verdict::Tampered | Verdict::Unusable) && pinned;
        let (tier, tier_why) = match (shown, self.checkpoint_good) {
            (false, _) => ("none", "the chain is not shown to be of a pinned author"),
            (true, false) => ("T0", "no signed checkpoint of this size was shown"),
            (true, true) => ("T1", "no stamp of a pinned authority and no witness was shown"),
        };
        Report {
            verdict,
            origin: self.chain.origin().to_owned(),
            size: self.chain.size(),
            head: self.chain.head(),
            root: self.chain.root(),
            pinned,
            signatures: if self.options.batch { "batch" } else { "strict" },
            tier,
            tier_why,
            first_bad: self.bad.map(|placed| Bad {
                position: placed.position,
                line: placed.line,
                what: placed.breach.what,
                detail: placed.breach.detail,
            }),
            rule_findings,
            first_breach: self.first_breach,
            flags: self.flags,
            notes: self.notes,
            actor_signatures: self.actors,
            checkpoint_time: time,
        }
    }
}

enum Ending {
    Unusable(String),
    Bad(Placed),
}
