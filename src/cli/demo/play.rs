//! The story goes through the same road as everybody's commands.

use annals_demo::{Expected, Role, Step, TEXTS, story};
use annals_events::{Hash, Header, Time};

use super::tell::Teller;
use crate::app::{App, Given};
use crate::clock::ScriptedClock;
use crate::error::Failure;
use crate::ledger::WriteError;
use crate::ledger::found::Founded;

/// What came of it.
pub struct Played {
    /// Entries in the ledger now.
    pub entries: u64,
    /// Commands refused.
    pub refusals: Vec<Refused>,
    /// The entry that first published the guide: the one to forge.
    pub published: Published,
}

/// A command that the rules refused.
pub struct Refused {
    /// When.
    pub at: Time,
    /// Who gave it.
    pub role: Role,
    /// Under which clause.
    pub clause: String,
}

/// An entry as a forger looks for it.
pub struct Published {
    /// Its position.
    pub position: u64,
    /// What it says of its time.
    pub recorded_at: Time,
}

/// One entry as the tour shows it.
pub struct Shown {
    /// Its header.
    pub header: Header,
    /// Its leaf.
    pub leaf: Hash,
    /// Who acted; nobody in internal entries.
    pub role: Option<Role>,
}

/// Play every step; what is not as expected is noted, and the tour goes on.
pub async fn play(
    app: &App,
    clock: &ScriptedClock,
    founded: &Founded,
    teller: &mut Teller,
) -> Result<Played, Failure> {
    let mut bodies = [Hash::ZERO; TEXTS.len()];
    for (id, text) in bodies.iter_mut().zip(TEXTS) {
        *id = app.upload(text.as_bytes().to_vec()).await?;
    }
    let [administrator, auditor] = founded.accounts;
    let organisation = founded.organisation;
    let steps = story(&annals_demo::Given { organisation, administrator, auditor, bodies });
    let mut refusals = Vec::new();
    let mut published = None;
    let mut shown = show(app, 0, &steps, founded, teller).await?;
    teller.story();
    for step in &steps {
        clock.advance_to(step.at);
        teller.step(step);
        let given = Given::local(step.account, step.stream, step.command.clone());
        let outcome = app.give(given).await;
        match outcome {
            Ok(receipt) => {
                let met = step.expected == Expected::Written;
                teller.expect(met, &format!("refused: {}", step.english));
                let last = receipt.entries.last().expect("a receipt has an entry");
                let header = Header::parse(&last.header);
                let header = header.map_err(|e| Failure::fault(e.to_string()))?;
                if header.kind == "content.published" && published.is_none() {
                    published =
                        Some(Published { position: receipt.last, recorded_at: header.recorded_at });
                }
                shown = show(app, shown, &steps, founded, teller).await?;
            }
            Err(WriteError::Refused(refusal)) => {
                teller.refused(&refusal);
                let met = matches!(step.expected, Expected::Refused(c) if c == refusal.clause);
                teller.expect(met, &format!("{:?}: {}", step.expected, step.english));
                let Step { at, role, .. } = *step;
                refusals.push(Refused { at, role, clause: refusal.clause });
            }
            Err(error) => return Err(error.into()),
        }
    }
    let published = published.ok_or_else(|| Failure::fault("the story published nothing"))?;
    Ok(Played { entries: shown, refusals, published })
}

/// Show the entries from `from` on; answers the next position.
async fn show(
    app: &App,
    from: u64,
    steps: &[Step],
    founded: &Founded,
    teller: &Teller,
) -> Result<u64, Failure> {
    let rows = app.store().read(from, 100).await?;
    let next = from + rows.len() as u64;
    let [administrator, auditor] = founded.accounts;
    for row in rows {
        let header = Header::parse(&row.header).map_err(|e| Failure::fault(e.to_string()))?;
        let account = header.actor.as_ref().map(|actor| actor.account);
        let by_story = steps.iter().find(|step| Some(step.account) == account);
        let role = match account {
            Some(account) if account == administrator => Some(Role::Administrator),
            Some(account) if account == auditor => Some(Role::Auditor),
            _ => by_story.map(|step| step.role),
        };
        teller.entry(&Shown { header, leaf: Hash(row.leaf), role });
    }
    Ok(next)
}
