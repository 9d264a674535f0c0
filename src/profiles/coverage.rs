//! 覆盖 — which requirements the shipped profiles serve, counted, not believed.

use std::collections::{BTreeMap, BTreeSet};

use annals_events::profile::Profile;

/// Every requirement there is: id, thing, half, kinds of rule, force; one a line.
const REQUIREMENTS: &str = include_str!("requirements.tsv");

/// 要求 — one article of a regulation, or a part of one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Requirement {
    /// Its id: `LA-P24b`.
    pub id: &'static str,
    /// The thing it is about.
    pub thing: &'static str,
    /// `publishing` or `supervision`.
    pub half: &'static str,
    /// The kinds of rule it needs, the main one first.
    pub rule: &'static str,
    /// How strictly it binds.
    pub force: &'static str,
}

/// All of them.
pub fn requirements() -> impl Iterator<Item = Requirement> {
    REQUIREMENTS.lines().skip(1).filter_map(|line| {
        let mut cells = line.split('\t');
        let mut next = || cells.next();
        Some(Requirement {
            id: next()?,
            thing: next()?,
            half: next()?,
            rule: next()?,
            force: next()?,
        })
    })
}

/// What one profile covers.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Coverage {
    /// Ids covered, by the kind of rule that covers them.
    pub kinds: BTreeMap<&'static str, BTreeSet<String>>,
    /// How many ids are covered, and how many there are, by half.
    pub halves: BTreeMap<&'static str, (usize, usize)>,
    /// Ids that no software can serve.
    pub beyond: BTreeSet<String>,
    /// Ids that are no requirement.
    pub unknown: BTreeSet<String>,
}

impl Coverage {
    /// Of a profile; its requirements are those with the prefix of its clauses.
    pub fn of(profile: &Profile) -> Coverage {
        let mut coverage = Coverage::default();
        let (mut ids, mut prefixes) = (BTreeSet::new(), BTreeSet::new());
        for (kind, rule) in profile.rules() {
            let of_kind = coverage.kinds.entry(kind).or_default();
            for id in rule.covers {
                of_kind.insert(id.as_str().to_owned());
                ids.insert(id.as_str().to_owned());
                prefixes.extend(id.as_str().split_once('-').map(|(prefix, _)| prefix.to_owned()));
            }
        }
        coverage.beyond = profile.beyond.keys().map(|id| id.as_str().to_owned()).collect();
        coverage.unknown = ids.union(&coverage.beyond).cloned().collect();
        for requirement in requirements() {
            coverage.unknown.remove(requirement.id);
            let prefix = requirement.id.split_once('-').map_or("", |(prefix, _)| prefix);
            if prefixes.contains(prefix) {
                let (covered, all) = coverage.halves.entry(requirement.half).or_default();
                *covered += usize::from(ids.contains(requirement.id));
                *all += 1;
            }
        }
        coverage
    }

    /// How many ids are covered.
    pub fn count(&self) -> usize {
        self.halves.values().map(|(covered, _)| covered).sum()
    }
}
