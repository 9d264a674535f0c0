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
