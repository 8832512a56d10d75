//! `postgres_schedule` and `files_schedule`: what starts a backup. Files of systemd or of cron that carry
//! drctl's mark; a file without it is never touched.

mod files;
mod rules;

use std::collections::{BTreeMap, BTreeSet};
use std::marker::PhantomData;
use std::path::PathBuf;

use drctl_core::Attributes;
use drctl_core::fact::Fact;
use drctl_core::provider::{
    Attempt, Id, Kind, Managed, OfBackup, Part, ProviderError, Reading, Reads, Request, Unobserved,
};
use drctl_core::rule::Rule;
use drctl_core::schema::{AttributeType, Invalid, Type};
use drctl_core::value::Value;

use crate::facts;
use crate::kinds::pgbackrest_stanza::PgBackRestStanza;
use crate::kinds::postgres_archiving::PostgresArchiving;
use crate::kinds::postgres_dumps::PostgresDumps;
use crate::kinds::restic_repository::ResticRepository;
use crate::kinds::restic_retention::ResticRetention;
use crate::port::Cloud;
use crate::provider_config::{POSTGRES_USER, PROGRAM, Scheduler, ZONE};
use crate::timing;
use crate::values::{AbsolutePath, Line, ScheduleName, UserName};

/// The kind, of one of the providers.
pub struct Schedule<P>(PhantomData<fn() -> P>);

/// A provider that has schedules.
pub trait Owner: Send + Sync + 'static {
    /// What the kind is called there.
    const NAME: &'static str;
    /// The backups that it starts.
    const BACKUPS: &'static [&'static str];
    /// Whom they are run as, unless the provider says somebody else.
    const USER: &'static str;
    /// What has to be there before one is started.
    const AFTER: &'static [&'static str];
    /// That nothing is made that nothing starts.
    const FACT: &'static Fact;
    /// The rules.
    const RULES: &'static [Rule];
}

/// Of `postgres`.
pub struct OfPostgres;

impl Owner for OfPostgres {
    const NAME: &'static str = "postgres_schedule";
    const BACKUPS: &'static [&'static str] = &["pgbackrest", "pg_dump"];
    const USER: &'static str = POSTGRES_USER;
    const AFTER: &'static [&'static str] =
        &[PgBackRestStanza::NAME, PostgresArchiving::NAME, PostgresDumps::NAME];
    const FACT: &'static Fact = &facts::P6;
    const RULES: &'static [Rule] = &[Rule { fact: &facts::P6, check: rules::started::<OfPostgres> }];
}

/// Of `files`.
pub struct OfFiles;

impl Owner for OfFiles {
    const NAME: &'static str = "files_schedule";
    const BACKUPS: &'static [&'static str] = &["restic"];
    const USER: &'static str = "root";
    const AFTER: &'static [&'static str] = &[ResticRepository::NAME, ResticRetention::NAME];
    const FACT: &'static Fact = &facts::F1;
    const RULES: &'static [Rule] = &[Rule { fact: &facts::F1, check: rules::started::<OfFiles> }];
}

/// What `drctl backup run` calls the schedules of pgBackRest.
const TYPES: [(&str, &str); 3] = [("full", "full"), ("differential", "diff"), ("incremental", "incr")];

/// When a backup is started.
#[derive(Debug, Clone, PartialEq, Attributes)]
pub struct Spec {
    /// Its name, which names its files.
    #[attribute(identity)]
    pub name: ScheduleName,
    /// What starts it: `systemd` or `cron`.
    #[attribute(identity)]
    pub scheduler: Scheduler,
    /// Whom it is run as.
    #[attribute(kept)]
    pub user: Option<UserName>,
    /// What is started when, by what it is called.
    pub run: Option<BTreeMap<String, Run>>,
    /// Whether the scheduler heeds it.
    #[attribute(kept)]
    pub active: Option<bool>,
    /// What stands in its files that drctl has not put there, or is missing from them.
    pub other_lines: Option<BTreeSet<String>>,
}

