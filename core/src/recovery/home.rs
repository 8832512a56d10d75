//! The way back home: what came back elsewhere is moved to where it was, on a day that somebody chooses.
//! It is planned like a loss of what holds the data now, with three differences: nothing is lost, because
//! writers are stopped before the last of it is copied; what copies it may have to be made first, while the
//! service works; and what is stale is cleared away last, by a person.

use std::collections::{BTreeMap, BTreeSet};

use jiff::SignedDuration;

use super::candidate::Candidate;
use super::model::{Component, Seen};
use crate::addr::{Address, Name};
use crate::protection::Estimate;
use crate::provider::{Phase, Protection, RecoveryStep, StepNature, Undo};

/// The datastores that go home.
pub type Homes = BTreeMap<Name, Home>;

/// Where a datastore came from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Home {
    /// The region.
    pub region: String,
    /// What held it there: whatever that holds is stale.
    pub was: Address,
    /// How what copies it there comes to be, where the configuration does not say it yet.
    pub declare: Option<String>,
}

impl Home {
    /// A copy as it is once writers have stopped: it holds all that there is, or it is of no use. None where it
    /// does not lead home. What is still to be made is no worse for it; what could not be seen may be.
    pub(super) fn settled<'a>(&self, candidate: Candidate<'a>) -> Option<Candidate<'a>> {
        let one_moment = matches!(candidate.protection, Protection::Snapshot { .. });
        let unseen = matches!(candidate.from.seen, Seen::Unobserved(_));
        (candidate.region == self.region).then(|| Candidate {
            point: None,
            loss: Some(SignedDuration::ZERO),
            loss_source: "writers are stopped, and the last of it is copied, before anybody is sent there"
                .to_owned(),
            refused: one_moment.then(|| "it holds one moment, and not what was written last".to_owned()),
            doubt: candidate.doubt.clone().filter(|_| unseen),
            ..candidate
        })
    }

    /// The steps of a copy that takes over, with what is done before its writers are stopped, and after.
    pub(super) fn steps<'a>(
        &self,
        resource: &Component,
        candidate: Candidate<'a>,
        kind: Vec<RecoveryStep>,
    ) -> (Candidate<'a>, Vec<RecoveryStep>) {
        let (now, copy) = (&resource.id, &candidate.mechanism);
        let mut steps = self.prepared(resource, &candidate);
        let mut last: Vec<String> = steps.last().map(|step| step.id.clone()).into_iter().collect();
        for step in kind.iter().filter(|step| step.phase == Phase::Contain) {
            let why =
                "nothing is lost by the move: what is written after this would not be copied".to_owned();
            let needs = if step.needs.is_empty() { last.clone() } else { step.needs.clone() };
            steps.push(RecoveryStep { needs, why, ..step.clone() });
        }
        let contained = steps.iter().filter(|step| step.phase == Phase::Contain).map(|step| step.id.clone());
        last = contained.collect();
        let undo = Undo::ByHand { how: format!("let the writers write again, still to `{now}`") };
        let quiet = RecoveryStep {
            needs: last.clone(),
            undo: undo.clone(),
            ..by_hand(
                (Phase::Contain, "quiet"),
                format!("make sure that nothing writes to `{now}` any more"),
                "one writer that was forgotten, and what it writes is left behind",
                (1, 5),
            )
        };
        let caught_up = RecoveryStep {
            needs: vec![quiet.id.clone()],
            undo,
            ..by_hand(
                (Phase::Contain, "caught_up"),
                match candidate.protection.has_past() {
                    true => format!("wait until the newest point of the {copy} is later than that"),
                    false => format!("wait until nothing is left to be copied to `{}`", candidate.from.id),
                },
                "what is not in the copy by now is lost for those who are sent there",
                (10, 30),
            )
        };
        steps.extend([quiet, caught_up]);
        let rest = kind.into_iter().filter(|step| step.phase != Phase::Contain);
        steps.extend(rest.map(|step| after(step, &last)));
        // What comes back into its own place leaves nothing stale there, and what held it goes on as its copy.
        if candidate.from.address != self.was {
            steps.push(self.retired(resource, &steps));
        }
        (candidate, steps)
    }

    /// What is done while the service works.
    fn prepared(&self, resource: &Component, candidate: &Candidate<'_>) -> Vec<RecoveryStep> {
        let (now, home, was) = (&resource.id, &self.region, &self.was);
        let mut steps = vec![by_hand(
            (Phase::Prepare, "home"),
            format!("make sure that {home} is back for good, and that it is where you want to be"),
            "a region that came back may go again; where the data is now it is safe",
            (30, 240),
        )];
        let mut add = |step: RecoveryStep| {
            let needs = steps.last().map(|before| before.id.clone()).into_iter().collect();
            steps.push(RecoveryStep { needs, ..step });
        };
        add(by_hand(
            (Phase::Prepare, "left_behind"),
            format!("look in what `{was}` held for writes that never reached `{now}`, and keep them"),
            "what was written last before the outage may stand there alone; nothing else has it",
            (30, 240),
        ));
        let copied = match (&self.declare, &candidate.from.seen) {
            (Some(how), _) => Some(how.clone()),
            (None, Seen::Absent) => Some("drctl apply".to_owned()),
            (None, Seen::Present | Seen::Unobserved(_)) => None,
        };
        if let Some(how) = copied {
            add(by_hand(
                (Phase::Prepare, "copy"),
                format!("let it be copied to {home}: {how}"),
                "nothing copies it there yet; this interrupts nobody",
                (15, 60),
            ));
        }
        let complete = match candidate.protection.has_past() {
            true => format!("wait until the {} of `{now}` hold a first point", candidate.mechanism),
            false => {
                format!("copy what stood in `{now}` before it was replicated, and wait until nothing is left")
            }
        };
        let why = "a move that begins before the copy is complete is as long as the copy takes";
        add(by_hand((Phase::Prepare, "complete"), complete, why, (60, 1440)));
        let why = "from the next step until writers write again nothing can be written";
        add(by_hand(
            (Phase::Prepare, "window"),
            format!("choose the hour, tell those who use `{now}`, and let it be approved"),
            why,
            (60, 1440),
        ));
        steps
    }

    /// What is stale is taken away by a person, after all of the rest.
    fn retired(&self, resource: &Component, all: &[RecoveryStep]) -> RecoveryStep {
        let summary = format!(
            "when it has worked and is protected for as long as you want: take `{}` away, and what is stale of `{}`",
            resource.id, self.was
        );
        let needed: BTreeSet<&String> = all.iter().flat_map(|step| &step.needs).collect();
        let last = all.iter().filter(|step| !needed.contains(&step.id));
        let why = "both hold data that nobody writes to any more; drctl deletes neither. Until then they are a way \
                   back";
        RecoveryStep {
            needs: last.map(|step| step.id.clone()).collect(),
            before: vec!["somebody other than you says so".to_owned()],
            undo: Undo::Never { why: "what is deleted is gone".to_owned() },
            ..by_hand((Phase::Protect, "retire"), summary, why, (30, 240))
        }
    }
}

