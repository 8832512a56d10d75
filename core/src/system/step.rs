//! `step "NAME" { … }` of a procedure: one thing that is done, by a command, by drctl or by a person.

use std::collections::BTreeSet;

use jiff::SignedDuration;

use super::before::{self, Before};
use super::late::{OfAnswer, OfRows};
use super::reference::{BackupRef, ContactRef, DatastoreRef, ProcedureRef, ResourceRef, SiteRef, StepRef};
use super::secret::Secret;
use crate::schema::{AttributeType, Invalid, Type};
use crate::value::Value;

/// One step.
#[derive(Debug, Clone, PartialEq, Eq, crate::Attributes)]
#[attribute(check = Step::check)]
pub struct Step {
    /// What it is called.
    #[attribute(label)]
    pub name: String,
    /// The steps that are done before.
    pub after: Option<Vec<StepRef>>,
    /// When it is done, in words: "the cache cannot be repaired". Every estimate counts it all the same,
    /// for it may be needed.
    pub when: Option<String>,
    /// The step that this one is done instead of, when it is done. What waits for that step waits for
    /// this one too, and estimates count whichever takes longer.
    pub instead_of: Option<StepRef>,
    /// What it is for.
    pub description: Option<String>,
    /// What the operator says when it is done: `input.NAME` in this step and in those after it.
    pub input: Option<Vec<Input>>,
    /// The command, one word an element; no shell sees it.
    pub run: Option<Vec<String>>,
    /// A line for `sh -c`: for what needs pipes or redirections.
    pub shell: Option<String>,
    /// The directory in which the command is run.
    pub dir: Option<String>,
    /// The variables that have to be set in the environment of the command.
    pub env: Option<Vec<EnvName>>,
    /// What the command is given as variables and is read when the step begins.
    pub secret: Option<Vec<Secret>>,
    /// Brings this datastore back from a recovery point.
    pub restore: Option<DatastoreRef>,
    /// The name under which it comes back: a new one, so that what was there is not written over.
    pub into: Option<String>,
    /// The mechanism it is brought back from, when the planner is not to choose.
    pub from: Option<BackupRef>,
    /// How the command of a restore is brought to where it is done: these words, and then the command as one
    /// more, which a shell there reads: `["ssh", target.host]`.
    pub via: Option<Vec<String>>,
    /// A request that must be answered.
    pub http: Option<Http>,
    /// A connection that must be accepted.
    pub tcp: Option<Tcp>,
    /// A name that must lead somewhere.
    pub dns: Option<Dns>,
    /// Questions to a database.
    pub sql: Option<Sql>,
    /// Objects that must be in a bucket.
    pub s3: Option<S3>,
    /// Nothing is done but to wait that long, at most.
    pub wait: Option<SignedDuration>,
    /// The procedure whose steps are done in the place of this one.
    pub procedure: Option<ProcedureRef>,
    /// What a person does.
    pub manual: Option<String>,
    /// Why no machine can do it.
    pub why: Option<String>,
    /// Who does it.
    pub owner: Option<ContactRef>,
    /// How long it takes, as a rule.
    pub estimate: Option<SignedDuration>,
    /// How long it takes when luck is bad.
    pub estimate_p95: Option<SignedDuration>,
    /// For how long it is done again and again until it holds; of what only looks, such as `http` and `sql`.
    pub within: Option<SignedDuration>,
    /// How long it may take before it counts as failed; an hour, when nothing is said.
    pub timeout: Option<SignedDuration>,
    /// How often it is tried before it counts as failed; once, when nothing is said.
    pub attempts: Option<u32>,
    /// Whether it does no harm to do it a second time, when nobody knows whether it was done.
    pub repeatable: Option<bool>,
    /// Who says that it may be done, when it is to be asked for.
    pub approve: Option<ContactRef>,
    /// What there is before it is done, for `undo`: looked at when it begins, and written down before it has
    /// an effect.
    pub before: Option<Vec<Before>>,
    /// The command that takes it back. `self.before.NAME` in it is what there was before.
    pub undo: Option<Vec<String>>,
    /// What it makes sure of.
    pub checks: Option<Check>,
    /// The datastores whose present data is gone after it.
    pub destroys: Option<Vec<DatastoreRef>>,
    /// The datastores that are protected again after it.
    pub protects: Option<Vec<DatastoreRef>>,
    /// That there is no way back after it. The planner derives after which step that is so; this only
    /// makes it say where it comes to another one.
    #[attribute(default = false)]
    pub pivot: bool,
    /// The sites that it does not work without.
    pub needs: Option<Vec<SiteRef>>,
    /// The data that it does not work without: it waits until that is back and verified. Where it says
    /// nothing, that is the data of the services that its procedure brings back. `[]` waits for none.
    pub data: Option<Vec<DatastoreRef>>,
    /// Whether the service is down until it is done. `false` for what is done once it works: telling people,
    /// protecting again, cleaning up. That is done after the others and counts for no downtime.
    #[attribute(default = true)]
    pub downtime: bool,
    /// The phase of the scenario whose budget it counts for.
    pub phase: Option<String>,
    /// What becomes of it in a drill. `run`: a drill does it, for it touches nothing but what `target` names;
    /// `skip`: a drill leaves it out. Without a word a drill leaves out commands, restores whose command does
    /// not name `into`, and looks at what is in use.
    pub drill: Option<InDrill>,
}