/// What is started when.
#[derive(Debug, Clone, PartialEq, Attributes)]
pub struct Run {
    /// When.
    pub when: When,
    /// What, one word an element.
    pub command: Vec<Line>,
}

/// When something is started: a schedule, or what stands in its place in a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct When(String);

impl When {
    /// What stands there, unchecked.
    pub(crate) fn observed(text: impl Into<String>) -> When {
        When(text.into())
    }

    /// The schedule; none of what is none.
    pub(crate) fn schedule(&self) -> Option<drctl_core::schedule::Schedule> {
        AttributeType::from_value(Value::from(self.0.as_str())).ok()
    }
}

impl AttributeType for When {
    const TYPE: Type = Type::String("a schedule: `cron(…)` or `rate(…)`");
    fn from_value(value: Value) -> Result<Self, Invalid> {
        drctl_core::schedule::Schedule::from_value(value).map(|schedule| When(schedule.to_string()))
    }
    fn to_value(&self) -> Value {
        Value::from(self.0.as_str())
    }
}

/// What the scheduler says.
#[derive(Debug, Clone, Default, PartialEq, Attributes)]
pub struct Outputs {
    /// The files.
    pub files: Option<BTreeSet<String>>,
}

impl<P: Owner> Kind for Schedule<P> {
    const NAME: &'static str = P::NAME;
    const DOCS: &'static str = "What starts a backup: a timer and a service of systemd, or a file of cron. They carry \
        drctl's mark; a file without it is never touched.";
    const READS: Reads = Reads::Each;
    const CREATES: bool = true;
    const BACKUPS: &'static [&'static str] = P::BACKUPS;
    type Cloud = Cloud;
    type Spec = Spec;
    type Outputs = Outputs;

    fn id(identity: &BTreeMap<String, Value>) -> Option<Id> {
        let text = |name: &str| identity.get(name).and_then(Value::as_str);
        Some(Id(format!("{}:{}", text("scheduler")?, text("name")?)))
    }

    fn of_backup(managed: &Managed<'_>) -> OfBackup {
        let part = part(managed, P::USER)?;
        Ok(part.map(|part| P::AFTER.iter().fold(part, |part, kind| part.after(kind))))
    }

    fn rules() -> &'static [Rule] {
        P::RULES
    }

    async fn read(cloud: &Cloud, request: &Request) -> Result<Option<Reading<Self>>, ProviderError> {
        let at = files::Files::of(cloud, &request.id)?;
        let Some(found) = at.read(cloud).await? else { return Ok(None) };
        let mut unobserved = BTreeMap::new();
        let mut active = None;
        if request.wanted.wants("active") {
            match at.active(cloud, &found).await {
                Ok(is) => active = Some(is),
                Err(why) => drop(unobserved.insert("active".to_owned(), Unobserved::from(why))),
            }
        }
        let spec = Spec {
            name: at.name.clone(),
            scheduler: at.scheduler,
            user: found.user.map(UserName::observed),
            run: Some(found.runs),
            active,
            other_lines: Some(found.other_lines),
        };
        let outputs = Outputs { files: Some(found.files.into_keys().collect()) };
        let (pending, managed_by) = (BTreeMap::new(), BTreeMap::new());
        Ok(Some(Reading { spec, outputs, unobserved, pending, managed_by }))
    }

    async fn create(cloud: &Cloud, _attempt: &Attempt, spec: &Spec) -> Result<(), ProviderError> {
        let at = files::Files::new(cloud, spec.name.clone(), spec.scheduler);
        at.write(cloud, spec).await
    }

    async fn complete(cloud: &Cloud, _attempt: &Attempt, spec: &Spec) -> Result<(), ProviderError> {
        let at = files::Files::new(cloud, spec.name.clone(), spec.scheduler);
        at.activate(cloud, spec).await
    }

    async fn update(
        cloud: &Cloud,
        _attempt: &Attempt,
        _before: &Spec,
        after: &Spec,
        _changed: &BTreeSet<String>,
    ) -> Result<(), ProviderError> {
        let at = files::Files::new(cloud, after.name.clone(), after.scheduler);
        at.write(cloud, after).await?;
        at.activate(cloud, after).await
    }

    async fn delete(cloud: &Cloud, _attempt: &Attempt, id: &Id) -> Result<(), ProviderError> {
        files::Files::of(cloud, id)?.delete(cloud).await
    }
}

