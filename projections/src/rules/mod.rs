//! What may follow what: structure and state machine, one file per thing. Limits, routes and
//! deadlines are not here: they are lines of a rulebook.

pub mod account;
pub mod column;
pub mod content;
pub mod import;
pub mod ledger;
pub mod platform;
pub mod site;

use annals_events::Event;
use annals_events::entry::Provenance;
use annals_events::ledger::Event as LedgerEvent;

/// Genesis, the organisation and two accounts come before anybody can command anything.
pub const FIRST_POSITIONS: u64 = 4;

/// Which provenances a type can have.
pub fn may_come_from(event: &Event, provenance: Provenance) -> bool {
    use Provenance::{Commanded, Imported, Internal};
    match event {
        Event::Ledger(
            LedgerEvent::Genesis(_) | LedgerEvent::EpochStarted(_) | LedgerEvent::StateSealed(_),
        ) => provenance == Internal,
        Event::Ledger(_) | Event::Column(_) => provenance == Commanded,
        Event::Platform(_) => matches!(provenance, Commanded | Internal),
        Event::Account(_) => matches!(provenance, Commanded | Imported | Internal),
        Event::Site(_) | Event::Content(_) => matches!(provenance, Commanded | Imported),
    }
}
