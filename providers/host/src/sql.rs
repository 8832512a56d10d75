//! Asks a PostgreSQL server. What is asked goes to it unchanged and in one piece, so that the statements
//! of a file are all done or none.

mod passfile;
mod rows;
mod service;
mod settings;
mod statements;

use std::io::Read;
use std::path::Path;

use drctl_core::provider::{ErrorClass, ProviderError};
use drctl_core::recovery::Answer;
use tokio::runtime::Handle;
use tokio_postgres::config::Host as PgHost;
use tokio_postgres::error::{DbError, ErrorPosition, SqlState};
use tokio_postgres::{CancelToken, Config};
use tokio_postgres_rustls::MakeRustlsConnect;

use crate::Host;
use crate::around::{Around, error, innermost};
use crate::output::{Secrets, harmless};
use crate::tls;

/// What is being done, for errors.
pub(crate) const DOING: &str = "asking the database";

/// How long a file of statements may be. Data of that size is restored, not written as statements.
const MAX_FILE_BYTES: u64 = 16 << 20;

/// What is asked, and whom.
pub(crate) struct Question<'a> {
    /// The database, by name or as a connection string; without it the environment says which.
    pub(crate) database: Option<&'a str>,
    /// The question.
    pub(crate) query: Option<&'a str>,
    /// The file that holds the questions.
    pub(crate) file: Option<&'a str>,
}

/// Connects, asks, and hangs up. Dropping the future has the server stop.
pub(crate) async fn ask(host: &Host, is: &Question<'_>, around: &Around) -> Result<Answer, ProviderError> {
    let text = text(is, around)?;
    let rejected = |why: String| error(DOING, ErrorClass::Rejected, shown(&why, &around.secrets));
    let variable = |name: &str| around.variables.get(name).or_else(|| host.environment.get(name)).cloned();
    let settings = settings::Settings::of(is.database, &variable).map_err(rejected)?;
    let mut secrets = around.secrets.clone();
    if let Some(password) = settings.config.get_password() {
        secrets.add(&String::from_utf8_lossy(password));
    }
    let tls = MakeRustlsConnect::new(tls::client(&settings.trust).map_err(rejected)?);
    let refused = |why: tokio_postgres::Error| refused(&why, &text, &secrets);
    let connected = settings.config.connect(tls.clone()).await;
    let (client, connection) = connected.map_err(|why| {
        let is_silent = why.as_db_error().is_none();
        let error = without_password(refused(why), settings.unheeded.as_deref());
        if !is_silent {
            return error;
        }
        // It has said nothing: who was asked tells where to look.
        let message = format!("connecting to {}: {}", places(&settings.config), error.message);
        ProviderError { message: shown(&message, &secrets), ..error }
    })?;
    let mut stop = StopOnDrop(Some((client.cancel_token(), tls)));
    let answer = tokio::select! {
        answer = rows::gather(&client, &text) => answer,
        // It ends before the answer only when the server does.
        ended = connection => match ended {
            Err(why) => Err(why),
            Ok(()) => {
                let message = "the server has closed the connection".to_owned();
                return Err(error(DOING, ErrorClass::Unavailable, message));
            }
        },
    };
    stop.0 = None;
    let rows = answer.map_err(refused)?;
    Ok(Answer { said: shown(&rows.said(), &secrets), value: rows.value() })
}

/// Where a connection is asked for: hosts with their ports, or sockets.
fn places(config: &Config) -> String {
    const USUAL: u16 = 5432;
    let ports = config.get_ports();
    let port = |n: usize| ports.get(n).or(ports.first()).copied().unwrap_or(USUAL);
    let hosts = config.get_hosts().iter().zip(0..).map(|(host, n)| match host {
        PgHost::Tcp(name) => format!("{name}:{}", port(n)),
        PgHost::Unix(folder) => folder.join(format!(".s.PGSQL.{}", port(n))).display().to_string(),
    });
    let addresses =
        config.get_hostaddrs().iter().zip(0..).map(|(address, n)| format!("{address}:{}", port(n)));
    let all: Vec<String> = if config.get_hosts().is_empty() { addresses.collect() } else { hosts.collect() };
    all.join(", ")
}

/// Has the server stop what it does, when nobody waits for it any more.
struct StopOnDrop(Option<(CancelToken, MakeRustlsConnect)>);