/// What a managed backup wants started; nothing when somebody else starts it.
fn part(managed: &Managed<'_>, user: &str) -> OfBackup {
    let said = |name| super::said(managed, name);
    let at_provider = |message: String| Invalid::new(message).below("provider");
    let scheduler = match said("scheduler") {
        Some("systemd") => Scheduler::Systemd,
        Some("cron") => Scheduler::Cron,
        Some(_) => return Ok(None),
        None => {
            let choice =
                "say in the provider block what starts the backup: `scheduler` is systemd, cron or none";
            return Err(at_provider(choice.to_owned()));
        }
    };
    let Some(directory) = said("directory") else {
        return Err(at_provider(
            "the provider block needs `directory`: where this configuration is on the machine".to_owned(),
        ));
    };
    let name = ScheduleName::observed(managed.name.file_name());
    AbsolutePath::from_value(Value::from(directory)).map_err(|e| at_provider(e.message))?;
    let program = said("program").unwrap_or(PROGRAM);
    let more = managed.settings.get("arguments").cloned().unwrap_or_else(|| Value::List(Vec::new()));
    let more = Vec::<String>::from_value(more).map_err(|e| at_provider(e.message))?;
    let method = managed.backup.method();
    let mut runs = BTreeMap::new();
    for (label, schedule) in &method.bases {
        let when = match scheduler {
            // Cron has the times at which a rate hits.
            Scheduler::Cron => in_cron(schedule, said("zone").unwrap_or(ZONE)),
            Scheduler::Systemd | Scheduler::Nobody => {
                timing::systemd(schedule).map(|_| When(schedule.to_string()))
            }
        };
        let when = when.map_err(|message| Invalid::new(message).below(label).below(method.block))?;
        let kind = TYPES.iter().find(|(known, _)| known == label).map(|(_, kind)| *kind);
        // Where there is one type alone, that is made.
        let kind = kind.filter(|_| method.bases.len() > 1).map(|kind| ["--type", kind]);
        let command = [program, "-C", directory, "backup", "run", managed.name.as_str()];
        let command = command.into_iter().chain(kind.into_iter().flatten());
        let command: Vec<Line> = command.chain(more.iter().map(String::as_str)).map(Line::observed).collect();
        if scheduler == Scheduler::Cron && command.iter().any(|word| word.as_str().contains('\\')) {
            return Err(at_provider("a command with a backslash cannot be started by cron".to_owned()));
        }
        runs.insert((*label).to_owned(), Run { when, command });
    }
    let user = said("run_as").unwrap_or(user);
    let at: &[&str] = &["provider"];
    let part = Part::default()
        .set("name", name.to_value(), at)
        .set("scheduler", scheduler.to_value(), at)
        .set("user", Value::from(user), at)
        .set("run", runs.to_value(), at)
        .set("active", Value::Bool(true), at)
        .set("other_lines", Value::Set(BTreeSet::new()), at);
    Ok(Some(part))
}

/// A schedule as cron has it.
fn in_cron(schedule: &drctl_core::schedule::Schedule, zone: &str) -> Result<When, String> {
    let fields = timing::cron(schedule, zone)?;
    let schedule = drctl_core::schedule::Schedule::unix(&fields, zone).map_err(|wrong| wrong.message)?;
    Ok(When(schedule.to_string()))
}

/// Where the scheduler reads its files.
fn folder(cloud: &Cloud, scheduler: Scheduler) -> PathBuf {
    let usual = match scheduler {
        Scheduler::Cron => "/etc/cron.d",
        Scheduler::Systemd | Scheduler::Nobody => "/etc/systemd/system",
    };
    cloud.settings.schedule_directory.clone().unwrap_or_else(|| PathBuf::from(usual))
}
