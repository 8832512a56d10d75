//! The files of a schedule: written from what is wanted, read back line by line. What was changed in them
//! shows in the attribute that it belongs to, anything else as another line.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

use drctl_core::provider::{ErrorClass, Id, ProviderError};
use drctl_core::schema::AttributeType;
use drctl_core::value::Value;

use super::{Run, Spec, When, folder};
use crate::port::{Access, Cloud, Text, Whom, error};
use crate::provider_config::{Scheduler, ZONE};
use crate::quote::{cron, cron_unquoted, shell_unquoted, shell_words, systemd, systemd_unquoted};
use crate::timing;
use crate::values::{Line, ScheduleName};

/// What the first line of every file begins with.
const MARK: &str = "# drctl: schedule of `";
const REST: &str = "`. What is changed here is undone by `drctl apply`.";
const SCHEDULE: &str = "# schedule: ";

/// Where the files of one schedule are.
pub(super) struct Files {
    pub(super) name: ScheduleName,
    pub(super) scheduler: Scheduler,
    folder: PathBuf,
}

/// What stands in them.
#[derive(Default)]
pub(super) struct Found {
    pub(super) user: Option<String>,
    pub(super) runs: BTreeMap<String, Run>,
    pub(super) other_lines: BTreeSet<String>,
    pub(super) files: BTreeMap<String, Text>,
}

/// What a file should say for each of its lines to be accounted for.
type Pages = BTreeMap<String, String>;

impl Files {
    pub(super) fn new(cloud: &Cloud, name: ScheduleName, scheduler: Scheduler) -> Files {
        Files { name, scheduler, folder: folder(cloud, scheduler) }
    }

    /// Of `cron:NAME`.
    pub(super) fn of(cloud: &Cloud, id: &Id) -> Result<Files, ProviderError> {
        let parts = id.0.split_once(':').and_then(|(scheduler, name)| {
            let scheduler = Scheduler::from_value(Value::from(scheduler)).ok()?;
            Some((scheduler, ScheduleName::from_value(Value::from(name)).ok()?))
        });
        match parts {
            Some((scheduler @ (Scheduler::Cron | Scheduler::Systemd), name)) => {
                Ok(Files::new(cloud, name, scheduler))
            }
            Some((Scheduler::Nobody, _)) | None => {
                let message = "its name is a scheduler and a backup: `systemd:NAME`, `cron:NAME`";
                Err(error(format!("reading schedule `{id}`"), ErrorClass::Rejected, message))
            }
        }
    }

    fn doing(&self, what: &str) -> String {
        format!("{what} schedule `{}` of {}", self.name.as_str(), self.scheduler.as_str())
    }

    fn head(&self) -> String {
        format!("{MARK}{}{REST}\n", self.name.as_str())
    }

    fn cron_file(&self) -> String {
        format!("drctl-{}", self.name.as_str())
    }

    fn unit(&self, label: &str, suffix: &str) -> String {
        format!("drctl-{}.{label}.{suffix}", self.name.as_str())
    }

    /// Whether a file is one of this schedule, by its name.
    fn is_ours(&self, file: &str) -> bool {
        match self.scheduler {
            Scheduler::Cron => file == self.cron_file(),
            Scheduler::Systemd | Scheduler::Nobody => {
                let rest = file.strip_prefix(&format!("drctl-{}.", self.name.as_str()));
                rest.is_some_and(|rest| rest.ends_with(".timer") || rest.ends_with(".service"))
            }
        }
    }

    /// What is there; none when there is no file. A file of that name without the mark is an error: it is
    /// somebody else's.
    async fn present(&self, cloud: &Cloud) -> Result<BTreeMap<String, Text>, ProviderError> {
        let mut found = BTreeMap::new();
        for file in cloud.list(&self.folder).await?.into_iter().filter(|file| self.is_ours(file)) {
            let path = self.folder.join(&file);
            let Some(text) = cloud.read(&path).await? else { continue };
            if !text.text.starts_with(&self.head()) {
                let message =
                    format!("`{}` is not of drctl, and is left alone: it lacks drctl's mark", path.display());
                return Err(error(self.doing("reading"), ErrorClass::Rejected, message));
            }
            found.insert(file, text);
        }
        Ok(found)
    }

