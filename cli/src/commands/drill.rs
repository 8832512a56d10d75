//! `drctl drill`: what is done in a drill. Shows it; carries it out only with `--execute`.

mod history;

use drctl_core::addr::Name;
use drctl_core::codes::Code;
use drctl_core::diag::{Diagnostic, Diagnostics};
use drctl_core::lang::near;
use drctl_core::plan::StepId;
use drctl_core::recovery::{Notice, Rehearsal};
use drctl_core::run::AtEnd;
use drctl_core::system::{Declared, Drill, System};
use drctl_engine::faults::{Endpoint, Fault};
use drctl_engine::runs::{LeftOut, Of, Stand, stand};

use super::due;
use super::recover::execute::{Manner, What, execute, resume};
use super::recover::{open, word};
use crate::exit::Exit;
use crate::failure::Failure;
use crate::journal_copy;
use crate::kit::KitArgs;
use crate::project::Project;
use crate::render::drill as render;
use crate::render::text::safe;
use crate::tools;
use crate::ui::{Format, Ui};
use crate::ways::{self, WayArgs};

/// Options of `drctl drill`.
#[derive(Debug, clap::Args)]
#[command(args_conflicts_with_subcommands = true, subcommand_negates_reqs = true)]
pub(crate) struct Args {
    #[command(subcommand)]
    verb: Option<Verb>,
    /// Which drill
    #[arg(required = true)]
    name: Option<String>,
    #[command(flatten)]
    ways: WayArgs,
    /// Carries the drill out, after asking. When it is over, what it made is taken down by itself
    #[arg(long)]
    execute: bool,
    /// Leaves what the drill makes there to be looked at, also when a step fails, until `drctl drill teardown RUN`
    #[arg(long, requires = "execute")]
    keep: bool,
    /// Kills drctl as soon as it is written down that this step is done, so that `drctl recover --resume` is rehearsed
    #[arg(long, value_name = "STEP", requires = "execute")]
    kill_after: Option<u32>,
    /// Makes this unreachable for the steps: HOST, HOST:PORT, or channel.NAME, through which people are then told in
    /// vain. What a program reaches that a step starts is not cut off, unless its command names it
    #[arg(long, value_name = "ENDPOINT", requires = "execute")]
    blackhole: Vec<Endpoint>,
    #[command(flatten)]
    manner: Manner,
}

/// What is done with the drills that were carried out.
#[derive(Debug, clap::Subcommand)]
enum Verb {
    /// Takes down what a drill has made and left: what was kept, and what could not be taken down before
    Teardown(TeardownArgs),
    /// Lists the drills that were carried out: how each went, what it measured, and when the next one is due
    History(history::Args),
    /// Lists the drills that are due; ends with exit code 5 when one is overdue
    Due(due::Args),
}

/// Options of `drctl drill teardown`.
#[derive(Debug, clap::Args)]
struct TeardownArgs {
    /// The run
    #[arg(value_name = "RUN")]
    run: String,
    #[command(flatten)]
    ways: WayArgs,
    /// Waits when only a person can go on, instead of leaving with exit code 9
    #[arg(long)]
    wait: bool,
    /// Takes the command over from the process of another machine that holds the lock, because you know that it is
    /// gone
    #[arg(long)]
    take_over: bool,
}

impl Args {
    /// The kit that is worked on.
    pub(crate) fn kit(&self) -> &KitArgs {
        match &self.verb {
            Some(Verb::Teardown(args)) => args.ways.kit(),
            Some(Verb::History(_) | Verb::Due(_)) | None => self.ways.kit(),
        }
    }
}

/// Plans the drill and prints it, or does what is asked with one that was carried out.
pub(crate) fn run(args: &Args, project: &Project, ui: &Ui) -> Result<Exit, Failure> {
    match (&args.verb, &args.name) {
        (Some(Verb::Teardown(args)), _) => teardown(args, project, ui),
        (Some(Verb::History(args)), _) => history::run(args, project, ui),
        (Some(Verb::Due(args)), _) => due::drills(args, project, ui),
        (None, Some(name)) => rehearse(name, args, project, ui),
        (None, None) => unreachable!("clap asks for a name where there is no subcommand"),
    }
}

/// Takes down what a drill made. A process that commands it takes the word up, and has the lock.
fn teardown(args: &TeardownArgs, project: &Project, ui: &Ui) -> Result<Exit, Failure> {
    args.ways.kit().refuse("taken down")?;
    word::take_down(&args.run, project, ui)?;
    let exit = resume(&args.run, &Manner::patient(args.wait, args.take_over), &args.ways, project, ui)?;
    let (_, run) = open::named(project, &args.run)?;
    // How the drill went is told by its record; asked for was that nothing of it is left.
    Ok(if stand(&run.run) == Stand::Open { exit } else { Exit::Success })
}

