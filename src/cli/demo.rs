//! `annals demo`.

use clap::Args;

use crate::error::{Exit, Failure};

/// See [`super::Command::Demo`].
#[derive(Args)]
pub struct Arguments {}

/// Run it.
pub async fn run(_arguments: Arguments) -> Result<Exit, Failure> {
    Ok(Exit::Done)
}
