//! What the kinds call: a few operations on one server and one machine.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use async_trait::async_trait;
use drctl_core::provider::{ErrorClass, Place, ProviderError, Unobserved};
use drctl_core::secret::Secret;

/// What an operation answers.
pub type Answer<T> = Result<T, ProviderError>;

/// A connection as the kinds get it: the port, with what the `provider` block says.
#[derive(Clone)]
pub struct Cloud {
    /// The operations.
    pub port: Arc<dyn Port>,
    /// What the `provider` block says.
    pub settings: Arc<Settings>,
}

impl std::ops::Deref for Cloud {
    type Target = dyn Port;
    fn deref(&self) -> &Self::Target {
        &*self.port
    }
}

/// What a `provider` block says, whichever it is.
#[derive(Debug, Clone, Default)]
pub struct Settings {
    /// The server, by name of its database or as a connection string; else the environment says which.
    pub connection: Option<String>,
    /// The password of the connection.
    pub password: Option<Secret<String>>,
    /// Whom the tools are run as; none for whoever runs drctl.
    pub run_as: Option<String>,
    /// Where the scheduler reads its files.
    pub schedule_directory: Option<PathBuf>,
    /// The file that holds the password of a repository.
    pub password_file: Option<PathBuf>,
    /// Whether there is a server to ask.
    pub is_server: bool,
}

/// What the server shows in the place of a command that it does not use.
pub(crate) const DISABLED: &str = "(disabled)";

/// One setting of the server.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Setting {
    /// What is in force.
    pub value: String,
    /// What the configuration files say, which is in force from the next restart at the latest; none when
    /// they say nothing.
    pub configured: Result<Option<String>, Unobserved>,
    /// Whether the two differ until the server is restarted.
    pub pending_restart: bool,
    /// Whether somebody who started the server has set it: then no file changes it.
    pub on_command_line: bool,
}

/// A file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Text {
    /// What it says.
    pub text: String,
    /// Its permissions, without its type.
    pub mode: u32,
}

/// Who may do what with a file that is made. One that is there already keeps its owner and its
/// permissions, less those that are not granted here.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Access {
    /// The permissions.
    pub mode: u32,
    /// The group that it is given to, by the name of a user; only where drctl runs as root.
    pub group_of: Option<String>,
}

/// Whom a program is run as.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Whom {
    /// Whoever the `provider` block says, where drctl may choose.
    Tools,
    /// Whoever runs drctl.
    Drctl,
}

/// The operations. Each is done once; what cannot be told is an error, never absent.
#[async_trait]
pub trait Port: Send + Sync {
    /// Where this leads, by its configuration alone.
    fn place(&self) -> Place;

    /// Where this leads, by the server's own word.
    async fn identify(&self) -> Answer<Place>;

    /// The settings of these names.
    async fn settings(&self, names: &[&str]) -> Answer<BTreeMap<String, Setting>>;

    /// Sets a setting in the server's configuration.
    async fn set(&self, name: &str, value: &str) -> Answer<()>;

    /// Takes a setting out of what drctl may write of the server's configuration.
    async fn reset(&self, name: &str) -> Answer<()>;

    /// Has the server read its configuration; what needs no restart is in force afterwards.
    async fn reload(&self) -> Answer<()>;

    /// A file; none when there is none.
    async fn read(&self, path: &Path) -> Answer<Option<Text>>;

    /// The names of the files of a folder, sorted; none of a folder that is not there.
    async fn list(&self, folder: &Path) -> Answer<Vec<String>>;

    /// The permissions of a folder; none when there is none. Something else in its place is an error.
    async fn folder(&self, path: &Path) -> Answer<Option<u32>>;

    /// Makes a folder that is not there, for this user alone where drctl runs as root, else for who runs it. One
    /// that is there stays as it is.
    async fn make_folder(&self, path: &Path, owner: Option<&str>) -> Answer<()>;

    /// Puts a file in place whole.
    async fn write(&self, path: &Path, text: &str, access: &Access) -> Answer<()>;

    /// Removes a file; one that is not there is no error.
    async fn remove(&self, path: &Path) -> Answer<()>;

    /// Runs a program to its end: what it wrote to its output. No shell sees the words.
    async fn run(&self, whom: Whom, words: &[&str]) -> Answer<String>;
}

/// An error without a code.
pub(crate) fn error(
    doing: impl Into<String>,
    class: ErrorClass,
    message: impl Into<String>,
) -> ProviderError {
    ProviderError { doing: doing.into(), class, code: None, message: message.into() }
}
