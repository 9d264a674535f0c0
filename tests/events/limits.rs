//! What the format cannot hold is refused before it is written, not found afterwards.

use annals::app::Given;
use annals::ledger::WriteError;
use annals_events::command::{Command, DraftContent};
use annals_events::id::ContentId;
use annals_events::import::HistoryLine;
use uuid::Uuid;

use crate::harness::{Kind, Place, Town, annals_verify, code, json, text};

/// A ledger that took such an entry in could not be read again by anybody.
#[tokio::test(flavor = "multi_thread")]
async fn a_command_with_an_integer_beyond_2_to_the_53_writes_nothing() {
    let place = Place::new(Kind::Sqlite).await;
    let app = place.app().await;
    let town = Town::build(&app, &place).await;
    let body = app.upload(b"text".to_vec()).await.expect("an upload");
    for bytes in [(1 << 53) - 1, 1 << 53, u64::MAX] {
        let (path, site) = ("a.html".to_owned(), town.site);
        let draft = DraftContent { body, bytes, column: None, path, site, title: None };
        let draft = Command::DraftContent(draft);
        let given = Given::local(town.editor, ContentId(Uuid::now_v7()), draft);
        let found = app.give(given).await;
        let refused = matches!(found, Err(WriteError::TooLarge(_)));
        assert_eq!(refused, bytes >= 1 << 53, "{bytes}: {found:?}");
    }
    town.fill(&app, 1).await;
    app.stop().await.expect("a clean stop");
    let (export, genesis) = (place.export().display().to_string(), place.genesis().to_string());
    let output = annals_verify(&[&export, "--genesis", &genesis, "--json"]);
    assert_eq!(code(&output), 0, "{} {}", json(&output), text(&output.stderr));
}

#[test]
fn a_line_of_a_history_with_such_an_integer_is_none() {
    for (bytes, good) in [("9007199254740991", true), ("9007199254740992", false)] {
        let line = format!(
            "{{\"seq\":0,\"at\":\"2014-03-02T11:52:45+08:00\",\"author\":\"wang\",\
             \"change\":\"created\",\"path\":\"a.html\",\"sha256\":\"{}\",\"bytes\":{bytes}}}",
            "0".repeat(64)
        );
        let found = HistoryLine::read(&line);
        assert_eq!(found.is_ok(), good, "{bytes}: {found:?}");
    }
}
