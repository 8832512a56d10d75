//! `drctl recover --execute` and `--resume`: carries a recovery plan out, step by step.

use std::path::PathBuf;
use std::sync::Arc;

use drctl_core::codes::Code;
use drctl_core::recovery::{
    Action, Notice, OffLimits, Performer, RecoveryPlan, SecretSource, Step, numbered,
};
use drctl_core::run::{AtEnd, By, OnFailure};
use drctl_engine::claim::TakeOver;
use drctl_engine::clock::Clock;
use drctl_engine::commander::{self, Command, CommandError, Ended, PARALLEL_STEPS, Patience};
use drctl_engine::connect::Connections;
use drctl_engine::faults::Fault;
use drctl_engine::hooks::NoHooks;
use drctl_engine::runs::{Begun, Folder, LeftOut, Of, Stand, stand};
use drctl_engine::verbs::Verbs;
use drctl_host::Host;
use jiff::Timestamp;
use tokio::sync::watch;

use super::commanding::{self, Asking, Seat};
use super::{follow, open};
use crate::exit::Exit;
use crate::failure::Failure;
use crate::journal_copy::{self, Far};
use crate::project::Project;
use crate::registry::REGISTRY;
use crate::render::record;
use crate::render::run::Live;
use crate::render::text::safe;
use crate::session;
use crate::signals::Signals;
use crate::tools::Restoring;
use crate::ui::{Format, Ui};
use crate::ways::{self, Ground, WayArgs};

/// How a plan is carried out.
#[derive(Debug, clap::Args)]
pub(crate) struct ExecuteArgs {
    /// Carries the plan out, after asking. Without it nothing is ever done
    #[arg(long)]
    execute: bool,
    /// Carries out only the steps that look: checks, requests, questions. Changes nothing
    #[arg(long, conflicts_with = "execute")]
    practice: bool,
    /// Goes on with a run that was left, stopped or killed. What has failed is tried again when a person has said
    /// so: `drctl recover mark STEP --go`
    #[arg(long, value_name = "RUN", conflicts_with_all = ["execute", "practice", "scenario", "lose", "at", "corrupt_since"])]
    resume: Option<String>,
    #[command(flatten)]
    pub(super) manner: Manner,
}

/// How a run is begun and led.
#[derive(Debug, Default, clap::Args)]
pub(crate) struct Manner {
    /// Does not ask whether to begin; never stands in for `--confirm`
    #[arg(long)]
    auto_approve: bool,
    /// The name of the scenario, or of the loss as `KIND=NAME`, typed out: for plans that destroy data which
    /// is there, when nobody is there to type it
    #[arg(long, value_name = "NAME")]
    confirm: Option<String>,
    /// After a failure nothing is taken back, not even before the point of no return
    #[arg(long)]
    hold: bool,
    /// Waits when only a person can go on, instead of leaving with exit code 9
    #[arg(long)]
    wait: bool,
    /// Takes the command over from the process of another machine that holds the lock, because you know that it is
    /// gone. It stands in the record
    #[arg(long)]
    take_over: bool,
}

impl Manner {
    /// Whether another one's command is taken over.
    fn take_over(&self) -> TakeOver {
        if self.take_over { TakeOver::Asked } else { TakeOver::OfTheDead }
    }

    /// Of what needs no approval any more.
    pub(crate) fn patient(wait: bool, take_over: bool) -> Manner {
        Manner { wait, take_over, ..Manner::default() }
    }
}

impl ExecuteArgs {
    /// Whether anything is to be carried out.
    pub(super) fn asked(&self) -> bool {
        self.execute || self.practice
    }

    /// Whether something is to be changed.
    pub(super) fn executes(&self) -> bool {
        self.execute
    }

    /// What the run is of.
    pub(super) fn of(&self, plan: &RecoveryPlan) -> Of {
        let scenario = plan.scenario.as_ref().map(ToString::to_string);
        if self.practice { Of::Practice(scenario) } else { Of::Recovery(scenario) }
    }