crate::words! {
    /// What becomes of a step in a drill.
    InDrill {
        /// It is done.
        Run = "run",
        /// It is left out.
        Skip = "skip",
    }
    "run or skip"
}

crate::words! {
    /// What a step makes sure of.
    Check {
        /// That a recovery point can be restored from, before anything depends on it.
        Backup = "backup",
        /// That what came back is right.
        Data = "data",
        /// That it works for those who use it.
        Service = "service",
    }
    "one of backup, data, service"
}

/// Something that only the operator can say, at the time.
#[derive(Debug, Clone, PartialEq, Eq, crate::Attributes)]
pub struct Input {
    /// What it is called: `input.NAME`.
    #[attribute(label)]
    pub name: String,
    /// What is asked for, and where it is found.
    pub description: String,
}

/// The name of a variable of the environment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EnvName(pub String);

impl AttributeType for EnvName {
    const TYPE: Type = Type::String("the name of an environment variable");

    fn from_value(value: Value) -> Result<EnvName, Invalid> {
        let name = value.as_str().ok_or_else(|| Invalid::wrong_type("the name of a variable", &value))?;
        let fits = |c: char| c.is_ascii_alphanumeric() || c == '_';
        if name.is_empty() || !name.chars().all(fits) || name.starts_with(|c: char| c.is_ascii_digit()) {
            let why =
                "must be the name of an environment variable: letters, digits and `_`, without its value";
            return Err(Invalid::new(why));
        }
        Ok(EnvName(name.to_owned()))
    }

    fn to_value(&self) -> Value {
        Value::String(self.0.clone())
    }
}

/// A request that must be answered.
#[derive(Debug, Clone, PartialEq, Eq, crate::Attributes)]
pub struct Http {
    /// What is asked.
    pub url: String,
    /// The status that is expected.
    #[attribute(default = 200)]
    pub status: u16,
    /// What has to be true of the answer: `strcontains(self.body, "ok")`, `self.certificate_days > 14`.
    pub expect: Option<OfAnswer>,
}

/// A connection that must be accepted.
#[derive(Debug, Clone, PartialEq, Eq, crate::Attributes)]
pub struct Tcp {
    /// The host, by name or address.
    pub host: String,
    /// The port.
    pub port: u16,
}

/// A name that must lead somewhere.
#[derive(Debug, Clone, PartialEq, Eq, crate::Attributes)]
pub struct Dns {
    /// The name.
    pub name: String,
    /// An address that it must lead to; without it, any.
    pub address: Option<String>,
}

/// Questions to a database.
#[derive(Debug, Clone, PartialEq, Eq, crate::Attributes)]
pub struct Sql {
    /// The database that is asked; without it, that which a step before brought back.
    pub database: Option<String>,
    /// The question.
    pub query: Option<String>,
    /// The file that holds the questions.
    pub file: Option<String>,
    /// What has to be true of the answer: `self.rows[0].n > 0`.
    pub assert: Option<OfRows>,
}

