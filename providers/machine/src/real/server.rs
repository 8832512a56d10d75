//! The settings of a PostgreSQL server, asked and changed by SQL.

use std::collections::BTreeMap;
use std::time::Duration;

use drctl_core::provider::{ErrorClass, Place, Unobserved};
use drctl_core::recovery::{Action, Surroundings};
use drctl_core::value::Value;

use super::Machine;
use crate::port::{Answer, DISABLED, Port, Setting, error};
use crate::quote;

/// How long the server may take to read its configuration.
const RELOADED: Duration = Duration::from_secs(10);
/// How often it is asked whether it has.
const AGAIN: Duration = Duration::from_millis(50);

type Row = BTreeMap<String, String>;

/// Asks one question; the answer as text.
async fn ask(machine: &Machine, query: &str) -> Answer<Vec<Row>> {
    let action = Action::Sql {
        database: machine.settings.connection.clone(),
        query: Some(query.to_owned()),
        file: None,
        assert: None,
        surroundings: Surroundings { dir: Some("/".to_owned()), ..Surroundings::default() },
    };
    let value = machine.perform(&action).await?;
    let Some(Value::List(rows)) = value.get("rows").cloned() else { return Ok(Vec::new()) };
    let text = |value: &Value| value.as_str().map(str::to_owned);
    let row = |row: Value| match row {
        Value::Object(row) => row.iter().filter_map(|(k, v)| Some((k.clone(), text(v)?))).collect(),
        _ => Row::new(),
    };
    Ok(rows.into_iter().map(row).collect())
}

/// Account: the cluster, which a copy of its data shares and no other has.
pub(super) async fn identify(machine: &Machine) -> Answer<Place> {
    let query =
        "SELECT system_identifier::text AS id, current_user::text AS who FROM pg_catalog.pg_control_system()";
    let rows = ask(machine, query).await?;
    let said = |name: &str| rows.first().and_then(|row| row.get(name)).cloned();
    Ok(Place { account: said("id"), caller: said("who"), ..machine.place() })
}

fn among(names: &[&str]) -> String {
    names.iter().map(|name| quote::sql(name)).collect::<Vec<_>>().join(", ")
}

pub(super) async fn settings(machine: &Machine, names: &[&str]) -> Answer<BTreeMap<String, Setting>> {
    let among = among(names);
    let query = format!(
        "SELECT name, setting, pending_restart::text AS pending, source FROM pg_catalog.pg_settings \
         WHERE name IN ({among})"
    );
    let rows = ask(machine, &query).await?;
    let said = |row: &Row, name: &str| row.get(name).cloned().unwrap_or_default();
    let is = |row: &Row| said(row, "pending") == "true" || said(row, "setting") == DISABLED;
    // Who may not see the files is not asked to, where nothing hangs on it.
    let configured = match rows.iter().any(is) {
        true => configured(machine, &among).await,
        false => Ok(BTreeMap::new()),
    };
    let setting = |row: &Row| Setting {
        value: said(row, "setting"),
        configured: match &configured {
            Ok(all) => Ok(all.get(&said(row, "name")).cloned()),
            Err(why) => Err(why.clone()),
        },
        pending_restart: said(row, "pending") == "true",
        on_command_line: said(row, "source") == "command line",
    };
    Ok(rows.iter().map(|row| (said(row, "name"), setting(row))).collect())
}

/// What the files say; of several lines the last.
async fn configured(machine: &Machine, among: &str) -> Result<BTreeMap<String, String>, Unobserved> {
    let query = format!(
        "SELECT name, setting FROM pg_catalog.pg_file_settings WHERE name IN ({among}) ORDER BY seqno"
    );
    let rows = ask(machine, &query).await?;
    Ok(rows.into_iter().filter_map(|mut row| Some((row.remove("name")?, row.remove("setting")?))).collect())
}

pub(super) async fn set(machine: &Machine, name: &str, value: Option<&str>) -> Answer<()> {
    let fits = |c: char| c.is_ascii_lowercase() || c == '_';
    if !name.chars().all(fits) {
        return Err(error("changing a setting", ErrorClass::Rejected, "there is no such setting"));
    }
    let query = match value {
        Some(value) => format!("ALTER SYSTEM SET {name} = {}", quote::sql(value)),
        None => format!("ALTER SYSTEM RESET {name}"),
    };
    ask(machine, &query).await.map(|_| ())
}

pub(super) async fn reload(machine: &Machine) -> Answer<()> {
    let query = "SELECT pg_conf_load_time()::text AS at, pg_reload_conf()::text AS sent";
    let rows = ask(machine, query).await?;
    let said = |name: &str| rows.first().and_then(|row| row.get(name)).cloned().unwrap_or_default();
    let doing = "having the server read its configuration";
    if said("sent") != "true" {
        return Err(error(doing, ErrorClass::Failed, "the server could not be told"));
    }
    let question =
        format!("SELECT (pg_conf_load_time() > {}::timestamptz)::text AS read", quote::sql(&said("at")));
    let read = async {
        loop {
            let rows = ask(machine, &question).await?;
            if rows.first().and_then(|row| row.get("read")).is_some_and(|read| read == "true") {
                return Ok(());
            }
            tokio::time::sleep(AGAIN).await;
        }
    };
    match tokio::time::timeout(RELOADED, read).await {
        Ok(done) => done,
        Err(_) => Err(error(doing, ErrorClass::Timeout, "it has not done so")),
    }
}