    /// The run to be gone on with.
    pub(super) fn resumed(&self) -> Option<&str> {
        self.resume.as_deref()
    }
}

/// A run that is begun or gone on with.
struct Commanded<'a> {
    begun: &'a Begun,
    /// Whether it was begun before.
    first: First,
    folder: &'a Folder,
    /// For what kinds do.
    connections: Option<&'a Connections>,
    /// How the world is looked at when it is done.
    ways: &'a WayArgs,
    /// Where its journal is written besides.
    far: Option<&'a Far>,
}

/// Whether a run is begun.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum First {
    /// It is.
    Begun,
    /// It was, and is gone on with.
    Resumed,
}

/// What is carried out.
pub(crate) struct What<'w> {
    /// The plan, which was shown.
    pub(crate) plan: &'w RecoveryPlan,
    /// What the run is of.
    pub(crate) of: Of,
    /// What a person types who means it.
    pub(crate) name: &'w str,
    /// Since when the data is wrong, where somebody has said so.
    pub(crate) wrong_since: Option<Timestamp>,
    /// What becomes of what it makes.
    pub(crate) at_end: AtEnd,
    /// What of the way back is not done.
    pub(crate) left_out: Vec<LeftOut>,
    /// What nobody may name in it.
    pub(crate) off_limits: OffLimits,
    /// What goes wrong on purpose, and who is told in vain because of it.
    pub(crate) injected: (Vec<Fault>, Vec<Notice>),
}

/// Carries a plan out.
pub(crate) fn execute(
    What { plan, of, name, wrong_since, at_end, left_out, off_limits, injected }: What<'_>,
    manner: &Manner,
    (ground, ways, far): (&Ground, &WayArgs, Option<&Far>),
    project: &Project,
    ui: &Ui,
) -> Result<Exit, Failure> {
    open::none_open(project, Some(&of))?;
    if plan.steps.is_empty() {
        let help = "Nothing is to be done, or nothing can be done: the plan says why.";
        return Err(Failure::new(Code::NotExecutable, "The plan has no steps", help));
    }
    if let Some((what, steps)) = plan.unsaid().first_key_value() {
        let (what, how) = what.split_once(": ").unwrap_or((what, "say it"));
        let headline = format!("Nobody has said {what}");
        let help = format!("Steps {} need it: {how}.", numbered(steps));
        return Err(Failure::new(Code::NotExecutable, headline, help));
    }
    if !matches!(of, Of::Practice(_)) && !approved((plan, name), manner, ui)? {
        ui.tell("Nothing was done.\n");
        return Ok(Exit::Error);
    }
    let clock = session::clock(ui)?;
    // What is to be looked at afterwards is not taken back by a failure either.
    let looked_at = matches!((&of, at_end), (Of::Drill(_), AtEnd::Keep));
    let on_failure = if manner.hold || looked_at { OnFailure::Hold } else { OnFailure::Unwind };
    let mut begun = Begun {
        at_end,
        left_out,
        off_limits,
        simulated: ground.simulated(),
        by: Some(session::holder(ui, "recover", clock.as_ref()).user),
        ..Begun::of(plan, of, clock.now(), on_failure)
    };
    begun.notices.extend(injected.1);
    begun.injected = injected.0;
    begun.wrong_since = wrong_since;
    if ground.simulated() {
        hand_over(plan, &mut begun);
    }
    if matches!(begun.of, Of::Practice(_)) {
        begun.run += "-practice";
    }
    let folder = Folder::new(&project.data, &begun.run);
    if folder.journal().exists() {
        let help = "A run is named by the second in which it was planned: plan again.";
        return Err(Failure::new(Code::RunOpen, format!("There is a run {} already", begun.run), help));
    }
    let connections = Some(ground.connections());
    let commanded = Commanded { begun: &begun, first: First::Begun, folder: &folder, connections, ways, far };
    command(commanded, manner, &clock, project, ui)
}

