//! `annals rulebook`: the rulebooks as shipped, and their adoption.

use std::path::{Path, PathBuf};

use annals_events::Time;
use annals_events::command::{AdoptProfile, Command};
use annals_events::id::OrganisationId;
use annals_events::ledger::Act;
use annals_events::profile::Profile;
use clap::{Args, Subcommand};
use serde_json::{Value, json};

use super::{Common, Writing, actor, people, term};
use crate::app::App;
use crate::error::{Exit, Failure};
use crate::ledger::Receipt;
use crate::profiles::{self, Coverage};

/// See [`super::Command::Rulebook`].
#[derive(Args)]
pub struct Arguments {
    #[command(subcommand)]
    action: Action,
}

#[derive(Subcommand)]
enum Action {
    /// The rulebooks as shipped.
    List {
        /// One JSON object on standard output.
        #[arg(long)]
        json: bool,
    },
    /// Whether a text is a rulebook that can be adopted; says what is wrong with it.
    Check {
        /// A TOML file.
        file: PathBuf,
        /// One JSON object on standard output.
        #[arg(long)]
        json: bool,
    },
    /// Which requirements the shipped rulebooks cover: per profile, kind of rule and half.
    Coverage {
        /// One JSON object on standard output.
        #[arg(long)]
        json: bool,
    },
    /// Adopt a rulebook for an organisation and all below it: an act of two persons.
    Adopt(Box<Adopt>),
}

#[derive(Args)]
struct Adopt {
    #[command(flatten)]
    common: Common,
    #[command(flatten)]
    writing: Writing,
    /// A shipped rulebook's name, or a TOML file.
    #[arg(long, value_name = "ID|FILE")]
    profile: String,
    /// From when on it is in force (RFC 3339); now, if not given.
    #[arg(long, value_name = "TIME")]
    effective_from: Option<String>,
    /// Public name of the organisation; the first one registered, if not given.
    #[arg(long, value_name = "NAME")]
    organisation: Option<String>,
    /// Who proposes.
    #[arg(long, value_name = "NAME")]
    by: String,
    /// Who confirms: another person of another duty.
    #[arg(long, value_name = "NAME")]
    confirmed_by: String,
}

/// Run it.
pub async fn run(arguments: Arguments) -> Result<Exit, Failure> {
    match arguments.action {
        Action::List { json } => list(json),
        Action::Check { file, json } => check(json, &file),
        Action::Coverage { json } => coverage(json),
        Action::Adopt(adopt) => self::adopt(&adopt).await,
    }
}

fn list(json: bool) -> Result<Exit, Failure> {
    let (mut all, mut text) = (Vec::new(), String::new());
    for (id, _) in profiles::SHIPPED {
        let profile = shipped(id)?;
        let rules = profile.rules().count();
        text.push_str(&format!("{id:<10} {rules:>4} rules  {}\n", profile.title));
        all.push(json!({ "id": id, "title": profile.title, "rules": rules }));
    }
    term::answer(json, &json!({ "rulebooks": all }), &text);
    Ok(Exit::Done)
}

fn shipped(id: &str) -> Result<Profile, Failure> {
    profiles::shipped(id).ok_or_else(|| Failure::fault("a shipped rulebook is missing"))
}

fn check(json: bool, file: &Path) -> Result<Exit, Failure> {
    let profile = from_file(file)?;
    let rules = profile.rules().count();
    let text = format!("{}: {rules} rules, it can be adopted", profile.id);
    term::answer(json, &json!({ "id": profile.id, "rules": rules }), &text);
    Ok(Exit::Done)
}

/// Largest file that can be a profile: its command is smaller still.
const FILE_BYTES_MAX: u64 = 1 << 20;

fn from_file(file: &Path) -> Result<Profile, Failure> {
    let wrong = |why: String| Failure::input(format!("{}: {why}", file.display()));
    let length = std::fs::metadata(file).map_err(|error| wrong(error.to_string()))?.len();
    if length > FILE_BYTES_MAX {
        return Err(wrong(format!("longer than {FILE_BYTES_MAX} bytes")));
    }
    let text = std::fs::read_to_string(file).map_err(|error| wrong(error.to_string()))?;
    profiles::read(&text).map_err(|error| wrong(error.to_string()))
}

