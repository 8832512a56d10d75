//! `drctl timeline`: which restore points will exist on a day, what thins out before it happens, and
//! what goes next that nothing else covers.

use std::sync::Arc;

use drctl_core::addr::Name;
use drctl_core::codes::Code;
use drctl_core::duration;
use drctl_core::lang::near;
use drctl_core::plan::{self, Expanded, Lines};
use drctl_core::recovery::Inventory;
use drctl_core::timeline::{Input, timelines};
use jiff::SignedDuration;

use super::plan::warn;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::last_world;
use crate::planning::{self, Gaps, Look, VariableArgs};
use crate::project::Project;
use crate::render::progress::{Progress, Show};
use crate::render::text::{last_seen, safe};
use crate::render::timeline as render;
use crate::session;
use crate::ui::{Format, Ui};

/// Furthest that is looked ahead: a hundred years.
const FURTHEST: SignedDuration = SignedDuration::from_hours(100 * 365 * 24);

/// Options of `drctl timeline`.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    #[command(flatten)]
    variables: VariableArgs,
    /// Of this datastore only: `orders` or `datastore.orders`
    datastore: Option<String>,
    /// How far to look ahead
    #[arg(long, value_name = "DURATION", default_value = "90d", value_parser = ahead)]
    until: SignedDuration,
    /// Asks no provider: from what was last seen, and from what is declared where nothing ever was
    #[arg(long)]
    offline: bool,
    /// Reads in flight for each provider
    #[arg(long, value_name = "N", default_value = "32", value_parser = clap::value_parser!(u16).range(1..=256))]
    parallelism: u16,
}

fn ahead(text: &str) -> Result<SignedDuration, String> {
    match duration::parse(text)? {
        length if length < SignedDuration::from_hours(1) => {
            Err("look at least an hour ahead: `90d`".to_owned())
        }
        length if length > FURTHEST => Err("at most 100 years: `100y`".to_owned()),
        length => Ok(length),
    }
}

/// Prints the points of today and those of the last day.
pub(crate) fn run(args: &Args, project: &Project, ui: &Ui) -> Result<Exit, Failure> {
    let loaded = planning::load(project, &args.variables, ui)?;
    let (system, diagnostics) = plan::system(&loaded.config, &loaded.variables);
    if diagnostics.has_errors() {
        return Err(loaded.failure(diagnostics));
    }
    let only = args.datastore.as_deref().map(|wanted| wanted.strip_prefix("datastore.").unwrap_or(wanted));
    let known = || system.datastores.keys();
    let only = match only {
        Some(wanted) => Some(known().find(|n| n.as_str() == wanted).ok_or_else(|| unknown(wanted, known()))?),
        None => None,
    };
    let clock = session::clock(ui)?;
    let state = session::load_state(project)?;
    let progress = Progress::new(ui, Arc::clone(&clock), Show::Reading);
    let observation = match args.offline {
        true => last_world::recall_if_any(&loaded, state.as_ref(), project, clock.as_ref(), ui),
        false => {
            let look = Look {
                parallelism: args.parallelism,
                reporter: &progress,
                clock: clock.as_ref(),
                gaps: Gaps::Earlier,
            };
            session::runtime()?.block_on(planning::look(&loaded, state.as_ref(), project, look, ui))
        }
    };
    progress.finish();
    let (observation, Expanded { instances, diagnostics, .. }) = observation?;
    let (world, now) = (&observation.world, observation.now);
    // Without asking anybody some names may not be known: what they name is left out, and said.
    let mut told = observation.diagnostics.clone();
    if diagnostics.has_errors() && !args.offline {
        return Err(loaded.failure(diagnostics));
    }
    for diagnostic in diagnostics.iter() {
        told.push(diagnostic.clone().warning());
    }
    warn(&loaded, told, ui);
    let now_is = Inventory::new(&instances, world);
    let then_is = now_is.after_apply();
    let now_is = now_is.calm();
    let then_is = then_is.as_ref().map_or(now_is, Inventory::calm);
    let until = now.checked_add(args.until).unwrap_or(jiff::Timestamp::MAX);
    let input = Input { system: &system, now_is, then_is, now, until };
    let found = timelines(&input, only);
    let lines = Lines::new(&loaded.sources);
    let at = |span| lines.source(span);
    let simulated = world.places.values().any(|head| head.simulated);
    match ui.format {
        Format::Text => {
            let mut text = String::new();
            if simulated {
                text += "SIMULATED: no real cloud was asked\n";
            }
            if let Some(seen) = world.last_seen() {
                text += &format!("{}\n", last_seen(seen, now));
            }
            text += &render::text(&input, &found, &at, ui.look());
            ui.print(&text)?;
        }
        Format::Json => {
            let json = render::json(&input, &found, &at, (simulated, world.last_seen()));
            ui.print(&format!("{json:#}\n"))?;
        }
    }
    Ok(Exit::Success)
}

fn unknown<'n>(wanted: &str, known: impl Iterator<Item = &'n Name> + Clone) -> Failure {
    let help = match near(wanted, known.clone().map(Name::as_str)) {
        Some(near) if near != wanted => format!("Did you mean `{near}`?"),
        Some(_) | None => match known.map(Name::as_str).collect::<Vec<_>>() {
            none if none.is_empty() => "The configuration declares no datastore.".to_owned(),
            known => format!("There is {}.", known.join(", ")),
        },
    };
    Failure::new(Code::NothingToExplain, format!("There is no datastore `{}`", safe(wanted)), help)
}