/// Goes on with a run.
pub(crate) fn resume(
    name: &str,
    manner: &Manner,
    ways: &WayArgs,
    project: &Project,
    ui: &Ui,
) -> Result<Exit, Failure> {
    let clock = session::clock(ui)?;
    let far = journal_copy::asked_if_any(project, ways.variables(), ui);
    if let Some(far) = &far {
        session::runtime()?.block_on(far.bring(name, project, ui))?;
    }
    let (folder, so_far) = open::named(project, name)?;
    let begun = so_far.header;
    if manner.hold && begun.on_failure == OnFailure::Unwind {
        let headline = format!("Run {name} was begun without `--hold`, and that stays so");
        let help = "Leave it out. What fails before the point of no return is taken back.";
        return Err(Failure::new(Code::BadArgument, headline, help));
    }
    let by_provider = |action: &Action| matches!(action, Action::Verb { .. } | Action::Fetch { .. });
    let by_providers = begun.jobs.values().any(|job| by_provider(&job.carried.action));
    let ground = by_providers.then(|| ways::ground(ways, project, ui)).transpose()?;
    let connections = ground.as_ref().map(Ground::connections);
    let (first, far) = (First::Resumed, far.as_ref());
    let commanded = Commanded { begun: &begun, first, folder: &folder, connections, ways, far };
    command(commanded, manner, &clock, project, ui)
}

fn command(
    Commanded { begun, first, folder, connections, ways, far }: Commanded<'_>,
    manner: &Manner,
    clock: &Arc<dyn Clock>,
    project: &Project,
    ui: &Ui,
) -> Result<Exit, Failure> {
    let host = Host::new(base(project), ui.env.clone());
    let host = Restoring { host: &host, connections };
    let verbs = connections.map(|connections| Verbs { connections, registry: REGISTRY, otherwise: &host });
    let live = Arc::new(Live::new(ui, Arc::clone(clock), begun));
    // What changes nothing is nobody else's business.
    let far = far.filter(|_| !matches!(begun.of, Of::Practice(_)));
    let runtime = session::runtime()?;
    let ended = runtime.block_on(async {
        let take_over = manner.take_over();
        let asking = Asking { run: &begun.run, take_over, project, clock: clock.as_ref(), ui };
        let mut seat = Seat::take(&asking).await?;
        if first == First::Begun {
            open::none_open(project, Some(&begun.of))?;
        }
        let signals = Signals::listen()?;
        let (stop, interrupt) = watch::channel(false);
        let written = watch::Sender::default();
        let over_all = seat.over_all(far, &asking).await?;
        // Only from here on nobody else writes: what was read before may be out of date.
        let so_far = match first {
            First::Begun => None,
            First::Resumed => Some(commanding::caught_up(folder, over_all.as_ref(), far, &asking).await?),
        };
        let taken_over = seat.taken_over();
        let copying = over_all
            .zip(far)
            .map(|(over_all, far)| over_all.copying(far, (begun, folder, first), (&live, &stop), &written));
        let command = Command {
            begun,
            folder,
            performer: verbs.as_ref().map_or(&host as &dyn Performer, |verbs| verbs),
            parallelism: PARALLEL_STEPS,
            patience: if manner.wait || ui.interactive { Patience::Stay } else { Patience::Leave },
            interrupt,
            taken_over: &taken_over,
            written: &written,
            clock: clock.as_ref(),
            reporter: live.as_ref(),
            hooks: &NoHooks,
        };
        let run = async {
            match so_far {
                Some(so_far) => commander::resume(&command, so_far).await,
                None => commander::begin(&command).await,
            }
        };
        let ended = tokio::select! {
            ended = run => ended.map_err(|error| broken(&error, &begun.run)),
            () = signals.twice(&stop, |text| live.warn(text)) => Err(cut_short(&begun.run)),
        };
        let whole = *written.borrow();
        drop(written);
        if let Some(copying) = copying {
            copying.finish(whole).await;
        }
        ended
    })?;
    live.finish();
    finish(&ended, folder, (&live, ways), (project, ui))
}

