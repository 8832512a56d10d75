//! Which restore points will exist on a day: a pure function of schedules, of what keeps and locks
//! them, and of what was observed. Today they are as things are, later as things are after apply.

mod deletions;
mod mechanism;

use jiff::{SignedDuration, Timestamp};
use serde::Serialize;

pub use deletions::Deletion;
pub use mechanism::{Extent, Mechanism, Run};

use crate::addr::Name;
use crate::recovery::Components;
use crate::span::Span;
use crate::system::System;

/// Everything that restore points follow from.
pub struct Input<'a> {
    /// What is declared.
    pub system: &'a System,
    /// The resources as they are.
    pub now_is: &'a Components,
    /// The resources as they will be after apply.
    pub then_is: &'a Components,
    /// The present time.
    pub now: Timestamp,
    /// The last day that is looked at.
    pub until: Timestamp,
}

/// The restore points of one datastore over time.
#[derive(Debug, Clone)]
pub struct Timeline {
    /// The datastore.
    pub datastore: Name,
    /// What makes its points, declared backups first.
    pub mechanisms: Vec<Mechanism>,
    /// What goes until the last day, by day: of each mechanism the first that nothing else covers, else
    /// the first.
    pub deletions: Vec<Deletion>,
    /// From the first day on which something goes that nothing else covers.
    pub uncovered: Option<usize>,
}

/// When a picture is taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum View {
    /// As things are.
    Present,
    /// As things are after apply.
    Applied,
}

/// What a column of a picture shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Cell {
    /// Nothing can be restored from it.
    Nothing,
    /// At least one single point.
    Point,
    /// Any second of it.
    Any,
    /// Any second of a part of it.
    Part,
    /// Nobody knows.
    Unknown,
}

/// The timelines of all datastores, or of the one that was asked for. One without any mechanism is there,
/// and empty.
pub fn timelines(input: &Input<'_>, only: Option<&Name>) -> Vec<Timeline> {
    let wanted = input.system.datastores.iter().filter(|(name, _)| only.is_none_or(|only| only == *name));
    let one = |(name, declared): (&Name, &crate::system::Declared<crate::system::Datastore>)| {
        let mechanisms = mechanism::mechanisms(input, name, &declared.is);
        let deletions = deletions::deletions(input, &mechanisms);
        let uncovered = deletions.iter().position(|d| d.covered_by.is_none());
        Timeline { datastore: name.clone(), mechanisms, deletions, uncovered }
    };
    wanted.map(one).collect()
}

/// The columns of one mechanism on one day.
pub fn cells(mechanism: &Mechanism, view: View, day: Timestamp, columns: &[Timestamp]) -> Vec<Cell> {
    let Some(extent) = mechanism.on(view, day) else { return vec![Cell::Nothing; columns.len() - 1] };
    columns.windows(2).map(|column| extent.cell(column[0], column[1])).collect()
}

/// Widths of a column that people can count in, in hours.
const STEPS: [i64; 14] = [1, 2, 3, 6, 12, 24, 48, 72, 168, 336, 720, 2160, 4320, 8760];

/// The borders of the columns: from where the oldest point is, but no further back than twice the time
/// ahead, to the last day, in at most `most` columns of a length that people can count in.
pub fn columns(input: &Input<'_>, timeline: &Timeline, most: usize) -> Vec<Timestamp> {
    const HOUR: i64 = 3600;
    let (now, until) = (input.now.as_second(), input.until.as_second());
    let oldest = timeline.mechanisms.iter().filter_map(|m| m.on(View::Present, input.now)?.oldest());
    let oldest = oldest.map(Timestamp::as_second).min().unwrap_or(now);
    let first = oldest.max(now - 2 * (until - now)).min(now - 24 * HOUR);
    let room = i64::try_from(most.max(2)).unwrap_or(i64::MAX);
    let fits = |step: &i64| (until - first) / (step * HOUR) + 2 <= room;
    let step = STEPS.into_iter().find(fits).unwrap_or_else(|| (until - first) / HOUR / (room - 2) + 1) * HOUR;
    let begin = first.div_euclid(step) * step;
    let count = (until - begin) / step + 1;
    let border = |n: i64| Timestamp::from_second(begin + n * step).ok();
    (0..=count).filter_map(border).collect()
}

/// An instant before another, as early as there are instants.
fn before(at: Timestamp, by: SignedDuration) -> Timestamp {
    at.checked_sub(by).unwrap_or(Timestamp::MIN)
}

/// Where something is written.
type At = Option<Span>;
