//! One written step as a step of a plan: what is done, as a command that can be pasted.

use std::collections::{BTreeMap, BTreeSet};

use super::action::{Action, Carried, Surroundings};
use super::before::Before;
use super::control;
use super::model::{Asked, Owner, RecoveryPlan, Step, WrittenAt};
use super::secret::SecretSource;
use crate::addr::Name;
use crate::duration;
use crate::provider::StepNature;
use crate::system::{Dns, Http, Input, Placed, S3, Sql, Step as Is, System, Tcp};

/// The step as it is written, with nothing before it and number 0. What it restores is added later.
pub(crate) fn step(system: &System, at: &Placed<'_>, all: &[Placed<'_>]) -> Step {
    let is = at.step;
    let brought = at.restored_by.map(|place| all[place].step);
    let (told, command) = what(is, brought);
    let summary = match (&is.description, &is.manual) {
        // What a person is to do is never left out.
        (Some(description), Some(manual)) => format!("{description}: {manual}"),
        (Some(description), None) => description.clone(),
        (None, _) => told,
    };
    let asks = is.sql.as_ref().is_some_and(asks);
    let looks = is.http.is_some() || is.tcp.is_some() || is.dns.is_some() || is.s3.is_some() || asks;
    let kind = match (&is.manual, is.checks.is_some() || looks) {
        (Some(_), _) => StepNature::Manual,
        (None, true) => StepNature::Check,
        (None, false) => StepNature::Auto,
    };
    let mut before: Vec<String> =
        is.http.iter().map(|h| format!("the status must be {}", h.status)).collect();
    before.extend(is.needs.iter().flatten().map(|site| format!("site.{} works", site.0)));
    before.extend(is.sql.as_ref().filter(|sql| sql.database.is_none()).and(brought).and_then(connected));
    before.extend(is.into.iter().map(|name| format!("it comes back as {name}, a new name")));
    let (p50_s, p95_s, estimate_source) = estimate(system, at);
    Step {
        id: 0,
        datastore: is.restore.as_ref().map(|d| d.0.clone()),
        written: Some(WrittenAt {
            procedure: at.procedure.clone(),
            step: is.name.clone(),
            phase: at.phase.map(str::to_owned),
            when: at.when.clone(),
            instead_of: BTreeSet::new(),
            dir: is.dir.clone(),
            env: is.env.iter().flatten().map(|name| name.0.clone()).collect(),
            secrets: sources(is),
            expects: expected(is),
            inputs: is.input.iter().flatten().map(asked).collect(),
            protects: is.protects.iter().flatten().map(|d| d.0.clone()).collect(),
            pivot: is.pivot,
        }),
        summary,
        phase: None,
        kind,
        needs: BTreeSet::new(),
        before,
        unsaid: None,
        api: control::called(is).map(|(api, _)| api),
        command_equivalent: command,
        carried: carried(is, brought, kind),
        undo: is.undo.clone().unwrap_or_default(),
        undo_by_hand: None,
        no_way_back: None,
        owner: is.owner.as_ref().map(|o| owner(system, &o.0)),
        downtime: at.downtime,
        checks: is.checks.map(crate::system::Check::as_str),
        destroys: is.destroys.iter().flatten().map(|d| d.0.clone()).collect(),
        p50_s,
        p95_s,
        estimate_source,
        done_p50_s: None,
        done_p95_s: None,
        critical: false,
        why: is.why.clone().unwrap_or_default(),
        facts: Vec::new(),
    }
}

/// How long the step takes as a rule and when luck is bad, and how that is known: what was measured stands
/// over what is declared.
fn estimate(system: &System, at: &Placed<'_>) -> (Option<i64>, Option<i64>, String) {
    let is = at.step;
    if let Some(took) = system.measured.step(at.procedure, &is.name) {
        return (Some(took.p50_s), Some(took.p95_s), took.source());
    }
    let usual = is.estimate.or(is.wait).or(is.estimate_p95);
    let unlucky = is.estimate_p95.or(usual);
    let source = if usual.is_some() { "declared" } else { "no estimate" };
    (usual.map(|d| d.as_secs()), unlucky.map(|d| d.as_secs()), source.to_owned())
}

