//! One written step as a step of a plan: what is done, as a command that can be pasted.

use super::model::{Owner, Step, WrittenAt};
use crate::addr::Name;
use crate::duration;
use crate::provider::StepNature;
use crate::system::{Http, Procedure, Sql, Step as Is, System};

/// The step as it is written, with nothing before it and number 0. What it restores is added later.
pub(crate) fn step(system: &System, procedure: &Name, is: &Is) -> Step {
    let (told, command) = what(is);
    let summary = is.description.clone().unwrap_or(told);
    let kind = match (&is.manual, is.checks.is_some() || is.http.is_some()) {
        (Some(_), _) => StepNature::Manual,
        (None, true) => StepNature::Check,
        (None, false) => StepNature::Auto,
    };
    let mut before: Vec<String> =
        is.http.iter().map(|h| format!("the status must be {}", h.status)).collect();
    before.extend(is.needs.iter().flatten().map(|site| format!("site.{} works", site.0)));
    let usual = is.estimate.or(is.wait).or(is.estimate_p95);
    let unlucky = is.estimate_p95.or(usual);
    Step {
        id: 0,
        datastore: is.restore.as_ref().map(|d| d.0.clone()),
        written: Some(WrittenAt {
            procedure: procedure.clone(),
            step: is.name.clone(),
            phase: is.phase.clone(),
        }),
        summary,
        phase: None,
        kind,
        needs: std::collections::BTreeSet::new(),
        before,
        api: None,
        command_equivalent: command,
        undo: is.undo.clone().unwrap_or_default(),
        owner: is.owner.as_ref().map(|o| owner(system, &o.0)),
        checks: is.checks.map(crate::system::Check::as_str),
        destroys: is.destroys.iter().flatten().map(|d| d.0.clone()).collect(),
        p50_s: usual.map(|d| d.as_secs()),
        p95_s: unlucky.map(|d| d.as_secs()),
        estimate_source: if usual.is_some() { "declared".to_owned() } else { "no estimate".to_owned() },
        done_p50_s: None,
        done_p95_s: None,
        critical: false,
        why: is.why.clone().unwrap_or_default(),
        facts: Vec::new(),
    }
}

fn owner(system: &System, contact: &Name) -> Owner {
    let known = system.contacts.get(contact).map(|c| &c.is);
    let ways = known.map(|c| [c.phone.clone(), c.via.clone(), c.email.clone()]);
    Owner {
        contact: contact.clone(),
        role: known.map(|c| c.role.clone()),
        reached: ways.into_iter().flatten().flatten().collect(),
    }
}

/// What is done, in words and as a command.
fn what(is: &Is) -> (String, Vec<String>) {
    let words = |words: &[&str]| words.iter().map(|w| (*w).to_owned()).collect::<Vec<String>>();
    if let Some(run) = &is.run {
        (format!("run `{}`", run.first().map_or("", String::as_str)), run.clone())
    } else if let Some(line) = &is.shell {
        ("run a line of shell".to_owned(), words(&["sh", "-c", line]))
    } else if let Some(Http { url, status }) = &is.http {
        let asked = ["curl", "--silent", "--show-error", "--output", "/dev/null"];
        let mut command = words(&asked);
        command.extend(words(&["--write-out", "%{http_code}\\n", url]));
        (format!("see that {url} answers {status}"), command)
    } else if let Some(sql) = &is.sql {
        (format!("ask {}", sql.database), psql(sql))
    } else if let Some(wait) = is.wait {
        (format!("wait, {} at most", duration::text(wait)), Vec::new())
    } else if let Some(datastore) = &is.restore {
        (format!("restore datastore.{}", datastore.0), Vec::new())
    } else {
        (is.manual.clone().unwrap_or_default(), Vec::new())
    }
}

fn psql(Sql { database, query, file }: &Sql) -> Vec<String> {
    let mut command: Vec<String> =
        ["psql", "--no-psqlrc", "--set", "ON_ERROR_STOP=1", "--dbname", database].map(str::to_owned).into();
    command.extend(query.iter().flat_map(|q| ["--command".to_owned(), q.clone()]));
    command.extend(file.iter().flat_map(|f| ["--file".to_owned(), f.clone()]));
    command
}

/// The steps of a procedure, each after those that it waits for, else in the order of the text.
pub(crate) fn in_order(procedure: &Procedure) -> Vec<&Is> {
    let mut open: Vec<&Is> = procedure.step.0.iter().collect();
    let mut ordered: Vec<&Is> = Vec::new();
    while !open.is_empty() {
        let done = |name: &str| ordered.iter().any(|s| s.name == name);
        // A procedure has no circle, so one is always ready.
        let ready = open.iter().position(|s| s.before().all(done)).unwrap_or(0);
        ordered.push(open.remove(ready));
    }
    ordered
}
