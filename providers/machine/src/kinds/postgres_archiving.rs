//! `postgres_archiving`: whether and how a PostgreSQL server archives its log.

use std::collections::{BTreeMap, BTreeSet};

use drctl_core::Attributes;
use drctl_core::provider::{
    Attempt, Id, Kind, Managed, OfBackup, Part, Pending, ProviderError, Reading, Reads, Request,
};
use drctl_core::rule::{Change, Effect, Note, Rule, Timing, World};
use drctl_core::schema::{AttributeType, Attributes as _, Invalid};
use drctl_core::value::Value;
use jiff::SignedDuration;

use super::sides::sides;
use crate::facts;
use crate::port::{Cloud, DISABLED, Setting};
use crate::quote::archive_command;
use crate::values::Line;

/// The kind.
pub struct PostgresArchiving;

drctl_core::words! {
    /// Whether the log is archived.
    ArchiveMode {
        /// Not at all.
        Off = "off",
        /// By a server that is no standby.
        On = "on",
        /// By a standby, too.
        Always = "always",
    }
    "one of off, on, always"
}

drctl_core::words! {
    /// What is in the log.
    WalLevel {
        /// What the server itself needs after a crash.
        Minimal = "minimal",
        /// What somebody else can restore from, too.
        Replica = "replica",
    }
    "one of minimal, replica"
}

/// Archiving of the log.
#[derive(Debug, Clone, PartialEq, Attributes)]
pub struct Spec {
    /// Whether finished parts of the log are archived: `off`, `on`, `always`. Changes with a restart.
    #[attribute(kept)]
    pub archive_mode: Option<ArchiveMode>,
    /// The command that archives one part.
    #[attribute(kept)]
    pub archive_command: Option<Line>,
    /// The longest time until a part of the log is archived though it is not full.
    #[attribute(kept)]
    pub archive_timeout: Option<SignedDuration>,
    /// What is in the log: `minimal` or `replica`; `logical` holds more and counts as `replica`. Changes
    /// with a restart.
    #[attribute(kept)]
    pub wal_level: Option<WalLevel>,
}

/// What the server says of itself.
#[derive(Debug, Clone, Default, PartialEq, Attributes)]
pub struct Outputs {
    /// Where its data is.
    pub data_directory: Option<String>,
    /// Its version.
    pub server_version: Option<String>,
    /// The library that it archives with, in the place of the command.
    pub archive_library: Option<String>,
}

const MODE: &str = "archive_mode";
const COMMAND: &str = "archive_command";
const TIMEOUT: &str = "archive_timeout";
const LEVEL: &str = "wal_level";
/// In the order in which they are written: first what is done with the log, then that it is done.
const MANAGED: [&str; 4] = [COMMAND, TIMEOUT, LEVEL, MODE];
const OUTPUTS: [&str; 3] = ["data_directory", "server_version", "archive_library"];