    pub(super) async fn read(&self, cloud: &Cloud) -> Result<Option<Found>, ProviderError> {
        let files = self.present(cloud).await?;
        if files.is_empty() {
            return Ok(None);
        }
        let (mut found, pages) = match self.scheduler {
            Scheduler::Cron => self.read_cron(&files),
            Scheduler::Systemd | Scheduler::Nobody => self.read_units(&files),
        };
        for (file, text) in &files {
            let page = pages.get(file).map_or("", String::as_str);
            found.other_lines.extend(differing(file, &text.text, page));
        }
        found.files = files;
        Ok(Some(found))
    }

    /// Each line of cron is a schedule, a user and a command; the line before it says what it is called.
    fn read_cron(&self, files: &BTreeMap<String, Text>) -> (Found, Pages) {
        let mut found = Found::default();
        let text = files.values().next().map_or("", |file| file.text.as_str());
        let zone = text.lines().find_map(|line| line.strip_prefix("# zone: ")).unwrap_or(ZONE);
        let mut lines = vec![(format!("# zone: {zone}"))];
        let mut label = None;
        for line in text.lines() {
            if let Some(name) = line.strip_prefix("# run: ") {
                label = Some(name.to_owned());
                continue;
            }
            let Some(name) = label.take() else { continue };
            let Some((fields, user, command)) = entry(line) else { continue };
            let when = match drctl_core::schedule::Schedule::unix(&fields, zone) {
                Ok(schedule) => When::observed(schedule.to_string()),
                Err(_) => When::observed(fields.clone()),
            };
            let written = cron_unquoted(command);
            let words = shell_unquoted(&written).unwrap_or_else(|| vec![written.clone()]);
            let command = words.into_iter().map(Line::observed).collect();
            // Which of several users is meant cannot be said: the first that differs is shown.
            if found.user.as_deref().is_none_or(|first| first == user) || found.runs.is_empty() {
                found.user = Some(user.to_owned());
            } else {
                found.other_lines.insert(format!("{}: `{name}` is run as {user}", self.cron_file()));
            }
            lines.extend([format!("# run: {name}"), line.to_owned()]);
            found.runs.insert(name, Run { when, command });
        }
        let page = format!("{}{}\n", self.head(), lines.join("\n"));
        (found, [(self.cron_file(), page)].into())
    }

    /// Each run is a timer and a service.
    fn read_units(&self, files: &BTreeMap<String, Text>) -> (Found, Pages) {
        let (mut found, mut pages) = (Found::default(), Pages::new());
        let prefix = format!("drctl-{}.", self.name.as_str());
        let label = |file: &String| Some(file.strip_prefix(&prefix)?.rsplit_once('.')?.0.to_owned());
        let labels: BTreeSet<String> = files.keys().filter_map(label).collect();
        for label in labels {
            let (timer, service) = (self.unit(&label, "timer"), self.unit(&label, "service"));
            let text = |file: &String| files.get(file).map_or("", |file| file.text.as_str());
            let lines_of = |file: &String, prefix: &str| -> Vec<String> {
                let all = text(file).lines().filter_map(|line| line.strip_prefix(prefix));
                all.map(str::to_owned).collect()
            };
            let on: Vec<String> =
                lines_of(&timer, "On").into_iter().map(|rest| format!("On{rest}")).collect();
            let said = lines_of(&timer, SCHEDULE).into_iter().next().unwrap_or_default();
            let meant = When::observed(said.clone());
            let holds = meant.schedule().is_some_and(|s| timing::systemd(&s).as_deref() == Ok(&on));
            let when = if holds { meant } else { When::observed(on.join("; ")) };
            let start = lines_of(&service, "ExecStart=").into_iter().next().unwrap_or_default();
            let words = systemd_unquoted(&start).unwrap_or_else(|| vec![start.clone()]);
            let user = lines_of(&service, "User=").into_iter().next();
            pages.insert(timer.clone(), self.timer(&label, &said, &on));
            let shown = user.clone().unwrap_or_default();
            pages.insert(service.clone(), self.service(&label, &shown, &start));
            if found.user.is_none() || found.user == user {
                found.user = user;
            } else {
                found.other_lines.insert(format!("{service}: it is run as {shown}"));
            }
            for (file, page) in [&timer, &service].map(|file| (file, pages.get(file))) {
                if !files.contains_key(file) && page.is_some() {
                    found.other_lines.insert(format!("{file}: it is missing"));
                }
            }
            let command = words.into_iter().map(Line::observed).collect();
            found.runs.insert(label, Run { when, command });
        }
        (found, pages)
    }

