//! The shortest story from founding to a stranger's verdict, on both stores.

use crate::harness::{BOTH, Place, Town, annals_verify, code, json, text};

#[tokio::test(flavor = "multi_thread")]
async fn a_small_story_is_sound_for_a_stranger() {
    for kind in BOTH {
        let place = Place::new(kind).await;
        let app = place.app().await;
        let town = Town::build(&app, &place).await;
        town.fill(&app, 7).await;
        app.stop().await.expect("a clean stop");
        let live = place.annals(&["verify", "--json"]);
        assert_eq!(code(&live), 0, "{kind:?}: {} {}", text(&live.stdout), text(&live.stderr));
        let export = place.export();
        let export = export.display().to_string();
        let genesis = place.genesis().to_string();
        let output = annals_verify(&[&export, "--genesis", &genesis, "--json"]);
        assert_eq!(json(&output)["verdict"], "sound", "{kind:?}: {}", json(&output));
        let output = annals_verify(&[&export, "--json"]);
        assert_eq!(code(&output), 2);
    }
}