impl Drop for StopOnDrop {
    fn drop(&mut self) {
        if let (Some((token, tls)), Ok(runtime)) = (self.0.take(), Handle::try_current()) {
            runtime.spawn(async move { token.cancel_query(tls).await });
        }
    }
}

/// What is asked.
fn text(is: &Question<'_>, around: &Around) -> Result<String, ProviderError> {
    let rejected = |message: String| error(DOING, ErrorClass::Rejected, message);
    match (is.query, is.file) {
        (Some(query), _) => Ok(query.to_owned()),
        (None, Some(file)) => {
            let unread = |why: &dyn std::fmt::Display| {
                rejected(shown(&format!("reading `{file}`: {why}"), &around.secrets))
            };
            let bytes = read(&around.dir.join(file)).map_err(|e| unread(&e))?;
            if bytes.len() as u64 > MAX_FILE_BYTES {
                return Err(unread(&format!("it is longer than {} MiB", MAX_FILE_BYTES >> 20)));
            }
            String::from_utf8(bytes).map_err(|_| unread(&"it is not UTF-8"))
        }
        (None, None) => Err(rejected("there is neither a query nor a file".to_owned())),
    }
}

fn read(path: &Path) -> std::io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    std::fs::File::open(path)?.take(MAX_FILE_BYTES + 1).read_to_end(&mut bytes)?;
    Ok(bytes)
}

/// Why there is no answer: in the server's own words, where it has said some.
fn refused(why: &tokio_postgres::Error, text: &str, secrets: &Secrets) -> ProviderError {
    const COPY: &str = "`COPY` from standard input needs `psql`, which a step can `run`";
    if let Some(said) = why.as_db_error() {
        let code = Some(said.code().code().to_owned());
        let copies = || text.to_lowercase().contains(" from stdin");
        let mut words = words(said, text);
        // The lines of data are read as statements.
        if *said.code() == SqlState::SYNTAX_ERROR && copies() {
            words = format!("{words}; {COPY}");
        }
        return ProviderError { code, ..error(DOING, class(said), shown(&words, secrets)) };
    }
    let innermost = innermost(why);
    let (class, message) = if innermost == "password missing" {
        (ErrorClass::Credentials, "it wants a password, and nothing says it".to_owned())
    } else if innermost == "unexpected message from server" {
        (ErrorClass::Rejected, COPY.to_owned())
    } else if innermost.contains("timed out") || innermost.contains("timeout") {
        (ErrorClass::Timeout, format!("no connection in time: {innermost}"))
    } else {
        (ErrorClass::Unavailable, innermost)
    };
    error(DOING, class, shown(&message, secrets))
}

/// A password may be missing because of a file that was not heeded.
fn without_password(error: ProviderError, unheeded: Option<&str>) -> ProviderError {
    match unheeded {
        Some(why) if error.class == ErrorClass::Credentials => {
            ProviderError { message: format!("{}; {why}", error.message), ..error }
        }
        Some(_) | None => error,
    }
}

fn class(said: &DbError) -> ErrorClass {
    let code = said.code();
    if *code == SqlState::INSUFFICIENT_PRIVILEGE {
        ErrorClass::Denied
    } else if [SqlState::T_R_SERIALIZATION_FAILURE, SqlState::T_R_DEADLOCK_DETECTED].contains(code) {
        ErrorClass::Conflict
    } else {
        match &code.code()[..2] {
            // Invalid authorization.
            "28" => ErrorClass::Credentials,
            // Connection exceptions, and a server that starts, stops or has no room.
            "08" | "57" if *code != SqlState::QUERY_CANCELED => ErrorClass::Unavailable,
            "53" => ErrorClass::Throttled,
            _ => ErrorClass::Failed,
        }
    }
}

/// What the server said, with the line that it is about.
fn words(said: &DbError, text: &str) -> String {
    let mut words = said.message().to_owned();
    if let Some(ErrorPosition::Original(at)) = said.position() {
        let before = text.chars().take((*at as usize).saturating_sub(1));
        let line = 1 + before.filter(|c| *c == '\n').count();
        if text.trim_end().contains('\n') {
            words = format!("line {line}: {words}");
        }
    }
    for more in [said.detail(), said.hint()].into_iter().flatten() {
        words = format!("{words}; {more}");
    }
    words
}

fn shown(text: &str, secrets: &Secrets) -> String {
    harmless(&secrets.hide(text), secrets)
}