impl Kind for PostgresArchiving {
    const NAME: &'static str = "postgres_archiving";
    const DOCS: &'static str = "Whether and how a PostgreSQL server archives its log. A server has it once; what is \
        written is put into its configuration with `ALTER SYSTEM`. drctl never restarts a server: what needs that is \
        shown as waiting for it.";
    const READS: Reads = Reads::Each;
    const CREATES: bool = false;
    const BACKUPS: &'static [&'static str] = &["pgbackrest"];
    type Cloud = Cloud;
    type Spec = Spec;
    type Outputs = Outputs;

    fn id(_identity: &BTreeMap<String, Value>) -> Option<Id> {
        Some(Id("archiving".to_owned()))
    }

    fn of_backup(managed: &Managed<'_>) -> OfBackup {
        let Some(made) = &managed.backup.pgbackrest else { return Ok(None) };
        let (stanza, config) = super::pgbackrest_stanza::of(made)?;
        let seconds = made.archive_every.as_secs();
        if made.archive_every.subsec_nanos() != 0 || !(1..=1_073_741_823).contains(&seconds) {
            let path = Invalid::new("must be whole seconds: it is `archive_timeout` of the server");
            return Err(path.below("archive_every").below("pgbackrest"));
        }
        let config = format!("--config={}", config.as_str());
        let stanza = format!("--stanza={}", stanza.as_str());
        let command = archive_command(["pgbackrest", config.as_str(), stanza.as_str(), "archive-push"]);
        let block: &[&str] = &["pgbackrest"];
        let part = Part::default()
            .set(MODE, ArchiveMode::On.to_value(), block)
            .set(COMMAND, Value::String(command), &["pgbackrest", "stanza"])
            .set(TIMEOUT, made.archive_every.to_value(), &["pgbackrest", "archive_every"])
            .set(LEVEL, WalLevel::Replica.to_value(), block);
        // Where there is no repository yet, every part that is archived before there is one fails.
        Ok(Some(part.after(super::pgbackrest_stanza::PgBackRestStanza::NAME)))
    }

    fn rules() -> &'static [Rule] {
        RULES
    }

    async fn read(cloud: &Cloud, request: &Request) -> Result<Option<Reading<Self>>, ProviderError> {
        let names: Vec<&str> = MANAGED.into_iter().chain(OUTPUTS).collect();
        let mut found = cloud.settings(&names).await?;
        let outputs = Outputs {
            data_directory: found.remove(OUTPUTS[0]).map(|s| s.value),
            server_version: found.remove(OUTPUTS[1]).map(|s| s.value),
            archive_library: found.remove(OUTPUTS[2]).map(|s| s.value).filter(|text| !text.is_empty()),
        };
        let mut reading = Reading {
            spec: Spec { archive_mode: None, archive_command: None, archive_timeout: None, wal_level: None },
            outputs,
            unobserved: BTreeMap::new(),
            pending: BTreeMap::new(),
            managed_by: BTreeMap::new(),
        };
        for name in MANAGED.into_iter().filter(|name| request.wanted.wants(name)) {
            match found.get(name) {
                Some(setting) => take(&mut reading, name, setting),
                None => {
                    let message = format!("the server has no setting `{name}`");
                    drop(reading.unobserved.insert(name.to_owned(), super::unread(message)));
                }
            }
        }
        Ok(Some(reading))
    }

    async fn create(_cloud: &Cloud, _attempt: &Attempt, _spec: &Spec) -> Result<(), ProviderError> {
        Err(super::refused("archiving the log".to_owned(), "a server is never made"))
    }

    async fn update(
        cloud: &Cloud,
        _attempt: &Attempt,
        _before: &Spec,
        after: &Spec,
        changed: &BTreeSet<String>,
    ) -> Result<(), ProviderError> {
        let values = after.to_values();
        for name in MANAGED.into_iter().filter(|name| changed.contains(*name)) {
            let value = match (name, after.archive_timeout, values.get(name).and_then(Value::as_str)) {
                (TIMEOUT, Some(timeout), _) => format!("{}s", timeout.as_secs()),
                (_, _, Some(text)) => text.to_owned(),
                (_, _, None) => {
                    cloud.reset(name).await?;
                    continue;
                }
            };
            cloud.set(name, &value).await?;
        }
        cloud.reload().await
    }

    async fn delete(_cloud: &Cloud, _attempt: &Attempt, _id: &Id) -> Result<(), ProviderError> {
        Err(super::refused("archiving the log".to_owned(), "a server is never deleted"))
    }
}

