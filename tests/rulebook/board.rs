//! The board of obligations and violations, held to itself and to a slow second computation.

use annals_events::account::Duty;
use annals_events::command::{Command, Deed};
use annals_events::id::{IncidentId, MessageId};
use annals_events::incident::{Closed, Detected, Event as IncidentEvent, Reported, Restored};
use annals_events::message::{Answered, Event as MessageEvent, Received, ReplyDrafted};
use annals_events::site::{Event as SiteEvent, Restored as SiteRestored, ShutDown};
use annals_events::{Event, Time};
use annals_projections::boards::compliance::{Asked, Compliance};
use annals_projections::judge::View;
use annals_projections::{Frame, State};

use super::city::{City, attributes, deed, word};
use crate::harness::Rng;

/// Some time passes; answers how an event of a while ago is told.
fn later(city: &mut City, rng: &mut Rng) -> impl Fn(Event) -> Command + use<> {
    let step = i64::try_from(rng.below(0..40)).expect("small") * 600_000_000;
    city.scribe.now = Time::from_micros(city.scribe.now.micros() + step).expect("in range");
    let back = i64::try_from(rng.below(0..20)).expect("small") * 300_000_000;
    let then = Time::from_micros(city.scribe.now.micros() - back).expect("in range");
    move |event| {
        let deed = Deed::of(event).expect("a deed");
        Command::Deed(Deed { occurred_at: Some(then), ..deed })
    }
}

/// A city in which much happens, told late and out of order.
fn restless(rng: &mut Rng, entries: usize) -> City {
    let mut city = City::found("2022-03-01 09:00:00");
    let office = city.organisation("办公室", "county_office");
    let by = city.account(Duty::Editor, office);
    let site = city.site(office, &[("kind", "portal")]);
    city.adopt("lu_an", office);
    city.adopt("huashan", city.top);
    city.calendar(2022, &["2022-04-04", "2022-04-05"], &["2022-04-02"]);
    let (mut incidents, mut messages): (Vec<IncidentId>, Vec<MessageId>) = (vec![], vec![]);
    for _ in 0..entries {
        let told = later(&mut city, rng);
        match rng.below(0..9) {
            0 => {
                let id = IncidentId(city.scribe.id());
                let attributes = attributes(&[("type", "unreachable")]);
                let detected = IncidentEvent::Detected(Detected { attributes, site });
                city.scribe.give(by, id, &told(detected.into()));
                incidents.push(id);
            }
            1 => {
                let id = MessageId(city.scribe.id());
                let class = if rng.below(0..2) == 0 { "simple" } else { "ordinary" };
                let attributes = attributes(&[("channel", "site"), ("class", class)]);
                let received = MessageEvent::Received(Received { attributes, site });
                city.scribe.give(by, id, &told(received.into()));
                messages.push(id);
            }
            2 if !messages.is_empty() => {
                let id = messages.swap_remove(rng.below(0..messages.len()));
                let drafted = deed(MessageEvent::ReplyDrafted(ReplyDrafted { site }));
                let reply = city.scribe.give(by, id, &drafted);
                let answered = deed(MessageEvent::Answered(Answered { reply, site }));
                city.scribe.give(by, id, &answered);
            }
            3..=5 if !incidents.is_empty() => {
                let id = incidents[rng.below(0..incidents.len())];
                let to = if rng.below(0..2) == 0 { "principal" } else { "deputy" };
                let event = match rng.below(0..4) {
                    0 => IncidentEvent::Restored(Restored { site }),
                    _ => IncidentEvent::Reported(Reported { site, to: word(to) }),
                };
                city.scribe.give(by, id, &told(event.into()));
            }
            6 if !incidents.is_empty() => {
                let id = incidents.swap_remove(rng.below(0..incidents.len()));
                city.scribe.give(by, id, &deed(IncidentEvent::Closed(Closed { site })));
            }
            7 => {
                let event = if rng.below(0..2) == 0 {
                    SiteEvent::ShutDown(ShutDown { reason: word("power_failure") })
                } else {
                    SiteEvent::Restored(SiteRestored {})
                };
                city.scribe.give(by, site, &told(event.into()));
            }
            _ => {
                let record = super::city::evidence("drill", &[]);
                city.scribe.give(by, site, &told(SiteEvent::EvidenceRecorded(record).into()));
            }
        }
    }
    city
}

/// The board after the first `known` entries.
fn board(city: &City, known: u64) -> Compliance {
    let (mut board, mut state) = (Compliance::default(), State::default());
    for entry in city.scribe.entries.iter().take(usize::try_from(known).expect("fits")) {
        let frame = Frame::of(&entry.header);
        board.apply(View::of(&state), &frame, &entry.event, &entry.findings);
        state.apply(&frame, &entry.event);
    }
    board
}

#[test]
fn any_moment_is_what_a_board_of_no_later_entries_says() {
    let mut rng = Rng::new();
    for _ in 0..4 {
        let city = restless(&mut rng, 120);
        let whole = board(&city, u64::MAX >> 1);
        let size = city.scribe.chain.size();
        let first = city.scribe.entries[0].header.recorded_at.micros();
        let span = usize::try_from(city.scribe.now.micros() - first).expect("later");
        for _ in 0..12 {
            let known = rng.below(0..usize::try_from(size).expect("fits") + 1) as u64;
            let fresh = board(&city, known);
            for _ in 0..210 {
                let at = first + i64::try_from(rng.below(0..span + span / 4)).expect("fits");
                let at = Time::from_micros(at).expect("in range");
                let asked = Asked { at, known, from: Time::default() };
                assert_eq!(whole.obligations(&asked), fresh.obligations(&asked));
                assert_eq!(whole.violations(&asked), fresh.violations(&asked));
            }
        }
    }
}
