//! `drctl recover`: the ordered way back from a loss. Shows it; carries it out only with `--execute`.

mod commanding;
mod elsewhere;
pub(crate) mod execute;
mod follow;
mod home;
pub(crate) mod open;
mod runs;
pub(crate) mod word;

use clap::ValueEnum;
use drctl_core::codes::Code;
use drctl_core::plan::LastSeen;
use drctl_core::recovery::{Judged, OffLimits, RecoveryPlan, Status};
use drctl_core::run::AtEnd;

use self::execute::{ExecuteArgs, What};
use crate::case::{self, LossArgs};
use crate::exit::Exit;
use crate::failure::Failure;
use crate::journal_copy;
use crate::kit::KitArgs;
use crate::project::Project;
use crate::render;
use crate::render::script::Told;
use crate::render::text::last_seen_json;
use crate::secrets;
use crate::session;
use crate::tools;
use crate::ui::{Format, Ui};
use crate::ways::{self, WayArgs};

/// Options of `drctl recover`.
#[derive(Debug, clap::Args)]
#[command(args_conflicts_with_subcommands = true)]
pub(crate) struct Args {
    #[command(subcommand)]
    verb: Option<Verb>,
    #[command(flatten)]
    execute: ExecuteArgs,
    #[command(flatten)]
    ways: WayArgs,
    #[command(flatten)]
    loss: LossArgs,
    /// How to print it
    #[arg(long, value_enum, default_value = "text")]
    format: RecoveryFormat,
}

/// What is done with the runs that there are.
#[derive(Debug, clap::Subcommand)]
enum Verb {
    /// Lists the recoveries and drills that were carried out, and those that are open
    Runs,
    /// Shows the record of one run
    Show(runs::ShowArgs),
    /// Says what has become of a step of an open run
    Mark(word::MarkArgs),
    /// Gives an open run up: what can be taken back is taken back
    Abort(word::AbortArgs),
}

/// How a recovery plan is printed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum RecoveryFormat {
    /// For people at a terminal
    Text,
    /// For programs; the same as `--json`
    Json,
    /// A runbook in Markdown with a box to tick for each step, for the channel of the incident
    Md,
    /// A bash script to read, to copy from and to run: it stops where a person is needed
    Sh,
    /// A graph of the steps for Graphviz
    Dot,
    /// A graph of the steps for Mermaid
    Mermaid,
}

impl Args {
    /// The kit that is worked on.
    pub(crate) fn kit(&self) -> &KitArgs {
        self.ways.kit()
    }
}

/// Plans the way back and prints it.
pub(crate) fn run(args: &Args, project: &Project, ui: &Ui) -> Result<Exit, Failure> {
    match &args.verb {
        Some(Verb::Runs) => return runs::list(project, ui),
        Some(Verb::Show(args)) => return runs::show(args, project, ui),
        Some(Verb::Mark(args)) => return word::mark(args, project, ui),
        Some(Verb::Abort(args)) => return word::abort(args, project, ui),
        None => {}
    }
    if args.execute.asked() || args.execute.resumed().is_some() {
        args.kit().refuse("carried out")?;
    }
    if let Some(run) = args.execute.resumed() {
        return execute::resume(run, &args.execute.manner, &args.ways, project, ui);
    }
    // Whether another machine commands is asked while the world is looked at and the plan is read.
    let asked = || journal_copy::asked(project, args.ways.variables(), ui);
    let far = args.execute.executes().then(asked).transpose();
    let opened = ways::open(&args.ways, project, ui)?;
    let now = session::clock(ui)?.now();
    let Some(case) = case::asked(&args.loss, &opened.system, now)? else {
        if args.execute.asked() {
            let help =
                "Name it: `--scenario NAME`, or `--lose KIND=NAME`. `drctl recover` lists the scenarios.";
            return Err(Failure::new(Code::BadArgument, "Nothing says what is to be recovered from", help));
        }
        ui.print(&super::scenarios::text(&opened.system, ui.look()))?;
        return Ok(Exit::Success);
    };
    let mut ground = opened.look(&args.ways, project, ui)?;
    ground.look_into(tools::is_made, project, ui)?;
    let mut plan = ground.back(&case)?;
    plan.blocked.extend(secrets::missing(&plan, &project.dir));
    if args.execute.asked() && ui.format == Format::Json {
        // Standard output is the stream of events.
    } else {
        let seen = (ground.simulated(), ground.last_seen());
        show(&plan, &case.heading(), seen, args.format, ui)?;
    }
    if args.execute.asked() {
        let name = case.typed(&args.loss);
        let of = args.execute.of(&plan);
        let wrong_since = case.loss.since.values().min().copied();
        let (at_end, left_out) = (AtEnd::Keep, Vec::new());
        let injected = (Vec::new(), Vec::new());
        let off_limits = OffLimits::default();
        let what = What { plan: &plan, of, name: &name, wrong_since, at_end, left_out, off_limits, injected };
        let (far, manner) = (far?.flatten(), &args.execute.manner);
        return execute::execute(what, manner, (&ground, &args.ways, far.as_ref()), project, ui);
    }
    Ok(exit(&plan))
}

fn show(
    plan: &RecoveryPlan,
    heading: &str,
    (simulated, seen): (bool, Option<LastSeen>),
    format: RecoveryFormat,
    ui: &Ui,
) -> Result<(), Failure> {
    let format = if ui.format == Format::Json { RecoveryFormat::Json } else { format };
    if format == RecoveryFormat::Json {
        let mut json = serde_json::to_value(plan).expect("a recovery plan serialises to JSON");
        json["simulated"] = simulated.into();
        if let Some(seen) = seen {
            json["last_seen"] = last_seen_json(seen, plan.as_of);
        }
        ui.print(&format!("{json:#}\n"))?;
        return Ok(());
    }
    let told = Told { plan, heading, simulated, seen };
    let text = match format {
        RecoveryFormat::Text | RecoveryFormat::Json => {
            render::recovery::text(plan, heading, (simulated, seen), ui.look())
        }
        RecoveryFormat::Md => render::runbook::markdown(&told),
        RecoveryFormat::Sh => render::script::bash(&told),
        RecoveryFormat::Dot => render::graph::dot(&told),
        RecoveryFormat::Mermaid => render::graph::mermaid(&told),
    };
    ui.print(&text)?;
    Ok(())
}

/// 3 when an objective is missed or not known to be met, or something cannot come back.
fn exit(plan: &RecoveryPlan) -> Exit {
    let missed = |status| matches!(status, Status::Missed | Status::NoPlan);
    let open = |judged: &Judged| {
        matches!(judged.status, Status::Unbounded | Status::Unknown) && judged.objective_s.is_some()
    };
    let is_bad = |judged: &Judged| missed(judged.status) || open(judged);
    if is_bad(&plan.rto) || is_bad(&plan.rpo) { Exit::Objective } else { Exit::Success }
}
