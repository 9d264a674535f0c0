//! A private PostgreSQL cluster for tests and benches: made in a temporary folder, reached
//! through a socket in that folder only, and gone when the process that asked for it is gone.
//!
//! A shell stands between: it starts the server, holds the reading end of a pipe, and when the
//! pipe ends (the cluster is dropped, the process exits, or is killed) it stops the server and
//! removes the folder. So neither statics that are never dropped nor `kill -9` leave anything.

use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

mod programs;
mod user;

use programs::Programs;
use user::User;

/// The superuser of a cluster of this harness.
pub const SUPERUSER: &str = "annals_superuser";
/// The role that owns the tables.
pub const OWNER: &str = "annals_owner";
/// The role the service runs under.
pub const SERVICE: &str = "annals_service";

const START_TIMEOUT: Duration = Duration::from_secs(60);
const STOP_TIMEOUT: Duration = Duration::from_secs(20);

/// `$1` the folder, `$2` the program; the rest are its arguments. SIGQUIT is PostgreSQL's
/// immediate stop: nothing here is worth a checkpoint.
const WATCHER: &str = r#"
folder=$1; shift
"$@" </dev/null >"$folder/log" 2>&1 &
server=$!
cat >/dev/null
kill -QUIT "$server" 2>/dev/null
wait "$server"
rm -rf "$folder"
"#;

/// Why there is no cluster, in a sentence.
#[derive(Debug, thiserror::Error)]
pub enum HarnessError {
    /// `initdb` is nowhere to be found.
    #[error(
        "PostgreSQL is not installed: no initdb in /usr/lib/postgresql/*/bin nor in PATH \
         (Debian: apt-get install postgresql)"
    )]
    NotInstalled,
    /// PostgreSQL refuses to run as root and there is nobody else.
    #[error("running as root, and neither the user postgres nor nobody is in /etc/passwd")]
    NoUser,
    /// The operating system said no.
    #[error("{0}: {1}")]
    Io(String, std::io::Error),
    /// One of PostgreSQL's programs failed.
    #[error("{0} failed: {1}")]
    Program(String, String),
    /// The server did not answer in time.
    #[error("the server did not start within a minute: {0}")]
    Silent(String),
}

/// Whether commits reach the disk.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Durability {
    /// `fsync` off: for tests that do not pull the plug.
    Off,
    /// PostgreSQL's defaults: for benches and crash tests.
    On,
}

/// How to reach one database as each role.
#[derive(Clone, Debug)]
pub struct DatabaseUrls {
    /// Owns the database and runs migrations.
    pub owner: String,
    /// What the service uses.
    pub service: String,
    /// May do everything.
    pub superuser: String,
}

/// A running server; dropped, it stops and its folder goes.
#[derive(Debug)]
pub struct Cluster {
    folder: PathBuf,
    programs: Programs,
    watcher: Child,
    pipe: Option<ChildStdin>,
    databases: AtomicU32,
}

impl Cluster {
    /// Make a cluster with the roles [`OWNER`] and [`SERVICE`] and start it.
    ///
    /// # Errors
    /// See [`HarnessError`].
    pub fn start(durability: Durability) -> Result<Self, HarnessError> {
        let programs = Programs::find()?;
        let user = User::for_server()?;
        let folder = folder(user.as_ref())?;
        let made = initialise(&programs, user.as_ref(), &folder)
            .and_then(|()| watch(&programs, user.as_ref(), &folder, durability));
        let mut watcher = match made {
            Ok(watcher) => watcher,
            Err(error) => {
                // Best effort: the first error is the one to tell.
                let _ = std::fs::remove_dir_all(&folder);
                return Err(error);
            }
        };
        let pipe = watcher.stdin.take();
        let cluster = Self { folder, programs, watcher, pipe, databases: AtomicU32::new(0) };
        cluster.await_ready()?;
        cluster.sql("postgres", &format!("CREATE ROLE {OWNER} LOGIN"))?;
        cluster.sql("postgres", &format!("CREATE ROLE {SERVICE} LOGIN"))?;
        Ok(cluster)
    }

    /// Make an empty database owned by [`OWNER`].
    ///
    /// # Errors
    /// If the name is taken.
    pub fn create_database(&self, name: &str) -> Result<DatabaseUrls, HarnessError> {
        self.sql("postgres", &format!("CREATE DATABASE \"{name}\" OWNER {OWNER}"))?;
        Ok(DatabaseUrls {
            owner: self.url(OWNER, name),
            service: self.url(SERVICE, name),
            superuser: self.url(SUPERUSER, name),
        })
    }

    /// [`Cluster::create_database`] under a name of its own.
    ///
    /// # Errors
    /// If the server is gone.
    pub fn fresh_database(&self) -> Result<DatabaseUrls, HarnessError> {
        let number = self.databases.fetch_add(1, Ordering::Relaxed);
        self.create_database(&format!("fresh_{number}"))
    }