    fn timer(&self, label: &str, schedule: &str, on: &[String]) -> String {
        let (head, name) = (self.head(), self.name.as_str());
        format!(
            "{head}{SCHEDULE}{schedule}\n[Unit]\nDescription=Starts backup {name} ({label})\n\n[Timer]\n{}\n\
             Persistent=true\n\n[Install]\nWantedBy=timers.target\n",
            on.join("\n")
        )
    }

    fn service(&self, label: &str, user: &str, start: &str) -> String {
        let (head, name) = (self.head(), self.name.as_str());
        format!(
            "{head}[Unit]\nDescription=Backup {name} ({label})\n\n[Service]\nType=oneshot\nUser={user}\n\
             ExecStart={start}\n"
        )
    }

    /// What the files shall say.
    fn pages(&self, spec: &Spec) -> Result<Pages, String> {
        let user = spec.user.as_ref().map_or("root", |user| user.as_str());
        let runs = spec.run.clone().unwrap_or_default();
        let mut pages = Pages::new();
        let mut lines = Vec::new();
        for (label, run) in &runs {
            let plain = |c: char| c.is_ascii_alphanumeric() || c == '_';
            if label.is_empty() || !label.chars().all(plain) {
                return Err(format!("`{}` is no name of a run", label.escape_debug()));
            }
            let schedule = run.when.schedule().ok_or("it has no schedule")?;
            let words: Vec<&str> = run.command.iter().map(Line::as_str).collect();
            words.iter().try_for_each(|word| crate::quote::one_line(word))?;
            match self.scheduler {
                Scheduler::Cron => {
                    let zone = zone_of(&schedule);
                    let fields = timing::cron(&schedule, &zone)?;
                    if run.when != super::in_cron(&schedule, &zone)? {
                        return Err(format!("cron has no rates: write `cron(\"{fields}\", \"{zone}\")`"));
                    }
                    if lines.is_empty() {
                        lines.push(format!("# zone: {zone}"));
                    } else if lines[0] != format!("# zone: {zone}") {
                        return Err("cron runs in one time zone, these are several".to_owned());
                    }
                    let command = cron(&shell_words(words.iter().copied()))?;
                    lines.extend([format!("# run: {label}"), format!("{fields} {user} {command}")]);
                }
                Scheduler::Systemd | Scheduler::Nobody => {
                    let on = timing::systemd(&schedule)?;
                    let start = words.iter().map(|word| systemd(word)).collect::<Vec<_>>().join(" ");
                    pages.insert(self.unit(label, "timer"), self.timer(label, &schedule.to_string(), &on));
                    pages.insert(self.unit(label, "service"), self.service(label, user, &start));
                }
            }
        }
        if self.scheduler == Scheduler::Cron {
            pages.insert(self.cron_file(), format!("{}{}\n", self.head(), lines.join("\n")));
        }
        Ok(pages)
    }

    /// Puts the files in place, and takes away those of runs that are no more.
    pub(super) async fn write(&self, cloud: &Cloud, spec: &Spec) -> Result<(), ProviderError> {
        let rejected = |why: String| error(self.doing("writing"), ErrorClass::Rejected, why);
        let pages = self.pages(spec).map_err(rejected)?;
        let present = self.present(cloud).await?;
        let access = Access { mode: 0o644, group_of: None };
        for (file, page) in &pages {
            let usable = present.get(file).is_some_and(|is| is.text == *page && is.mode & 0o022 == 0);
            if !usable {
                cloud.write(&self.folder.join(file), page, &access).await?;
            }
        }
        for file in present.keys().filter(|file| !pages.contains_key(*file)) {
            self.disable(cloud, file).await?;
            cloud.remove(&self.folder.join(file)).await?;
        }
        Ok(())
    }

