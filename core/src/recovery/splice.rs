//! Written procedures in a recovery plan: their steps with numbers, what they restore from, and what
//! of them cannot be done after the loss.

use std::collections::{BTreeMap, BTreeSet};

use jiff::{SignedDuration, Timestamp};

use super::action::{Action, Carried, Through};
use super::backups::{self, Kept, Said};
use super::candidate::subject;
use super::choose::here;
use super::control;
use super::follow::Followed;
use super::lost::Lost;
use super::model::{Asked, Blocked, Choice, Infeasible, Input, Rejected, Step};
use super::waits::Waits;
use super::weave::Renumbered;
use super::written::step;
use crate::addr::Name;
use crate::provider::{Phase, RecoveryStep, Seeing, StepNature, Undo};
use crate::system::{Newest, S3, Step as Is, in_order};

/// A way back by steps that a kind knows.
pub(crate) struct Derived {
    /// What it comes back from.
    pub(crate) choice: Choice,
    /// The steps that restore; what is before and after them is written.
    pub(crate) steps: Vec<RecoveryStep>,
    /// What its kind does something through there.
    pub(crate) through: Option<Through>,
    /// What could not be observed of it.
    pub(crate) doubt: Option<String>,
    /// Whether what it loses was not observed, or not now.
    pub(crate) unseen: bool,
}

/// The written steps of a plan.
#[derive(Default)]
pub(crate) struct Written {
    /// The steps, numbered on.
    pub(crate) steps: Vec<Step>,
    /// What each datastore comes back from that they restore.
    pub(crate) choices: BTreeMap<Name, Choice>,
    /// The datastores that nothing is left for.
    pub(crate) infeasible: Vec<Infeasible>,
    /// What cannot be done.
    pub(crate) blocked: Vec<Blocked>,
    /// Datastores of which the loss was not observed, or not now.
    pub(crate) unseen: BTreeSet<Name>,
    /// What comes back where it stood, and is protected as it was.
    pub(crate) in_place: BTreeSet<Name>,
    /// What the reader should know.
    pub(crate) warnings: Vec<String>,
}

