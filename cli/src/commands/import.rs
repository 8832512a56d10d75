//! `drctl import`: takes something that is at the provider for ours, under an address that the
//! configuration declares. Writes the state alone; what differs is the next plan's business.

use std::sync::Arc;

use drctl_core::addr::Address;
use drctl_core::codes::Code;
use drctl_core::config::Import;
use drctl_core::diag::{Diagnostics, Severity};
use drctl_core::lang::expr::Expr;
use drctl_core::plan::{Expanded, Plan, ResourceChange};
use drctl_core::rebuild::{self, Entry};
use drctl_core::state::State;
use drctl_engine::state_file::StateFile;
use serde_json::json;

use super::state::LOCK_TIMEOUT;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::planning::{self, Gaps, Loaded, Look, Observation, PlanningArgs, VariableArgs};
use crate::project::Project;
use crate::registry::REGISTRY;
use crate::render::progress::{Progress, Show};
use crate::render::text::safe;
use crate::session;
use crate::ui::{Format, Ui};

/// Options of `drctl import`.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// The address: its resource block must be in the configuration
    address: Address,
    /// The name at the provider
    id: String,
    #[command(flatten)]
    variables: VariableArgs,
    /// Reads in flight for each provider
    #[arg(long, value_name = "N", default_value = "32", value_parser = clap::value_parser!(u16).range(1..=256))]
    parallelism: u16,
}

/// Reads the thing, and writes down that it is ours.
pub(crate) fn run(args: &Args, project: &Project, ui: &Ui) -> Result<Exit, Failure> {
    let clock = session::clock(ui)?;
    let mut loaded = planning::load(project, &args.variables, ui)?;
    declare(&mut loaded, args)?;
    let runtime = session::runtime()?;
    let holder = session::holder(ui, "import", clock.as_ref());
    let _lock = runtime.block_on(session::lock(project, &holder, LOCK_TIMEOUT, clock.as_ref()))?;
    let state = session::load_state(project)?;
    if state.as_ref().is_some_and(|s| s.resources.contains_key(&args.address)) {
        let headline = format!("`{}` is in the state already", safe(&args.address.to_string()));
        let help = "To let it stand for something else, first `drctl state rm` it.";
        return Err(Failure::new(Code::BadArgument, headline, help));
    }
    let progress = Progress::new(ui, Arc::clone(&clock), Show::Reading);
    let look = Look {
        parallelism: args.parallelism,
        reporter: &progress,
        clock: clock.as_ref(),
        gaps: Gaps::Unobserved,
    };
    let observation = runtime.block_on(planning::look(&loaded, state.as_ref(), project, look, ui));
    progress.finish();
    let plan = plan(&loaded, observation?, state.as_ref(), args)?;
    let change = found(&plan, args)?;
    let mut state = state.unwrap_or_else(|| State::new(session::unique(clock.as_ref())));
    let kind = REGISTRY.kind(change.address.kind.as_str()).expect("the plan has only known kinds");
    let entry = rebuild::own(&mut state, (kind, change), None, (&plan, &loaded.values));
    StateFile::new(project.state_path()).save(&mut state).map_err(session::state_failed)?;
    say(&entry, change, &state, ui)
}

/// Adds the import to the configuration, as if its block stood in the text.
fn declare(loaded: &mut Loaded, args: &Args) -> Result<(), Failure> {
    let Address { module, kind, name, .. } = &args.address;
    let block =
        loaded.config.resources.iter().find(|r| (&r.module, &r.kind, &r.name) == (module, kind, name));
    let Some(span) = block.map(|r| r.span) else {
        let headline =
            format!("The configuration does not declare `{}`", safe(&args.address.block().to_string()));
        let help = "Write its resource block first: drctl imports nothing that it would not watch over.";
        return Err(Failure::new(Code::BadArgument, headline, help));
    };
    loaded.config.imports.retain(|i| i.to != args.address);
    let id = Expr::literal(args.id.as_str().into(), span);
    loaded.config.imports.push(Import { to: args.address.clone(), id, span });
    Ok(())
}

/// Plans, and refuses what makes it uncertain which thing the address stands for.
fn plan(
    loaded: &Loaded,
    (observation, expanded): (Observation, Expanded),
    state: Option<&State>,
    args: &Args,
) -> Result<Plan, Failure> {
    let planning = PlanningArgs::of_all(args.variables.clone(), args.parallelism);
    let (plan, diagnostics) = planning::make(loaded, (&observation, expanded), state, &planning);
    let mut errors = Diagnostics::default();
    for found in diagnostics.iter().filter(|d| d.severity == Severity::Error) {
        let ours = found.address.as_ref() == Some(&args.address);
        let which = [Code::ImportDiffers, Code::ForeignName, Code::ElsewhereName].contains(&found.code);
        if found.code == Code::SameThing || found.address.is_none() || (ours && which) {
            errors.push(found.clone());
        }
    }
    if errors.is_empty() { Ok(plan) } else { Err(loaded.failure(errors)) }
}

/// The thing, which must have been seen.
fn found<'p>(plan: &'p Plan, args: &Args) -> Result<&'p ResourceChange, Failure> {
    let address = safe(&args.address.to_string());
    let Some(change) = plan.change(&args.address) else {
        let of_block = plan.changes.iter().filter(|c| c.address.block() == args.address.block());
        let instances: Vec<String> = of_block.map(|c| safe(&c.address.to_string())).collect();
        let headline = format!("`{address}` is no instance of its block");
        let help = match instances.is_empty() {
            true => "The block has no instances now.".to_owned(),
            false => format!("It has: {}.", instances.join(", ")),
        };
        return Err(Failure::new(Code::BadArgument, headline, help));
    };
    let Some(why) = &change.unobserved else { return Ok(change) };
    Err(Failure::new(
        Code::Unobserved,
        format!("`{}` could not be observed: {}", safe(&args.id), safe(&why.message)),
        "Nothing was written. Import it when it can be read.",
    )
    .exit(Exit::Incomplete))
}

fn say(entry: &Entry, change: &ResourceChange, state: &State, ui: &Ui) -> Result<Exit, Failure> {
    let mut differs: Vec<String> = change.attributes.iter().filter_map(|a| a.path.first().cloned()).collect();
    differs.dedup();
    let text = match ui.format {
        Format::Json => {
            let json = json!({
                "format_version": "1.0", "state": state.reference(), "imported": entry, "differs": differs,
            });
            format!("{json:#}\n")
        }
        Format::Text => {
            let (address, id) = (safe(&entry.address.to_string()), safe(&entry.id.0));
            let rest = match differs.is_empty() {
                true => "It is as the configuration says.".to_owned(),
                false => format!("It differs in {}; `drctl plan` shows how.", safe(&differs.join(", "))),
            };
            format!("{address}: `{id}` is imported. {rest}\n")
        }
    };
    ui.print(&text)?;
    Ok(Exit::Success)
}
