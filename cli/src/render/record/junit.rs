//! A run as JUnit XML: each step is a test, and so is each objective, and that nothing is left of a drill.

use drctl_core::plan::StepId;
use drctl_core::recovery::readable;
use drctl_core::run::Standing;
use drctl_engine::runs::{Job, Of};
use drctl_engine::said::Said;

use super::super::junit::{Case, Outcome, Suite, named, xml};
use super::measured::{canary, downtime, rpo, took, unknown};
use super::postmortem::why_not;
use super::remains::remains;
use super::{Record, injected, of};

/// The run for a CI system.
pub(crate) fn junit(run: &Record, said: &Said) -> String {
    let mut suites = vec![steps(run), objectives(run, said)];
    suites.extend(matches!(run.header.of, Of::Drill(_)).then(|| teardown(run)));
    suites.retain(|suite| !suite.cases.is_empty());
    xml(&named(&of(run), run.header.simulated), &suites, run.header.began)
}

fn steps(run: &Record) -> Suite {
    let took = took(run);
    let own = run.header.jobs.iter().map(|(id, job)| {
        let time = took.get(id).and_then(|t| Some(t.ended?.duration_since(t.began?).as_secs()));
        let took_s = time.unwrap_or_default().max(0);
        Case {
            of: whose(job),
            name: numbered(*id, &job.summary),
            outcome: went(run, *id, job),
            took_s,
            properties: Vec::new(),
        }
    });
    let left_out = run.header.left_out.iter().map(|left| Case {
        of: "left out".to_owned(),
        name: numbered(left.step, &left.summary),
        outcome: Outcome::Skipped(left.why.clone()),
        took_s: 0,
        properties: Vec::new(),
    });
    let note = injected(run).map_or_else(String::new, |told| format!(" ({told})"));
    Suite { name: format!("run {}{note}", run.header.run), cases: own.chain(left_out).collect() }
}

fn numbered(id: StepId, summary: &str) -> String {
    format!("{} {summary}", id.0)
}

/// What a step belongs to.
fn whose(job: &Job) -> String {
    match (&job.written, &job.datastore) {
        (Some((procedure, _)), _) => format!("procedure.{procedure}"),
        (None, Some(datastore)) => format!("datastore.{datastore}"),
        (None, None) => "run".to_owned(),
    }
}

/// How a step went. A check that does not hold is a failure; what could not be done is an error.
fn went(run: &Record, id: StepId, job: &Job) -> Outcome {
    let before = run.run.before().unwrap_or(&run.run);
    let Some(standing) = before.standing(id) else { return Outcome::Skipped("not a part of it".to_owned()) };
    match standing {
        Standing::Succeeded => Outcome::Passed(None),
        Standing::Undone => Outcome::Passed(Some("done, and taken back after a failure".to_owned())),
        Standing::Failed(error) if !job.changes => Outcome::Failed("check", error.to_string()),
        Standing::Failed(error) => Outcome::Unknown("step", error.to_string()),
        Standing::UndoFailed(error) => Outcome::Unknown("undo", error.to_string()),
        Standing::Running(_) | Standing::Lost(_) | Standing::Undoing(_) | Standing::UndoLost(_) => {
            Outcome::Unknown("cut_off", "nobody knows whether it was done".to_owned())
        }
        Standing::Waiting | Standing::Asked(_) | Standing::NotNeeded | Standing::Skipped => {
            Outcome::Skipped(why_not(run, id).unwrap_or_default())
        }
    }
}

fn objectives(run: &Record, said: &Said) -> Suite {
    let begun = &run.header;
    let case = |name: &str, property: &'static str, is: Option<i64>, most: Option<i64>| {
        let mut properties = Vec::new();
        properties.extend(is.map(|s| (property, s.to_string())));
        properties.extend(most.map(|s| ("objective_s", s.to_string())));
        let outcome = match (is, most) {
            (Some(is), Some(most)) if is > most => {
                Outcome::Failed("missed", format!("{name} is {}, objective {}", readable(is), readable(most)))
            }
            (Some(_), _) => Outcome::Passed(None),
            (None, _) => Outcome::Skipped(format!("{name} was not measured")),
        };
        Case { of: of(run), name: name.to_owned(), outcome, took_s: 0, properties }
    };
    let rto = case("RTO", "rto_s", downtime(run), begun.rto_s);
    let mut rpo = case("RPO", "rpo_s", rpo(run, said), begun.rpo_s);
    if let Some(why) = unknown(run, said) {
        rpo.outcome = Outcome::Unknown("not_known", why);
    }
    rpo.properties.extend(canary(run, said).map(|at| ("recovery_point", at.to_string())));
    Suite { name: "objectives".to_owned(), cases: vec![rto, rpo] }
}

/// Of a drill: what is still there.
fn teardown(run: &Record) -> Suite {
    let left = remains(run);
    let mut cases: Vec<Case> = left
        .iter()
        .map(|one| Case {
            of: "teardown".to_owned(),
            name: numbered(one.step, one.summary),
            outcome: Outcome::Failed("left", one.why.clone()),
            took_s: 0,
            properties: Vec::new(),
        })
        .collect();
    if cases.is_empty() && run.run.before().is_some() {
        let (of, name) = ("teardown".to_owned(), "nothing that the drill made is left".to_owned());
        cases.push(Case { of, name, outcome: Outcome::Passed(None), took_s: 0, properties: Vec::new() });
    }
    Suite { name: "teardown".to_owned(), cases }
}
