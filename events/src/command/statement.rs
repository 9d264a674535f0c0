//! 签名语句 — what an actor signs, and how it is verified.

use crate::entry::{CommandInfo, Header};
use crate::hash::Hash;
use crate::id::{CommandKey, Stream};
use crate::keys::{BadSignature, PublicKey};
use crate::time::Time;

/// What an actor signs: lines taken from the header, so that the signature outlives removal.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Statement<'a> {
    /// The ledger.
    pub origin: &'a str,
    /// Its genesis leaf.
    pub genesis: Hash,
    /// Fingerprint of the actor's key.
    pub key: Hash,
    /// The command's name.
    pub name: &'a str,
    /// Its idempotency key.
    pub command_key: CommandKey,
    /// The stream it is aimed at.
    pub stream: Stream,
    /// Leaf of that stream's newest entry the actor was shown; zero if empty.
    pub seen: Hash,
    /// When the actor made it.
    pub issued_at: Time,
    /// Digest of the command.
    pub digest: Hash,
}

impl<'a> Statement<'a> {
    /// The statement behind a header's command.
    pub fn of(header: &'a Header, command: &'a CommandInfo, genesis: Hash, key: Hash) -> Self {
        Statement {
            origin: &header.origin,
            genesis,
            key,
            name: &command.name,
            command_key: command.key,
            stream: command.stream,
            seen: command.seen,
            issued_at: command.issued_at,
            digest: command.digest,
        }
    }

    /// The signed bytes: ten lines, each ended by a newline.
    pub fn to_bytes(&self) -> Vec<u8> {
        let Statement { origin, genesis, key, name, command_key, stream, seen, issued_at, digest } =
            self;
        format!(
            "annals/command/v1\n{origin}\n{genesis}\n{key}\n{name}\n{command_key}\n{stream}\n\
             {seen}\n{issued_at}\n{digest}\n"
        )
        .into_bytes()
    }
}

/// Verify the actor's signature of an entry strictly, under a key the caller trusts.
pub fn verify_actor(header: &Header, genesis: Hash, key: &PublicKey) -> Result<(), BadSignature> {
    let (Some(command), Some(signature)) = (&header.command, &header.actor_signature) else {
        return Err(BadSignature::Equation);
    };
    if signature.key != key.fingerprint() {
        return Err(BadSignature::Equation);
    }
    let statement = Statement::of(header, command, genesis, signature.key);
    key.verify_strict(&statement.to_bytes(), &signature.value.0)
}
