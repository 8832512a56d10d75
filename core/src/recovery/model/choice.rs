//! The way back that is taken for a datastore, and those that are not.

use jiff::Timestamp;
use serde::Serialize;

use super::super::patch::CameBack;
use crate::addr::{Address, Name};
use crate::protection::Window;
use crate::size::Size;

/// The way back chosen for a datastore.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Choice {
    /// The datastore.
    pub datastore: Name,
    /// The resource that holds its data, when one does.
    pub resource: Option<Address>,
    /// What it comes back from.
    pub from: String,
    /// In words: "replicated automated backups in eu-west-2".
    pub mechanism: String,
    /// The region in which it comes back; none where a written step decides that.
    pub region: Option<String>,
    /// How much data that is, as far as that is declared; in bytes.
    pub size_bytes: Option<Size>,
    /// The point in time of the data; none for a live replica.
    pub point: Option<Timestamp>,
    /// What is lost, in seconds; none when unbounded.
    pub data_loss_s: Option<i64>,
    /// How that loss is known.
    pub data_loss_source: String,
    /// The written step that restores it; none where drctl derives the steps.
    pub step: Option<u32>,
    /// Why this one.
    pub why: String,
    /// What holds it then; none where it comes back in its place.
    #[serde(skip)]
    pub came_back: Option<CameBack>,
    /// The others, and why not.
    pub rejected: Vec<Rejected>,
    /// From when until when there are points.
    #[serde(skip)]
    pub window: Option<Window>,
}

/// A way back that was not taken.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Rejected {
    /// What it would have come back from.
    pub from: String,
    /// In words.
    pub mechanism: String,
    /// Why not.
    pub why: String,
    /// The point in time of the data that it would have given, where that is known.
    #[serde(skip)]
    pub point: Option<Timestamp>,
    /// What it would have lost, in seconds.
    #[serde(skip)]
    pub data_loss_s: Option<i64>,
    /// From when until when there are points.
    #[serde(skip)]
    pub window: Option<Window>,
}

impl Rejected {
    /// One of which no point is known.
    pub(crate) fn new(
        from: impl Into<String>,
        mechanism: impl Into<String>,
        why: impl Into<String>,
    ) -> Rejected {
        let (from, mechanism, why) = (from.into(), mechanism.into(), why.into());
        Rejected { from, mechanism, why, point: None, data_loss_s: None, window: None }
    }
}

impl Choice {
    /// As a way back that another one is better than.
    pub(crate) fn rejected(&self, why: impl Into<String>) -> Rejected {
        let Choice { from, mechanism, point, data_loss_s, window, .. } = self;
        Rejected {
            point: *point,
            data_loss_s: *data_loss_s,
            window: window.clone(),
            ..Rejected::new(from, mechanism, why)
        }
    }
}