/// Plans the drill and prints it, unless a step names something of production.
fn rehearse(name: &str, args: &Args, project: &Project, ui: &Ui) -> Result<Exit, Failure> {
    if args.execute {
        args.kit().refuse("carried out")?;
    }
    let asked = || journal_copy::asked(project, args.ways.variables(), ui);
    let far = args.execute.then(asked).transpose();
    let mut ground = ways::ground(&args.ways, project, ui)?;
    // What is rehearsed is what a recovery would do: it looks there, too.
    ground.look_into(tools::is_made, project, ui)?;
    let (name, drill) = declared(name, &ground.system)?;
    if drill.is.scenario.is_none() && drill.is.procedure.is_none() {
        let headline = format!("Nothing says what `drill.{name}` rehearses");
        return Err(Failure::new(Code::NothingToRehearse, headline, "Give it `scenario` or `procedure`."));
    }
    let rehearsal = ground.rehearsal(name, &drill.is)?;
    if !rehearsal.reaches.is_empty() {
        let mut found = Diagnostics::default();
        found.extend(reaches(name, drill, &rehearsal));
        return Err(ground.failure(found));
    }
    let (now, seen) = (ground.observation.now, ground.observation.world.last_seen());
    let told =
        render::Told { name, drill: &drill.is, rehearsal: &rehearsal, simulated: ground.simulated(), seen };
    match ui.format {
        Format::Text => ui.print(&render::text(&told, now, ui.look()))?,
        // Of one that is carried out, standard output is the stream of events.
        Format::Json if args.execute => {}
        Format::Json => ui.print(&format!("{:#}\n", render::json(&told, now)))?,
    }
    if args.execute {
        let injected = injected(args, &rehearsal, &ground.system)?;
        let of = Of::Drill(name.to_string());
        let at_end = if args.keep { AtEnd::Keep } else { AtEnd::TakeDown };
        let left_out = rehearsal.skipped.iter().map(|step| LeftOut {
            step: StepId(step.id),
            summary: step.summary.clone(),
            why: step.why.clone(),
        });
        let left_out = left_out.collect();
        let (plan, name) = (&rehearsal.plan, name.as_str());
        let off_limits = rehearsal.off_limits.clone();
        let what = What { plan, of, name, wrong_since: None, at_end, left_out, off_limits, injected };
        let far = far?.flatten();
        return execute(what, &args.manner, (&ground, &args.ways, far.as_ref()), project, ui);
    }
    Ok(Exit::Success)
}

/// What goes wrong on purpose, and who is told in vain because of it.
fn injected(
    args: &Args,
    rehearsal: &Rehearsal,
    system: &System,
) -> Result<(Vec<Fault>, Vec<Notice>), Failure> {
    let mut faults: Vec<Fault> = Vec::new();
    for endpoint in &args.blackhole {
        if let Endpoint::Channel(name) = endpoint
            && !system.channels.contains_key(name)
        {
            let headline = format!("There is no channel `{name}` that could be made unreachable");
            let known: Vec<&str> = system.channels.keys().map(Name::as_str).collect();
            let help = match known.as_slice() {
                [] => "The configuration declares none.".to_owned(),
                known => format!("There is {}.", known.join(", ")),
            };
            return Err(Failure::new(Code::BadArgument, headline, help));
        }
        faults.push(Fault::Blackhole { endpoint: endpoint.clone() });
    }
    if let Some(step) = args.kill_after {
        if !rehearsal.plan.steps.iter().any(|is| is.id == step) {
            let headline = format!("The drill has no step {step} after which drctl could be killed");
            return Err(Failure::new(Code::BadArgument, headline, "`drctl drill NAME` shows its steps."));
        }
        faults.push(Fault::KillAfter { step: StepId(step) });
    }
    // Through a channel that nothing passes, somebody may be told: it reaches nobody.
    let cut = |notice: &&Notice| args.blackhole.contains(&Endpoint::Channel(notice.channel.clone()));
    Ok((faults, rehearsal.untold.iter().filter(cut).cloned().collect()))
}

/// The drill of that name.
fn declared<'s>(wanted: &str, system: &'s System) -> Result<(&'s Name, &'s Declared<Drill>), Failure> {
    let found = system.drills.iter().find(|(name, _)| name.as_str() == wanted);
    found.ok_or_else(|| no_such(wanted, &system.drills.keys().map(Name::as_str).collect::<Vec<_>>()))
}

/// There is no drill of that name; these there are.
fn no_such(wanted: &str, known: &[&str]) -> Failure {
    let help = match (near(wanted, known.iter().copied()), known) {
        (Some(near), _) => format!("Did you mean `{near}`?"),
        (None, []) => "The configuration declares no drill.".to_owned(),
        (None, known) => format!("There is {}.", known.join(", ")),
    };
    Failure::new(Code::NothingToRehearse, format!("There is no drill `{}`", safe(wanted)), help)
}

/// What names production, step by step.
fn reaches<'r>(
    name: &'r Name,
    drill: &'r Declared<Drill>,
    rehearsal: &'r Rehearsal,
) -> impl Iterator<Item = Diagnostic> + 'r {
    rehearsal.reaches.iter().map(move |reach| {
        let step = rehearsal.plan.steps.iter().find(|s| s.id == reach.step).and_then(|s| s.written.as_ref());
        let of = step.map_or_else(String::new, |w| format!(", `{}` of procedure.{}", w.step, w.procedure));
        let headline = format!("Step {}{of} of drill.{name} would touch production", reach.step);
        let label = format!("it names `{}`, {}", reach.value, reach.of);
        Diagnostic::error(Code::DrillTouchesProduction, headline, drill.written.span, label)
            .help("Let the step take the name from `target`, and give the drill one of its own there.")
    })
}
