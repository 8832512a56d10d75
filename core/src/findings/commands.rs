//! Commands and what a person is told to do, as text: placeholders, calls that do something else, and
//! what a command is for, as far as its words show that.

use super::steps::{address, at};
use super::{Finding, RuleId, Subject, placeholder};
use crate::diag::Severity;
use crate::span::Span;
use crate::system::Step;

/// Placeholders in commands, and calls that do not do what they are there for.
pub(super) fn check(subject: &Subject<'_>, found: &mut Vec<Finding>) {
    for (name, procedure) in &subject.system.procedures {
        for (number, step) in procedure.is.step.0.iter().enumerate() {
            let address = address(name, step);
            for (path, texts, severity) in texts(step) {
                let path: Vec<&str> = path.iter().map(String::as_str).collect();
                let here = |word: &str| at(procedure, number, &[&path[..], &[word]].concat());
                found.extend(placeholder(&address, &texts, severity, here));
            }
            found.extend(wrong_call(&address, step, || at(procedure, number, &[])));
            found.extend(never_ends(&address, step, || at(procedure, number, &[])));
        }
    }
    for (name, backup) in &subject.system.backups {
        let method = backup.is.method();
        for (attribute, words) in [("list", method.list.clone()), ("restore", method.restore(None))] {
            let texts: Vec<&str> = words.iter().flatten().map(String::as_str).collect();
            let here = |word: &str| backup.written.at(&[method.block, attribute, word]);
            found.extend(placeholder(&format!("backup.{name}"), &texts, Severity::Error, here));
        }
    }
}

/// Where in a step its texts stand, and how bad a placeholder is there.
fn texts(step: &Step) -> Vec<(Vec<String>, Vec<&str>, Severity)> {
    fn many(words: &Option<Vec<String>>) -> Vec<&str> {
        words.iter().flatten().map(String::as_str).collect()
    }
    fn one(text: Option<&String>) -> Vec<&str> {
        text.map(String::as_str).into_iter().collect()
    }
    let path = |path: &[&str]| path.iter().map(|part| (*part).to_owned()).collect::<Vec<_>>();
    let looks = step.before.iter().flatten().enumerate().map(|(number, before)| {
        let words = before.run.iter().map(String::as_str).collect();
        (path(&["before", &number.to_string(), "run"]), words, Severity::Error)
    });
    let url = step.http.as_ref().map(|h| &h.url);
    let own = [
        (path(&["run"]), many(&step.run), Severity::Error),
        (path(&["shell"]), one(step.shell.as_ref()), Severity::Error),
        (path(&["undo"]), many(&step.undo), Severity::Error),
        (path(&["http", "url"]), one(url), Severity::Error),
        (path(&["manual"]), one(step.manual.as_ref()), Severity::Warning),
    ];
    own.into_iter().chain(looks).collect()
}

/// The placeholders of a command, at the first of them.
fn placeholder(
    address: &str,
    texts: &[&str],
    severity: Severity,
    at: impl Fn(&str) -> Span,
) -> Option<Finding> {
    let found: Vec<(usize, &str)> =
        texts.iter().enumerate().filter_map(|(i, text)| Some((i, placeholder::in_command(text)?))).collect();
    let (number, first) = found.first().copied()?;
    let all: Vec<&str> = found.iter().map(|(_, placeholder)| *placeholder).collect();
    let summary = match all.len() {
        1 => format!("There is a placeholder in it: {first}"),
        _ => format!("There are placeholders in it: {}", all.join(", ")),
    };
    Some(
        Finding::new(RuleId::PlaceholderInStep, address, at(&number.to_string()), summary)
            .why("It would be carried out as it stands, and fail when it is needed.")
            .fix("Write what it stands for, or let a command before it find that out.")
            .graded(severity),
    )
}

