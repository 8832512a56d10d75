//! `backup "NAME" { … }`: a mechanism that protects a datastore and is made by a tool.

use jiff::SignedDuration;

use super::day::Day;
use super::late::OfRows;
use super::method::{Copied, External, Method};
use super::pg_dump::{DumpFormat, PgDump};
use super::pgbackrest::PgBackRest;
use super::reference::{ContactRef, DatastoreRef, ProcedureRef, ProviderRef, ResourceRef, SiteRef};
use super::restic::Restic;
use super::step::EnvName;
use crate::schema::Invalid;
use crate::stored::Level;

/// A mechanism that protects a datastore. Exactly one block says how it is made.
#[derive(Debug, Clone, PartialEq, Eq, crate::Attributes)]
#[attribute(check = Backup::check)]
pub struct Backup {
    /// The datastore it is of.
    pub of: DatastoreRef,
    /// What of the datastore is in it, in words, where that is not all: `the tables of the tariffs`. A part is of
    /// use to whoever looks for it, and no way back for the datastore.
    pub part: Option<String>,
    /// The provider configuration through which drctl sees to it that the backup is made: what that takes on
    /// the server and on the machine is planned and applied like any resource. Without it the backup is
    /// only described.
    pub provider: Option<ProviderRef>,
    /// Made by somebody else's scheduler: declared, so that what may be lost between two of them can be told.
    pub external: Option<External>,
    /// Made by pgBackRest: full backups and the log between them, so that any instant can be restored.
    pub pgbackrest: Option<PgBackRest>,
    /// Made by `pg_dump`.
    pub pg_dump: Option<PgDump>,
    /// Made by restic.
    pub restic: Option<Restic>,
    /// A copy that is brought up to date, by `rsync` or `aws s3 sync`.
    pub copy: Option<Copied>,
    /// Where it is kept. With none it stands beside the data and is lost with it.
    #[attribute(default = Vec::new())]
    pub to: Vec<Destination>,
    /// How it is encrypted.
    pub encryption: Option<Encryption>,
    /// How one makes sure that it can be restored from, and how often.
    #[attribute(default = Vec::new())]
    pub verify: Vec<Verify>,
    /// A row with the time that drctl writes into the database, and looks for in what was restored: so the
    /// loss of data is measured, and not only worked out.
    pub canary: Option<Canary>,
}

/// A row with the time of writing, in the table `drctl_canary`.
#[derive(Debug, Clone, PartialEq, Eq, crate::Attributes)]
#[attribute(check = Canary::check)]
pub struct Canary {
    /// The database, by name or as a connection string without a password.
    pub database: String,
    /// How often it is written at least, by `drctl backup canary`. Each `drctl backup run` writes it as well.
    pub every: SignedDuration,
    /// The variables of the environment that connecting needs: `PGPASSWORD`.
    pub env: Option<Vec<EnvName>>,
}

impl Canary {
    fn check(self) -> Result<Canary, Invalid> {
        super::pg_dump::without_password(&self.database)?;
        match self.every.is_positive() {
            true => Ok(self),
            false => Err(Invalid::new("must be longer than nothing").below("every")),
        }
    }
}

/// How a backup is encrypted.
#[derive(Debug, Clone, PartialEq, Eq, crate::Attributes)]
pub struct Encryption {
    /// With what: `AES-256`.
    pub algorithm: Option<String>,
    /// The site that the key is at. When that is lost, nothing can be read.
    pub key: Option<SiteRef>,
}

crate::words! {
    /// What a verification proves.
    Proof {
        /// That there is one.
        Exists = "exists",
        /// That it is whole: its checksum is right.
        Readable = "readable",
        /// That it can be restored.
        Restored = "restored",
        /// That what was restored is right.
        Right = "right",
    }
    "one of exists, readable, restored, right"
}

