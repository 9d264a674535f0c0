//! The shipped profiles can be adopted.

use annals::profiles::{self, SHIPPED};

#[test]
fn every_shipped_profile_can_be_adopted() {
    for (id, text) in SHIPPED {
        let profile = match profiles::read(text) {
            Ok(profile) => profile,
            Err(profiles::ProfileError::Unfit(all)) => {
                panic!(
                    "{id}: {}",
                    all.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n")
                )
            }
            Err(error) => panic!("{id}: {error}"),
        };
        assert_eq!(profile.id.as_str(), id);
    }
}

#[test]
fn a_profile_has_one_spelling_and_another_implementation_writes_it_so() {
    for (id, _) in SHIPPED {
        let profile = profiles::shipped(id).expect("a shipped rulebook");
        let bytes = annals_events::canonical::to_bytes(&profile);
        let value: serde_json::Value = serde_json::from_slice(&bytes).expect("JSON");
        let other = serde_json_canonicalizer::to_vec(&value).expect("canonical");
        assert!(bytes == other, "{id}");
        let command =
            annals_events::command::Command::AdoptProfile(annals_events::command::AdoptProfile {
                effective_from: annals_events::Time::default(),
                profile: Box::new(profile),
            });
        let text = command.to_bytes();
        let read = annals_events::command::Command::read_exact("adopt_profile", &text);
        assert_eq!(read.as_ref(), Ok(&command), "{id}");
        assert!(text.len() < 400_000, "{id}: {} bytes", text.len());
    }
}

#[test]
fn what_the_profiles_cover_are_requirements_and_their_number_only_grows() {
    use annals::profiles::{Coverage, requirements};
    assert_eq!(requirements().count(), 894);
    for (id, least) in
        [("municipal", 30), ("huashan", 95), ("lu_an", 80), ("changzhou", 20), ("fufeng", 34)]
    {
        let coverage = Coverage::of(&profiles::shipped(id).expect("a shipped rulebook"));
        assert!(coverage.unknown.is_empty(), "{id}: {:?}", coverage.unknown);
        assert!(coverage.count() >= least, "{id}: {}", coverage.count());
    }
}
