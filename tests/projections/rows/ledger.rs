//! The ledger's own rows: proposals, imports, itself.

use super::Second;
use super::bytes::*;

#[derive(Clone)]
pub struct Import {
    pub closed: u8,
    pub cut_over: Vec<u8>,
    pub lines: u64,
    pub next: u64,
    pub opened: u64,
    pub by: Vec<u8>,
    pub site: Vec<u8>,
    pub source: Vec<u8>,
}

impl Second {
    pub fn propose(&mut self, at: &At<'_>) {
        let Some(by) = actor(at.header) else { return };
        let act = word(text(&at.facts["act"]), ACTS);
        let all = [act, by, hash(&at.facts["digest"]), stream(&at.header["stream"])];
        self.proposals.insert(at.position, all);
    }

    /// The proposal at the entry's cause is done.
    pub fn do_act(&mut self, at: &At<'_>) -> Option<[Vec<u8>; 4]> {
        self.proposals.remove(&at.header.get("cause").map(decimal)?)
    }

    pub fn of_ledger(&mut self, what: &str, at: &At<'_>) {
        let facts = at.facts;
        match what {
            "genesis" => self.ledger = Some((at.own.clone(), count(&facts["engine"]))),
            "epoch_started" => {
                if let Some((_, engine)) = &mut self.ledger {
                    *engine = count(&facts["engine"]);
                }
            }
            "act_proposed" => self.propose(at),
            "import_opened" => {
                let Some(proposal) = self.do_act(at) else { return };
                let import = Import {
                    closed: 0,
                    cut_over: instant(&facts["cut_over"]),
                    lines: count(&facts["lines"]),
                    next: 0,
                    opened: at.position,
                    by: proposal[1].clone(),
                    site: id(&facts["site"]),
                    source: hash(&facts["source"]),
                };
                self.imports.insert(at.own.clone(), import);
            }
            "import_closed" | "key_rotated" => {
                self.do_act(at);
                if let Some(import) = self.imports.get_mut(&at.own) {
                    import.closed |= u8::from(what == "import_closed");
                }
            }
            _ => assert_eq!(what, "state_sealed"),
        }
    }

    pub fn ledger_rows(&self) -> Vec<Vec<u8>> {
        let proposals =
            self.proposals.iter().map(|(at, all)| [vec![0], number(*at), all.concat()].concat());
        let imports = self.imports.iter().map(|(key, i)| {
            let numbers = [i.lines, i.next, i.opened].map(number).concat();
            let head = [vec![1], key.clone(), vec![i.closed], i.cut_over.clone(), numbers];
            [head.concat(), i.by.clone(), i.site.clone(), i.source.clone()].concat()
        });
        let own = self.ledger.iter();
        let own = own.map(|(id, engine)| [vec![2], id.clone(), number(*engine)].concat());
        proposals.chain(imports).chain(own).collect()
    }
}
