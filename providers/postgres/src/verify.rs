//! How far it can be made sure that one can come back: each level proves more than the one before it.

use std::path::Path;

use drctl_core::lang;
use drctl_core::provider::ProviderError;
use drctl_core::stored::{Level, Stored, Verified};
use drctl_core::system::{Backup, PgBackRest, Verify};
use drctl_core::value::Value;
use drctl_host::Walk;
use jiff::{SignedDuration, Timestamp};
use tempfile::TempDir;

use crate::canary;
use crate::connection::part;
use crate::dump::Dumps;
use crate::pgbackrest::{self, DATA, From, Stanza};
use crate::server::{For, Programs, Served, serve};
use crate::tool::{Tool, failed, rejected};

const ASKING: &str = "asking what was restored";

/// The database that a dump is restored into.
const RESTORED: &str = "restored";

/// The user of a cluster that is made for a dump.
const OWNER: &str = "drctl";

/// What a canary may be older than its schedules say: commands start late, and logs take time to arrive.
const GRACE: SignedDuration = SignedDuration::from_secs(30);

/// What is verified, and with what.
#[derive(Debug)]
pub struct Subject<'a> {
    /// The tool.
    pub tool: Tool<'a>,
    /// The backup.
    pub backup: &'a Backup,
    /// The point; the newest that is whole, when nothing is said.
    pub point: Option<&'a str>,
    /// Up to which level.
    pub until: Level,
    /// The folder in which is restored.
    pub scratch: &'a Path,
    /// The time.
    pub now: Timestamp,
}

/// Verifies a backup of pgBackRest.
pub async fn pgbackrest(subject: &Subject<'_>, is: &PgBackRest) -> Verified {
    let mut walk = Walk::until(subject.until);
    let tool = &subject.tool;
    let mut found = None;
    walk.prove(Level::Listed, async |verified| {
        let stanza = found.insert(pgbackrest::info(tool, is).await?);
        listed(&stanza.points, subject.point, verified)
    })
    .await;
    let (Some(stanza), Some(point)) = (found, walk.verified.point.clone()) else { return walk.verified };
    walk.prove(Level::Readable, async |_| {
        let repositories = in_order(&stanza, Some(&point).filter(|_| subject.point.is_some()))?;
        pgbackrest::check(tool, is, &repositories).await?;
        Ok(match repositories.as_slice() {
            [_] => "all files of the stanza were read".to_owned(),
            all => format!("all files of the stanza in {} repositories were read", all.len()),
        })
    })
    .await;
    // pgBackRest reads and compares at once.
    walk.prove(Level::Checksum, async |_| Ok("and are what they were when they were written".to_owned()))
        .await;
    if !walk.goes_to(Level::Restores) {
        return walk.verified;
    }
    // The newest is restored to the end of its log; one that was asked for, as it was.
    let from = match subject.point {
        Some(_) => From::Only(&point),
        None => From::Newest(&point),
    };
    let user = is.option("pg1-user").or_else(|| tool.variable("USER")).unwrap_or("postgres").to_owned();
    let mut restored = None;
    walk.prove(Level::Restores, async |_| {
        let programs = Programs::find(tool, stanza.version.as_deref())?;
        let scratch = scratch(subject.scratch)?;
        pgbackrest::restore_copy(tool, is, (from, scratch.path())).await?;
        let data = scratch.path().join(DATA);
        let database = "postgres".to_owned();
        let asked = serve(tool, &programs, (&data, &user), For::Looking, async |served| {
            Ok(look(subject, served, &database).await)
        })
        .await?;
        restored = Some(asked);
        Ok("restored into a fresh directory; a server came up on it and replayed its log".to_owned())
    })
    .await;
    // With its log it holds what was written until shortly before the verification began.
    let held = match from {
        From::Only(point) => Held { at: point.ended, lag: SignedDuration::ZERO },
        From::Newest(_) => Held { at: subject.now, lag: is.archive_every },
    };
    conclude(&mut walk, subject.backup, restored, held).await;
    walk.verified
}