/// How one makes sure that a backup can be restored from.
#[derive(Debug, Clone, PartialEq, Eq, crate::Attributes)]
#[attribute(check = Verify::check)]
pub struct Verify {
    /// How often.
    pub every: SignedDuration,
    /// What it proves.
    pub proves: Option<Proof>,
    /// The command that does it.
    pub run: Option<Vec<String>>,
    /// The questions that are asked of what was restored. Each has to be answered, and what it answers with
    /// `false` has failed.
    pub sql: Option<String>,
    /// The database that is asked, by its name; `postgres`, or the one that was dumped, when nothing is said.
    pub database: Option<String>,
    /// What has to be true of the last answer: `self.rows[0].n > 0`.
    pub assert: Option<OfRows>,
    /// The procedure that does it.
    pub procedure: Option<ProcedureRef>,
    /// Who does it.
    pub owner: Option<ContactRef>,
    /// The day on which it was done last.
    pub last: Option<Day>,
}

impl Verify {
    /// How far `drctl backup verify` has to come for it to count as done; none where a procedure does it.
    pub fn needs(&self) -> Option<Level> {
        if self.procedure.is_some() {
            return None;
        }
        Some(match (self.proves, self.sql.is_some() || self.run.is_some()) {
            (Some(Proof::Right), _) | (None, true) => Level::Queries,
            (Some(Proof::Restored), _) => Level::Restores,
            (Some(Proof::Readable), _) => Level::Checksum,
            (Some(Proof::Exists), _) | (None, false) => Level::Listed,
        })
    }

    fn check(self) -> Result<Verify, Invalid> {
        if !self.every.is_positive() {
            return Err(Invalid::new("must be longer than nothing").below("every"));
        }
        let ways = [
            ("run", self.run.is_some()),
            ("sql", self.sql.is_some()),
            ("procedure", self.procedure.is_some()),
        ];
        one_of(&ways, "a verification is done in one way")?;
        let of_sql = [("database", self.database.is_some()), ("assert", self.assert.is_some())];
        if let Some((name, _)) = of_sql.iter().find(|(_, is)| *is && self.sql.is_none()) {
            return Err(Invalid::new("goes with `sql`").below(name));
        }
        Ok(self)
    }
}

/// Where a backup is kept.
#[derive(Debug, Clone, PartialEq, Eq, crate::Attributes)]
#[attribute(check = Destination::check)]
pub struct Destination {
    /// What it is called.
    #[attribute(label)]
    pub name: String,
    /// The bucket it is in.
    pub bucket: Option<ResourceRef>,
    /// The site it is at.
    pub site: Option<SiteRef>,
    /// The cloud region it is in, when no resource of this configuration says it.
    pub region: Option<String>,
    /// The account it is in, when no resource of this configuration says it.
    pub account: Option<String>,
    /// Where in there: a path or a prefix.
    pub path: Option<String>,
    /// How long it takes to get there after it was made.
    pub transfer: Option<SignedDuration>,
    /// How long it is kept there, when that differs.
    pub keep: Option<SignedDuration>,
    /// How long nobody can delete it there, when no resource of this configuration says it. What drctl writes into
    /// a bucket is locked by it for that long.
    pub lock: Option<SignedDuration>,
    /// Who may delete it all the same: with `governance` whoever has the permission to bypass locks, with
    /// `compliance`, which it is when nothing is said, nobody.
    pub lock_mode: Option<LockMode>,
}

crate::words! {
    /// Who may delete what is locked.
    LockMode {
        /// Whoever has the permission to bypass locks.
        Governance = "governance",
        /// Nobody.
        Compliance = "compliance",
    }
    "one of governance, compliance"
}

impl Destination {
    /// The directory that it is, where it is one.
    pub fn directory(&self) -> Option<&str> {
        self.path.as_deref().filter(|path| self.bucket.is_none() && path.starts_with('/'))
    }

