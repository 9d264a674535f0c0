//! `annals export`: everything up to the newest checkpoint, for a stranger to verify.

use std::fs::{self, File, Permissions};
use std::io::{self, BufWriter};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use clap::Args;
use serde_json::json;
use tempfile::NamedTempFile;

use super::reading::Reading;
use super::{Common, out, term};
use crate::error::{Exit, Failure};
use crate::ledger::export::{ExportError, Exported, at_newest_checkpoint, export};
use crate::store::SharedStore;

/// See [`super::Command::Export`].
#[derive(Args)]
pub struct Arguments {
    #[command(flatten)]
    common: Common,
    /// File to write, or - for standard output.
    #[arg(long, value_name = "FILE")]
    out: PathBuf,
}

impl From<ExportError> for Failure {
    fn from(error: ExportError) -> Failure {
        match error {
            ExportError::Follow(error) => error.into(),
            ExportError::Store(error) => error.into(),
            ExportError::Io(_) => Failure::fault(error.to_string()),
            ExportError::Lost { .. } => Failure::refused(error.to_string()),
            // Whoever founds a ledger signs a checkpoint: what is missing was there.
            ExportError::State(_) => Failure::unsound(error),
        }
    }
}

/// Run it.
pub async fn run(arguments: Arguments) -> Result<Exit, Failure> {
    let to_stdout = arguments.out == Path::new("-");
    if to_stdout && arguments.common.json {
        return Err(Failure::input("--json: standard output is taken by --out -"));
    }
    let reading = Reading::open(&arguments.common).await?;
    let outcome = write_export(&arguments, &reading.store, to_stdout).await;
    reading.end(outcome).await
}

async fn write_export(
    arguments: &Arguments,
    store: &SharedStore,
    to_stdout: bool,
) -> Result<Exit, Failure> {
    let (follower, checkpoint) = at_newest_checkpoint(store).await?;
    let bar = term::bar("entries");
    let progress = term::moving(&bar);
    if to_stdout {
        let out = BufWriter::new(io::stdout());
        export(store, &follower, &checkpoint, out, &progress).await?;
        return Ok(Exit::Done);
    }
    let aside = Aside::create(&arguments.out)?;
    let out = BufWriter::new(aside.file.as_file());
    let exported = export(store, &follower, &checkpoint, out, &progress).await?;
    aside.keep(&arguments.out)?;
    bar.finish_and_clear();
    let since = store.head().await?.size.saturating_sub(exported.size);
    print(arguments, &exported, since);
    Ok(Exit::Done)
}

/// `since`: entries that no checkpoint covers yet.
fn print(arguments: &Arguments, exported: &Exported, since: u64) {
    let out = arguments.out.display().to_string();
    let object = json!({
        "out": out,
        "size": exported.size,
        "head": exported.head.to_string(),
        "lines": exported.lines + 1,
        "since": since,
    });
    let mut text = format!("{} entries in {out}, head {}", exported.size, exported.head);
    if since > 0 {
        text.push_str(&format!("; {since} written since are under no checkpoint and not in it"));
    }
    term::answer(arguments.common.json, &object, &text);
}

/// A file written aside, synced, then renamed: whoever sees the name sees the whole.
struct Aside {
    file: NamedTempFile,
}

impl Aside {
    fn create(out: &Path) -> Result<Aside, Failure> {
        check_replaceable(out)?;
        let name = out.file_name().unwrap_or_default().to_string_lossy();
        // The mode of any other file that is written; a name of its own, that nobody has.
        let file = tempfile::Builder::new()
            .prefix(&format!("{name}."))
            .suffix(".part")
            .permissions(Permissions::from_mode(0o666))
            .tempfile_in(folder(out))
            .map_err(|e| wrong(out, e))?;
        Ok(Aside { file })
    }

    fn keep(self, out: &Path) -> Result<(), Failure> {
        let fault = |e: io::Error| Failure::fault(format!("{}: {e}", out.display()));
        self.file.as_file().sync_all().map_err(fault)?;
        check_replaceable(out)?;
        self.file.persist(out).map_err(|e| fault(e.error))?;
        File::open(folder(out)).and_then(|f| f.sync_all()).map_err(fault)
    }
}

/// A rename would put a file in the place of a device, a link or a pipe.
fn check_replaceable(out: &Path) -> Result<(), Failure> {
    match fs::symlink_metadata(out) {
        Ok(there) if there.is_file() => Ok(()),
        Ok(there) if there.is_dir() => Err(wrong(out, "is a folder")),
        Ok(_) => Err(wrong(out, "is no ordinary file; use - for standard output")),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        Err(error) => Err(wrong(out, error)),
    }
}

fn wrong(out: &Path, detail: impl std::fmt::Display) -> Failure {
    out::wrong("--out", out, detail)
}

fn folder(out: &Path) -> &Path {
    let parent = out.parent().filter(|parent| !parent.as_os_str().is_empty());
    parent.unwrap_or(Path::new("."))
}