/// The repositories that are read: that of a point that was asked for, else all, of which each has to hold one.
fn in_order(stanza: &Stanza, asked: Option<&Stored>) -> Result<Vec<u32>, ProviderError> {
    let all = stanza.repositories.iter();
    let Some(wanted) = asked.and_then(|point| point.repository) else {
        return all
            .map(|one| {
                let is_empty = || stanza.points.iter().all(|point| point.repository != Some(one.key));
                let empty = || is_empty().then(|| "there is no restore point in it".to_owned());
                match one.trouble.clone().or_else(empty) {
                    None => Ok(one.key),
                    Some(why) => Err(failed("reading", format!("repository {}: {why}", one.key))),
                }
            })
            .collect();
    };
    Ok(all.map(|one| one.key).filter(|key| *key == wanted).collect())
}

/// Verifies a dump.
pub async fn dump(subject: &Subject<'_>, dumps: &Dumps<'_>) -> Verified {
    let mut walk = Walk::until(subject.until);
    let tool = &subject.tool;
    walk.prove(Level::Listed, async |verified| listed(&dumps.list().await?, subject.point, verified)).await;
    let Some(point) = walk.verified.point.clone() else { return walk.verified };
    let mut copy = None;
    walk.prove(Level::Readable, async |_| {
        let here = copy.insert(dumps.copy(&point, subject.scratch).await?);
        let entries = dumps.entries(here).await?;
        Ok(format!("pg_restore reads its list of {entries} entries"))
    })
    .await;
    let Some(copy) = copy else { return walk.verified };
    walk.prove(Level::Checksum, async |_| {
        let files = dumps.checksums(&point, &copy).await?;
        Ok(format!("{files} file{} as when written", if files == 1 { " is" } else { "s are" }))
    })
    .await;
    let mut restored = None;
    walk.prove(Level::Restores, async |_| {
        let programs = Programs::find(tool, None)?;
        let scratch = scratch(subject.scratch)?;
        let data = scratch.path().join(DATA);
        let options = ["--auth=trust", "--no-sync", "--encoding=UTF8", "--locale=C"].map(str::to_owned);
        let cluster = [format!("--pgdata={}", data.display()), format!("--username={OWNER}")];
        tool.run([programs.program("initdb")].into_iter().chain(cluster).chain(options).collect()).await?;
        let asked = serve(tool, &programs, (&data, OWNER), For::Looking, async |served| {
            tool.ask(&served.database("postgres"), &format!("CREATE DATABASE {RESTORED}")).await?;
            let to = format!("--dbname={}", served.database(RESTORED));
            let words =
                ["--exit-on-error", "--no-owner", "--no-privileges", "--no-password"].map(str::to_owned);
            let words = [programs.program("pg_restore")].into_iter().chain(words);
            let file = copy.path().display().to_string();
            tool.run(words.chain([to, file]).collect()).await?;
            Ok(look(subject, served, RESTORED).await)
        })
        .await?;
        restored = Some(asked);
        Ok("restored into a server of its own".to_owned())
    })
    .await;
    let held = Held { at: point.began, lag: SignedDuration::ZERO };
    conclude(&mut walk, subject.backup, restored, held).await;
    walk.verified
}

/// Picks the point.
fn listed(points: &[Stored], wanted: Option<&str>, verified: &mut Verified) -> Result<String, ProviderError> {
    const DOING: &str = "looking for the point";
    let found = match wanted {
        Some(id) => points.iter().find(|point| point.id == id),
        None => points.iter().rev().find(|point| point.flaw.is_none()).or(points.last()),
    };
    let found = match (found, wanted) {
        (Some(found), _) => found,
        (None, Some(id)) => return Err(rejected(DOING, format!("there is no point `{id}`"))),
        (None, None) => return Err(failed(DOING, "there is no restore point at all")),
    };
    verified.point = Some(found.clone());
    match &found.flaw {
        Some(flaw) => Err(failed(DOING, format!("`{}`: {flaw}", found.id))),
        None => Ok(format!("{} of {:.0}, one of {}", found.id, found.began, points.len())),
    }
}

/// A folder that is removed with all that is in it.
fn scratch(under: &Path) -> Result<TempDir, ProviderError> {
    let made = tempfile::Builder::new().prefix("drctl-verify-").tempdir_in(under);
    made.map_err(|e| failed("making a folder to restore into", format!("`{}`: {e}", under.display())))
}