fn coverage(json: bool) -> Result<Exit, Failure> {
    let (mut all, mut text) = (Vec::new(), String::new());
    for (id, _) in profiles::SHIPPED {
        let coverage = Coverage::of(&shipped(id)?);
        let of: usize = coverage.halves.values().map(|(_, all)| all).sum();
        text.push_str(&format!("{id}: {} of {of} requirements\n", coverage.count()));
        for (half, (covered, all)) in &coverage.halves {
            text.push_str(&format!("  {half}: {covered} of {all}\n"));
        }
        for (kind, ids) in &coverage.kinds {
            let ids: Vec<&str> = ids.iter().map(String::as_str).collect();
            text.push_str(&format!("  {kind} {}: {}\n", ids.len(), ids.join(" ")));
        }
        all.push(told(id, &coverage, of));
    }
    term::answer(json, &json!({ "profiles": all }), &text);
    Ok(Exit::Done)
}

fn told(id: &str, coverage: &Coverage, of: usize) -> Value {
    let halves: serde_json::Map<String, Value> = coverage
        .halves
        .iter()
        .map(|(half, (covered, all))| {
            ((*half).to_owned(), json!({ "covered": covered, "of": all }))
        })
        .collect();
    json!({
        "profile": id,
        "covered": coverage.count(),
        "of": of,
        "halves": halves,
        "kinds": coverage.kinds,
        "beyond": coverage.beyond,
        "unknown": coverage.unknown,
    })
}

async fn adopt(adopt: &Adopt) -> Result<Exit, Failure> {
    let (home, _) = adopt.common.home()?;
    let profile = match profiles::shipped(&adopt.profile) {
        Some(profile) => profile,
        None => from_file(Path::new(&adopt.profile))?,
    };
    let effective_from = match &adopt.effective_from {
        Some(text) => Some(
            Time::from_rfc3339(text)
                .ok_or_else(|| Failure::input("--effective-from: not an RFC 3339 instant"))?,
        ),
        None => None,
    };
    let app = App::open(&home, adopt.writing.allow_owner).await?;
    let outcome = adopt_in(&app, adopt, profile, effective_from).await;
    let stopped = app.stop().await;
    let (id, receipt) = outcome?;
    stopped?;
    let object = json!({
        "profile": id,
        "rulebook": receipt.last,
        "first": receipt.first,
        "last": receipt.last,
    });
    let text = format!("{id} is adopted: rulebook {}", receipt.last);
    term::answer(adopt.common.json, &object, &text);
    Ok(Exit::Done)
}

async fn adopt_in(
    app: &App,
    adopt: &Adopt,
    profile: Profile,
    effective_from: Option<Time>,
) -> Result<(String, Receipt), Failure> {
    let names = people::names(app).await?;
    let by = actor(app, &names, "--by", &adopt.by).await?;
    let confirmed_by = actor(app, &names, "--confirmed-by", &adopt.confirmed_by).await?;
    let organisation = organisation(app, adopt.organisation.as_deref()).await?;
    let id = profile.id.as_str().to_owned();
    let effective_from = effective_from.unwrap_or_else(|| app.now());
    let command =
        Command::AdoptProfile(AdoptProfile { effective_from, profile: Box::new(profile) });
    let act = Act::AdoptProfile;
    let receipt = app.two_persons(act, by, confirmed_by, organisation.into(), command).await?;
    Ok((id, receipt))
}

/// The organisation of this name; without one, the one nothing is above.
async fn organisation(app: &App, name: Option<&str>) -> Result<OrganisationId, Failure> {
    let serving = app.ledger().follower().serving().await;
    let platform = &serving.state.platform;
    let meant: Vec<OrganisationId> = platform
        .organisations()
        .filter(|(_, known)| match name {
            Some(name) => known.name == name,
            None => known.parent.is_none(),
        })
        .map(|(id, _)| id)
        .collect();
    match meant[..] {
        [one] => Ok(one),
        [] => Err(Failure::input("--organisation: no such organisation")),
        _ => Err(Failure::input("--organisation: several are meant, name one")),
    }
}
