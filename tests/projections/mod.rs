//! Folding: the same entries in any batches, from any snapshot, without any private part, give
//! one state; and its rows are what the page about them says.

mod batches;
mod lives;
mod pages;
mod removal;
mod rows;

use annals_events::{Event, Hash, Header, RawEntry, entry};
use annals_projections::chain::Chain;
use annals_projections::judge::{self, Findings, View};
use annals_projections::{Frame, State};

/// What a fold from nothing but bytes ends in.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Folded {
    pub state: State,
    pub chain: Chain,
    pub leaves: Vec<Hash>,
    pub findings: Vec<Findings>,
}

impl Folded {
    pub fn new() -> Folded {
        Folded { chain: Chain::new(), ..Folded::default() }
    }

    /// Take one more entry, from its bytes; private part and body are not looked at.
    pub fn take(&mut self, raw: &RawEntry) {
        let header = Header::parse(&raw.header).expect("a header");
        let event = Event::read(&header.kind, header.schema, &raw.facts.bytes).expect("facts");
        self.chain.check(&header).expect("the chain holds");
        self.chain.check_command(&header).expect("commands are whole");
        let frame = Frame::of(&header);
        self.findings.push(judge::judge(View::of(&self.state), &frame, &event).findings);
        self.state.apply(&frame, &event);
        let leaf = entry::leaf(&raw.header);
        self.chain.push(&header, leaf);
        self.leaves.push(leaf);
    }
}