/// Numbers the steps of the procedures from `first` on; they wait for the data that they need as `waits`
/// says. `derive` finds the way back that a resource's kind knows.
pub(crate) fn splice<'a>(
    input: &Input<'a>,
    lost: &Lost<'_>,
    followed: &[Followed<'a>],
    (first, waits): (u32, &Waits<'a>),
    derive: impl Fn(&Name, Option<&str>) -> Option<Derived>,
) -> Written {
    let mut written = Written::default();
    let mut ends: Vec<BTreeSet<u32>> = Vec::new();
    let mut waiting: BTreeSet<&Name> = BTreeSet::new();
    for one in followed {
        let entry: BTreeSet<u32> = one.after.iter().flat_map(|place| ends[*place].clone()).collect();
        // By the place of a written step: the steps of the plan that it becomes, and what it has waited for.
        let mut ids: Vec<BTreeSet<u32>> = Vec::new();
        let mut waited: Vec<BTreeSet<_>> = Vec::new();
        let mut open = BTreeSet::new();
        let placed = in_order(input.system, one.name);
        for at in &placed {
            let (is, mut next) = (at.step, step(input.system, at, &placed));
            // One that becomes several is done with its last.
            let last = |place: &usize| ids[*place].last().copied();
            next.needs = match at.after.iter().filter_map(last).collect() {
                none if BTreeSet::is_empty(&none) => entry.clone(),
                needs => needs,
            };
            let known: BTreeSet<_> = at.after.iter().flat_map(|place| waited[*place].clone()).collect();
            let wanted = waits.wanted(one.name, at);
            next.needs.extend(wanted.difference(&known).flat_map(|data| waits.back(*data)));
            waiting.extend((!wanted.is_empty()).then_some(one.name));
            waited.push(known.into_iter().chain(wanted).collect());
            if let Some(written) = &mut next.written {
                written.instead_of = at.instead_of.iter().flat_map(|place| ids[*place].clone()).collect();
            }
            if at.downtime {
                open.retain(|id| !next.needs.contains(id));
            }
            let number = |written: &Written| first + u32::try_from(written.steps.len()).unwrap_or(u32::MAX);
            next.id = number(&written);
            let begin = next.id;
            blocked(lost, is, next.id, &mut written);
            if let Some(s3) = &is.s3 {
                let cannot = see(input, lost, s3, &mut next).err();
                let step = Some(next.id);
                written.blocked.extend(cannot.map(|why| Blocked { step, service: None, why }));
            }
            match &is.restore {
                Some(datastore) => restore(input, lost, is, &datastore.0, next, &derive, &mut written),
                None => written.steps.push(next),
            }
            let end = number(&written);
            ids.push((begin..end).collect());
            // Nothing waits for what is done once the service works.
            open.extend(at.downtime.then(|| end - 1));
        }
        ends.push(if open.is_empty() { entry } else { open });
    }
    written.warnings.extend(waits.unsaid(input, followed, &waiting));
    written
}

impl Written {
    /// The same with the numbers that the steps have among all.
    pub(crate) fn renumber(&mut self, numbers: &Renumbered) {
        for choice in self.choices.values_mut() {
            choice.step = choice.step.map(|step| numbers.of(step));
        }
        for blocked in &mut self.blocked {
            blocked.step = blocked.step.map(|step| numbers.of(step));
        }
    }
}

/// Notes what the step needs and the loss takes.
fn blocked(lost: &Lost<'_>, is: &Is, step: u32, written: &mut Written) {
    let (hit, hit_regions) = (&lost.hit, &lost.loss.regions);
    let needed = is.needs.iter().flatten();
    for (site, why) in needed.filter_map(|site| hit.sites.get_key_value(&site.0)) {
        let why = match why.as_str() {
            "lost" => format!("it needs site.{site}, which is lost"),
            why => format!("it needs site.{site}, which {why} and is lost with it"),
        };
        written.blocked.push(Blocked { step: Some(step), service: None, why });
    }
    for (variable, region) in
        is.secret.iter().flatten().filter_map(|s| Some((&s.variable, s.region.as_ref()?)))
    {
        if hit_regions.contains(region) {
            let why = format!("it needs the secret {variable}, which is kept in {region}, and that is lost");
            written.blocked.push(Blocked { step: Some(step), service: None, why });
        }
    }
    if let Some((api, general_knowledge)) = control::called(is)
        && hit_regions.contains(&api.region)
    {
        let known = if general_knowledge { " (general knowledge, not checked)" } else { "" };
        let why = format!(
            "it calls {}, whose control plane is in {} alone{known}, which is lost",
            api.service, api.region
        );
        written.blocked.push(Blocked { step: Some(step), service: None, why });
    }
}

/// How it is looked for objects, by the kind of the bucket; or why that cannot be done.
fn see(input: &Input<'_>, lost: &Lost<'_>, s3: &S3, step: &mut Step) -> Result<(), String> {
    let address = &s3.bucket.0;
    let Some(bucket) = input.components.get(address) else {
        return Err(format!("{address} is not part of this configuration"));
    };
    let since = |ago: SignedDuration| input.now.checked_sub(ago).unwrap_or(Timestamp::MIN);
    let seeing = Seeing {
        key: s3.key.clone(),
        prefix: s3.prefix.clone().unwrap_or_default(),
        count: u64::from(s3.count.unwrap_or(1)),
        version: s3.version.clone(),
        checksum: s3.checksum.clone(),
        locked_until: s3.locked.map(|locked| input.now.checked_add(locked).unwrap_or(Timestamp::MAX)),
        written_after: s3.younger_than.map(since),
    };
    let Some(look) = bucket.kind.see(&subject(bucket), &seeing) else {
        return Err(format!("{address} holds no objects"));
    };
    let through = here(bucket);
    step.command_equivalent = look.command;
    step.api = look.api;
    match through {
        Some(through) => step.carried.action = Action::Verb { through, verb: look.verb },
        None => step.before.push(format!("nothing says where {address} is: a person looks")),
    }
    lost.resource(address).map_or(Ok(()), |taken| Err(format!("{address} {taken}")))
}

/// A step that restores: from the backup or by the steps of the resource's kind, whichever loses less; from
/// the backup where the step names one.
pub(crate) fn restore(
    input: &Input<'_>,
    lost: &Lost<'_>,
    is: &Is,
    datastore: &Name,
    mut step: Step,
    derive: impl Fn(&Name, Option<&str>) -> Option<Derived>,
    written: &mut Written,
) {
    // A name that no scenario gives is none yet.
    let into = is.into.as_deref().filter(|into| !into.contains("${"));
    let said = Said { only: is.from.as_ref().map(|from| &from.0), into };
    let (best, mut rejected) = backups::choose(input, lost, datastore, said);
    let derived = left_open(is, derive(datastore, into), &mut rejected);
    let less = |kept: &Kept<'_>, than: Option<i64>| match (kept.age(input.now), than) {
        (Some(kept), Some(other)) => kept < other,
        (Some(_), None) => true,
        (None, _) => false,
    };
    match (best, derived) {
        (Some(kept), derived) if derived.as_ref().is_none_or(|d| less(&kept, d.choice.data_loss_s)) => {
            if let Some(Derived { choice, .. }) = derived {
                rejected.push(choice.rejected("what it loses is more, or not known"));
                rejected.extend(choice.rejected);
            }
            from_backup(is, &kept, &mut step);
            written.warnings.extend(kept.doubt.as_ref().map(|doubt| {
                format!("nobody knows what is in the repository of backup.{}: {doubt}", kept.name)
            }));
            let choice = Choice {
                datastore: datastore.clone(),
                resource: input.system.datastores.get(datastore).and_then(|d| Some(d.is.resource.clone()?.0)),
                from: format!("backup.{}", kept.name),
                mechanism: kept.mechanism.clone(),
                region: None,
                size_bytes: None,
                point: kept.point,
                data_loss_s: kept.age(input.now),
                data_loss_source: kept.source(),
                step: Some(step.id),
                why: chosen(is, &rejected),
                came_back: None,
                rejected,
                window: Some(kept.window.clone()),
            };
            written.choices.entry(datastore.clone()).or_insert(choice);
            written.steps.push(step);
        }
        (best, Some(Derived { mut choice, steps, doubt, unseen, through })) => {
            let worse = best.as_ref().map(|kept| kept.rejected(input.now, "the other way loses less"));
            choice.rejected.extend(worse);
            choice.rejected.append(&mut rejected);
            choice.step = Some(step.id);
            written.warnings.extend(doubt.map(|doubt| format!("{datastore} ({}): {doubt}", choice.from)));
            written.unseen.extend(unseen.then(|| datastore.clone()));
            let moves = steps.iter().any(|s| s.phase == Phase::Redirect);
            written.in_place.extend((!moves).then(|| datastore.clone()));
            by_kind(&choice, steps, (step, through.as_ref()), written);
            written.choices.entry(datastore.clone()).or_insert(choice);
        }
        (_, None) => {
            let why = format!("nothing is left to restore datastore.{datastore} from");
            written.blocked.push(Blocked { step: Some(step.id), service: None, why: why.clone() });
            if written.infeasible.iter().all(|i| i.datastore != *datastore) {
                written.infeasible.push(nothing_left(input, datastore, why, rejected));
            }
            written.steps.push(step);
        }
    }
}

