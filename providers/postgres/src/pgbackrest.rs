//! pgBackRest: what stands in its repositories.

use std::path::Path;

use drctl_core::provider::{ErrorClass, ProviderError};
use drctl_core::stored::{Made, Stored};
use drctl_core::system::pgbackrest::Command;
use drctl_core::system::{Destination, PgBackRest};
use jiff::Timestamp;
use serde::Deserialize;

use crate::tool::{Tool, failed, rejected, unreadable, with};

const NO_STANZA_SAID: &str = "the backup does not say its `stanza`";
const MAKING: &str = "making a backup with pgBackRest";
const CHECKING: &str = "comparing the checksums of pgBackRest";
const RESTORING: &str = "restoring with pgBackRest";
const LISTING: &str = "listing what pgBackRest has";

/// What pgBackRest has of a stanza.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stanza {
    /// Its restore points, the oldest first.
    pub points: Vec<Stored>,
    /// The log that is archived, of each version of the database and repository.
    pub archives: Vec<Archive>,
    /// Its repositories.
    pub repositories: Vec<Repository>,
    /// The version of PostgreSQL that the newest point is of: `15`.
    pub version: Option<String>,
    /// Why the stanza is not in order, in the tool's own words; none when it is.
    pub trouble: Option<String>,
    /// Whether a backup is being made.
    pub is_running: bool,
}

/// The log in one repository.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Archive {
    /// The repository: 1 is the first.
    pub repository: u32,
    /// The version of the database and how often it was made anew: `15-1`.
    pub id: String,
    /// The oldest segment.
    pub first: Option<String>,
    /// The newest segment.
    pub last: Option<String>,
}

/// One repository.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Repository {
    /// Which: 1 is the first.
    pub key: u32,
    /// How it is encrypted: `none`, `aes-256-cbc`.
    pub cipher: String,
    /// Why it is not in order, in the tool's own words; none when it is.
    pub trouble: Option<String>,
}

/// Asks pgBackRest what there is of the backup's stanza.
///
/// # Errors
/// When it cannot be asked, or a repository cannot be reached: then nothing is known of what is in it.
pub async fn info(tool: &Tool<'_>, is: &PgBackRest) -> Result<Stanza, ProviderError> {
    let Some(words) = is.command(Command::Info) else {
        return Err(rejected(LISTING, NO_STANZA_SAID));
    };
    // The log on standard output would stand in the midst of the answer.
    let quiet = ["--output=json", "--log-level-console=off", "--log-level-stderr=warn"];
    let words = with(words, quiet.map(str::to_owned));
    let said = tool.run(words).await?;
    read(&said, is.stanza.as_deref().unwrap_or_default())
}

/// Makes a backup of that type in every repository that the backup declares. What is to be deleted is deleted
/// by pgBackRest, and only once the new one is whole.
///
/// # Errors
/// When it was not made in one of them; the others have theirs all the same.
pub async fn backup(
    tool: &Tool<'_>,
    (is, to): (&PgBackRest, &[Destination]),
    made: Made,
) -> Result<(), ProviderError> {
    let Some(words) = is.command(Command::Backup) else { return Err(rejected(MAKING, NO_STANZA_SAID)) };
    let kind = match made {
        Made::Differential => "diff",
        Made::Incremental => "incr",
        Made::Full | Made::Dump | Made::Snapshot => "full",
    };
    let mut failures = Vec::new();
    for number in 1..=to.len().max(1) {
        let mut options = vec![format!("--type={kind}")];
        // The checkpoint is made now and not when it is convenient: what has begun is to end.
        options.extend(is.option("start-fast").is_none().then(|| "--start-fast".to_owned()));
        options.extend((to.len() > 1).then(|| format!("--repo={number}")));
        let kept = to.get(number - 1).and_then(|to| to.keep).or(is.keep_full);
        let retention = format!("repo{number}-retention-full");
        let said = is.options.iter().flatten().any(|(name, _)| name.starts_with(&retention));
        if let (Some(kept), false) = (kept, said) {
            // A part of a day is kept whole.
            let days = (kept.as_secs() + 86_399) / 86_400;
            options.extend([format!("--{retention}-type=time"), format!("--{retention}={}", days.max(1))]);
        }
        // A repository that is lost keeps no other one from getting its backup.
        if let Err(error) = tool.run(with(words.clone(), options)).await {
            failures.push((number, error));
        }
    }
    not_everywhere(failures, to.len())
}

