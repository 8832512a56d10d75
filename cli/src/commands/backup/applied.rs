//! How a backup that drctl manages is made: as was applied on the machine.

use std::collections::BTreeMap;

use drctl_core::addr::{Name, ProviderAddress};
use drctl_core::provider::{ErrorClass, ProviderError};
use drctl_core::system::Backup;
use drctl_core::value::Value;
use drctl_engine::connect::Connect;
use drctl_engine::observe::Limits;
use drctl_machine::applied::{Applied, made as keeping, path, read};
use drctl_machine::port::Cloud as Machine;

use crate::connect::Connector;
use crate::failure::Failure;
use crate::planning::{self, Loaded};
use crate::project::Project;
use crate::session;
use crate::ui::Ui;

/// The backup as it is made, and what is written of it and not applied. One that is not managed is made as it
/// is written, and so is one whose tool has it all in its own file.
pub(super) fn made(
    loaded: &Loaded,
    (name, backup): (&Name, &Backup),
    project: &Project,
    ui: &Ui,
) -> Result<(Backup, Vec<String>), Failure> {
    let (Some(provider), Some(_)) = (&backup.provider, Applied::of(backup)) else {
        return Ok((backup.clone(), Vec::new()));
    };
    let provider = &provider.0;
    let mut configurations = planning::provider_blocks(loaded)?;
    configurations.retain(|address, _| address == provider);
    let connector = Connector::new(project, &configurations, Limits::default().parallelism, ui)?;
    let nothing = BTreeMap::new();
    let settings = configurations.get(provider).unwrap_or(&nothing);
    let applied = session::runtime()?.block_on(applied(&connector, provider, settings, name));
    Ok(keeping(backup, applied))
}

async fn applied(
    connector: &Connector,
    provider: &ProviderAddress,
    settings: &BTreeMap<String, Value>,
    name: &Name,
) -> Result<Option<Applied>, ProviderError> {
    let unread = |message: String| ProviderError {
        doing: "looking for what was applied".to_owned(),
        class: ErrorClass::Rejected,
        code: None,
        message,
    };
    let file = path(settings, name).map_err(|wrong| unread(wrong.message))?;
    let opened = connector.open(provider, settings).await?;
    match opened.cloud.downcast_ref::<Machine>() {
        Some(machine) => read(machine, &file).await,
        None => Err(unread(format!("{provider} is no machine"))),
    }
}
