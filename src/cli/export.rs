//! `annals export`: everything up to the newest checkpoint, for a stranger to verify.

use std::fs::{self, File};
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};

use clap::Args;
use serde_json::json;

use super::{Common, acknowledged, term};
use crate::error::{Exit, Failure};
use crate::ledger::export::{ExportError, Exported, at_newest_checkpoint, export};
use crate::store;

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
            ExportError::State(_) => Failure::refused(error.to_string()),
        }
    }
}

/// Run it.
pub async fn run(arguments: Arguments) -> Result<Exit, Failure> {
    let home = arguments.common.home()?;
    let to_stdout = arguments.out == Path::new("-");
    if to_stdout && arguments.common.json {
        return Err(Failure::input("--json: standard output is taken by --out -"));
    }
    let store = store::open(&home.database()).await?;
    acknowledged(&home, &store).await?;
    let (follower, checkpoint) = at_newest_checkpoint(&store).await?;
    let bar = term::bar("entries");
    let progress = term::moving(&bar);
    if to_stdout {
        let out = BufWriter::new(io::stdout());
        export(&store, &follower, &checkpoint, out, &progress).await?;
        return Ok(Exit::Done);
    }
    let aside = Aside::create(&arguments.out)?;
    let out = BufWriter::new(&aside.file);
    let exported = export(&store, &follower, &checkpoint, out, &progress).await?;
    aside.keep(&arguments.out)?;
    bar.finish_and_clear();
    let since = store.head().await?.size.saturating_sub(exported.size);
    print(&arguments, &exported, since);
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
    path: PathBuf,
    file: File,
}

impl Aside {
    fn create(out: &Path) -> Result<Aside, Failure> {
        if out.is_dir() {
            return Err(Failure::input(format!("--out {}: is a folder", out.display())));
        }
        let mut path = out.as_os_str().to_owned();
        path.push(".part");
        let path = PathBuf::from(path);
        let file = File::create(&path)
            .map_err(|e| Failure::input(format!("--out {}: {e}", path.display())))?;
        Ok(Aside { path, file })
    }

    fn keep(&self, out: &Path) -> Result<(), Failure> {
        let fault = |e: io::Error| Failure::fault(format!("{}: {e}", out.display()));
        (&self.file).flush().map_err(fault)?;
        self.file.sync_all().map_err(fault)?;
        fs::rename(&self.path, out).map_err(fault)?;
        let folder = out.parent().filter(|parent| !parent.as_os_str().is_empty());
        File::open(folder.unwrap_or(Path::new("."))).and_then(|f| f.sync_all()).map_err(fault)
    }
}

impl Drop for Aside {
    fn drop(&mut self) {
        // Gone already when it was kept.
        let _ = fs::remove_file(&self.path);
    }
}
