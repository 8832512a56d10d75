//! The modelled system: what people depend on, the data behind it, what protects the data, where it
//! all stands, what may be lost and how it comes back. One struct per block, one line in the table.

mod alert;
mod assertion;
mod backup;
mod before;
mod channel;
mod checklist;
mod contact;
mod credential;
mod datastore;
mod day;
mod drill;
mod escalation;
mod late;
mod measured;
mod method;
mod order;
mod own;
mod pg_dump;
pub mod pgbackrest;
mod procedure;
mod reference;
mod restic;
mod scenario;
mod secret;
mod service;
mod site;
mod step;
mod waiver;

use std::collections::BTreeMap;

pub use alert::{Alert, On, Threshold};
pub use assertion::{Assertion, Gravity};
pub use backup::{Backup, Canary, Destination, Encryption, LockMode, Proof, Verify};
pub use before::Before;
pub use channel::{Channel, Communication, Moment, Notify};
pub use checklist::{Checklist, When};
pub use contact::Contact;
pub use credential::Credential;
pub use datastore::Datastore;
pub use day::Day;
pub use drill::Drill;
pub use escalation::{Escalation, Level, Trouble};
pub use late::{OfAnswer, OfOutput, OfRows, Target};
pub use measured::{Measured, Took};
pub use method::{Copied, Exposure, External, Kept, Log, Method, Newest};
pub(crate) use method::{DumpIn, Wanted};
pub use order::{Placed, in_order};
pub use own::{JournalCopy, LastWorldCopy, OwnFiles};
pub use pg_dump::{DumpFormat, PgDump};
pub use pgbackrest::PgBackRest;
pub use procedure::{Procedure, Steps};
pub use reference::{
    BackupRef, ChannelRef, ContactRef, CredentialRef, DatastoreRef, EscalationRef, ProcedureRef, ProviderRef,
    ResourceRef, ScenarioRef, ServiceRef, SiteRef, StepRef,
};
pub use restic::Restic;
pub use scenario::{Lose, LossKind, PhaseBudget, Scenario};
pub use secret::Secret;
pub use service::{Health, Objective, Priority, Service};
pub use site::Site;
pub use step::{Check, Dns, EnvName, Http, InDrill, Input, S3, Sql, Step, Tcp};
pub use waiver::{AnyRef, Until, Waiver};

use crate::addr::Name;
use crate::lang::expr::{Expr, ExprKind};
use crate::schema::{Attribute, Attributes};
use crate::span::Span;
use crate::value::Value;

/// What stands in the repositories of backups, or why that is not known.
pub type Listed = BTreeMap<Name, Result<Vec<crate::stored::Stored>, String>>;

/// A type of block.
#[derive(Debug, Clone, Copy)]
pub struct BlockType {
    /// As it is written.
    pub name: &'static str,
    /// What it says.
    pub docs: &'static str,
    /// What it holds.
    pub attributes: &'static [Attribute],
}

/// A block as it was written, its names resolved, nothing evaluated.
#[derive(Debug, Clone, PartialEq)]
pub struct Written {
    /// What is set, blocks included: a block is an object, repeated blocks are a list. References to
    /// blocks are their addresses, as text.
    pub attributes: BTreeMap<String, Expr>,
    /// Where each is set.
    pub spans: BTreeMap<String, Span>,
    /// How many there are of it.
    pub many: Many,
    /// Its header.
    pub span: Span,
    /// All of it.
    pub block: Span,
}

/// How many blocks one text makes.
#[derive(Debug, Clone, Default, PartialEq)]
pub enum Many {
    /// One, of its name.
    #[default]
    One,
    /// `count`: `NAME[0]` and so on.
    Count(Expr),
    /// `for_each`: `NAME["KEY"]`.
    ForEach(Expr),
}

impl Many {
    /// What says it.
    pub fn written(&self) -> Option<&Expr> {
        match self {
            Many::One => None,
            Many::Count(expr) | Many::ForEach(expr) => Some(expr),
        }
    }
}

