//! Every rule, in one table. Ids and names are stable, wording is not. Each rule has a folder of cases
//! under `testdata/findings/`.

use std::fmt;

use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::diag::Severity;
use crate::schema::{AttributeType, Invalid, Type};
use crate::value::Value;

macro_rules! rules {
    ($($(#[doc = $doc:literal])+ $rule:ident = $id:literal $name:literal $severity:ident;)+) => {
        /// A rule, such as `DR801`.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum RuleId { $($(#[doc = $doc])+ $rule,)+ }

        impl RuleId {
            /// All rules, in order.
            pub const ALL: &'static [RuleId] = &[$(RuleId::$rule,)+];

            /// The id, such as `DR801`.
            pub fn id(self) -> &'static str {
                match self { $(RuleId::$rule => $id,)+ }
            }

            /// The name, such as `destroys-before-verified`.
            pub fn name(self) -> &'static str {
                match self { $(RuleId::$rule => $name,)+ }
            }

            /// How bad it is, unless the finding is a milder one.
            pub fn severity(self) -> Severity {
                match self { $(RuleId::$rule => Severity::$severity,)+ }
            }

            /// What the rule says, in a sentence or two.
            pub fn docs(self) -> &'static str {
                match self { $(RuleId::$rule => concat!($($doc, "\n",)+),)+ }
            }
        }
    };
}