/// Objects that must be in a bucket: one by its `key`, or at least `count` below a `prefix`.
#[derive(Debug, Clone, PartialEq, Eq, crate::Attributes)]
#[attribute(check = S3::check)]
pub struct S3 {
    /// The bucket: a resource of this configuration.
    pub bucket: ResourceRef,
    /// The key of one object.
    pub key: Option<String>,
    /// What the keys of several begin with.
    pub prefix: Option<String>,
    /// How many there must be at least; one, when nothing is said.
    pub count: Option<u32>,
    /// The version of the one object that must be there, hidden or not.
    pub version: Option<String>,
    /// Its checksum: `sha256:` and the value, in hexadecimal digits or as S3 writes it; or `sha1:`, `crc32:`,
    /// `crc32c:`, `crc64nvme:`, `etag:`. S3 has only those that it was given or asked for at writing.
    pub checksum: Option<String>,
    /// For how long from now nobody may be able to delete it: by its retention in compliance mode, or a hold.
    pub locked: Option<SignedDuration>,
    /// How long ago it was written at most; of several, the newest.
    pub younger_than: Option<SignedDuration>,
}

impl S3 {
    /// What is asked of one object, and what of several.
    fn check(self) -> Result<S3, Invalid> {
        let several = [("prefix", self.prefix.is_some()), ("count", self.count.is_some())];
        let of_one = [
            ("version", self.version.is_some()),
            ("checksum", self.checksum.is_some()),
            ("locked", self.locked.is_some()),
        ];
        let wrong = match self.key.is_some() {
            true => several
                .iter()
                .find(|(_, is)| *is)
                .map(|(name, _)| (name, "is said of several, and `key` of one")),
            false => {
                of_one.iter().find(|(_, is)| *is).map(|(name, _)| (name, "is said of one object: its `key`"))
            }
        };
        if let Some((name, why)) = wrong {
            return Err(Invalid::new(why).below(name));
        }
        if self.count == Some(0) {
            return Err(
                Invalid::new("must be at least 1: that there is none is never looked for").below("count")
            );
        }
        let algorithm = self.checksum.as_deref().map(|sum| sum.split_once(':').unwrap_or((sum, "")));
        const KNOWN: [&str; 6] = ["sha256", "sha1", "crc32", "crc32c", "crc64nvme", "etag"];
        match algorithm {
            Some((how, sum)) if !KNOWN.contains(&how) || sum.is_empty() => {
                let why = format!("must be one of {} with `:` and the value", KNOWN.join(", "));
                Err(Invalid::new(why).below("checksum"))
            }
            Some(_) | None => Ok(self),
        }
    }
}

impl Step {
    /// Exactly one thing is done.
    fn check(self) -> Result<Step, Invalid> {
        let done = [
            ("run", self.run.is_some()),
            ("shell", self.shell.is_some()),
            ("restore", self.restore.is_some()),
            ("http", self.http.is_some()),
            ("tcp", self.tcp.is_some()),
            ("dns", self.dns.is_some()),
            ("sql", self.sql.is_some()),
            ("s3", self.s3.is_some()),
            ("wait", self.wait.is_some()),
            ("procedure", self.procedure.is_some()),
            ("manual", self.manual.is_some()),
        ];
        let done: Vec<&str> = done.iter().filter(|(_, is)| *is).map(|(name, _)| *name).collect();
        match done.as_slice() {
            [_] => {}
            [] => {
                return Err(Invalid::new(
                    "a step needs one of `run`, `shell`, `restore`, `http`, `tcp`, `dns`, `sql`, `s3`, `wait`, `procedure`, `manual`",
                ));
            }
            [first, second, ..] => {
                let wrong = format!("a step does one thing: `{first}` or `{second}`");
                return Err(Invalid::new(wrong).below(second));
            }
        }
        if self.from.is_some() && self.restore.is_none() {
            return Err(Invalid::new("only `restore` is done from a backup").below("from"));
        }
        if self.into.is_some() && self.restore.is_none() {
            return Err(Invalid::new("only what `restore` brings back gets a name").below("into"));
        }
        if self.via.is_some() && self.restore.is_none() {
            return Err(Invalid::new("only the command of a `restore` is brought elsewhere").below("via"));
        }
        if self.via.as_ref().is_some_and(Vec::is_empty) {
            return Err(Invalid::new("a command has at least one word").below("via"));
        }
        if self.run.as_ref().is_some_and(Vec::is_empty) {
            return Err(Invalid::new("a command has at least one word").below("run"));
        }
        self.command()?;
        before::check(&self)?;
        self.included()?;
        self.done()?;
        if let (Some(usual), Some(unlucky)) = (self.estimate, self.estimate_p95)
            && unlucky < usual
        {
            return Err(Invalid::new("must not be shorter than `estimate`").below("estimate_p95"));
        }
        Ok(self)
    }

