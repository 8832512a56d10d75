//! The canary: a row with the time of writing. What was restored holds it as it was then, so that the loss of
//! data is measured end to end.

use drctl_core::addr::Name;
use drctl_core::provider::ProviderError;
use drctl_core::value::Value;
use jiff::Timestamp;

use crate::tool::{Tool, unreadable};

const DOING: &str = "the canary";

/// The error of a table that does not exist.
const NO_TABLE: &str = "42P01";

/// The instant as text, whatever the server's zone and style are.
const AT: &str = "to_char(at AT TIME ZONE 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS.US\"Z\"') AS drctl_canary";

/// Writes the row; makes its table where there is none.
///
/// # Errors
/// When it was not written.
pub async fn write(tool: &Tool<'_>, database: &str, backup: &Name) -> Result<Timestamp, ProviderError> {
    let row = format!(
        "INSERT INTO drctl_canary (backup, at) VALUES ({}, clock_timestamp()) \
         ON CONFLICT (backup) DO UPDATE SET at = excluded.at RETURNING {AT}",
        literal(backup.as_str())
    );
    let answer = match tool.ask(database, &row).await {
        Err(error) if error.code.as_deref() == Some(NO_TABLE) => {
            let table = "CREATE TABLE drctl_canary (backup text PRIMARY KEY, at timestamptz NOT NULL)";
            tool.ask(database, table).await?;
            tool.ask(database, &row).await?
        }
        answer => answer?,
    };
    newest(&answer)?.ok_or_else(|| unreadable(DOING, "it was written and is not there"))
}

/// The newest row of any backup; none when there is no row or no table.
///
/// # Errors
/// When the server does not answer.
pub async fn read(tool: &Tool<'_>, database: &str) -> Result<Option<Timestamp>, ProviderError> {
    match tool.ask(database, &format!("SELECT {AT} FROM drctl_canary ORDER BY at DESC LIMIT 1")).await {
        Err(error) if error.code.as_deref() == Some(NO_TABLE) => Ok(None),
        answer => newest(&answer?),
    }
}

fn newest(answer: &Value) -> Result<Option<Timestamp>, ProviderError> {
    let Some(Value::List(rows)) = answer.get("rows") else { return Ok(None) };
    let at = rows.first().and_then(|row| row.get("drctl_canary")).and_then(Value::as_str);
    at.map(|at| at.parse().map_err(|e| unreadable(DOING, e))).transpose()
}

/// The text as a literal, however the server reads backslashes.
pub(crate) fn literal(text: &str) -> String {
    format!("E'{}'", text.replace('\\', "\\\\").replace('\'', "''"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_name_leaves_its_literal() {
        assert_eq!(literal("it's"), "E'it''s'");
        assert_eq!(literal("\\'; drop table t; --"), "E'\\\\''; drop table t; --'");
    }
}
