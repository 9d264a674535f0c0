//! The end: what the last line or the head says, the checkpoints, the verdict.

use annals_events::Hash;
use annals_projections::chain::Breach;

use super::{Auditor, Awaited, End, Source};
use crate::check::Placed;
use crate::report::{Bad, Report, Verdict};

/// Remarks a report repeats at most.
const NOTES_MAX: usize = 100;

impl Auditor {
    /// The input ended; `None` if it has no end of its own (a cut-off export).
    pub fn finish(mut self, end: Option<End>, trailing: Option<Placed>) -> Report {
        self.settle();
        let awaited = self.awaited.take().filter(|_| end.is_some() || trailing.is_some());
        if let (None, Some(Awaited { id, position, line, .. })) = (&self.bad, awaited) {
            // A line that nobody can read may have been the body; any other is not.
            let unread = trailing.as_ref().filter(|placed| placed.breach.what == "line");
            let missing = || Breach::new("body", format!("body {id} is missing"));
            let breach = unread.map_or_else(missing, |placed| placed.breach.clone());
            self.fail(position, line, breach);
        }
        if let (Some(_), Err(breach)) = (&end, self.chain.check_end()) {
            let position = self.chain.size() - 1;
            if self.bad.as_ref().is_none_or(|bad| bad.position == position) {
                self.fail(position, self.line, breach);
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
            if let Some(Placed { line, breach, .. }) = trailing {
                return bad(size, line, "end", breach.detail);
            }
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
                Err(detail) if self.keys_unread => {
                    self.notes.push(format!("the checkpoint is not compared: {detail}"));
                    return Ok(());
                }
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
    fn check_given(&mut self) -> Result<u64, Ending> {
        let mut matching = 0;
        let mut notes = Vec::new();
        for note in &self.policy.checkpoints {
            match self.ring.check_note(note) {
                Ok((checkpoint, _)) => notes.push(checkpoint),
                Err(detail) if self.keys_unread => {
                    self.notes.push(format!("the checkpoint given is not compared: {detail}"));
                }
                Err(detail) => {
                    return Err(Ending::Unusable(format!("the checkpoint given: {detail}")));
                }
            }
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

    /// What was not looked at, and why.
    fn note_gaps(&mut self) {
        if self.options.no_fold {
            let detail = "bodies, repeated command keys, rules and folds were not looked at";
            self.notes.push(detail.to_owned());
        }
        if let (count, Some(first)) = self.unknown {
            self.notes.push(format!(
                "{count} entries are of types or schemas not known here, the first is entry \
                 {first}: from there on nothing was judged again and no fold compared"
            ));
        }
        if self.keys_unread {
            let count = self.unsigned;
            self.notes.push(format!("{count} signatures not checked: keys could not be read"));
        }
        if self.seals_passed > 0 {
            let count = self.seals_passed;
            self.notes.push(format!("{count} seals follow too closely and were not compared"));
        }
        if self.not_judged > 0 {
            let count = self.not_judged;
            self.notes.push(format!("{count} entries were not judged again"));
        }
    }

    fn report(mut self, unusable: Option<String>, time: Option<u64>) -> Report {
        // Whoever holds the keys could state a million folds that nobody knows.
        let excess = self.notes.len().saturating_sub(NOTES_MAX);
        if excess > 0 {
            self.notes.truncate(NOTES_MAX);
            self.notes.push(format!("and {excess} more of this kind"));
        }
        let pinned = self.policy.genesis.is_some();
        let rule_findings = self.breaches.values().sum();
        self.note_gaps();
        self.notes.extend(unusable.clone());
        let is_unread = self.unknown.0 > 0 || self.not_judged > 0;
        let verdict = if unusable.is_some() {
            Verdict::Unusable
        } else if self.bad.is_some() {
            Verdict::Tampered
        } else if rule_findings > 0 {
            Verdict::AgainstTheRulebook
        } else if !pinned || self.options.no_fold || is_unread || self.seals_passed > 0 {
            Verdict::Incomplete
        } else {
            Verdict::Sound
        };
        let gap = if !pinned {
            "consistent, author unknown"
        } else if self.options.no_fold {
            "what was looked at holds; bodies and rules were not looked at"
        } else if !is_unread {
            "what was looked at holds; not all seals of the state were compared"
        } else {
            "what can be read here holds; a newer program wrote what cannot"
        };
        let (tier, tier_why) = match (verdict, self.checkpoint_good) {
            (Verdict::Tampered, _) => ("none", "what is shown does not hold"),
            (Verdict::Unusable, _) => ("none", "the input or the call cannot be used"),
            _ if !pinned => ("none", "no genesis leaf was given"),
            _ if self.keys_unread => ("none", "some keys could not be read"),
            (_, false) => ("T0", "no signed checkpoint of this size was shown"),
            (_, true) => ("T1", "no stamp of a pinned authority and no witness was shown"),
        };
        Report {
            verdict,
            gap,
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