/// What the kind does, where the step does not say what it restores from.
fn left_open(is: &Is, derived: Option<Derived>, rejected: &mut Vec<Rejected>) -> Option<Derived> {
    let Some(from) = &is.from else { return derived };
    let why = format!("the step says `from = backup.{}`", from.0);
    rejected.extend(derived.map(|Derived { choice, .. }| choice.rejected(why)));
    None
}

fn nothing_left(input: &Input<'_>, datastore: &Name, why: String, rejected: Vec<Rejected>) -> Infeasible {
    let help = match rejected.as_slice() {
        [] => format!("Before the next time: declare a `backup` of datastore.{datastore}."),
        _ => "Before the next time: keep one where this loss does not reach, with one more `to`.".to_owned(),
    };
    let resource = input.system.datastores.get(datastore).and_then(|d| d.is.resource.clone());
    Infeasible { datastore: datastore.clone(), resource: resource.map(|r| r.0), why, rejected, help }
}

fn chosen(is: &Is, rejected: &[Rejected]) -> String {
    match (&is.from, rejected.is_empty()) {
        (Some(_), _) => "the step says so".to_owned(),
        (None, true) => "the only way back that is declared".to_owned(),
        (None, false) => "the least that can be lost, of those outside of the loss".to_owned(),
    }
}

