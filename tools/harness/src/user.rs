//! Whom the server runs as: PostgreSQL refuses to run as root.

use std::os::unix::process::CommandExt;
use std::process::Command;

use crate::HarnessError;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct User {
    pub(crate) uid: u32,
    pub(crate) gid: u32,
}

impl User {
    /// `None` if the present user will do.
    pub(crate) fn for_server() -> Result<Option<Self>, HarnessError> {
        if !rustix::process::geteuid().is_root() {
            return Ok(None);
        }
        let passwd = std::fs::read_to_string("/etc/passwd")
            .map_err(|error| HarnessError::Io("/etc/passwd".into(), error))?;
        ["postgres", "nobody"]
            .iter()
            .find_map(|name| Self::named(&passwd, name))
            .map(Some)
            .ok_or(HarnessError::NoUser)
    }

    fn named(passwd: &str, name: &str) -> Option<Self> {
        let line = passwd.lines().find(|line| line.split(':').next() == Some(name))?;
        let mut fields = line.split(':').skip(2);
        Some(Self { uid: fields.next()?.parse().ok()?, gid: fields.next()?.parse().ok()? })
    }

    pub(crate) fn apply(user: Option<&Self>, command: &mut Command) {
        if let Some(user) = user {
            command.uid(user.uid).gid(user.gid);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::User;

    #[test]
    fn a_user_is_found_by_its_whole_name() {
        let passwd = "root:x:0:0::/root:/bin/sh\nnobody2:x:7:8::/:/\nnobody:x:65534:65533::/:/\n";
        assert_eq!(User::named(passwd, "nobody"), Some(User { uid: 65_534, gid: 65_533 }));
        assert_eq!(User::named(passwd, "postgres"), None);
    }
}
