//! A drill as a plan: the way back from its scenario on other things than those in use. What would reach
//! production is left out, and what names it all the same is told.

use std::collections::{BTreeMap, BTreeSet};

use super::action::{Action, Down};
use super::model::{Infeasible, Input, RecoveryPlan, Step, WrittenAt};
use super::planner::{numbered, remarked, way_back};
use super::reached::{OffLimits, Reached, places};
use super::steps::clock;
use super::told::Notice;
use super::via::sent;
use crate::addr::Name;
use crate::provider::{Attempt, Phase, StepNature, TakeDown};
use crate::system::{Drill, InDrill, Step as Is, System};

/// What is done in a drill.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rehearsal {
    /// What the steps touch instead of what the scenario names, and the names that both share.
    pub target: BTreeMap<String, (String, Share)>,
    /// The way back, without what is skipped; its steps keep their numbers.
    pub plan: RecoveryPlan,
    /// What is left out.
    pub skipped: Vec<Skipped>,
    /// What names production all the same.
    pub reaches: Vec<Reached>,
    /// What nobody may name in it.
    pub off_limits: OffLimits,
    /// Who would be told if it were meant. A drill tells nobody.
    pub untold: Vec<Notice>,
}

/// Whether a name leads to the same as in production.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Share {
    /// It is the drill's own.
    Own,
    /// It is that of production, which the drill says (`shared`).
    Shared,
}

/// A step that is left out in a drill.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Skipped {
    /// Its number in the way back.
    pub id: u32,
    /// What it does.
    pub summary: String,
    /// The procedure and the step, when it is written.
    pub written: Option<(Name, String)>,
    /// Why it is left out.
    pub why: String,
}

/// Plans a drill. The system of the input is that which the drill sees, see [`crate::plan::rehearsed`], its
/// scenario the one that is rehearsed; `production` is the system that this scenario's run sees.
pub fn rehearse(input: &Input<'_>, production: &System, drill: &Drill) -> Rehearsal {
    let mut plan = remarked(way_back(input));
    let beside = Beside::of(input.system, production, &plan);
    let mut skipped = Vec::new();
    // By a step that is left out: what those after it wait for instead.
    let mut instead: BTreeMap<u32, BTreeSet<u32>> = BTreeMap::new();
    let mut kept: Vec<Step> = Vec::new();
    for mut step in std::mem::take(&mut plan.steps) {
        let before = |n: &u32| instead.get(n).cloned().unwrap_or_else(|| [*n].into());
        let in_vain = !step.needs.is_empty() && step.needs.iter().all(|n| instead.contains_key(n));
        step.needs = step.needs.iter().flat_map(before).collect();
        match beside.left_out(&step).or_else(|| beside.waits(&step, in_vain)) {
            None => kept.push(taken_down(without_archiving(step), input, &plan.run)),
            Some(why) => {
                instead.insert(step.id, step.needs);
                let written = step.written.map(|w| (w.procedure, w.step));
                skipped.push(Skipped { id: step.id, summary: step.summary, written, why });
            }
        }
    }
    clock(&mut kept);
    sent(&mut kept, input.system);
    let ids: BTreeSet<u32> = kept.iter().map(|step| step.id).collect();
    let target = target(input.system, drill);
    let off_limits = OffLimits::of(input, drill, &target, &plan.run);
    let reaches = off_limits.by_machine(&kept);
    if drill.scenario.is_none() {
        // Nothing is lost: that something is restored all the same is what a drill is for.
        plan.warnings.clear();
    }
    let gone = |i: &Infeasible| format!("datastore.{} does not come back in it: {}", i.datastore, i.why);
    plan.warnings.extend(plan.infeasible.iter().map(gone).collect::<Vec<_>>());
    plan.warnings.extend(beside.word_for_word(&kept));
    plan.warnings.extend(beside.led(&kept));
    plan.warnings.extend(beside.not_taken_down(&kept));
    plan.warnings.extend(off_limits.by_hand(&kept));
    plan.steps = kept;
    plan.pivots.clear();
    plan.unprotected.clear();
    let untold = std::mem::take(&mut plan.notices);
    plan.escalation.clear();
    plan.blocked.retain(|blocked| blocked.step.is_some_and(|step| ids.contains(&step)));
    Rehearsal { target, plan, skipped, reaches, off_limits, untold }
}

/// What a drill brings back archives nothing: that would go into the repository of production.
fn without_archiving(mut step: Step) -> Step {
    const OFF: &str = "--archive-mode=off";
    let restores = step.datastore.is_some();
    if let Action::Restore { words, .. } | Action::Run { words, .. } = &mut step.carried.action
        && restores
        && words.first().is_some_and(|program| program == "pgbackrest")
        && !words.iter().any(|word| word.starts_with("--archive-mode="))
    {
        words.insert(words.len().saturating_sub(1), OFF.to_owned());
        step.command_equivalent.clone_from(words);
    }
    step
}