rules! {
    /// A step destroys the present data of a datastore, and no step before it (through `after`) makes sure
    /// that the backup can be restored from (`checks = "backup"`).
    DestroysBeforeVerified = "DR801" "destroys-before-verified" Error;
    /// One loss takes a datastore and every place that a backup of it is kept at. A warning when it is
    /// only a wider domain that they share: the region, or the site that both sites are within.
    BackupBesideData = "DR802" "backup-beside-data" Error;
    /// A scenario loses what a service or a datastore stands on, and neither its `recover` nor that of the
    /// service says how it comes back. A warning when all that is lost is data in resources, for
    /// which drctl derives steps.
    ScenarioWithoutPlan = "DR803" "scenario-without-plan" Error;
    /// A step of the way back from a scenario needs a site that the scenario loses, or restores from a
    /// backup that is kept nowhere else.
    NeedsWhatIsLost = "DR804" "step-needs-what-is-lost" Error;
    /// A service promises more than a service that it depends on: a shorter RTO or RPO.
    DependencySlower = "DR805" "dependency-slower" Error;
    /// A contact that cannot be reached: no `phone`, `email` or `via`, or a placeholder in place of one. Or a
    /// channel of which nothing says where its messages go: no `url`, `via` or `run`, or a placeholder.
    PlaceholderContact = "DR806" "placeholder-contact" Warning;
    /// A command with a placeholder in it: `<backup-id>`, `YYYYMMDD`, `your-org`. A warning in what a
    /// person does.
    PlaceholderInStep = "DR807" "placeholder-in-step" Error;
    /// A step that a person does without `why` no machine does it, or without `owner`.
    ManualWithoutReason = "DR808" "manual-without-reason" Warning;
    /// A scenario in which data is wrong, and its way back takes the latest backup: which holds the wrong
    /// data when it was made after the data went wrong.
    CorruptedLatest = "DR809" "corrupted-latest" Error;
    /// Data is brought back and no step after that makes sure that it is right (`checks = "data"`).
    UnverifiedRestore = "DR810" "unverified-restore" Warning;
    /// `aws s3api restore-object` with `--version-id`: the call makes an archived version readable for some
    /// days, and does not make it the current one.
    WrongRestoreCall = "DR811" "wrong-restore-call" Warning;
    /// A bucket of this configuration that keeps backups has neither versioning nor Object Lock nor
    /// replication.
    UnprotectedBackupStore = "DR812" "unprotected-backup-store" Error;
    /// A step changes DNS and no `wait` step after it counts the time until everybody sees that; or an estimate of
    /// the whole takes all that is promised, and nothing says that the wait is in it.
    DnsNotCounted = "DR813" "dns-not-counted" Warning;
    /// A backup of which nothing says how long it takes (`takes`) or is kept (`keep`).
    UndeclaredDuration = "DR814" "undeclared-duration" Note;
    /// The budgets of a scenario's phases together are longer than its RTO.
    PhasesExceedObjective = "DR815" "phases-exceed-objective" Error;
    /// WAL is applied to what an SQL dump was restored into: WAL continues only a copy of the files.
    WalAfterDump = "DR816" "wal-after-dump" Error;
    /// A waiver whose day is over: what it waived counts again.
    ExpiredWaiver = "DR817" "expired-waiver" Warning;
    /// A waiver that waives nothing.
    IdleWaiver = "DR818" "idle-waiver" Note;
    /// The steps of a scenario's way back take longer than the scenario estimates for the whole of it.
    EstimateTooShort = "DR819" "estimate-too-short" Warning;
    /// A drill, or the verification of a backup, that was done once and not again when its `every` was over.
    Overdue = "DR820" "overdue" Warning;
    /// What a `check` block asserts is not true. As bad as the check says.
    FailedCheck = "DR821" "failed-check" Error;
    /// A backup is to be verified (`verify`), and nothing says that it ever was (`last`).
    NeverVerified = "DR822" "never-verified" Warning;
    /// A scenario that no drill rehearses, or a drill of which nothing says that it was ever done (`last`).
    NotRehearsed = "DR823" "not-rehearsed" Warning;
    /// Where backups build on each other and a lock keeps them from being deleted, the lock is shorter than what
    /// the log is kept for, the longest time between two full backups and a day: full backups can be deleted
    /// that newer ones build on.
    LockTooShort = "DR824" "lock-too-short" Error;
    /// The lifecycle of the bucket that keeps a backup deletes it before the time is over that it is kept for;
    /// of one that is copied over, its earlier versions.
    ExpiresTooEarly = "DR825" "expires-too-early" Error;
    /// A backup is encrypted and nothing says where its key is (a warning), or the key is lost with the data. A
    /// warning when it is only a wider domain that they share.
    KeyNotKnown = "DR826" "key-lost-with-data" Error;
    /// A scenario loses the `site` at which drctl keeps its own files, and no `last_world_copy` says that what
    /// was last seen is kept outside of that loss; or the `journal_copy` is in a region that is lost with it.
    OwnFilesLost = "DR827" "own-files-lost" Error;
    /// An alert that comes later than what it guards was promised: `point_age` above the RPO, `not_verified` above
    /// `every` of the verification. Or one of which nothing says how much is too much.
    AlertTooLate = "DR828" "alert-too-late" Warning;
    /// An alert that no machine tells anybody of: its channel has neither `run` nor `webhook`.
    AlertUnsent = "DR829" "alert-unsent" Warning;
    /// A command of a step that goes on until somebody stops it: `tail -f`, `kubectl logs --follow`, `watch`.
    NeverEnds = "DR830" "never-ends" Warning;
}

impl RuleId {
    /// The rule of that id.
    pub fn by_id(id: &str) -> Option<RuleId> {
        RuleId::ALL.iter().find(|rule| rule.id() == id).copied()
    }
}

impl fmt::Display for RuleId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.id())
    }
}

impl Serialize for RuleId {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.id())
    }
}

impl<'de> Deserialize<'de> for RuleId {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<RuleId, D::Error> {
        let id = String::deserialize(deserializer)?;
        RuleId::by_id(&id).ok_or_else(|| D::Error::custom(format!("there is no rule {id:?}")))
    }
}

impl AttributeType for RuleId {
    const TYPE: Type = Type::String("the id of a rule such as \"DR801\"");

    fn from_value(value: Value) -> Result<RuleId, Invalid> {
        let id = value.as_str().ok_or_else(|| Invalid::wrong_type("the id of a rule", &value))?;
        RuleId::by_id(id).ok_or_else(|| {
            Invalid::new(format!("there is no rule {id:?}: rules are {} to {}", RuleId::ALL[0], last()))
        })
    }

    fn to_value(&self) -> Value {
        Value::String(self.id().to_owned())
    }
}

fn last() -> RuleId {
    *RuleId::ALL.last().expect("the table has rules")
}
