//! Brings what was restored to its moment: a server of its own replays the log and ends. Whether the log reaches
//! that far is known only then.

use std::path::Path;

use drctl_core::provider::ProviderError;

use crate::canary;
use crate::connection::part;
use crate::server::{For, Programs, serve};
use crate::tool::Tool;

pub(crate) const REPLAYING: &str = "replaying the log";

/// What a server of its own needs in order to replay is there: asked before anything is restored, for a restore
/// whose log nobody replays is none.
///
/// # Errors
/// When the programs are missing, or root is to run them.
pub fn can_replay(tool: &Tool<'_>) -> Result<(), ProviderError> {
    let found = Programs::find(tool, None);
    found.map(drop).map_err(|error| ProviderError { doing: REPLAYING.to_owned(), ..error })
}

/// Replays the log of what was restored into that directory; what is to be said of it. `canary` is the
/// database that holds one, as it was reached before.
///
/// # Errors
/// When the log does not reach the instant that was asked for, or no server comes up.
pub async fn replay(tool: &Tool<'_>, data: &Path, canary: Option<&str>) -> Result<String, ProviderError> {
    let version = std::fs::read_to_string(data.join("PG_VERSION")).ok();
    let programs = Programs::find(tool, version.as_deref().map(str::trim)).map_err(|error| ProviderError {
        doing: REPLAYING.to_owned(),
        message: format!(
            "{}. What is restored is in `{}`, and whether its log reaches the instant is NOT known: start a \
             server on it, and say so when it has replayed",
            error.message,
            data.display()
        ),
        ..error
    })?;
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

#[cfg(test)]
mod tests {
    use drctl_host::Host;

    use super::*;

    #[tokio::test]
    async fn what_nobody_can_replay_is_not_taken_for_restored() {
        let data = tempfile::tempdir().unwrap();
        std::fs::write(data.path().join("PG_VERSION"), "99\n").unwrap();
        let host = Host::default();
        let error = replay(&Tool::new(&host, None, "t"), data.path(), None).await.unwrap_err();
        let said = error.to_string();
        assert!(said.starts_with("replaying the log: ") && said.contains("is NOT known"), "{said}");
        assert!(said.contains(&data.path().display().to_string()), "{said}");
    }
}