/// What a kind has made for a drill it takes down itself, unless the step says how that is done.
fn taken_down(mut step: Step, input: &Input<'_>, run: &str) -> Step {
    let Action::Verb { through, verb } = &step.carried.action else { return step };
    let kind = input.components.iter().map(|c| c.kind).find(|kind| kind.name() == through.kind.as_str());
    let down = kind.filter(|_| step.undo.is_empty());
    let down = down.and_then(|kind| kind.take_down(verb, &Attempt::of(run, step.id), &through.region));
    if let Some(TakeDown { verb, command, within, facts }) = down {
        step.carried.take_down = Some(Down { verb, within_s: within.as_secs() });
        step.undo = command;
        step.undo_by_hand = None;
        step.facts.extend(facts.into_iter().filter(|fact| !step.facts.contains(fact)).collect::<Vec<_>>());
    }
    step
}

/// The names that a drill gives: its own, and those of its scenario that it shares.
pub(crate) fn target(system: &System, drill: &Drill) -> BTreeMap<String, (String, Share)> {
    let scenario = drill.scenario.as_ref().and_then(|s| system.scenarios.get(&s.0));
    let theirs = scenario.and_then(|s| s.is.target.as_ref());
    let shared = drill.shared.iter().flatten();
    let shared = shared.filter_map(|name| Some((name.clone(), theirs?.0.get(name)?.clone())));
    let own = drill.target.iter().flat_map(|target| target.0.clone());
    let shared = shared.map(|(name, value)| (name, (value, Share::Shared)));
    shared.chain(own.map(|(name, value)| (name, (value, Share::Own)))).collect()
}

/// A drill beside what is done in production.
struct Beside<'a> {
    system: &'a System,
    production: &'a System,
    run: String,
    /// The steps that write over what is in use, by what restores: a datastore's kind, or a written step.
    in_place: BTreeSet<Restorer>,
}

type Restorer = (Option<Name>, Option<(Name, String)>);