/// Takes in one setting: what is in force, and what waits for a restart.
fn take(reading: &mut Reading<PostgresArchiving>, name: &str, setting: &Setting) {
    let configured = setting.configured.as_ref();
    let hidden = name == COMMAND && setting.value == DISABLED;
    let in_force = match (hidden, configured) {
        (false, _) => Ok(setting.value.clone()),
        (true, Ok(text)) => Ok(text.clone().unwrap_or_default()),
        (true, Err(why)) => Err(why.clone()),
    };
    let in_force = in_force.and_then(|text| value(name, &text));
    match in_force.and_then(|value| put(&mut reading.spec, name, value)) {
        Ok(()) => {}
        Err(why) => {
            reading.unobserved.insert(name.to_owned(), why);
            return;
        }
    }
    if setting.on_command_line {
        reading.managed_by.insert(name.to_owned(), "the command line of the server".to_owned());
    }
    if setting.pending_restart {
        let waiting =
            configured.map_err(Clone::clone).and_then(|text| value(name, text.as_deref().unwrap_or("")));
        match waiting {
            Ok(value) => {
                let pending = Pending { value, timing: Timing::Restart };
                reading.pending.insert(name.to_owned(), pending);
            }
            Err(why) => drop(reading.unobserved.insert(name.to_owned(), why)),
        }
    }
}

/// What the server says, in the form in which it is written.
fn value(name: &str, text: &str) -> Result<Value, drctl_core::provider::Unobserved> {
    match name {
        TIMEOUT => match text.parse::<i64>() {
            Ok(seconds) => Ok(SignedDuration::from_secs(seconds).to_value()),
            Err(_) => Err(super::unread(format!("`{name}` is no number of seconds"))),
        },
        LEVEL if text == "logical" => Ok(WalLevel::Replica.to_value()),
        _ => Ok(Value::from(text)),
    }
}

fn put(spec: &mut Spec, name: &str, value: Value) -> Result<(), drctl_core::provider::Unobserved> {
    let unread = |wrong: Invalid| super::unread(format!("`{name}` of the server: {wrong}"));
    match name {
        MODE => spec.archive_mode = Some(ArchiveMode::from_value(value).map_err(unread)?),
        COMMAND => spec.archive_command = Some(Line::observed(value.as_str().unwrap_or_default())),
        TIMEOUT => spec.archive_timeout = Some(SignedDuration::from_value(value).map_err(unread)?),
        LEVEL => spec.wal_level = Some(WalLevel::from_value(value).map_err(unread)?),
        _ => {}
    }
    Ok(())
}

static RULES: &[Rule] = &[
    Rule { fact: &facts::P1, check: p1 },
    Rule { fact: &facts::P2, check: p2 },
    Rule { fact: &facts::P3, check: p3 },
    Rule { fact: &facts::P4, check: p4 },
    Rule { fact: &facts::P5, check: p5 },
];

/// On and off, and what waits for a restart.
fn p1(change: &Change<'_>, _world: &World<'_>) -> Vec<Note> {
    let note = |effect, name, reason: String| Note::new(&facts::P1, effect, name, reason);
    let mut notes = Vec::new();
    if let Some((before, after)) = sides::<ArchiveMode>(change, MODE) {
        let on = |mode: Option<ArchiveMode>| mode.is_some_and(|mode| mode != ArchiveMode::Off);
        let restart =
            "Restart the server when its users can do without it; `drctl plan` then shows whether it is on.";
        notes.push(
            match (on(before), on(after)) {
                (false, true) => note(
                    Effect::Strengthens,
                    MODE,
                    "from the restart on, any instant can be restored and not only the last base backup"
                        .to_owned(),
                )
                .help(restart),
                (true, false) => note(
                    Effect::Weakens,
                    MODE,
                    "nothing after the last base backup can be restored any more".to_owned(),
                ),
                (true, true) | (false, false) => {
                    note(Effect::Inform, MODE, "who archives changes".to_owned())
                }
            }
            .timing(Timing::Restart),
        );
    }
    if let Some((before, after)) = sides::<WalLevel>(change, LEVEL) {
        let (effect, reason) = match after {
            Some(WalLevel::Replica) if before.is_some() => {
                (Effect::Strengthens, "the log can be restored from")
            }
            _ => (Effect::Weakens, "the log cannot be restored from any more"),
        };
        notes.push(note(effect, LEVEL, reason.to_owned()).timing(Timing::Restart));
    }
    let waiting = change.before.into_iter().flat_map(|before| &before.pending);
    for (name, pending) in waiting.filter(|(name, _)| change.is_written(name)) {
        let value = pending.value.as_str().unwrap_or_default();
        let reason = format!("`{name} = {value}` waits for a restart of the server");
        let help = "Restart it when its users can do without it: drctl never does.";
        let note = Note::new(&facts::P1, Effect::Warn, name.clone(), reason);
        notes.push(note.help(help).timing(Timing::Restart));
    }
    notes
}