/// How the step is carried out. What it restores is said later.
fn carried(is: &Is, brought: Option<&Is>, kind: StepNature) -> Carried {
    let p95_s = is.estimate_p95.or(is.estimate).map(|d| d.as_secs());
    let plain = Carried::plain(action(is, brought), kind, p95_s);
    let only_looks = is.sql.is_some() || is.s3.is_some() || is.wait.is_some();
    Carried {
        approve: is.approve.as_ref().map(|contact| contact.0.clone()),
        attempts: is.attempts.unwrap_or(plain.attempts),
        timeout_s: is.timeout.map_or(plain.timeout_s, |d| d.as_secs()),
        within_s: is.within.map(|d| d.as_secs()),
        repeatable: is.repeatable.unwrap_or(plain.repeatable || only_looks),
        before: is.before.iter().flatten().map(Before::from).collect(),
        ..plain
    }
}

/// What has to be true of its answer, as it is written.
fn expected(is: &Is) -> Vec<String> {
    let of_rows = is.sql.iter().filter_map(|sql| Some(sql.assert.as_ref()?.0.clone()));
    of_rows.chain(is.http.iter().filter_map(|http| Some(http.expect.as_ref()?.0.clone()))).collect()
}

/// Where the secrets of the step are.
fn sources(is: &Is) -> BTreeMap<String, SecretSource> {
    let secrets = is.secret.iter().flatten();
    secrets.filter_map(|secret| Some((secret.variable.clone(), SecretSource::of(secret)?))).collect()
}

fn action(is: &Is, brought: Option<&Is>) -> Action {
    let surroundings = Surroundings {
        dir: is.dir.clone(),
        env: is.env.iter().flatten().map(|name| name.0.clone()).collect(),
        secrets: sources(is),
        given: BTreeMap::new(),
    };
    if let Some(words) = is.run.clone() {
        Action::Run { words, surroundings }
    } else if let Some(line) = is.shell.clone() {
        Action::Shell { line, surroundings }
    } else if let Some(Http { url, status, expect }) = is.http.clone() {
        Action::Http { url, status, expect: expect.map(|e| e.0) }
    } else if let Some(Tcp { host, port }) = is.tcp.clone() {
        Action::Tcp { host, port }
    } else if let Some(Dns { name, address }) = is.dns.clone() {
        Action::Dns { name, address }
    } else if let Some(Sql { database, query, file, assert }) = is.sql.clone() {
        let database = database.or_else(|| brought.and_then(|b| b.into.clone()));
        Action::Sql { database, query, file, assert: assert.map(|a| a.0), surroundings }
    } else if let Some(wait) = is.wait {
        Action::Wait { seconds: wait.as_secs() }
    } else {
        Action::Person
    }
}

/// A contact as the owner of something.
pub(crate) fn owner(system: &System, contact: &Name) -> Owner {
    let known = system.contacts.get(contact).map(|c| &c.is);
    let ways = known.map(|c| [c.phone.clone(), c.via.clone(), c.email.clone()]);
    Owner {
        contact: contact.clone(),
        name: known.and_then(|c| c.name.clone()),
        role: known.map(|c| c.role.clone()),
        reached: ways.into_iter().flatten().flatten().collect(),
    }
}

fn asked(input: &Input) -> Asked {
    Asked { name: input.name.clone(), description: input.description.clone() }
}

/// Where a client must lead that is given no database: to the one that came back without a new name.
fn connected(brought: &Is) -> Option<String> {
    let datastore = brought.restore.as_ref().filter(|_| brought.into.is_none())?;
    Some(format!("PGHOST, PGDATABASE and PGUSER lead to datastore.{} as it came back", datastore.0))
}

/// What is done, in words and as a command.
fn what(is: &Is, brought: Option<&Is>) -> (String, Vec<String>) {
    let words = |words: &[&str]| words.iter().map(|w| (*w).to_owned()).collect::<Vec<String>>();
    if let Some(run) = &is.run {
        (format!("run `{}`", shortened(&run.join(" "))), run.clone())
    } else if let Some(line) = &is.shell {
        (format!("run `{}`", shortened(line)), words(&["sh", "-c", line]))
    } else if let Some(Http { url, status, expect }) = &is.http {
        let mut command = words(&["curl", "--silent", "--show-error"]);
        if expect.is_none() {
            command.extend(words(&["--output", "/dev/null"]));
        }
        command.extend(words(&["--write-out", "%{http_code}\\n", url]));
        (format!("see that {url} answers {status}"), command)
    } else if let Some(Tcp { host, port }) = &is.tcp {
        (
            format!("see that {host} accepts connections on port {port}"),
            words(&["nc", "-z", host, &port.to_string()]),
        )
    } else if let Some(Dns { name, address }) = &is.dns {
        let told = match address {
            Some(address) => format!("see that {name} leads to {address}"),
            None => format!("see that {name} leads somewhere"),
        };
        (told, words(&["dig", "+short", name]))
    } else if let Some(sql) = &is.sql {
        let back = brought.and_then(|b| b.into.clone());
        let named = sql.database.clone().or(back);
        let datastore = brought.and_then(|b| b.restore.as_ref()).map(|d| format!("datastore.{}", d.0));
        let asked = named.clone().or(datastore).unwrap_or_else(|| "the database".to_owned());
        (format!("ask {asked}"), psql(sql, named.as_deref()))
    } else if let Some(s3) = &is.s3 {
        (format!("see that {}", seen(s3)), Vec::new())
    } else if let Some(wait) = is.wait {
        (format!("wait, {} at most", duration::text(wait)), Vec::new())
    } else if let Some(datastore) = &is.restore {
        (format!("restore datastore.{}", datastore.0), Vec::new())
    } else {
        (is.manual.clone().unwrap_or_default(), Vec::new())
    }
}