fn wrong_call(address: &str, step: &Step, at: impl Fn() -> Span) -> Option<Finding> {
    let text = text(step);
    let words: Vec<&str> = text.split_whitespace().collect();
    let call = words.windows(2).any(|pair| pair == ["s3api", "restore-object"]);
    if !call || !words.iter().any(|word| word.starts_with("--version-id")) {
        return None;
    }
    let summary = "`restore-object` does not bring an earlier version back";
    Some(
        Finding::new(RuleId::WrongRestoreCall, address, at(), summary)
            .why("It makes an object in an archive class readable for some days. What the key shows stays as it is.")
            .fix("Copy the version over the key: `aws s3api copy-object --copy-source BUCKET/KEY?versionId=ID …`, or delete the delete marker."),
    )
}

/// Programs whose `logs` go on when they are told to follow.
const LOGS: [&str; 4] = ["kubectl", "docker", "podman", "oc"];
/// Programs that go on until somebody stops them.
const ENDLESS: [&str; 3] = ["watch", "top", "htop"];

fn never_ends(address: &str, step: &Step, at: impl Fn() -> Span) -> Option<Finding> {
    let follows = |word: &String| {
        let short = word.strip_prefix('-').filter(|flags| flags.chars().all(char::is_alphanumeric));
        word == "--follow" || word.starts_with("--follow=") || short.is_some_and(|flags| flags.contains('f'))
    };
    let endless = |words: &Vec<String>| {
        let Some((first, rest)) = words.split_first() else { return false };
        let (program, logs) = (program(first), rest.iter().any(|word| word == "logs"));
        match program {
            "tail" | "journalctl" => rest.iter().any(follows),
            _ if LOGS.contains(&program) => logs && rest.iter().any(follows),
            "pm2" => logs && !rest.iter().any(|word| word == "--nostream"),
            _ => ENDLESS.contains(&program),
        }
    };
    let words = commands(step).into_iter().find(endless)?;
    let summary = format!("It never ends: `{}`", words.join(" "));
    Some(
        Finding::new(RuleId::NeverEnds, address, at(), summary)
            .why("Whatever comes after it waits, until the step is stopped and counts as failed.")
            .fix("Show the last lines instead (`tail --lines=200`), or put `timeout` before it."),
    )
}

/// What is done, as one text.
pub(super) fn text(step: &Step) -> String {
    let run = step.run.iter().flatten().map(String::as_str);
    let all = run.chain(step.shell.as_deref()).chain(step.manual.as_deref());
    all.collect::<Vec<_>>().join(" ")
}

/// The commands of a step in lower case, each a list of words. A pipe or a `;` begins another.
fn commands(step: &Step) -> Vec<Vec<String>> {
    let lower = |word: &str| word.to_lowercase();
    let mut all: Vec<Vec<String>> = step.run.iter().map(|r| r.iter().map(|w| lower(w)).collect()).collect();
    for line in step.shell.iter().flat_map(|s| s.split(['|', ';', '&', '\n'])) {
        all.push(line.split_whitespace().map(lower).collect());
    }
    all.retain(|words| !words.is_empty());
    all
}

/// The name of a program without its folder.
fn program(word: &str) -> &str {
    word.rsplit('/').next().unwrap_or(word)
}

/// Programs that restore other things than data.
const RESTORE_OTHER: [&str; 4] = ["git", "dotnet", "nuget", "npm"];
/// Clients that load an SQL dump from a file or from what is piped into them.
const SQL_CLIENTS: [&str; 3] = ["psql", "mysql", "mariadb"];

/// Whether the commands load an SQL dump into a database.
fn loads_dump(commands: &[Vec<String>]) -> bool {
    let dump = |word: &String| [".sql", ".dump"].iter().any(|ending| word.contains(ending));
    let mentioned = commands.iter().flatten().any(dump);
    let lists = |words: &[String]| words.iter().any(|w| w == "--list" || w == "-l");
    commands.iter().any(|words| match words.iter().map(|w| program(w)).find(|w| !w.contains('=')) {
        Some("pg_restore") => !lists(words),
        Some(client) => SQL_CLIENTS.contains(&client) && mentioned,
        None => false,
    })
}

