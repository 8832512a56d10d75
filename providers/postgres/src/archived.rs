//! How far a server has archived its log.

use drctl_core::provider::ProviderError;
use drctl_core::value::Value;
use jiff::Timestamp;

use crate::tool::{Tool, unreadable};

const DOING: &str = "asking how far the log is archived";

/// The time at which the server archived a part of its log last, whatever the server's zone and style are. Where
/// archiving fails it stands still.
const ASK: &str = "SELECT to_char(last_archived_time AT TIME ZONE 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS.US\"Z\"') AS at \
                   FROM pg_stat_archiver";

/// When the server archived a part of its log last.
///
/// # Errors
/// When it does not answer, or has never archived any.
pub async fn archived(tool: &Tool<'_>, database: &str) -> Result<Timestamp, ProviderError> {
    let answer = tool.ask(database, ASK).await?;
    let row = match answer.get("rows") {
        Some(Value::List(rows)) => rows.first(),
        Some(_) | None => None,
    };
    let at = row.and_then(|row| row.get("at")).and_then(Value::as_str);
    let at = at.ok_or_else(|| unreadable(DOING, "the server has never archived any of its log"))?;
    at.parse().map_err(|error| unreadable(DOING, error))
}
