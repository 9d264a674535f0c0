//! The files that git knows, read once.

use std::fs;
use std::path::Path;
use std::process::Command;

use super::source::Source;

/// One file of the tree.
pub struct File {
    /// From the root, with forward slashes.
    pub path: String,
    /// Its bytes on disk.
    pub bytes: u64,
    /// Its text; empty where it is not UTF-8.
    pub text: String,
    /// The text as Rust, where it is.
    pub source: Option<Source>,
}

impl File {
    fn new(path: &str, content: &[u8]) -> Self {
        let text = std::str::from_utf8(content).unwrap_or_default().to_owned();
        let source = path.ends_with(".rs").then(|| Source::new(&text));
        Self { path: path.to_owned(), bytes: content.len() as u64, text, source }
    }

    /// Kept byte for byte as it came: nobody's style applies to it.
    pub fn is_foreign(&self) -> bool {
        self.is_in_folder("testdata") || self.is_in_folder("vendor")
    }

    /// Whether some folder on its path bears this name.
    pub fn is_in_folder(&self, name: &str) -> bool {
        self.folder().split('/').any(|part| part == name)
    }

    /// Whether it is only compiled for tests.
    pub fn is_test(&self) -> bool {
        self.is_in_folder("tests") || self.name() == "tests.rs" || self.is_under("tools/harness")
    }

    /// Whether it lies in this folder, at any depth.
    pub fn is_under(&self, folder: &str) -> bool {
        self.path.strip_prefix(folder).is_some_and(|rest| rest.starts_with('/'))
    }

    /// The folder it lies in; empty at the top.
    pub fn folder(&self) -> &str {
        self.path.rsplit_once('/').map_or("", |(folder, _)| folder)
    }

    /// Its name without the folder.
    pub fn name(&self) -> &str {
        self.path.rsplit_once('/').map_or(&self.path, |(_, name)| name)
    }

    /// Whether its name ends in one of these, separated by a dot.
    pub fn has_extension(&self, extensions: &[&str]) -> bool {
        self.name().rsplit_once('.').is_some_and(|(_, found)| extensions.contains(&found))
    }
}

/// All files, in order of their paths.
pub struct Tree {
    files: Vec<File>,
}

impl Tree {
    /// Files as given, for trying a check.
    pub fn of(files: &[(&str, &str)]) -> Self {
        let mut files: Vec<_> =
            files.iter().map(|(path, text)| File::new(path, text.as_bytes())).collect();
        files.sort_by(|a, b| a.path.cmp(&b.path));
        Self { files }
    }

    /// The repository: what is committed or would be, as it lies on disk now.
    pub fn of_repository() -> Result<Self, String> {
        let root = Path::new(env!("CARGO_MANIFEST_DIR"));
        // The owner of the folder may be another user, for instance in a container.
        let listing = Command::new("git")
            .args(["-c", "safe.directory=*", "ls-files", "-z"])
            .args(["--cached", "--others", "--exclude-standard"])
            .current_dir(root)
            .output()
            .map_err(|why| format!("cannot run git ({why}): install it, tidy asks it for files"))?;
        if !listing.status.success() {
            let why = String::from_utf8_lossy(&listing.stderr);
            return Err(format!("git cannot list the files: run in a clone: {}", why.trim()));
        }
        let listing = String::from_utf8(listing.stdout)
            .map_err(|_| "a path is not UTF-8: rename the file".to_owned())?;
        let mut paths: Vec<&str> = listing.split('\0').filter(|path| !path.is_empty()).collect();
        paths.sort_unstable();
        paths.dedup();
        let mut files = Vec::new();
        for path in paths {
            // Deleted but not yet committed: not part of the tree any more.
            if fs::symlink_metadata(root.join(path)).is_err() {
                continue;
            }
            let content = fs::read(root.join(path)).map_err(|why| format!("{path}: {why}"))?;
            files.push(File::new(path, &content));
        }
        Ok(Self { files })
    }

    /// Every file.
    pub fn files(&self) -> impl Iterator<Item = &File> {
        self.files.iter()
    }

    /// Every Rust file that is ours, with its source.
    pub fn rust(&self) -> impl Iterator<Item = (&File, &Source)> {
        self.files
            .iter()
            .filter(|file| !file.is_foreign())
            .filter_map(|file| file.source.as_ref().map(|source| (file, source)))
    }

    /// The file at this path.
    pub fn get(&self, path: &str) -> Option<&File> {
        self.files.iter().find(|file| file.path == path)
    }
}