impl Written {
    /// The place of what is written there, as far as the path leads: `["external", "schedule"]`. A
    /// number leads into a list.
    pub fn at(&self, path: &[&str]) -> Span {
        let Some((first, rest)) = path.split_first() else { return self.span };
        match (self.attributes.get(*first), rest) {
            (None, _) => self.span,
            (Some(_), []) => self.spans.get(*first).copied().unwrap_or(self.span),
            (Some(expr), rest) => below(expr, rest),
        }
    }
}

/// The span of the deepest written node on the path.
fn below(expr: &Expr, path: &[&str]) -> Span {
    let Some((name, rest)) = path.split_first() else { return expr.span };
    let inner = match &expr.kind {
        ExprKind::Object(pairs) => {
            pairs.iter().find(|(k, _)| k.kind == ExprKind::Literal(Value::from(*name))).map(|(_, v)| v)
        }
        ExprKind::List(items) => name.parse::<usize>().ok().and_then(|i| items.get(i)),
        _ => None,
    };
    inner.map_or(expr.span, |e| below(e, rest))
}

/// A block, evaluated, with its text.
#[derive(Debug, Clone, PartialEq)]
pub struct Declared<T> {
    /// What it says.
    pub is: T,
    /// As it was written.
    pub written: Written,
}

/// Where evaluated blocks come from.
pub trait Blocks {
    /// All blocks of that type that could be read.
    fn all<T: Attributes>(&mut self, block: &'static BlockType) -> BTreeMap<Name, Declared<T>>;
}

macro_rules! blocks {
    ($($(#[doc = $docs:literal])+ $field:ident: $name:literal = $type:ty,)+) => {
        /// All blocks of a configuration that say what the system is, evaluated, by name.
        #[derive(Debug, Clone, Default, PartialEq)]
        pub struct System {
            $($(#[doc = $docs])+ pub $field: BTreeMap<Name, Declared<$type>>,)+
            /// How long steps took when they were carried out.
            pub measured: Measured,
            /// What stands in the repositories of backups that were looked into, or why that is not known.
            pub listed: Listed,
            /// Where drctl keeps its own files.
            pub own: OwnFiles,
        }

        /// The types of block, in the order of the reference.
        pub const BLOCKS: &[BlockType] = &[
            $(BlockType {
                name: $name,
                docs: concat!($($docs, "\n"),+),
                attributes: <$type as Attributes>::ATTRIBUTES,
            },)+
        ];

        impl System {
            /// Takes all of them.
            pub fn from_blocks(blocks: &mut impl Blocks) -> System {
                let mut types = BLOCKS.iter();
                $(let $field = blocks.all(types.next().expect("the table has a row for every field"));)+
                System { $($field,)+ measured: Measured::default(), listed: Listed::new(), own: OwnFiles::default() }
            }
        }
    };
}

blocks! {
    /// What users notice: what it needs, what it promises and how it comes back.
    services: "service" = Service,
    /// Data that can be lost.
    datastores: "datastore" = Datastore,
    /// A mechanism that protects a datastore and is made by a tool.
    backups: "backup" = Backup,
    /// A failure domain that is no cloud region: a platform, a host, a DNS provider, a secret store.
    sites: "site" = Site,
    /// Something that lets its holder delete data.
    credentials: "credential" = Credential,
    /// What may be lost, how one notices, and what is promised then.
    scenarios: "scenario" = Scenario,
    /// The steps that bring something back.
    procedures: "procedure" = Procedure,
    /// Somebody who is called or who does a step.
    contacts: "contact" = Contact,
    /// A way that messages go: a status page, an address, a chat.
    channels: "channel" = Channel,
    /// Who is told of what, in all scenarios or in some.
    communications: "communication" = Communication,
    /// Who is called next, after how long.
    escalations: "escalation" = Escalation,
    /// A threshold of what drctl itself knows, and who is told when it is crossed.
    alerts: "alert" = Alert,
    /// What is looked at before, during or after the steps of a recovery.
    checklists: "checklist" = Checklist,
    /// A scenario that is rehearsed again and again.
    drills: "drill" = Drill,
    /// Something that has to be true of this configuration.
    checks: "check" = Assertion,
    /// A finding that somebody has decided to live with, until a day.
    waivers: "waiver" = Waiver,
}

/// The type of block of that name.
pub fn block_type(name: &str) -> Option<&'static BlockType> {
    BLOCKS.iter().find(|b| b.name == name)
}
