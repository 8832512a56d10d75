//! The port on the machine that drctl runs on.

mod files;
mod server;

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use async_trait::async_trait;
use drctl_core::provider::{Attempt, ErrorClass, Place};
use drctl_core::recovery::{Action, Performer, Surroundings};
use drctl_core::value::Value;
use drctl_host::Host;

use crate::port::{Access, Answer, Cloud, Port, Setting, Settings, Text, Whom, error};

/// What the password of a connection is called in the environment.
const PASSWORD: &str = "PGPASSWORD";

/// This machine.
struct Machine {
    host: Host,
    settings: Arc<Settings>,
}

/// This machine, with the environment that drctl was given.
pub fn connect(environment: &BTreeMap<String, String>, settings: Settings) -> Cloud {
    let mut environment = environment.clone();
    if let Some(password) = &settings.password {
        environment.insert(PASSWORD.to_owned(), password.reveal().clone());
    }
    let settings = Arc::new(settings);
    // The tools may not be let into the directory of the configuration.
    let host = Host::new("/".into(), environment);
    Cloud { port: Arc::new(Machine { host, settings: settings.clone() }), settings }
}

impl Machine {
    /// The words that run these as whoever is to run them.
    fn words(&self, whom: Whom, words: &[&str]) -> Vec<String> {
        let other = match (whom, &self.settings.run_as) {
            (Whom::Tools, Some(user)) if user != "root" && rustix::process::geteuid().is_root() => Some(user),
            (Whom::Tools | Whom::Drctl, _) => None,
        };
        let before = other.into_iter().flat_map(|user| ["runuser", "-u", user.as_str(), "--"]);
        before.chain(words.iter().copied()).map(str::to_owned).collect()
    }

    async fn perform(&self, action: &Action) -> Answer<Value> {
        let attempt = Attempt("observe".to_owned());
        Ok(self.host.perform(action, &attempt).await?.value)
    }

    /// The number of a user or of its group, where drctl may give files away.
    async fn number(&self, which: &str, user: &str) -> Answer<Option<u32>> {
        if !rustix::process::geteuid().is_root() {
            return Ok(None);
        }
        let said = self.run(Whom::Drctl, &["id", which, "--", user]).await?;
        let unread = || error(format!("looking up user `{user}`"), ErrorClass::Malformed, "no number");
        said.trim().parse().map(Some).map_err(|_| unread())
    }

    /// Does something with files where waiting for a disk keeps nobody else waiting.
    async fn blocking<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> Answer<T> + Send + 'static,
    ) -> Answer<T> {
        let ended = |e: tokio::task::JoinError| error("working on a file", ErrorClass::Failed, e.to_string());
        tokio::task::spawn_blocking(work).await.map_err(ended)?
    }
}

#[async_trait]
impl Port for Machine {
    fn place(&self) -> Place {
        let endpoint = match (self.settings.is_server, &self.settings.connection) {
            (true, Some(connection)) => connection.clone(),
            (true, None) => "the server of the environment".to_owned(),
            (false, _) => "this machine".to_owned(),
        };
        Place { endpoint: Some(endpoint), ..Place::default() }
    }

    async fn identify(&self) -> Answer<Place> {
        match self.settings.is_server {
            true => server::identify(self).await,
            false => Ok(self.place()),
        }
    }

    async fn settings(&self, names: &[&str]) -> Answer<BTreeMap<String, Setting>> {
        server::settings(self, names).await
    }

    async fn set(&self, name: &str, value: &str) -> Answer<()> {
        server::set(self, name, Some(value)).await
    }

    async fn reset(&self, name: &str) -> Answer<()> {
        server::set(self, name, None).await
    }

    async fn reload(&self) -> Answer<()> {
        server::reload(self).await
    }

    async fn read(&self, path: &Path) -> Answer<Option<Text>> {
        let path = path.to_owned();
        self.blocking(move || files::read(&path)).await
    }

    async fn list(&self, folder: &Path) -> Answer<Vec<String>> {
        let folder = folder.to_owned();
        self.blocking(move || files::list(&folder)).await
    }

    async fn folder(&self, path: &Path) -> Answer<Option<u32>> {
        let path = path.to_owned();
        self.blocking(move || files::folder(&path)).await
    }

    async fn make_folder(&self, path: &Path, owner: Option<&str>) -> Answer<()> {
        let owner = match owner {
            Some(user) => self.number("-u", user).await?.zip(self.number("-g", user).await?),
            None => None,
        };
        let path = path.to_owned();
        self.blocking(move || files::make_folder(&path, owner)).await
    }

    async fn write(&self, path: &Path, text: &str, access: &Access) -> Answer<()> {
        let group = match &access.group_of {
            Some(user) => self.number("-g", user).await?,
            None => None,
        };
        let (path, text, mode) = (path.to_owned(), text.to_owned(), access.mode);
        self.blocking(move || files::write(&path, &text, mode, group)).await
    }

    async fn remove(&self, path: &Path) -> Answer<()> {
        let path = path.to_owned();
        self.blocking(move || files::remove(&path)).await
    }

    async fn run(&self, whom: Whom, words: &[&str]) -> Answer<String> {
        let words = self.words(whom, words);
        let surroundings = Surroundings { dir: Some("/".to_owned()), ..Surroundings::default() };
        let answer = self.perform(&Action::Run { words, surroundings }).await?;
        Ok(answer.get("body").and_then(Value::as_str).unwrap_or_default().to_owned())
    }
}