fn base(project: &Project) -> PathBuf {
    if project.dir.as_os_str().is_empty() { PathBuf::from(".") } else { project.dir.clone() }
}

/// A simulated cloud has no command line: what would be a command for it, or reads a secret with one, waits
/// for a person, for it would reach the real one.
fn hand_over(plan: &RecoveryPlan, begun: &mut Begun) {
    let from_aws =
        |s: &Step| s.written.as_ref().is_some_and(|w| w.secrets.values().any(SecretSource::in_aws));
    let commands = plan
        .steps
        .iter()
        .filter(|s| from_aws(s) || s.api.is_some() && matches!(s.carried.action, Action::Run { .. }));
    for step in commands {
        let nodes = begun.nodes.iter_mut().filter(|node| node.id.0 == step.id);
        nodes.for_each(|node| node.by = By::Person);
    }
}

/// Asks a person; where data that is there is destroyed, by the typed name.
fn approved((plan, name): (&RecoveryPlan, &str), manner: &Manner, ui: &Ui) -> Result<bool, Failure> {
    if let Some(typed) = manner.confirm.as_deref().filter(|typed| *typed != name) {
        let headline = format!("`--confirm {}` does not name what is to be carried out", safe(typed));
        return Err(Failure::new(Code::BadArgument, headline, format!("It is `{name}`.")));
    }
    let destroys: Vec<String> =
        plan.steps.iter().filter(|s| !s.destroys.is_empty()).map(|s| s.id.to_string()).collect();
    if !destroys.is_empty() {
        let question =
            format!("\nStep {} destroys data that is there. Type `{name}` to begin: ", destroys.join(", "));
        let Some(typed) = manner.confirm.clone().or_else(|| ui.ask(&question)) else {
            let help = format!("When this is what you want: --confirm {name}");
            return Err(Failure::new(Code::BadArgument, "The plan destroys data that is there", help));
        };
        return Ok(typed == name);
    }
    if manner.auto_approve || manner.confirm.as_deref() == Some(name) {
        return Ok(true);
    }
    let Some(answer) = ui.ask("\nCarry this plan out? Only `yes` is accepted: ") else {
        let help = "Add `--auto-approve`.";
        return Err(Failure::new(Code::BadArgument, "Nobody is there to approve the plan", help));
    };
    Ok(answer == "yes")
}

/// Says what came of it.
fn finish(
    ended: &Ended,
    folder: &Folder,
    (live, ways): (&Live, &WayArgs),
    (project, ui): (&Project, &Ui),
) -> Result<Exit, Failure> {
    let so_far = open::read(folder)?;
    match ui.format {
        Format::Text => ui.print(&record::outcome(&so_far, &folder.all_said(&so_far), ui.look()))?,
        Format::Json => live.summary(&record::head(&so_far)),
    }
    if stand(&so_far.run) == Stand::Done && matches!(so_far.header.of, Of::Recovery(_)) {
        follow::keep(&so_far, folder, (project, ways), ui)?;
    }
    Ok(match (stand(&so_far.run), ended) {
        (Stand::Done, _) => Exit::Success,
        (_, Ended::Over(outcome)) if outcome.interrupted => Exit::Interrupted,
        (Stand::Ended | Stand::Open, Ended::Over(_) | Ended::Waiting(_)) => Exit::Stopped,
    })
}

fn broken(error: &CommandError, run: &str) -> Failure {
    let help = format!(
        "What was in flight was waited for. `drctl recover --resume {run}` goes on; if there is no such run, nothing \
         was begun."
    );
    Failure::new(Code::RunUnusable, format!("The run cannot be recorded any further: {error}"), help)
        .exit(Exit::Stopped)
}

fn cut_short(run: &str) -> Failure {
    let help = format!("`drctl recover --resume {run}` goes on, and asks about what nobody can know.");
    let headline = "Stopped at once: what was in flight may or may not have been done";
    Failure::new(Code::StepFailed, headline, help).exit(Exit::Interrupted)
}