/// What is said when a backup was not made in some of the repositories.
fn not_everywhere(mut failures: Vec<(usize, ProviderError)>, of: usize) -> Result<(), ProviderError> {
    if of < 2 {
        return failures.pop().map_or(Ok(()), |(_, error)| Err(error));
    }
    let is_made = |number: &usize| failures.iter().all(|(failed, _)| failed != number);
    let made: Vec<String> = (1..=of).filter(is_made).map(|number| number.to_string()).collect();
    let made = match made.as_slice() {
        [] => "no repository has one".to_owned(),
        [one] => format!("only repository {one} has one"),
        some => format!("only repositories {} have one", some.join(", ")),
    };
    let each = failures.iter().map(|(number, error)| format!("repository {number}: {error}"));
    let each = each.collect::<Vec<_>>().join("; ");
    match failures.into_iter().next() {
        None => Ok(()),
        Some((_, first)) => Err(ProviderError {
            doing: MAKING.to_owned(),
            message: format!("{made}; {each}"),
            code: None,
            ..first
        }),
    }
}

/// Has pgBackRest read all files of these repositories of the stanza and compare their checksums. It looks into one
/// at a time, and into the first when nobody says another one.
///
/// # Errors
/// When it cannot, or a file is missing or is not what it was.
pub async fn check(tool: &Tool<'_>, is: &PgBackRest, repositories: &[u32]) -> Result<(), ProviderError> {
    let Some(words) = is.command(Command::Verify) else { return Err(rejected(CHECKING, NO_STANZA_SAID)) };
    let quiet = ["--output=text", "--verbose", "--log-level-console=off", "--log-level-stderr=warn"];
    let words = with(words, quiet.map(str::to_owned));
    for number in repositories {
        let said = tool.run(with(words.clone(), [format!("--repo={number}")])).await?;
        if let Some(damage) = damage(&said) {
            let why = format!("in repository {number} files are missing or damaged: {damage}");
            return Err(failed(CHECKING, why));
        }
    }
    Ok(())
}

/// What the tool says is wrong. It ends well all the same.
fn damage(said: &str) -> Option<String> {
    let counts = |line: &&str| {
        let numbers = line.split(',').filter_map(|part| part.split_once(": "));
        let bad = ["missing", "checksum invalid", "size invalid", "other"];
        numbers.into_iter().any(|(what, n)| bad.contains(&what.trim()) && n.trim() != "0")
    };
    let bad = |line: &&str| line.contains("status: invalid") || counts(line);
    let lines: Vec<&str> = said.lines().map(str::trim).filter(bad).take(10).collect();
    match (lines.as_slice(), said.contains("status: error")) {
        ([], false) => None,
        ([], true) => Some("it does not say which".to_owned()),
        (lines, _) => Some(lines.join("; ")),
    }
}

