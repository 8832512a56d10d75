//! Brings what was restored to its moment: a server of its own replays the log and ends. Whether the log reaches
//! that far is known only then.

use std::path::Path;

use drctl_core::provider::ProviderError;

use crate::canary;
use crate::connection::part;
use crate::server::{For, Programs, serve};
use crate::tool::Tool;

/// Replays the log of what was restored into that directory; what is to be said of it. `canary` is the
/// database that holds one, as it was reached before.
///
/// # Errors
/// When the log does not reach the instant that was asked for, or no server comes up.
pub async fn replay(tool: &Tool<'_>, data: &Path, canary: Option<&str>) -> Result<String, ProviderError> {
    let version = std::fs::read_to_string(data.join("PG_VERSION")).ok();
    let programs = match Programs::find(tool, version.as_deref().map(str::trim)) {
        Ok(programs) => programs,
        // What is restored is there all the same, and whoever starts it replays its log.
        Err(error) => {
            return Ok(format!("its log is NOT replayed yet, and may end too early: {}", error.message));
        }
    };
    let user = canary.and_then(|text| part(text, "user"));
    let user =
        user.or_else(|| tool.variable("USER").map(str::to_owned)).unwrap_or_else(|| "postgres".to_owned());
    let name = canary.and_then(|text| part(text, "dbname"));
    let found = serve(tool, &programs, (data, &user), For::Replaying, async |served| match &name {
        Some(name) => Ok(canary::read(tool, &served.database(name)).await.ok().flatten()),
        None => Ok(None),
    })
    .await?;
    let canary = found.map_or_else(String::new, |at| format!("drctl_canary = {at}\n"));
    Ok(format!("its log is replayed\n{canary}"))
}