    async fn disable(&self, cloud: &Cloud, file: &str) -> Result<(), ProviderError> {
        match self.scheduler {
            Scheduler::Systemd if file.ends_with(".timer") => {
                cloud.run(Whom::Drctl, &["systemctl", "disable", "--now", "--", file]).await.map(|_| ())
            }
            Scheduler::Systemd | Scheduler::Cron | Scheduler::Nobody => Ok(()),
        }
    }

    /// Has the scheduler heed what is there, or not.
    pub(super) async fn activate(&self, cloud: &Cloud, spec: &Spec) -> Result<(), ProviderError> {
        // Cron looks by itself.
        if self.scheduler != Scheduler::Systemd {
            return Ok(());
        }
        cloud.run(Whom::Drctl, &["systemctl", "daemon-reload"]).await?;
        let verb = match spec.active {
            Some(true) => "enable",
            Some(false) => "disable",
            None => return Ok(()),
        };
        for label in spec.run.iter().flat_map(BTreeMap::keys) {
            let timer = self.unit(label, "timer");
            cloud.run(Whom::Drctl, &["systemctl", verb, "--now", "--", &timer]).await?;
        }
        Ok(())
    }

    /// Whether the scheduler heeds all of it.
    pub(super) async fn active(&self, cloud: &Cloud, found: &Found) -> Result<bool, ProviderError> {
        if self.scheduler == Scheduler::Cron {
            // A file that others may write to is not heeded.
            return Ok(found.files.values().all(|file| file.mode & 0o022 == 0));
        }
        for label in found.runs.keys() {
            let timer = self.unit(label, "timer");
            let words = [
                "systemctl",
                "show",
                "--property=UnitFileState",
                "--property=ActiveState",
                "--",
                timer.as_str(),
            ];
            let said = cloud.run(Whom::Drctl, &words).await?;
            let is = |wanted: &str| said.lines().any(|line| line.trim() == wanted);
            if !(is("UnitFileState=enabled") && is("ActiveState=active")) {
                return Ok(false);
            }
        }
        Ok(true)
    }

    pub(super) async fn delete(&self, cloud: &Cloud) -> Result<(), ProviderError> {
        for file in self.present(cloud).await?.keys() {
            self.disable(cloud, file).await?;
            cloud.remove(&self.folder.join(file)).await?;
        }
        match self.scheduler {
            Scheduler::Systemd => cloud.run(Whom::Drctl, &["systemctl", "daemon-reload"]).await.map(|_| ()),
            Scheduler::Cron | Scheduler::Nobody => Ok(()),
        }
    }
}

/// The fields, the user and the command of a line of cron.
fn entry(line: &str) -> Option<(String, &str, &str)> {
    let mut rest = line;
    let mut next = || {
        let (word, after) = rest.split_once(' ')?;
        rest = after;
        Some(word)
    };
    let fields: Vec<&str> = (0..5).map(|_| next()).collect::<Option<_>>()?;
    let user = next()?;
    let plain = !line.starts_with('#') && fields.iter().all(|field| !field.is_empty());
    (plain && !user.is_empty() && !rest.is_empty()).then(|| (fields.join(" "), user, rest))
}

fn zone_of(schedule: &drctl_core::schedule::Schedule) -> String {
    let text = schedule.to_string();
    let zone = text.strip_suffix(')').and_then(|text| text.rsplit_once(", ")).map(|(_, zone)| zone);
    zone.filter(|_| text.starts_with("cron(")).unwrap_or(ZONE).to_owned()
}

/// What stands in a file and not on its page, and what is on its page and missing.
fn differing(file: &str, text: &str, page: &str) -> Vec<String> {
    if text == page {
        return Vec::new();
    }
    let count = |all: &str| {
        let mut lines: BTreeMap<String, usize> = BTreeMap::new();
        all.lines().for_each(|line| *lines.entry(line.to_owned()).or_default() += 1);
        lines
    };
    let (there, wanted) = (count(text), count(page));
    let more = there.iter().filter(|(line, n)| wanted.get(*line).is_none_or(|m| m < n));
    let less = wanted.iter().filter(|(line, n)| there.get(*line).is_none_or(|m| m < n));
    let more = more.map(|(line, _)| format!("{file}: {line}"));
    let mut found: Vec<String> =
        more.chain(less.map(|(line, _)| format!("{file}: without {line}"))).collect();
    if found.is_empty() {
        found.push(format!("{file}: its lines are in another order"));
    }
    found
}