impl<'a> Beside<'a> {
    fn of(system: &'a System, production: &'a System, plan: &RecoveryPlan) -> Beside<'a> {
        let beside = Beside { system, production, run: plan.run.clone(), in_place: BTreeSet::new() };
        let writes = plan.steps.iter().filter(|step| beside.writes_over(step));
        Beside { in_place: writes.map(restorer).collect(), ..beside }
    }

    /// Whether the step of a kind writes to something that has no new name.
    fn writes_over(&self, step: &Step) -> bool {
        let into = match &step.written {
            Some(at) => match written(self.system, at).filter(|is| is.restore.is_some()) {
                Some(is) if step.api.is_some() => is.into.as_deref(),
                Some(_) | None => return false,
            },
            None if step.phase == Some(Phase::Restore) => None,
            None => return false,
        };
        step.kind == StepNature::Auto
            && !holds(step, &self.run)
            && !into.is_some_and(|into| holds(step, into))
    }

    /// Why a step is left out; none when it is done.
    fn left_out(&self, step: &Step) -> Option<String> {
        let in_place = self.in_place.contains(&restorer(step));
        let over = || "it comes back in its place: a drill would write over what is in use".to_owned();
        let Some(at) = &step.written else {
            return match step.phase {
                Some(Phase::Restore | Phase::Verify) | None => in_place.then(over),
                Some(
                    Phase::Prepare
                    | Phase::Contain
                    | Phase::Fence
                    | Phase::Redirect
                    | Phase::Confirm
                    | Phase::Resume
                    | Phase::Protect,
                ) => Some("a drill leaves what is in use as it is".to_owned()),
            };
        };
        if in_place {
            return Some(over());
        }
        let is = written(self.system, at)?;
        if is.drill == Some(InDrill::Skip) {
            return Some("it says so itself (`drill = \"skip\"`)".to_owned());
        }
        if is.restore.is_some() {
            return self.restores_over(is, at, step);
        }
        if is.drill == Some(InDrill::Run) {
            return None;
        }
        if is.run.is_some() || is.shell.is_some() {
            return Some("nothing says that a drill may run the command (`drill = \"run\"`)".to_owned());
        }
        let asks = is.sql.is_some() || is.s3.is_some();
        let looks = is.http.is_some() || is.tcp.is_some() || is.dns.is_some() || asks;
        (looks && self.is_same(is, at, step))
            .then(|| "it looks at what is in use: nothing of it comes from `target`".to_owned())
    }

    /// Why a drill does not restore as it is written.
    fn restores_over(&self, is: &Is, at: &WrittenAt, step: &Step) -> Option<String> {
        let Some(into) = &is.into else {
            let over = "it would come back over what is in use: it gets no new name (`into`)";
            return step.api.is_none().then(|| over.to_owned());
        };
        let theirs = written(self.production, at).and_then(|is| is.into.as_ref());
        if theirs == Some(into) && !into.contains(&self.run) {
            return Some(format!("`{into}` is its new name in production, too: take it from `target`"));
        }
        let by_hand = step.command_equivalent.is_empty();
        let says = by_hand || step.api.is_some() || is.drill == Some(InDrill::Run) || names(step, into);
        (!says).then(|| {
            format!("its command does not say that it comes back as {into}: `drill = \"run\"`, where it does")
        })
    }

    /// Why a step that only waits is left out.
    fn waits(&self, step: &Step, in_vain: bool) -> Option<String> {
        let is = written(self.system, step.written.as_ref()?)?;
        (in_vain && is.wait.is_some()).then(|| "what it waits for is left out".to_owned())
    }

    /// Whether the same is done in production, word for word, and to nothing that is new.
    fn is_same(&self, is: &Is, at: &WrittenAt, step: &Step) -> bool {
        let told = |is: &Is| {
            (
                is.run.clone(),
                is.shell.clone(),
                is.dir.clone(),
                is.http.clone(),
                is.tcp.clone(),
                is.dns.clone(),
            )
        };
        let same = written(self.production, at)
            .is_none_or(|theirs| told(theirs) == told(is) && theirs.sql == is.sql && theirs.s3 == is.s3);
        // Without a name the database is that which was restored, when that is known.
        let restored = is.sql.as_ref().is_some_and(|sql| sql.database.is_none())
            && step.command_equivalent.iter().any(|word| word == "--dbname");
        same && !restored && !holds(step, &self.run)
    }

    /// What is to be looked at twice: restores whose command is that of production, and does not say where to.
    fn led(&self, steps: &[Step]) -> Vec<String> {
        let led = |step: &Step| {
            let is = written(self.system, step.written.as_ref()?)?;
            let into = is.into.as_ref().filter(|_| is.restore.is_some() && step.api.is_none())?;
            (!step.command_equivalent.is_empty() && !names(step, into)).then(|| {
                let id = step.id;
                format!("the command of step {id} does not name {into}: the steps before must lead it there")
            })
        };
        steps.iter().filter_map(led).collect()
    }

    /// Whether it is a command that is the same in production.
    fn is_word_for_word(&self, step: &Step) -> bool {
        let Some(at) = &step.written else { return false };
        let command = |is: &&Is| is.run.is_some() || is.shell.is_some();
        written(self.system, at).filter(command).is_some_and(|is| self.is_same(is, at, step))
    }

    /// What may stay when the drill is over. What must only read leaves nothing.
    fn not_taken_down(&self, steps: &[Step]) -> Option<String> {
        let stays = |step: &&Step| {
            let has_undo = !step.undo.is_empty() || step.undo_by_hand.is_some();
            step.changes() && !has_undo && !self.is_word_for_word(step)
        };
        let stay: Vec<u32> = steps.iter().filter(stays).map(|step| step.id).collect();
        let word = match stay.as_slice() {
            [] => return None,
            [_] => "step",
            _ => "steps",
        };
        let steps = numbered(&stay);
        Some(format!("{word} {steps} may leave something: nothing says how it is taken down (`undo`)"))
    }

    /// What is to be looked at twice: commands that are the same in production.
    fn word_for_word(&self, steps: &[Step]) -> Option<String> {
        let same = steps.iter().filter(|step| self.is_word_for_word(step));
        let same: Vec<u32> = same.map(|step| step.id).collect();
        match same.as_slice() {
            [] => None,
            [one] => Some(format!("step {one} is word for word that of production: it must only read")),
            many => {
                let steps = numbered(many);
                Some(format!("steps {steps} are word for word those of production: they must only read"))
            }
        }
    }
}

fn restorer(step: &Step) -> Restorer {
    (step.datastore.clone(), step.written.as_ref().map(|at| (at.procedure.clone(), at.step.clone())))
}

/// The step as it is written.
pub(super) fn written<'s>(system: &'s System, at: &WrittenAt) -> Option<&'s Is> {
    system.procedures.get(&at.procedure)?.is.step.0.iter().find(|is| is.name == at.step)
}

/// Whether the command of a step names it.
fn names(step: &Step, name: &str) -> bool {
    step.command_equivalent.iter().any(|word| !places(word, name).is_empty())
}

/// Whether the command of a step, or where it is run, holds the text.
fn holds(step: &Step, text: &str) -> bool {
    let dir = step.written.as_ref().and_then(|at| at.dir.as_ref());
    step.command_equivalent.iter().chain(dir).any(|word| word.contains(text))
}
