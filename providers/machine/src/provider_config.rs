//! The `provider "postgres"` and `provider "files"` blocks.

use std::path::PathBuf;

use drctl_core::Attributes;
use drctl_core::schema::{AttributeType, Invalid, Type};
use drctl_core::secret::Secret;
use drctl_core::value::Value;

use crate::port::Settings;
use crate::quote::one_line;
use crate::values::{AbsolutePath, Line, UserName};

/// Whom the tools of PostgreSQL are run as, unless the block says somebody else.
pub(crate) const POSTGRES_USER: &str = "postgres";

/// The program that schedules start, unless the block says another.
pub(crate) const PROGRAM: &str = "/usr/local/bin/drctl";

/// The zone that cron runs in, unless the block says another.
pub(crate) const ZONE: &str = "UTC";

drctl_core::words! {
    /// What starts backups.
    Scheduler {
        /// A timer and a service of systemd for each schedule.
        Systemd = "systemd",
        /// A file in a folder of cron.
        Cron = "cron",
        /// Somebody else does.
        Nobody = "none",
    }
    "one of systemd, cron, none"
}

drctl_core::words! {
    /// Where the machine is.
    Endpoint {
        /// A simulated one.
        Sim = "sim",
    }
    "sim"
}

/// What may be written in a `provider "postgres"` block.
#[derive(Debug, Clone, PartialEq, Attributes)]
pub struct Postgres {
    /// The server: the name of a database, or a connection string without a password. Without it the
    /// environment says which, as it does to `psql`.
    pub connection: Option<Connection>,
    /// The password of the connection, when it is not in `PGPASSWORD`.
    pub password: Option<Secret<String>>,
    /// The passphrase of the repository, where that is encrypted.
    pub repository_passphrase: Option<Secret<String>>,
    /// The access key of the repository's bucket.
    pub s3_key: Option<Secret<String>>,
    /// The secret key of the repository's bucket.
    pub s3_key_secret: Option<Secret<String>>,
    /// Whom the tools are run as, where drctl runs as root; `postgres` without it.
    pub run_as: Option<UserName>,
    /// What starts the backups: `systemd`, `cron`, or `none` when somebody else does.
    pub scheduler: Option<Scheduler>,
    /// Where the scheduler reads its files; the usual place without it.
    pub schedule_directory: Option<AbsolutePath>,
    /// The time zone that cron runs in; UTC without it.
    pub zone: Option<String>,
    /// The directory of this configuration on the machine: scheduled backups are started in it.
    pub directory: Option<AbsolutePath>,
    /// Where it is written down what was applied of a backup and stands in no file of its tool: `drctl backup
    /// run` keeps to it. `/var/lib/drctl` without it.
    pub applied_directory: Option<AbsolutePath>,
    /// The drctl that schedules start; `/usr/local/bin/drctl` without it.
    pub program: Option<AbsolutePath>,
    /// What scheduled commands are given besides: `--var-file=/etc/drctl/secrets.dr.hcl`.
    pub arguments: Option<Vec<Line>>,
    /// `sim` for a simulated server.
    pub endpoint: Option<Endpoint>,
}

/// What may be written in a `provider "files"` block.
#[derive(Debug, Clone, PartialEq, Attributes)]
pub struct Files {
    /// The file that holds the password of the repositories.
    pub password_file: Option<AbsolutePath>,
    /// Whom the tools are run as, where drctl runs as root; root without it.
    pub run_as: Option<UserName>,
    /// What starts the backups: `systemd`, `cron`, or `none` when somebody else does.
    pub scheduler: Option<Scheduler>,
    /// Where the scheduler reads its files; the usual place without it.
    pub schedule_directory: Option<AbsolutePath>,
    /// The time zone that cron runs in; UTC without it.
    pub zone: Option<String>,
    /// The directory of this configuration on the machine: scheduled backups are started in it.
    pub directory: Option<AbsolutePath>,
    /// Where it is written down what was applied of a backup and stands in no file of its tool: `drctl backup
    /// run` keeps to it. `/var/lib/drctl` without it.
    pub applied_directory: Option<AbsolutePath>,
    /// The drctl that schedules start; `/usr/local/bin/drctl` without it.
    pub program: Option<AbsolutePath>,
    /// What scheduled commands are given besides: `--var-file=/etc/drctl/secrets.dr.hcl`.
    pub arguments: Option<Vec<Line>>,
    /// `sim` for a simulated machine.
    pub endpoint: Option<Endpoint>,
}

/// A database, by name or as a connection string without a password.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Connection(String);

impl AttributeType for Connection {
    const TYPE: Type = Type::String("a connection string without a password");
    fn from_value(value: Value) -> Result<Self, Invalid> {
        let Value::String(text) = value else {
            return Err(Invalid::wrong_type("a connection string", &value));
        };
        one_line(&text).map_err(Invalid::new)?;
        // Never repeats the text: it may hold the password.
        match has_password(&text) {
            true => Err(Invalid::new(
                "must not hold a password: write `password` with a sensitive variable, or set PGPASSWORD",
            )),
            false => Ok(Connection(text)),
        }
    }
    fn to_value(&self) -> Value {
        Value::String(self.0.clone())
    }
}

fn has_password(text: &str) -> bool {
    let in_address = text
        .split_once("://")
        .and_then(|(_, rest)| rest.split(['/', '?']).next()?.rsplit_once('@'))
        .is_some_and(|(user, _)| user.contains(':'));
    in_address || text.to_ascii_lowercase().contains("password")
}

fn path(path: &AbsolutePath) -> PathBuf {
    PathBuf::from(path.as_str())
}

impl Postgres {
    /// Whether it names a simulated server.
    pub fn is_sim(&self) -> bool {
        self.endpoint.is_some()
    }

    /// What the port is made from.
    pub fn settings(&self) -> Settings {
        Settings {
            connection: self.connection.as_ref().map(|c| c.0.clone()),
            password: self.password.clone(),
            run_as: Some(self.run_as.as_ref().map_or(POSTGRES_USER, UserName::as_str).to_owned()),
            schedule_directory: self.schedule_directory.as_ref().map(path),
            password_file: None,
            is_server: true,
        }
    }
}

impl Files {
    /// Whether it names a simulated machine.
    pub fn is_sim(&self) -> bool {
        self.endpoint.is_some()
    }

    /// What the port is made from.
    pub fn settings(&self) -> Settings {
        Settings {
            connection: None,
            password: None,
            run_as: self.run_as.as_ref().map(|user| user.as_str().to_owned()),
            schedule_directory: self.schedule_directory.as_ref().map(path),
            password_file: self.password_file.as_ref().map(path),
            is_server: false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_connection_holds_no_password() {
        for text in [
            "postgres://u:hunter2@h/d",
            "host=h password=hunter2",
            "host=h PASSWORD = 'hunter2'",
            "postgres://h/d?password=hunter2",
        ] {
            let error = Connection::from_value(Value::from(text)).unwrap_err();
            assert!(!error.message.contains("hunter2"), "{error}");
        }
        for text in ["main", "postgres://u@h:5432/d", "host=/var/run/postgresql user=postgres"] {
            assert!(Connection::from_value(Value::from(text)).is_ok(), "{text}");
        }
    }
}