    /// Only commands have a directory and an environment.
    fn command(&self) -> Result<(), Invalid> {
        let is_command = self.run.is_some() || self.shell.is_some();
        let in_dir = is_command || self.sql.as_ref().is_some_and(|sql| sql.file.is_some());
        if self.dir.is_some() && !in_dir {
            return Err(
                Invalid::new("only `run`, `shell` and a `file` of `sql` are in a directory").below("dir")
            );
        }
        if self.env.is_some() && !is_command && self.sql.is_none() {
            return Err(Invalid::new("only `run`, `shell` and `sql` have an environment").below("env"));
        }
        self.secrets()?;
        if self.drill.is_some() && self.procedure.is_some() {
            return Err(Invalid::new("the steps of the procedure say it, each for itself").below("drill"));
        }
        let texts = [("dir", &self.dir), ("into", &self.into), ("when", &self.when)];
        match texts.iter().find(|(_, text)| text.as_ref().is_some_and(|text| text.trim().is_empty())) {
            Some((name, _)) => Err(Invalid::new("must not be empty").below(name)),
            None => Ok(()),
        }
    }

    /// A variable holds one value, and a secret goes to a command.
    fn secrets(&self) -> Result<(), Invalid> {
        let mut known: BTreeSet<&str> = self.env.iter().flatten().map(|name| name.0.as_str()).collect();
        let secrets = self.secret.as_deref().unwrap_or_default();
        let takes =
            self.run.is_some() || self.shell.is_some() || self.sql.is_some() || self.restore.is_some();
        if !secrets.is_empty() && !takes {
            let wrong = "only `run`, `shell`, `sql` and `restore` are given a secret";
            return Err(Invalid::new(wrong).below("secret"));
        }
        match secrets.iter().find(|secret| !known.insert(&secret.variable)) {
            Some(twice) => {
                let wrong = format!("`{}` is given twice, by `env` or another `secret`", twice.variable);
                Err(Invalid::new(wrong).below("secret"))
            }
            None => Ok(()),
        }
    }

    /// How often and how long it is done.
    fn done(&self) -> Result<(), Invalid> {
        let looks = self.http.is_some()
            || self.tcp.is_some()
            || self.dns.is_some()
            || self.sql.is_some()
            || self.s3.is_some();
        if self.within.is_some() && !looks && self.checks.is_none() {
            let wrong = "only what looks is done again until it holds: `http`, `tcp`, `dns`, `sql`, `s3`, and what \
                         has `checks`";
            return Err(Invalid::new(wrong).below("within"));
        }
        if self.attempts.is_some_and(|n| !(1..=100).contains(&n)) {
            return Err(Invalid::new("must be from 1 to 100").below("attempts"));
        }
        let person = self.manual.is_some();
        let machines = [
            ("timeout", self.timeout.is_some()),
            ("attempts", self.attempts.is_some()),
            ("repeatable", self.repeatable.is_some()),
            ("approve", self.approve.is_some()),
        ];
        match machines.iter().find(|(_, is)| person && *is) {
            Some((name, _)) => Err(Invalid::new("a person does this step, when they can").below(name)),
            None => Ok(()),
        }
    }

    /// The steps of another procedure say for themselves what they are; here stands only when.
    fn included(&self) -> Result<(), Invalid> {
        if self.procedure.is_none() {
            return Ok(());
        }
        let theirs = [
            ("input", self.input.is_some()),
            ("why", self.why.is_some()),
            ("owner", self.owner.is_some()),
            ("estimate", self.estimate.is_some()),
            ("estimate_p95", self.estimate_p95.is_some()),
            ("timeout", self.timeout.is_some()),
            ("attempts", self.attempts.is_some()),
            ("repeatable", self.repeatable.is_some()),
            ("approve", self.approve.is_some()),
            ("before", self.before.is_some()),
            ("undo", self.undo.is_some()),
            ("checks", self.checks.is_some()),
            ("destroys", self.destroys.is_some()),
            ("needs", self.needs.is_some()),
            ("data", self.data.is_some()),
            ("protects", self.protects.is_some()),
            ("pivot", self.pivot),
        ];
        match theirs.iter().find(|(_, is)| *is) {
            Some((name, _)) => {
                Err(Invalid::new(format!("the steps of that procedure have their own `{name}`")).below(name))
            }
            None => Ok(()),
        }
    }
}