/// What has to be true of objects.
fn seen(S3 { bucket, key, prefix, count, version, checksum, locked, younger_than }: &S3) -> String {
    let bucket = &bucket.0;
    let mut told = match (key, prefix.as_deref().unwrap_or_default(), count.unwrap_or(1)) {
        (Some(key), _, _) => format!("`{key}` is in {bucket}"),
        (None, "", 1) => format!("there are objects in {bucket}"),
        (None, "", count) => format!("there are at least {count} objects in {bucket}"),
        (None, prefix, 1) => format!("there are objects below `{prefix}` in {bucket}"),
        (None, prefix, count) => format!("there are at least {count} objects below `{prefix}` in {bucket}"),
    };
    let more = [
        version.as_ref().map(|version| format!("in version {version}")),
        checksum.as_ref().map(|_| "with the right checksum".to_owned()),
        locked.map(|locked| format!("locked for {} more", duration::text(locked))),
        younger_than.map(|young| format!("not older than {}", duration::text(young))),
    ];
    more.into_iter().flatten().for_each(|more| told += &format!(", {more}"));
    told
}

/// As much of a command as names it; the whole of it stands below.
fn shortened(command: &str) -> String {
    const MOST: usize = 60;
    let line = command.split_whitespace().collect::<Vec<_>>().join(" ");
    match line.char_indices().nth(MOST) {
        None => line,
        Some((end, _)) => {
            let kept = &line[..end];
            // A word is not cut in two, if there is more than one.
            format!("{} …", kept.rsplit_once(' ').map_or(kept, |(words, _)| words))
        }
    }
}

/// Whether it only asks: each statement of the query does, or the answer of the file is looked at.
fn asks(sql: &Sql) -> bool {
    let asks = |statement: &str| {
        let first = statement.split(|c: char| !c.is_ascii_alphabetic()).next().unwrap_or_default();
        ["select", "show", "table", "values"].iter().any(|word| first.eq_ignore_ascii_case(word))
    };
    match &sql.query {
        Some(query) => query.split(';').map(str::trim).filter(|s| !s.is_empty()).all(asks),
        None => sql.assert.is_some(),
    }
}

fn psql(Sql { database: _, query, file, assert: _ }: &Sql, database: Option<&str>) -> Vec<String> {
    let mut command: Vec<String> =
        ["psql", "--no-psqlrc", "--set", "ON_ERROR_STOP=1"].map(str::to_owned).into();
    command.extend(database.iter().flat_map(|d| ["--dbname".to_owned(), (*d).to_owned()]));
    command.extend(query.iter().flat_map(|q| ["--command".to_owned(), q.clone()]));
    command.extend(file.iter().flat_map(|f| ["--file".to_owned(), f.clone()]));
    command
}

/// The names that steps need and no scenario gives: the one at hand, or none where there is none.
pub(crate) fn unbound(plan: &RecoveryPlan) -> Option<String> {
    let texts = plan.steps.iter().flat_map(|s| s.words().chain([&s.summary]).chain(&s.before));
    let mut names: BTreeSet<&str> = BTreeSet::new();
    for text in texts {
        let parts = text.split("${target.").skip(1).filter_map(|rest| rest.split_once('}'));
        names.extend(parts.map(|(name, _)| name));
    }
    let names: Vec<String> = names.into_iter().map(|name| format!("target.{name}")).collect();
    let names = (!names.is_empty()).then(|| names.join(" and "))?;
    Some(match &plan.scenario {
        Some(scenario) => format!("scenario {scenario} does not say what {names} is"),
        None => {
            format!("without a scenario nothing says what {names} is: put that in before you type a command")
        }
    })
}
