//! One key, one command, one place, for ever.

use annals::app::Given;
use annals::ledger::{Receipt, WriteError};
use annals_events::Hash;
use annals_events::attributes::Attributes;
use annals_events::command::{self, Command};
use uuid::Uuid;

use super::{Rig, Told, Town, at_once, write_many};
use crate::harness::Kind;

on_both!(
    a_crowd_with_one_key_gets_one_entry,
    a_key_is_known_for_ever,
    a_key_is_for_one_command_only,
);

async fn a_crowd_with_one_key_gets_one_entry(kind: Kind) {
    let rig = Rig::new(kind).await;
    for nonce in [None, Some(Hash([7; 32]))] {
        let given = Given { nonce, ..rig.town.column() };
        let crowd = (0..32).map(|_| rig.app.give(given.clone())).collect();
        let receipts = at_once(crowd).await;
        let receipts: Vec<Receipt> =
            receipts.into_iter().map(|receipt| receipt.expect("a receipt")).collect();
        let (first, rest): (Vec<_>, Vec<_>) = receipts.iter().partition(|r| !r.replayed);
        assert_eq!((first.len(), rest.len()), (1, 31));
        assert!(receipts.iter().all(|receipt| receipt.entries == first[0].entries));
        assert!(receipts.iter().all(|receipt| receipt.compared));
        assert_eq!(rig.town.written(given.key).await.len(), 1);
        let told: Vec<Told> = receipts.into_iter().map(|receipt| (given.key, receipt)).collect();
        rig.town.holds(&told).await;
    }
}

/// With the client's nonce and with the service's, across 100,000 other commands and a restart.
async fn a_key_is_known_for_ever(kind: Kind) {
    let town = Town::new(kind).await;
    let ours = town.column();
    let client = Given { nonce: Some(Hash([9; 32])), ..town.column() };
    let mut told = Vec::new();
    for is_restarted in [false, true] {
        let app = town.place.app().await;
        if !is_restarted {
            for given in [&ours, &client] {
                told.push((given.key, app.give(given.clone()).await.expect("written")));
            }
            told.extend(write_many(&app, 100_000, || town.column()).await);
        }
        for ((_, first), given) in told.iter().zip([&ours, &client]) {
            let again = app.give(given.clone()).await.expect("a receipt");
            assert!(again.replayed && again.compared);
            assert_eq!((again.first, again.last), (first.first, first.last));
            assert_eq!(again.entries, first.entries);
        }
        app.stop().await.expect("a clean stop");
    }
    town.holds(&told).await;
}

async fn a_key_is_for_one_command_only(kind: Kind) {
    let rig = Rig::new(kind).await;
    let first = Given { nonce: Some(Hash([9; 32])), ..rig.town.column() };
    let second = rig.town.column();
    let mut told = Vec::new();
    for given in [&first, &second] {
        told.push((given.key, rig.app.give((*given).clone()).await.expect("written")));
    }
    let size = rig.town.size().await;
    let other_text = |given: &Given| {
        let site = rig.town.site;
        let open = command::OpenColumn {
            attributes: Attributes::default(),
            site,
            title: "别的栏目".to_owned(),
        };
        Given { command: Command::OpenColumn(open), ..given.clone() }
    };
    let other_stream = |given: &Given| {
        let mut stream = given.stream;
        stream.id = Uuid::now_v7();
        Given { stream, ..given.clone() }
    };
    let other_name = |given: &Given| Given { key: given.key, ..site(&rig) };
    for given in [
        other_text(&first),
        other_text(&second),
        other_stream(&first),
        other_stream(&second),
        other_name(&first),
        other_name(&second),
        Given { nonce: Some(Hash([8; 32])), ..first.clone() },
        Given { nonce: Some(Hash([8; 32])), ..second.clone() },
        // The same command to the last byte, but somebody else's.
        Given { account: rig.town.place.auditor(), ..first.clone() },
        Given { account: rig.town.place.auditor(), ..second.clone() },
    ] {
        let refused = rig.app.give(given).await;
        assert!(matches!(refused, Err(WriteError::KeyReused)), "{refused:?}");
    }
    // A client that left its nonce to the service the second time says the same command.
    let again = rig.app.give(Given { nonce: None, ..first.clone() }).await.expect("the receipt");
    assert!(again.replayed && again.compared);
    assert_eq!(rig.town.size().await, size);
    // A refusal does not use up its key.
    let refused = Given { seen: Some(Hash([1; 32])), ..rig.town.column() };
    let failed = rig.app.give(refused.clone()).await;
    assert!(matches!(failed, Err(WriteError::Refused(_))), "{failed:?}");
    let given = Given { seen: Some(Hash::ZERO), ..refused };
    let receipt = rig.app.give(given.clone()).await.expect("its key is free");
    assert!(!receipt.replayed);
    told.push((given.key, receipt));
    rig.town.holds(&told).await;
}

fn site(rig: &Rig) -> Given {
    let name = annals_events::text::PublicName::new("另一网站").expect("a name");
    let organisation = rig.town.place.founded.organisation;
    let open = Command::OpenSite(command::OpenSite {
        attributes: Attributes::default(),
        name,
        organisation,
    });
    let stream = annals_events::id::SiteId(Uuid::now_v7());
    let given = Given::local(rig.town.place.administrator(), stream, open);
    Given { seen: Some(Hash::ZERO), ..given }
}