/// What is known of the backup that a step restores from.
fn from_backup(is: &Is, kept: &Kept<'_>, step: &mut Step) {
    if is.description.is_none() {
        step.summary = format!("{} from backup.{} ({})", step.summary, kept.name, kept.mechanism);
    }
    step.before.push(match (kept.point, kept.from) {
        (Some(at), Newest::Log(_)) if kept.exact => {
            format!("any instant can be chosen; the newest that helps is {at}")
        }
        (Some(at), Newest::Log(_)) => {
            format!("it comes back to the end of its log, about {at}; `--at` chooses an earlier instant")
        }
        (Some(at), Newest::Base) => format!("the newest point that helps is of {at}, if its run succeeded"),
        (None, _) => {
            format!("nothing says when the last one was made: it is made {}", kept.method.schedules())
        }
    });
    if let Some(list) = &kept.method.list {
        step.before.push(format!("this lists the points: {}", list.join(" ")));
    }
    match kept.command(is.into.as_deref()) {
        Some(command) => {
            let mut surroundings = step.surroundings();
            surroundings.env.extend(kept.method.env.iter().cloned());
            let data = is.into.clone().filter(|into| kept.is_cluster() && into.starts_with('/'));
            step.carried.action = match (data, kept.object.clone()) {
                (Some(data), _) => {
                    Action::Restore { words: command, data, canary: kept.canary.clone(), surroundings }
                }
                (None, Some(from)) => Action::Fetch { words: command, from, surroundings },
                (None, None) => Action::Run { words: command, surroundings },
            };
            step.command_equivalent = step.carried.action.words().unwrap_or_default();
            asks_which(kept, step);
        }
        None => step.kind = StepNature::Manual,
    }
}

/// Which point it is, where nothing says so: a person does, before it is begun.
fn asks_which(kept: &Kept<'_>, step: &mut Step) {
    let is_open = step.command_equivalent.iter().any(|word| word.contains("${point.id}"));
    let Some(written) = step.written.as_mut().filter(|_| is_open) else { return };
    let description = match &kept.method.list {
        Some(list) => format!("the point, as `{}` lists it", list.join(" ")),
        None => format!("the point of backup.{} to restore", kept.name),
    };
    written.inputs.push(Asked { name: "point.id".to_owned(), description });
}

/// The steps of the kind in the place of the written one. Its own estimate stands for all of them.
fn by_kind(
    choice: &Choice,
    steps: Vec<RecoveryStep>,
    (step, through): (Step, Option<&Through>),
    written: &mut Written,
) {
    // A copy that takes the place of what is lost comes back where its kind redirects: by a promotion.
    let takes_over = |s: &RecoveryStep| s.phase == Phase::Redirect && s.verb.is_some();
    let restores: Vec<RecoveryStep> =
        steps.into_iter().filter(|s| s.phase == Phase::Restore || takes_over(s)).collect();
    if restores.is_empty() {
        let summary = format!("{} from {} ({})", step.summary, choice.from, choice.mechanism);
        written.steps.push(Step { summary, kind: StepNature::Manual, ..step });
        return;
    }
    let mut needs = step.needs.clone();
    for (id, own) in (step.id..).zip(restores) {
        let Carried { action, within_s, repeatable, .. } = Carried::derived(&own, through);
        let mut next = Step { id, needs: std::mem::replace(&mut needs, [id].into()), ..step.clone() };
        next.summary = own.summary;
        next.kind = own.nature;
        next.before.extend(own.before);
        next.unsaid = own.unsaid;
        next.api = own.api;
        next.carried = Carried {
            action,
            within_s: next.carried.within_s.or(within_s),
            repeatable: next.carried.repeatable || repeatable,
            ..next.carried
        };
        next.command_equivalent = own.command;
        next.facts = own.facts;
        if let Undo::Never { why } = own.undo {
            next.no_way_back = Some(why);
        }
        if next.why.is_empty() {
            next.why = own.why;
        }
        if next.p95_s.is_none() {
            next.p50_s = Some(own.estimate.p50.as_secs());
            next.p95_s = Some(own.estimate.p95.as_secs());
            next.estimate_source = own.estimate.source;
        } else if id > step.id {
            (next.p50_s, next.p95_s) = (Some(0), Some(0));
            next.estimate_source = "declared for all of it together".to_owned();
        }
        written.steps.push(next);
    }
}
