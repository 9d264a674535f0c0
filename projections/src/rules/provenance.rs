//! How each type of entry can come to be known.

use annals_events::entry::Provenance;
use annals_events::ledger::Event as LedgerEvent;
use annals_events::{Event, account, content, incident, message, platform, site};

/// Which provenances a type can have.
pub fn may_come_from(event: &Event, provenance: Provenance) -> bool {
    use Provenance::{Commanded, Imported, Internal, Reported};
    if event.evidence().is_some() {
        return provenance == Reported;
    }
    match event {
        Event::Ledger(
            LedgerEvent::Genesis(_) | LedgerEvent::EpochStarted(_) | LedgerEvent::StateSealed(_),
        ) => provenance == Internal,
        Event::Ledger(_) | Event::Column(_) => provenance == Commanded,
        Event::Platform(platform::Event::OrganisationRegistered(_)) => {
            matches!(provenance, Commanded | Internal)
        }
        Event::Platform(_) => provenance == Commanded,
        Event::Account(account::Event::Opened(_)) => {
            matches!(provenance, Commanded | Imported | Internal)
        }
        Event::Account(_) => provenance == Commanded,
        Event::Site(site::Event::Opened(_)) => matches!(provenance, Commanded | Imported),
        Event::Site(site::Event::ShutDown(_)) => provenance == Reported,
        Event::Site(site::Event::Restored(_)) => matches!(provenance, Commanded | Reported),
        Event::Site(_) => provenance == Commanded,
        Event::Content(
            content::Event::Published(_)
            | content::Event::Corrected(_)
            | content::Event::Moved(_)
            | content::Event::Withdrawn(_),
        ) => matches!(provenance, Commanded | Imported),
        Event::Content(_) => provenance == Commanded,
        Event::Message(message::Event::Received(_)) => provenance == Reported,
        Event::Message(_) => provenance == Commanded,
        Event::Incident(incident::Event::Closed(_) | incident::Event::ArchivePurged(_)) => {
            provenance == Commanded
        }
        Event::Incident(_) => provenance == Reported,
    }
}
