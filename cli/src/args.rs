//! The command line as a whole: options that every command has, and the commands.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand};

use crate::commands::{
    advise, alerts, apply, backup, backups, drill, due, explain, findings, graph, import, kinds, kit,
    objectives, plan, points, ready, recover, scenarios, schema, show, sim, snapshot, state, timeline,
    validate, version,
};
use crate::kit::KitArgs;

/// Disaster recovery as code: declares how data is protected, plans and applies it, and plans the way back.
#[derive(Debug, Parser)]
#[command(name = "drctl", disable_version_flag = true, arg_required_else_help = true, max_term_width = 100)]
pub(crate) struct Cli {
    #[command(flatten)]
    pub(crate) global: Global,
    #[command(subcommand)]
    pub(crate) command: Command,
}

/// Options that every command has.
#[derive(Debug, Clone, Args)]
pub(crate) struct Global {
    /// Works in this directory instead of the current one
    #[arg(short = 'C', long = "chdir", value_name = "DIR", global = true)]
    pub(crate) chdir: Option<PathBuf>,
    /// Answers in JSON on standard output
    #[arg(long, global = true)]
    pub(crate) json: bool,
    /// Writes no colours; NO_COLOR does the same
    #[arg(long, global = true)]
    pub(crate) no_color: bool,
}

/// The commands.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Checks the configuration without asking any provider
    Validate(validate::Args),
    /// Shows what an apply would do, protection first
    Plan(plan::Args),
    /// Carries out exactly the plan that was shown or saved
    Apply(apply::Args),
    /// Shows a saved plan again
    Show(show::Args),
    /// Shows the ordered way back from a loss; lists the scenarios when none is named
    Recover(recover::Args),
    /// Lists the restore points of a datastore: which one is taken after a loss, and why not the others
    Points(points::Args),
    /// Says whether the way back from a scenario could be gone today, and what is missing
    Ready(ready::Args),
    /// Lists the scenarios: what one sees, what is lost, what was promised
    Scenarios(scenarios::Args),
    /// Reads the providers and writes what was seen into a file, for where they cannot be asked
    Snapshot(snapshot::Args),
    /// Shows for every scenario what can be lost and how long it takes, beside what was promised
    Matrix(objectives::MatrixArgs),
    /// Shows how such a number comes about, why a point is taken, what a rule or a fact says
    Explain(explain::Args),
    /// Draws the system: what needs what, what protects it and where that is kept
    Graph(graph::Args),
    /// Finds the cheapest changes with which every objective is met, and shows them as a diff
    Advise(advise::Args),
    /// Shows which restore points will exist until a day, and what is deleted next
    Timeline(timeline::Args),
    /// Makes backups, lists what is in their repositories, proves that one can come back
    Backup(backup::Args),
    /// Lists the declared backups, when the next is made and how much can be lost
    Backups(backups::Args),
    /// Lists what is provably wrong with the declared system
    Findings(findings::Args),
    /// Says which thresholds are crossed, and tells the channels of it; for a timer
    Alerts(alerts::Args),
    /// Shows what is done in a drill: the way back on other things than those in use
    Drill(drill::Args),
    /// Lists drills, verifications and waivers by the day they are due, what is overdue first
    Due(due::Args),
    /// Takes something that exists for ours, under an address of the configuration
    Import(import::Args),
    /// Packs all that a recovery is planned from into one signed file, and opens and verifies such files
    Kit(kit::Args),
    /// Lists what drctl remembers, and changes it
    State(state::Args),
    /// Shows the kinds of resources and their attributes
    Kinds(kinds::Args),
    /// Fills, breaks and inspects the simulated cloud
    Sim(sim::Args),
    /// Prints the JSON Schema of what another command prints
    Schema(schema::Args),
    /// Says which drctl this is
    Version(version::Args),
}

impl Command {
    /// The kit that it works on, for commands that can.
    pub(crate) fn kit(&self) -> Option<&KitArgs> {
        match self {
            Command::Recover(args) => Some(args.kit()),
            Command::Points(args) => Some(args.kit()),
            Command::Ready(args) => Some(args.kit()),
            Command::Scenarios(args) => Some(args.kit()),
            Command::Matrix(args) => Some(args.kit()),
            Command::Explain(args) => Some(args.kit()),
            Command::Drill(args) => Some(args.kit()),
            Command::Validate(_)
            | Command::Plan(_)
            | Command::Apply(_)
            | Command::Show(_)
            | Command::Snapshot(_)
            | Command::Graph(_)
            | Command::Advise(_)
            | Command::Timeline(_)
            | Command::Backup(_)
            | Command::Backups(_)
            | Command::Findings(_)
            | Command::Alerts(_)
            | Command::Due(_)
            | Command::Import(_)
            | Command::State(_)
            | Command::Kit(_)
            | Command::Kinds(_)
            | Command::Sim(_)
            | Command::Schema(_)
            | Command::Version(_) => None,
        }
    }
}