/// A step of the kind that comes after what is added: it waits for the last of it to be copied, and names
/// nothing as lost.
fn after(step: RecoveryStep, contained: &[String]) -> RecoveryStep {
    let waits = |need: &String| if contained.contains(need) { "caught_up".to_owned() } else { need.clone() };
    let mut needs: Vec<String> = step.needs.iter().map(waits).collect();
    if needs.is_empty() {
        needs.push("caught_up".to_owned());
    }
    needs.dedup();
    let step = RecoveryStep { needs, ..step };
    match step.phase {
        Phase::Fence => RecoveryStep {
            before: Vec::new(),
            why: "a last look: from here on its users are sent elsewhere, and two that are written to cannot be \
                  made one again"
                .to_owned(),
            ..step
        },
        Phase::Prepare
        | Phase::Contain
        | Phase::Restore
        | Phase::Verify
        | Phase::Redirect
        | Phase::Confirm
        | Phase::Resume
        | Phase::Protect => step,
    }
}

/// A step that a person does, with its usual and unlucky minutes.
fn by_hand((phase, id): (Phase, &str), summary: String, why: &str, (p50, p95): (i64, i64)) -> RecoveryStep {
    RecoveryStep {
        id: id.to_owned(),
        summary,
        phase,
        nature: StepNature::Manual,
        needs: Vec::new(),
        before: Vec::new(),
        api: None,
        command: Vec::new(),
        unsaid: None,
        verb: None,
        within: None,
        estimate: Estimate {
            p50: SignedDuration::from_mins(p50),
            p95: SignedDuration::from_mins(p95),
            source: "default: a person looks, decides and acts".to_owned(),
        },
        why: why.to_owned(),
        undo: Undo::Nothing,
        facts: Vec::new(),
    }
}