/// Whether data is brought back, as far as its words show that.
pub(super) fn restores(step: &Step) -> bool {
    let commands = commands(step);
    let restoring = |words: &Vec<String>| {
        !RESTORE_OTHER.contains(&program(&words[0]))
            && words.iter().any(|w| !w.starts_with('-') && program(w).contains("restore"))
            && !words.iter().any(|w| w == "--list" || w == "-l" || w == "wait")
    };
    step.restore.is_some()
        || (step.checks.is_none() && (loads_dump(&commands) || commands.iter().any(restoring)))
}

/// Whether it restores from an SQL dump.
pub(super) fn restores_dump(subject: &Subject<'_>, step: &Step) -> bool {
    let backup = step.from.as_ref().and_then(|from| subject.system.backups.get(&from.0));
    if backup.is_some_and(|b| b.is.pg_dump.is_some()) {
        return step.checks.is_none();
    }
    let declared = backup.and_then(|b| b.is.method().restore(None));
    let declared = declared.map(|words| {
        let line = Step { run: None, shell: Some(words.join(" ")), ..step.clone() };
        loads_dump(&commands(&line))
    });
    step.checks.is_none() && (loads_dump(&commands(step)) || declared.unwrap_or_default())
}

/// Letters and digits between everything else, in lower case.
fn plain_words(text: &str) -> Vec<String> {
    let words = text.split(|c: char| !c.is_alphanumeric());
    words.filter(|w| !w.is_empty()).map(str::to_lowercase).collect()
}

/// Whether WAL is replayed, as far as its words show that.
pub(super) fn replays_wal(step: &Step) -> bool {
    const SETTINGS: [&str; 4] = ["recovery_target", "restore_command", "recovery.signal", "recovery.conf"];
    const REPLAYING: [&str; 7] = ["apply", "applies", "replay", "replays", "restore", "recover", "fetch"];
    let text = text(step).to_lowercase();
    let words = plain_words(&text);
    let is = |wanted: &str| words.iter().any(|w| w == wanted);
    step.checks.is_none()
        && (SETTINGS.iter().any(|s| text.contains(s)) || (is("wal") && REPLAYING.iter().any(|w| is(w))))
}

/// Whether DNS is changed, as far as its words show that.
pub(super) fn changes_dns(step: &Step) -> bool {
    const LOOKING: [&str; 5] = ["dig", "nslookup", "host", "curl", "drill"];
    const ASKING: [&str; 5] = ["get-", "list-", "describe-", "test-", "wait"];
    if step.checks.is_some() || step.wait.is_some() {
        return false;
    }
    let about = |text: &str, also: &[&str]| {
        plain_words(text).iter().any(|w| w == "dns" || w == "route53" || also.contains(&w.as_str()))
    };
    let commands = commands(step);
    let changing = |words: &Vec<String>| {
        !LOOKING.contains(&program(&words[0]))
            && !words.iter().any(|w| ASKING.iter().any(|asking| w.starts_with(asking)))
            && about(&words.join(" "), &[])
    };
    commands.iter().any(changing)
        || step.manual.as_ref().is_some_and(|text| about(text, &["domain", "domains", "nameservers"]))
}

/// The word that takes the latest of several backups, when one does: no tag of an image.
pub(super) fn takes_latest(text: &str) -> Option<&str> {
    const OF_BACKUPS: [&str; 9] =
        ["backup", "dump", "snapshot", "restor", ".sql", ".dump", ".tar", ".rdb", "s3://"];
    let lower = text.to_lowercase();
    if !OF_BACKUPS.iter().any(|word| lower.contains(word)) {
        return None;
    }
    text.split_whitespace().find(|word| {
        let word = word.to_lowercase();
        word.contains("latest") && !word.contains(":latest")
    })
}
