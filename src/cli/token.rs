//! `annals token create | list | revoke`: who may call the service, and as whom.

use annals_events::Time;
use annals_events::id::{AccountId, parse_uuid};
use annals_projections::boards::names::Names;
use clap::{Args, Subcommand};
use serde_json::{Value, json};
use uuid::Uuid;

use super::reading::Reading;
use super::{Common, people, term};
use crate::clock::{Clock, SystemClock};
use crate::error::{Exit, Failure};
use crate::ledger::{Follower, about, snapshot};
use crate::store::{SharedStore, Token};
use crate::tokens::{self, CreateError, Scope};

/// See [`super::Command::Token`].
#[derive(Args)]
pub struct Arguments {
    #[command(subcommand)]
    action: Action,
}

#[derive(Subcommand)]
enum Action {
    /// Make a token; its secret is shown this once and kept nowhere.
    Create(Create),
    /// All tokens, without their secrets.
    List {
        #[command(flatten)]
        common: Common,
    },
    /// End a token now; a running service refuses it within a second or two.
    Revoke {
        #[command(flatten)]
        common: Common,
        /// The token's id, as `create` and `list` show it.
        #[arg(value_name = "ID")]
        id: String,
    },
}

#[derive(Args)]
struct Create {
    #[command(flatten)]
    common: Common,
    /// Whose: a name, or account/<uuid>.
    #[arg(long, value_name = "NAME")]
    account: String,
    /// What it is good for.
    #[arg(long, value_parser = ["read", "write"])]
    scope: String,
    /// How long it lives.
    #[arg(long, value_name = "N")]
    days: u32,
}

/// Run it. These commands stand beside a running service: they take no lock and write no entry.
pub async fn run(arguments: Arguments) -> Result<Exit, Failure> {
    let common = match &arguments.action {
        Action::Create(create) => &create.common,
        Action::List { common } | Action::Revoke { common, .. } => common,
    };
    let reading = Reading::open(common).await?;
    let outcome = match &arguments.action {
        Action::Create(create) => make(create, &reading.store).await,
        Action::List { common } => list(common, &reading.store).await,
        Action::Revoke { common, id } => revoke(common, id, &reading.store).await,
    };
    reading.end(outcome).await
}

async fn people(store: &SharedStore) -> Result<(Follower, Names), Failure> {
    let follower = Follower::new(store.clone(), snapshot::load_or_warn(store).await?);
    follower.catch_up(store.head().await?.size).await?;
    let names = about::names(store, &follower).await?;
    Ok((follower, names))
}

async fn make(create: &Create, store: &SharedStore) -> Result<Exit, Failure> {
    let (follower, names) = people(store).await?;
    let account = people::resolve(&names, "--account", &create.account)?;
    {
        use annals_events::account::Access;
        let serving = follower.serving().await;
        let known = serving.state.accounts.get(account);
        if known.is_none_or(|known| known.access == Access::Unusable) {
            return Err(Failure::refused("--account: nobody can act under this account"));
        }
    }
    let scope =
        Scope::from_word(&create.scope).ok_or_else(|| Failure::input("--scope: read or write"))?;
    let now = SystemClock::new().wall();
    let made = tokens::create(store, account, scope, now, create.days).await;
    let (token, secret) = made.map_err(|error| match error {
        CreateError::Store(error) => error.into(),
        CreateError::Days => Failure::input(format!("--days: {error}")),
        CreateError::Random(_) => Failure::fault(error.to_string()),
    })?;
    let mut object = shown(&token);
    object["secret"] = json!(secret);
    let until = time(token.expires_at);
    let id = Uuid::from_bytes(token.id);
    let text = format!(
        "{secret}\n\ntoken {id}, to {scope}, until {until}: the secret is not shown again",
        scope = create.scope
    );
    term::answer(create.common.json, &object, &text);
    Ok(Exit::Done)
}

async fn list(common: &Common, store: &SharedStore) -> Result<Exit, Failure> {
    let tokens = store.tokens().await?;
    let lines: Vec<String> = tokens
        .iter()
        .map(|token| {
            let end = match token.revoked_at {
                Some(at) => format!("revoked {}", time(at)),
                None => format!("until {}", time(token.expires_at)),
            };
            let account = AccountId(Uuid::from_bytes(token.account));
            format!("{} {:5} account/{account} {end}", Uuid::from_bytes(token.id), token.scope)
        })
        .collect();
    let object = json!({ "tokens": tokens.iter().map(shown).collect::<Vec<Value>>() });
    term::answer(common.json, &object, &lines.join("\n"));
    Ok(Exit::Done)
}

async fn revoke(common: &Common, id: &str, store: &SharedStore) -> Result<Exit, Failure> {
    let uuid = parse_uuid(id).ok_or_else(|| Failure::input("ID: not a UUID"))?;
    let now = SystemClock::new().wall();
    if !store.revoke_token(uuid.as_bytes(), now.micros()).await? {
        return Err(Failure::input("ID: there is no such token"));
    }
    term::answer(common.json, &json!({ "revoked": id }), &format!("token {id} is revoked"));
    Ok(Exit::Done)
}

fn time(micros: i64) -> String {
    Time::from_micros(micros).map(|time| time.to_string()).unwrap_or_default()
}

fn shown(token: &Token) -> Value {
    json!({
        "id": Uuid::from_bytes(token.id).to_string(),
        "account": format!("account/{}", Uuid::from_bytes(token.account)),
        "scope": token.scope,
        "created_at": time(token.created_at),
        "expires_at": time(token.expires_at),
        "revoked_at": token.revoked_at.map(time),
    })
}