/// What was asked of a restored copy while its server ran.
struct Asked {
    queries: Vec<Result<String, ProviderError>>,
    canary: Option<Result<Option<Timestamp>, ProviderError>>,
}

async fn look(subject: &Subject<'_>, served: &Served, usual: &str) -> Asked {
    let tool = &subject.tool;
    let mut queries = Vec::new();
    for verify in subject.backup.verify.iter().filter(|verify| verify.sql.is_some()) {
        let database = served.database(verify.database.as_deref().unwrap_or(usual));
        queries.push(question(tool, &database, verify).await);
    }
    let canary = match &subject.backup.canary {
        None => None,
        Some(canary) => {
            // A dump is restored under another name; in a cluster it has its own.
            let own = part(&canary.database, "dbname").filter(|_| usual != RESTORED);
            let database = served.database(own.as_deref().unwrap_or(usual));
            Some(canary::read(tool, &database).await)
        }
    };
    Asked { queries, canary }
}

async fn question(tool: &Tool<'_>, database: &str, verify: &Verify) -> Result<String, ProviderError> {
    let answer = tool.ask(database, verify.sql.as_deref().unwrap_or_default()).await?;
    let rows = match answer.get("rows") {
        Some(Value::List(rows)) => rows.as_slice(),
        Some(_) | None => &[],
    };
    let shown = answer.get("rows").map(|rows| rows.to_json().to_string()).unwrap_or_default();
    let short: String = shown.chars().take(200).collect();
    let is_false = |row: &Value| match row {
        Value::Object(columns) => columns.values().any(|value| *value == Value::Bool(false)),
        _ => false,
    };
    if rows.iter().any(is_false) {
        return Err(failed(ASKING, format!("the answer is false: {short}")));
    }
    if let Some(assert) = &verify.assert {
        match lang::holds(&assert.0, &answer) {
            Ok(true) => {}
            Ok(false) => {
                return Err(failed(ASKING, format!("`{}` does not hold; the answer was: {short}", assert.0)));
            }
            Err(why) => return Err(failed(ASKING, why)),
        }
    }
    Ok(short)
}

/// The moment that what was restored should hold, and by how much it may fall short.
#[derive(Clone, Copy)]
struct Held {
    at: Timestamp,
    lag: SignedDuration,
}

/// The last two levels, from what was asked while the server ran.
async fn conclude(walk: &mut Walk, backup: &Backup, asked: Option<Asked>, held: Held) {
    let Some(Asked { queries, canary }) = asked else { return };
    if queries.is_empty() {
        walk.leave_out(Level::Queries, "the backup has no `verify` with `sql`");
    } else {
        walk.prove(Level::Queries, async |_| {
            let count = queries.len();
            let answers = queries.into_iter().collect::<Result<Vec<String>, _>>()?;
            Ok(format!("{count} answered as expected: {}", answers.join("; ")))
        })
        .await;
    }
    let (Some(canary), Some(declared)) = (canary, &backup.canary) else {
        walk.leave_out(Level::Canary, "the backup has no `canary`");
        return;
    };
    walk.prove(Level::Canary, async |verified| {
        const DOING: &str = "looking for the canary";
        let Some(at) = canary? else {
            return Err(failed(DOING, "there is none in what was restored: `drctl backup canary` writes it"));
        };
        let missing = held.at.duration_since(at).max(SignedDuration::ZERO);
        verified.canary = Some(at);
        verified.rpo_s = Some(missing.as_secs());
        let bound = declared.every.saturating_add(held.lag).saturating_add(GRACE);
        let text = drctl_core::duration::text;
        let missing = text(SignedDuration::from_secs(missing.as_secs()));
        if held.at.duration_since(at) > bound {
            return Err(failed(
                DOING,
                format!("the newest row is of {at:.0}, {missing} before {:.0}: more than the {} that are expected",
                    held.at, text(bound)),
            ));
        }
        Ok(format!("the newest row is of {at:.0}: a restore would have lost {missing}"))
    })
    .await;
}