/// What a copy is restored from.
#[derive(Debug, Clone, Copy)]
pub enum From<'p> {
    /// The newest of the repository that this one is in, and the log since then.
    Newest(&'p Stored),
    /// This one as it was.
    Only(&'p Stored),
}

/// Restores into a folder.
///
/// # Errors
/// When it was not restored.
pub async fn restore_copy(
    tool: &Tool<'_>,
    is: &PgBackRest,
    (from, folder): (From<'_>, &Path),
) -> Result<(), ProviderError> {
    let Some(words) = is.command(Command::Restore) else { return Err(rejected(RESTORING, NO_STANZA_SAID)) };
    let data = folder.join(DATA);
    let mut options = vec![
        format!("--pg1-path={}", data.display()),
        // Never where production has them.
        format!("--tablespace-map-all={}", folder.join("tablespaces").display()),
    ];
    let (From::Newest(point) | From::Only(point)) = from;
    options.extend(point.repository.map(|number| format!("--repo={number}")));
    if let From::Only(point) = from {
        options.push(format!("--set={}", point.id));
        options.extend(["--type=immediate", "--target-action=promote"].map(str::to_owned));
    }
    tool.run(with(words, options)).await.map(drop)
}

/// The folder of the data within that of a restored copy.
pub(crate) const DATA: &str = "data";

/// The states of a stanza and of a repository: `ok`, and that there is no backup yet.
const OK: i64 = 0;
const NO_BACKUP: i64 = 2;
/// That the repositories are in different states: each says its own.
const MIXED: i64 = 4;

#[derive(Deserialize)]
struct SaidStanza {
    name: String,
    #[serde(default)]
    archive: Vec<SaidArchive>,
    #[serde(default)]
    backup: Vec<SaidBackup>,
    #[serde(default)]
    db: Vec<SaidDatabase>,
    #[serde(default)]
    repo: Vec<SaidRepository>,
    status: SaidStatus,
}

#[derive(Deserialize)]
struct SaidArchive {
    database: SaidOf,
    id: String,
    min: Option<String>,
    max: Option<String>,
}

#[derive(Deserialize)]
struct SaidOf {
    id: u32,
    #[serde(rename = "repo-key")]
    repo_key: u32,
}

#[derive(Deserialize)]
struct SaidDatabase {
    id: u32,
    #[serde(rename = "repo-key")]
    repo_key: u32,
    version: String,
}

#[derive(Deserialize)]
struct SaidBackup {
    label: String,
    #[serde(rename = "type")]
    made: String,
    database: SaidOf,
    #[serde(default)]
    error: Option<bool>,
    info: SaidSize,
    reference: Option<Vec<String>>,
    timestamp: SaidTimes,
}

#[derive(Deserialize)]
struct SaidSize {
    size: Option<u64>,
    repository: SaidStored,
}

#[derive(Deserialize)]
struct SaidStored {
    delta: Option<u64>,
}

#[derive(Deserialize)]
struct SaidTimes {
    start: i64,
    stop: i64,
}

#[derive(Deserialize)]
struct SaidRepository {
    key: u32,
    #[serde(default)]
    cipher: String,
    status: SaidStatus,
}

#[derive(Deserialize)]
struct SaidStatus {
    code: i64,
    message: String,
    #[serde(default)]
    lock: Option<SaidLock>,
}

#[derive(Deserialize)]
struct SaidLock {
    backup: Option<SaidHeld>,
}

#[derive(Deserialize)]
struct SaidHeld {
    held: bool,
}

impl SaidStatus {
    /// What is wrong; that there is no backup yet is not.
    fn trouble(&self) -> Option<String> {
        (![OK, NO_BACKUP].contains(&self.code)).then(|| self.message.clone())
    }

    /// Whether nothing is known of what it holds. A repository that is not mounted looks like one that has no
    /// stanza, so that says nothing either.
    fn is_unseen(&self) -> bool {
        ![OK, NO_BACKUP, MIXED].contains(&self.code)
    }
}

/// Reads the answer.
fn read(said: &str, stanza: &str) -> Result<Stanza, ProviderError> {
    // The tool does not escape the line's ends in its errors.
    let said = said.replace(char::is_control, " ");
    let all: Vec<SaidStanza> = serde_json::from_str(said.trim()).map_err(|e| unreadable(LISTING, e))?;
    let Some(found) = all.into_iter().find(|s| s.name == stanza) else {
        return Err(unreadable(LISTING, format!("it does not tell of stanza `{stanza}`")));
    };
    let unseen = found.repo.iter().map(|repo| (repo.key, &repo.status)).filter(|(_, s)| s.is_unseen());
    let unseen: Vec<String> =
        unseen.map(|(key, status)| format!("repository {key}: {}", status.message)).collect();
    // After a loss one of several may be all that is left: what it tells is told.
    if !unseen.is_empty() && unseen.len() == found.repo.len() {
        return Err(ProviderError {
            doing: LISTING.to_owned(),
            class: ErrorClass::Unavailable,
            code: None,
            message: format!(
                "{}; it is not mounted, not reached, or the stanza was never created",
                unseen.join("; ")
            ),
        });
    }
    let version = |of: &SaidOf| {
        let db = found.db.iter().find(|db| db.id == of.id && db.repo_key == of.repo_key);
        db.map(|db| db.version.clone())
    };
    let newest = found.backup.iter().max_by_key(|b| b.timestamp.stop).map(|b| &b.database);
    let mut points = found.backup.iter().map(point).collect::<Result<Vec<Stored>, _>>()?;
    points.sort_by(|a, b| (a.ended, &a.id, a.repository).cmp(&(b.ended, &b.id, b.repository)));
    let held = found.status.lock.as_ref().and_then(|lock| lock.backup.as_ref());
    Ok(Stanza {
        version: newest.and_then(version),
        points,
        trouble: found.status.trouble(),
        is_running: held.is_some_and(|held| held.held),
        archives: found
            .archive
            .into_iter()
            .map(|a| Archive { repository: a.database.repo_key, id: a.id, first: a.min, last: a.max })
            .collect(),
        repositories: found
            .repo
            .iter()
            .map(|r| Repository { key: r.key, cipher: r.cipher.clone(), trouble: r.status.trouble() })
            .collect(),
    })
}

fn point(said: &SaidBackup) -> Result<Stored, ProviderError> {
    let made = match said.made.as_str() {
        "full" => Made::Full,
        "diff" => Made::Differential,
        "incr" => Made::Incremental,
        other => return Err(unreadable(LISTING, format!("a backup of type `{other}`"))),
    };
    let at = |seconds: i64| Timestamp::from_second(seconds).map_err(|e| unreadable(LISTING, e));
    Ok(Stored {
        id: said.label.clone(),
        made,
        began: at(said.timestamp.start)?,
        ended: at(said.timestamp.stop)?,
        bytes: said.info.size,
        stored_bytes: said.info.repository.delta,
        flaw: said
            .error
            .unwrap_or_default()
            .then(|| "pages of it have wrong checksums, as pgBackRest found when it made it".to_owned()),
        repository: Some(said.database.repo_key),
        locked_until: None,
        builds_on: said.reference.clone().unwrap_or_default(),
    })
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use drctl_core::schedule::Schedule;
    use drctl_host::Host;
    use jiff::SignedDuration;
    use tempfile::TempDir;

    use super::*;

    /// A machine whose pgBackRest is this script, which writes down what it is given.
    fn machine(script: &str) -> (TempDir, Host) {
        let dir = tempfile::tempdir().unwrap();
        let program = dir.path().join("pgbackrest");
        std::fs::write(&program, format!("#!/bin/sh\necho \"$*\" >>given\n{script}\n")).unwrap();
        std::fs::set_permissions(&program, std::fs::Permissions::from_mode(0o755)).unwrap();
        let environment = [("PATH".to_owned(), dir.path().display().to_string())].into();
        let host = Host::new(dir.path().to_owned(), environment);
        (dir, host)
    }

    fn declared() -> PgBackRest {
        PgBackRest {
            full: Schedule::Continuous,
            differential: None,
            incremental: None,
            archive_every: SignedDuration::from_mins(1),
            keep_full: None,
            keep_log: None,
            takes: None,
            stanza: Some("main".to_owned()),
            config: None,
            options: None,
            env: None,
        }
    }

    fn destination() -> Destination {
        Destination {
            name: "vault".to_owned(),
            bucket: None,
            site: None,
            region: None,
            account: None,
            path: None,
            transfer: None,
            keep: None,
            lock: None,
            lock_mode: None,
        }
    }

    #[tokio::test]
    async fn a_repository_that_is_lost_keeps_no_other_from_its_backup() {
        let lost = |n| format!("case \"$*\" in *--repo={n}*) echo 'ERROR: gone' >&2; exit 41;; esac");
        let to = [destination(), destination(), destination()];
        for (number, made) in [(1, "2, 3"), (2, "1, 3"), (3, "1, 2")] {
            let (dir, host) = machine(&lost(number));
            let tool = Tool::new(&host, None, "t");
            let error = backup(&tool, (&declared(), &to), Made::Full).await.unwrap_err();
            let given = std::fs::read_to_string(dir.path().join("given")).unwrap();
            let asked: Vec<bool> =
                (1..=3).map(|n| given.lines().any(|line| line.contains(&format!("--repo={n}")))).collect();
            assert_eq!(asked, [true; 3], "{given}");
            let said = error.to_string();
            assert!(
                said.contains(&format!("only repositories {made} have one; repository {number}: ")),
                "{said}"
            );
            assert!(said.contains("gone"), "{said}");
        }
        let (_dir, host) = machine("exit 0");
        let tool = Tool::new(&host, None, "t");
        assert_eq!(backup(&tool, (&declared(), &to), Made::Full).await, Ok(()));
    }

    #[tokio::test]
    async fn every_repository_is_read_for_the_tool_looks_only_into_one() {
        let bad = "case \"$*\" in *--repo=2*) echo 'status: error'; echo '  missing: 1';; esac";
        let (_dir, host) = machine(bad);
        let tool = Tool::new(&host, None, "t");
        assert_eq!(check(&tool, &declared(), &[1]).await, Ok(()));
        let error = check(&tool, &declared(), &[1, 2]).await.unwrap_err();
        assert!(
            error.to_string().contains("in repository 2 files are missing or damaged: missing: 1"),
            "{error}"
        );
    }

    #[tokio::test]
    async fn a_copy_is_restored_from_the_repository_that_its_point_is_in() {
        let (dir, host) = machine("");
        let tool = Tool::new(&host, None, "t");
        let point = Stored { repository: Some(2), ..read(WHOLE, "main").unwrap().points[0].clone() };
        for (from, set) in [(From::Newest(&point), false), (From::Only(&point), true)] {
            restore_copy(&tool, &declared(), (from, dir.path())).await.unwrap();
            let given = std::fs::read_to_string(dir.path().join("given")).unwrap();
            let last = given.lines().last().unwrap();
            assert!(last.contains("--repo=2") && last.contains("--set=") == set, "{last}");
        }
    }

    const WHOLE: &str = r#"[{"archive":[{"database":{"id":1,"repo-key":1},"id":"15-1",
      "max":"00000001000000000000000B","min":"000000010000000000000002"}],
      "backup":[{"archive":{"start":"00000001000000000000000A","stop":"00000001000000000000000A"},
        "backrest":{"format":5,"version":"2.45"},"database":{"id":1,"repo-key":1},"error":true,
        "info":{"delta":10,"repository":{"delta":4,"size":90},"size":100},
        "label":"20261121-203000F_20261121-204000I","prior":"20261121-203000F",
        "reference":["20261121-203000F"],"timestamp":{"start":1795293600,"stop":1795293605},"type":"incr"},
       {"archive":{"start":"000000010000000000000002","stop":"000000010000000000000003"},
        "backrest":{"format":5,"version":"2.45"},"database":{"id":1,"repo-key":1},"error":false,
        "info":{"delta":100,"repository":{"delta":90,"size":90},"size":100},"label":"20261121-203000F",
        "prior":null,"reference":null,"timestamp":{"start":1795293000,"stop":1795293009},"type":"full"}],
      "cipher":"none","db":[{"id":1,"repo-key":1,"system-id":7,"version":"15"}],"name":"main",
      "repo":[{"cipher":"aes-256-cbc","key":1,"status":{"code":0,"message":"ok"}}],
      "status":{"code":0,"lock":{"backup":{"held":true}},"message":"ok"}}]"#;

    #[test]
    fn points_come_oldest_first_with_what_they_build_on() {
        let stanza = read(WHOLE, "main").unwrap();
        let ids: Vec<(&str, Made, bool)> =
            stanza.points.iter().map(|p| (p.id.as_str(), p.made, p.flaw.is_some())).collect();
        assert_eq!(
            ids,
            [
                ("20261121-203000F", Made::Full, false),
                ("20261121-203000F_20261121-204000I", Made::Incremental, true)
            ]
        );
        assert_eq!(stanza.points[1].builds_on, ["20261121-203000F"]);
        assert_eq!((stanza.points[0].bytes, stanza.points[0].stored_bytes), (Some(100), Some(90)));
        assert_eq!(stanza.points[0].ended.as_second(), 1_795_293_009);
        assert_eq!(stanza.version.as_deref(), Some("15"));
        assert_eq!((stanza.trouble, stanza.is_running), (None, true));
        assert_eq!(stanza.repositories[0].cipher, "aes-256-cbc");
        assert_eq!(stanza.archives[0].last.as_deref(), Some("00000001000000000000000B"));
    }

    #[test]
    fn damage_is_read_from_what_it_says_for_it_ends_well_all_the_same() {
        let whole = "stanza: main\nstatus: ok\n  archiveId: 15-1, total WAL checked: 3, total valid WAL: 3\n    \
                     missing: 0, checksum invalid: 0, size invalid: 0, other: 0\n";
        assert_eq!(damage(whole), None);
        let bad = whole
            .replace("status: ok", "status: error")
            .replace("checksum invalid: 0", "checksum invalid: 1");
        assert_eq!(damage(&bad).unwrap(), "missing: 0, checksum invalid: 1, size invalid: 0, other: 0");
        let gone = "status: error\n  backup: 1F, status: invalid, total files checked: 9, total valid files: 8\n    \
                    missing: 1\n";
        assert!(damage(gone).unwrap().starts_with("backup: 1F, status: invalid"));
        assert!(damage("status: error\n").is_some());
    }

    #[test]
    fn an_empty_stanza_is_empty_and_an_unreachable_repository_is_not_known() {
        let with = |code: i64, message: &str| {
            let status = format!(r#"{{"code":{code},"message":"{message}"}}"#);
            let text = format!(
                r#"[{{"archive":[],"backup":[],"db":[],"name":"main","cipher":"none","status":{status},
                   "repo":[{{"cipher":"none","key":1,"status":{status}}}]}}]"#
            );
            read(&text, "main")
        };
        assert!(with(2, "no valid backups").unwrap().trouble.is_none());
        assert_eq!(with(1, "missing stanza path").unwrap_err().class, ErrorClass::Unavailable);
        let lost = r#"{"cipher":"none","key":2,"status":{"code":99,"message":"[HostConnectError] lost"}}]"#;
        let half = WHOLE.replace("\"message\":\"ok\"}}],", &format!("\"message\":\"ok\"}}}},{lost},"));
        let half = read(&half, "main").unwrap();
        assert_eq!(half.points.len(), 2, "what is left is told when another repository is lost");
        assert_eq!(half.repositories[1].trouble.as_deref(), Some("[HostConnectError] lost"));
        let error =
            with(99, "[CryptoError] unable to load info file\n  HINT: is the repo encrypted?").unwrap_err();
        assert!(error.message.contains("HINT: is the repo encrypted?"), "{error}");
        let error = with(99, "[PathOpenError] denied").unwrap_err();
        assert_eq!(error.class, ErrorClass::Unavailable);
        assert!(error.message.contains("repository 1: [PathOpenError] denied"), "{error}");
    }

    #[test]
    fn what_is_no_answer_is_an_error() {
        for text in
            ["", "[]", "{}", "[{\"name\":\"other\",\"status\":{\"code\":0,\"message\":\"ok\"}}]", "P00 INFO"]
        {
            let error = read(text, "main").unwrap_err();
            assert!(error.message.starts_with("what it says cannot be read"), "{text}: {error}");
        }
        let odd = WHOLE.replace("\"type\":\"full\"", "\"type\":\"whole\"");
        assert!(read(&odd, "main").unwrap_err().message.contains("type `whole`"));
    }
}