/// How long the log waits.
fn p2(change: &Change<'_>, _world: &World<'_>) -> Vec<Note> {
    let Some((before, after)) = sides::<SignedDuration>(change, TIMEOUT) else { return Vec::new() };
    let bound = |timeout: Option<SignedDuration>| timeout.filter(|t| t.is_positive());
    let text = drctl_core::duration::text;
    let note = |effect, reason| vec![Note::new(&facts::P2, effect, TIMEOUT, reason)];
    match (bound(before), bound(after)) {
        (Some(before), Some(after)) if after > before => {
            note(Effect::Weakens, format!("up to {} can be lost instead of {}", text(after), text(before)))
        }
        (Some(_), None) => {
            note(Effect::Weakens, "what a quiet server wrote last can be lost without bound".to_owned())
        }
        (Some(_) | None, Some(after)) => {
            note(Effect::Strengthens, format!("at most {} can be lost", text(after)))
        }
        (None, None) => Vec::new(),
    }
}

fn command(text: Option<&Line>) -> Option<&str> {
    text.map(Line::as_str).filter(|text| !text.trim().is_empty())
}

/// Without a command nothing is archived.
fn p3(change: &Change<'_>, _world: &World<'_>) -> Vec<Note> {
    let Some((before, after)) = sides::<Line>(change, COMMAND) else { return Vec::new() };
    match (command(before.as_ref()), command(after.as_ref())) {
        (Some(_), None) => {
            let reason = "nothing is archived any more, and the log grows until the disk is full";
            vec![Note::new(&facts::P3, Effect::Weakens, COMMAND, reason)]
        }
        (None, Some(_)) => {
            vec![Note::new(&facts::P3, Effect::Strengthens, COMMAND, "the log gets into the repository")]
        }
        (Some(_), Some(_)) | (None, None) => Vec::new(),
    }
}

/// A combination with which the server does not come up again.
fn p4(change: &Change<'_>, _world: &World<'_>) -> Vec<Note> {
    let (mode, level) = (change.after::<ArchiveMode>(MODE), change.after::<WalLevel>(LEVEL));
    let written = change.is_written(MODE) || change.is_written(LEVEL);
    match (mode, level) {
        (Some(ArchiveMode::On | ArchiveMode::Always), Some(WalLevel::Minimal)) if written => {
            let reason = "with this the server does not start any more";
            let note = Note::new(&facts::P4, Effect::Refuse, LEVEL, reason);
            vec![note.help("Write `wal_level = \"replica\"`.")]
        }
        _ => Vec::new(),
    }
}

/// Another command takes the place of the one that is there.
fn p5(change: &Change<'_>, _world: &World<'_>) -> Vec<Note> {
    let library =
        change.before.and_then(|before| before.outputs.get("archive_library")).and_then(Value::as_str);
    if let Some(library) = library.filter(|_| change.is_written(COMMAND)) {
        let reason = format!("the server archives with its library `{library}`, and the command is not used");
        let note = Note::new(&facts::P5, Effect::Warn, COMMAND, reason);
        return vec![note.help("Take `archive_library` out of its configuration.")];
    }
    let Some((before, after)) = sides::<Line>(change, COMMAND) else { return Vec::new() };
    match (command(before.as_ref()), command(after.as_ref())) {
        (Some(_), Some(_)) => {
            let reason = "whoever was handed the log until now is not handed it any more";
            let note = Note::new(&facts::P5, Effect::Weakens, COMMAND, reason);
            vec![note.help("Make sure that nobody restores from where the earlier command has put it.")]
        }
        _ => Vec::new(),
    }
}
