//! What a recovery is planned from.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};
use serde::Serialize;

use super::super::dependents::Dependents;
use super::super::hit::Hit;
use super::super::home::Homes;
use super::super::inventory::Components;
use super::super::loss::Loss;
use crate::addr::{Address, Name, ProviderAddress};
use crate::provider::{AnyKind, Id, Place};
use crate::system::System;
use crate::value::Value;

/// Everything recovery planning looks at.
pub struct Input<'a> {
    /// All resources of the configuration.
    pub components: &'a Components,
    /// What is declared: the datastores, what protects them, who needs them, the procedures.
    pub system: &'a System,
    /// Who depends on what in it, and what protects it.
    pub dependents: &'a Dependents<'a>,
    /// What is lost.
    pub loss: &'a Loss,
    /// What goes with it, where that was found before.
    pub hit: Option<&'a Hit>,
    /// The scenario of the system, when there is one.
    pub scenario: Option<&'a Name>,
    /// What was promised for it; where nothing was, the strictest of the services that are hit counts.
    pub objective: Objective,
    /// Restore these datastores to these instants instead of the newest.
    pub at: &'a BTreeMap<Name, Timestamp>,
    /// Which of two ways back is the better one.
    pub prefer: Prefer,
    /// Where datastores go home to, when that is what is planned.
    pub home: Option<&'a Homes>,
    /// The time of planning.
    pub now: Timestamp,
}

/// Which of two ways back is the better one.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Prefer {
    /// The one with the newest data; of those the fastest.
    #[default]
    Rpo,
    /// The fastest one; of those the one with the newest data.
    Rto,
}

/// One resource with what is known of it.
#[derive(Clone)]
pub struct Component {
    /// Its address.
    pub address: Address,
    /// Its kind.
    pub kind: &'static dyn AnyKind,
    /// Its name at the provider.
    pub id: Id,
    /// Set attributes: written and known, else observed.
    pub attributes: Arc<BTreeMap<String, Value>>,
    /// Outputs: observed, else derived from the name.
    pub outputs: Arc<BTreeMap<String, Value>>,
    /// The provider configuration that it belongs to.
    pub provider: ProviderAddress,
    /// Where it is.
    pub place: Place,
    /// Whether it was seen.
    pub seen: Seen,
    /// What it depends on.
    pub needs: BTreeSet<Address>,
}

/// Whether a component was seen at the provider.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Seen {
    /// It is there.
    Present,
    /// It is not there.
    Absent,
    /// Nobody can tell; the message says why.
    Unobserved(String),
}

/// What was promised, in the worst case.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Objective {
    /// Downtime.
    pub rto: Option<SignedDuration>,
    /// Loss of data.
    pub rpo: Option<SignedDuration>,
}