    /// What keys begin with in its bucket: the `path`, which is often written with the bucket in front.
    pub fn prefix(&self) -> &str {
        let path = self.path.as_deref().unwrap_or_default();
        match path.strip_prefix("s3://") {
            Some(rest) => rest.split_once('/').map_or("", |(_, key)| key),
            None => path.trim_start_matches('/'),
        }
    }

    /// The key of what has this name in its bucket.
    pub fn key(&self, name: &str) -> String {
        match self.prefix().trim_end_matches('/') {
            "" => name.to_owned(),
            prefix => format!("{prefix}/{name}"),
        }
    }

    fn check(self) -> Result<Destination, Invalid> {
        if self.lock.is_some_and(|lock| !lock.is_positive()) {
            return Err(Invalid::new("must be longer than nothing").below("lock"));
        }
        if self.lock_mode.is_some() && self.lock.is_none() {
            return Err(Invalid::new("goes with `lock`, which says for how long").below("lock_mode"));
        }
        Ok(self)
    }
}

impl Backup {
    /// The ways to make one, by the names of their blocks; one of them is there.
    fn ways(&self) -> [(&'static str, Option<Method<'_>>); 5] {
        let Backup {
            of: _,
            part: _,
            provider: _,
            external,
            pgbackrest,
            pg_dump,
            restic,
            copy,
            to: _,
            encryption: _,
            verify: _,
            canary: _,
        } = self;
        [
            ("external", external.as_ref().map(External::method)),
            ("pgbackrest", pgbackrest.as_ref().map(PgBackRest::method)),
            ("pg_dump", pg_dump.as_ref().map(PgDump::method)),
            ("restic", restic.as_ref().map(Restic::method)),
            ("copy", copy.as_ref().map(Copied::method)),
        ]
    }

    /// Exactly one block says how it is made.
    fn check(self) -> Result<Backup, Invalid> {
        let in_files = self.pg_dump.as_ref().is_some_and(|is| is.format == DumpFormat::Directory);
        if in_files && self.dumped_to().is_some_and(|to| to.bucket.is_some()) {
            let wrong = "must be custom where the dump goes into a bucket: it is one object there";
            return Err(Invalid::new(wrong).below("format").below("pg_dump"));
        }
        let made = self.ways().map(|(name, way)| (name, way.is_some()));
        match one_of(&made, "a backup is made in one way")? {
            Some(_) => Ok(self),
            None => Err(Invalid::new(format!(
                "a backup needs the block that says how it is made: one of {}",
                made.map(|(name, _)| format!("`{name}`")).join(", ")
            ))),
        }
    }

    /// Where the dumps go that drctl makes: the first place that it can write to.
    pub fn dumped_to(&self) -> Option<&Destination> {
        self.pg_dump.as_ref().filter(|is| is.is_made())?;
        self.to.iter().find(|to| to.bucket.is_some() || to.directory().is_some())
    }

    /// What was measured stands over what is declared.
    pub(crate) fn took(&mut self, takes: SignedDuration) {
        let declared = [
            self.pgbackrest.as_mut().map(|is| &mut is.takes),
            self.pg_dump.as_mut().map(|is| &mut is.takes),
            self.restic.as_mut().map(|is| &mut is.takes),
        ];
        declared.into_iter().flatten().for_each(|is| *is = Some(takes));
    }

    /// How it is made.
    pub fn method(&self) -> Method<'_> {
        self.ways().into_iter().find_map(|(_, way)| way).expect("a backup that was read has a method")
    }
}

/// The one that is set; with several, what is wrong.
fn one_of(all: &[(&'static str, bool)], rule: &str) -> Result<Option<&'static str>, Invalid> {
    let mut set = all.iter().filter(|(_, is)| *is).map(|(name, _)| *name);
    match (set.next(), set.next()) {
        (Some(first), Some(second)) => {
            Err(Invalid::new(format!("{rule}: `{first}` or `{second}`")).below(second))
        }
        (first, _) => Ok(first),
    }
}
