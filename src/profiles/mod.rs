//! 规则库 — the rulebooks as shipped: starting texts only, in force where an entry adopts them.

mod coverage;

pub use coverage::{Coverage, Requirement, requirements};

use annals_events::profile::Profile;
use annals_projections::rulebook::{self, Unfit};

/// Name and text of each.
pub const SHIPPED: [(&str, &str); 5] = [
    ("municipal", include_str!("municipal.toml")),
    ("huashan", include_str!("huashan.toml")),
    ("lu_an", include_str!("lu_an.toml")),
    ("changzhou", include_str!("changzhou.toml")),
    ("fufeng", include_str!("fufeng.toml")),
];

/// Why a text is no rulebook that can be adopted.
#[derive(Debug, thiserror::Error)]
pub enum ProfileError {
    /// Not the TOML of a profile: a member is unknown, missing or of another form.
    #[error("not a profile: {0}")]
    Form(String),
    /// It says something that cannot be judged.
    #[error("{} things cannot be judged, first {}", .0.len(), .0[0])]
    Unfit(Vec<Unfit>),
}

/// Read a profile and check that it can be adopted.
///
/// # Errors
/// What is wrong with it.
pub fn read(text: &str) -> Result<Profile, ProfileError> {
    let profile: Profile =
        toml::from_str(text).map_err(|error| ProfileError::Form(error.to_string()))?;
    let unfit = rulebook::check(&profile);
    if unfit.is_empty() { Ok(profile) } else { Err(ProfileError::Unfit(unfit)) }
}

/// A shipped profile by its name.
pub fn shipped(id: &str) -> Option<Profile> {
    let (_, text) = SHIPPED.iter().find(|(name, _)| *name == id)?;
    Some(read(text).expect("the shipped profiles are held to this by a test"))
}