    /// Run statements as the superuser; answers what `psql` prints, unadorned.
    ///
    /// # Errors
    /// The first statement that fails ends it.
    pub fn sql(&self, database: &str, statements: &str) -> Result<String, HarnessError> {
        let mut psql = Command::new(self.programs.psql());
        psql.args(["-X", "-q", "-A", "-t", "-v", "ON_ERROR_STOP=1", "-U", SUPERUSER])
            .arg("-h")
            .arg(&self.folder)
            .args(["-d", database, "-c", statements]);
        run("psql", &mut psql)
    }

    /// Where the socket and the data are.
    #[must_use]
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// The folder of PostgreSQL's programs, for `pgbench`.
    #[must_use]
    pub fn programs(&self) -> &Path {
        self.programs.folder()
    }

    fn url(&self, role: &str, database: &str) -> String {
        format!("postgresql://{role}@localhost/{database}?host={}", self.folder.display())
    }

    fn await_ready(&self) -> Result<(), HarnessError> {
        let begun = Instant::now();
        loop {
            match self.sql("postgres", "SELECT 1") {
                Ok(_) => return Ok(()),
                Err(_) if begun.elapsed() < START_TIMEOUT => {
                    std::thread::sleep(Duration::from_millis(20));
                }
                Err(error) => {
                    let log = std::fs::read_to_string(self.folder.join("log"));
                    return Err(HarnessError::Silent(log.unwrap_or_else(|_| error.to_string())));
                }
            }
        }
    }
}

impl Drop for Cluster {
    fn drop(&mut self) {
        drop(self.pipe.take());
        let begun = Instant::now();
        while begun.elapsed() < STOP_TIMEOUT {
            if !matches!(self.watcher.try_wait(), Ok(None)) {
                return;
            }
            std::thread::sleep(Duration::from_millis(5));
        }
    }
}

/// One cluster for all tests of a process, without `fsync`; it ends with the process.
///
/// # Errors
/// The sentence of the [`HarnessError`] of the first attempt, to every caller.
pub fn shared_cluster() -> Result<&'static Cluster, String> {
    static SHARED: OnceLock<Result<Cluster, String>> = OnceLock::new();
    let shared =
        SHARED.get_or_init(|| Cluster::start(Durability::Off).map_err(|error| error.to_string()));
    shared.as_ref().map_err(Clone::clone)
}

/// A folder that only the server's user (and root) can enter. Its path is short: a socket's may
/// have no more than 107 bytes.
fn folder(user: Option<&User>) -> Result<PathBuf, HarnessError> {
    let told = |error| HarnessError::Io("a temporary folder for PostgreSQL".into(), error);
    let folder = tempfile::Builder::new().prefix("annals-pg-").tempdir().map_err(told)?.keep();
    if let Some(user) = user {
        std::os::unix::fs::chown(&folder, Some(user.uid), Some(user.gid)).map_err(told)?;
    }
    Ok(folder)
}

fn initialise(programs: &Programs, user: Option<&User>, folder: &Path) -> Result<(), HarnessError> {
    let mut initdb = Command::new(programs.initdb());
    initdb
        .arg("-D")
        .arg(folder.join("data"))
        .args(["-U", SUPERUSER, "-A", "trust", "-E", "UTF8", "--locale=C", "--no-sync"])
        .current_dir(folder);
    User::apply(user, &mut initdb);
    run("initdb", &mut initdb).map(|_| ())
}

fn watch(
    programs: &Programs,
    user: Option<&User>,
    folder: &Path,
    durability: Durability,
) -> Result<Child, HarnessError> {
    use std::os::unix::process::CommandExt;
    let mut watcher = Command::new("/bin/sh");
    watcher
        .args(["-c", WATCHER, "annals-pg-watcher"])
        .arg(folder)
        .arg(programs.postgres())
        .arg("-D")
        .arg(folder.join("data"))
        .arg("-k")
        .arg(folder)
        .args(["-c", "listen_addresses=", "-c", "max_connections=300"]);
    if durability == Durability::Off {
        watcher.args(["-c", "fsync=off", "-c", "full_page_writes=off"]);
    }
    // A group of its own: Ctrl-C at the terminal must reach the tests, not the watcher. No
    // output of the tests' is kept open, or a pipe that reads it would never end.
    watcher
        .current_dir(folder)
        .process_group(0)
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .stderr(Stdio::null());
    User::apply(user, &mut watcher);
    watcher.spawn().map_err(|error| HarnessError::Io("/bin/sh".into(), error))
}

fn run(name: &str, command: &mut Command) -> Result<String, HarnessError> {
    let output = command
        .stdin(Stdio::null())
        .output()
        .map_err(|error| HarnessError::Io(name.to_owned(), error))?;
    if output.status.success() {
        Ok(String::from_utf8_lossy(&output.stdout).into_owned())
    } else {
        let said = String::from_utf8_lossy(&output.stderr).trim().to_owned();
        Err(HarnessError::Program(name.to_owned(), said))
    }
}
