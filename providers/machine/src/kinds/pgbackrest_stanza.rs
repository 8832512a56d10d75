//! `pgbackrest_stanza`: a stanza in the configuration of pgBackRest, and its repository.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use drctl_core::Attributes;
use drctl_core::plan::Action;
use drctl_core::provider::{
    Attempt, ErrorClass, Id, Kind, Managed, OfBackup, Part, ProviderError, Reading, Reads, Request,
    Unobserved,
};
use drctl_core::rule::{Change, Effect, Note, Rule, World};
use drctl_core::schema::{AttributeType, Attributes as _, Invalid};
use drctl_core::secret::Secret;
use drctl_core::system::PgBackRest;
use drctl_core::value::Value;

use super::sides::sides;
use crate::facts;
use crate::ini;
use crate::port::{Access, Cloud, Whom, error};
use crate::values::{AbsolutePath, KeepFull, OptionText, StanzaName};

/// The kind.
pub struct PgBackRestStanza;

/// A stanza. What is set stands in its section of the file, under the names of pgBackRest's options; what
/// else stands in that file is left alone.
#[derive(Debug, Clone, PartialEq, Attributes)]
pub struct Spec {
    /// The file that pgBackRest is configured by.
    #[attribute(identity)]
    pub config: AbsolutePath,
    /// Its name.
    #[attribute(identity)]
    pub stanza: StanzaName,
    /// Where the data of the server is.
    pub pg1_path: Option<OptionText>,
    /// The port of the server.
    pub pg1_port: Option<OptionText>,
    /// Where the socket of the server is.
    pub pg1_socket_path: Option<OptionText>,
    /// The user that asks the server.
    pub pg1_user: Option<OptionText>,
    /// The database that is connected to.
    pub pg1_database: Option<OptionText>,
    /// What the repository is on: `posix`, `s3`, …
    pub repo1_type: Option<OptionText>,
    /// Where the repository is: a path on the disk or in the bucket.
    pub repo1_path: Option<OptionText>,
    /// The bucket.
    pub repo1_s3_bucket: Option<OptionText>,
    /// The endpoint of the bucket.
    pub repo1_s3_endpoint: Option<OptionText>,
    /// The region of the bucket.
    pub repo1_s3_region: Option<OptionText>,
    /// Whether the bucket stands in the `host` or in the `path` of addresses.
    pub repo1_s3_uri_style: Option<OptionText>,
    /// Where the credentials come from: `shared`, `auto`, `web-id`.
    pub repo1_s3_key_type: Option<OptionText>,
    /// The access key.
    pub repo1_s3_key: Option<Secret<OptionText>>,
    /// The secret key.
    pub repo1_s3_key_secret: Option<Secret<OptionText>>,
    /// The port of the endpoint.
    pub repo1_storage_port: Option<OptionText>,
    /// The certificates that the endpoint is trusted by.
    pub repo1_storage_ca_file: Option<OptionText>,
    /// Whether the certificate of the endpoint is looked at: `y` or `n`.
    pub repo1_storage_verify_tls: Option<OptionText>,
    /// How the repository is encrypted: `none` or `aes-256-cbc`.
    pub repo1_cipher_type: Option<OptionText>,
    /// Its passphrase. It cannot be changed while the repository is in use.
    #[attribute(fixed)]
    pub repo1_cipher_pass: Option<Secret<OptionText>>,
    /// How long full backups are kept, and with them the log: "30d", or "4 backups".
    pub repo1_retention_full: Option<KeepFull>,
    /// Whether a backup does not wait for the server's next checkpoint: `y` or `n`.
    pub start_fast: Option<OptionText>,
    /// How many processes work side by side.
    pub process_max: Option<OptionText>,
    /// How files are compressed.
    pub compress_type: Option<OptionText>,
    /// Whether the repository has been made ready for the stanza.
    #[attribute(kept)]
    pub created: Option<bool>,
}

/// What pgBackRest says.
#[derive(Debug, Clone, Default, PartialEq, Attributes)]
pub struct Outputs {
    /// In what state the stanza is in the repository, in its own words.
    pub status: Option<String>,
}

const CONFIG: &str = "config";
const STANZA: &str = "stanza";
const RETENTION: &str = "repo1_retention_full";
const CIPHER: &str = "repo1_cipher_type";
const CREATED: &str = "created";
/// Attributes that are no options of one line.
const OTHERS: [&str; 4] = [CONFIG, STANZA, RETENTION, CREATED];
/// Where the repository is.
const WHERE: [&str; 4] = ["repo1_type", "repo1_path", "repo1_s3_bucket", "repo1_s3_endpoint"];

const KEEP: &str = "repo1-retention-full";
const KEEP_TYPE: &str = "repo1-retention-full-type";
const NONE: &str = "none";

/// The attributes that are options of one line.
fn options() -> impl Iterator<Item = &'static str> {
    Spec::ATTRIBUTES.iter().map(|row| row.name).filter(|name| !OTHERS.contains(name))
}

/// As pgBackRest writes it.
fn option(attribute: &str) -> String {
    attribute.replace('_', "-")
}

/// The stanza and the file of a backup that is managed.
pub(super) fn of(made: &PgBackRest) -> Result<(StanzaName, AbsolutePath), Invalid> {
    fn text<T: AttributeType>(text: Option<&String>, name: &'static str, why: &str) -> Result<T, Invalid> {
        let Some(text) = text else {
            return Err(Invalid::new(format!("`{name}` is needed: {why}")).below("pgbackrest"));
        };
        T::from_value(Value::from(text.as_str())).map_err(|e| e.below(name).below("pgbackrest"))
    }
    let stanza = text(made.stanza.as_ref(), STANZA, "a managed backup is one stanza")?;
    let config = text(made.config.as_ref(), CONFIG, "it is the file that drctl puts the stanza into")?;
    Ok((stanza, config))
}

impl Kind for PgBackRestStanza {
    const NAME: &'static str = "pgbackrest_stanza";
    const DOCS: &'static str = "A stanza in the configuration of pgBackRest, and its place in the repository. It is \
        made ready with `stanza-create` when it is not; drctl never deletes a repository, a stanza in it or a backup.";
    const READS: Reads = Reads::Each;
    const CREATES: bool = true;
    const BACKUPS: &'static [&'static str] = &["pgbackrest"];
    type Cloud = Cloud;
    type Spec = Spec;
    type Outputs = Outputs;

    fn id(identity: &BTreeMap<String, Value>) -> Option<Id> {
        let text = |name: &str| identity.get(name).and_then(Value::as_str);
        Some(Id(format!("{}[{}]", text(CONFIG)?, text(STANZA)?)))
    }

    fn of_backup(managed: &Managed<'_>) -> OfBackup {
        let Some(made) = &managed.backup.pgbackrest else { return Ok(None) };
        let (stanza, config) = of(made)?;
        let mut part = Part::default()
            .set(CONFIG, config.to_value(), &["pgbackrest", "config"])
            .set(STANZA, stanza.to_value(), &["pgbackrest", "stanza"])
            .set(CREATED, Value::Bool(true), &["pgbackrest", "stanza"]);
        let given = made.options.clone().unwrap_or_default();
        for (name, value) in &given {
            let Some(known) = options().find(|known| option(known) == *name) else {
                let wrong =
                    format!("drctl does not manage `{name}`: put it into `{}` by hand", config.as_str());
                return Err(Invalid::new(wrong).below(name).below("options").below("pgbackrest"));
            };
            part = part.set(known, Value::from(value.as_str()), &["pgbackrest", "options"]);
        }
        for needed in ["pg1-path", "repo1-path"] {
            if !given.contains_key(needed) {
                let wrong = format!("a managed backup needs `options = {{ {needed} = \"…\" }}`");
                return Err(Invalid::new(wrong).below("options").below("pgbackrest"));
            }
        }
        // Without a base there is nothing that the log could be added to.
        if let Some(keep) = made.keep_full.map(|keep| keep.max(made.keep_log.unwrap_or_default())) {
            let at: &[&str] = match made.keep_log {
                Some(log) if Some(log) > made.keep_full => &["pgbackrest", "keep_log"],
                _ => &["pgbackrest", "keep_full"],
            };
            part = part.set(RETENTION, KeepFull::at_least(keep).to_value(), at);
        }
        if !given.contains_key("repo1-cipher-type") {
            part = part.set(CIPHER, Value::from(cipher(managed)?), &["encryption"]);
        }
        part = part.set_from_provider("repo1_s3_key", "s3_key");
        part = part.set_from_provider("repo1_s3_key_secret", "s3_key_secret");
        Ok(Some(part.set_from_provider("repo1_cipher_pass", "repository_passphrase")))
    }

    fn rules() -> &'static [Rule] {
        RULES
    }

    async fn read(cloud: &Cloud, request: &Request) -> Result<Option<Reading<Self>>, ProviderError> {
        let (config, stanza) = named(&request.id)?;
        let Some(file) = cloud.read(Path::new(config)).await? else { return Ok(None) };
        if !ini::has_section(&file.text, stanza) {
            return Ok(None);
        }
        let said = |option: &str| {
            ini::get(&file.text, stanza, option).or_else(|| ini::get(&file.text, "global", option))
        };
        let mut values: BTreeMap<String, Value> = options()
            .filter(|name| request.wanted.wants(name))
            .filter_map(|name| Some((name.to_owned(), Value::from(said(&option(name))?))))
            .collect();
        if request.wanted.wants(CIPHER) {
            values.entry(CIPHER.to_owned()).or_insert_with(|| Value::from(NONE));
        }
        let mut unobserved = BTreeMap::new();
        // What makes no sense to pgBackRest either is not known; the rest is.
        for name in options() {
            let wrong = values.get(name).and_then(|value| OptionText::from_value(value.clone()).err());
            if let Some(wrong) = wrong {
                values.remove(name);
                unobserved.insert(name.to_owned(), super::unread(format!("`{}` {wrong}", option(name))));
            }
        }
        values.extend([(CONFIG.to_owned(), Value::from(config)), (STANZA.to_owned(), Value::from(stanza))]);
        let malformed = |wrong: Invalid| error(doing(&request.id), ErrorClass::Malformed, wrong.to_string());
        let mut spec = Spec::from_values(values).map_err(malformed)?;
        spec.repo1_retention_full = kept(said(KEEP), said(KEEP_TYPE));
        let mut outputs = Outputs::default();
        if request.wanted.wants(CREATED) {
            match created(cloud, config, stanza).await {
                Ok((is, status)) => (spec.created, outputs.status) = (Some(is), Some(status)),
                Err(why) => drop(unobserved.insert(CREATED.to_owned(), Unobserved::from(why))),
            }
        }
        let (pending, managed_by) = (BTreeMap::new(), BTreeMap::new());
        Ok(Some(Reading { spec, outputs, unobserved, pending, managed_by }))
    }

    async fn create(cloud: &Cloud, _attempt: &Attempt, spec: &Spec) -> Result<(), ProviderError> {
        write(cloud, spec, &spec.to_values().into_keys().collect()).await
    }

    async fn complete(cloud: &Cloud, _attempt: &Attempt, spec: &Spec) -> Result<(), ProviderError> {
        match spec.created {
            Some(true) => stanza_create(cloud, spec).await,
            Some(false) | None => Ok(()),
        }
    }

    async fn update(
        cloud: &Cloud,
        _attempt: &Attempt,
        _before: &Spec,
        after: &Spec,
        changed: &BTreeSet<String>,
    ) -> Result<(), ProviderError> {
        write(cloud, after, changed).await?;
        let elsewhere = WHERE.iter().any(|name| changed.contains(*name));
        match (after.created, elsewhere || changed.contains(CREATED)) {
            (Some(true), true) => stanza_create(cloud, after).await,
            (Some(_) | None, _) => Ok(()),
        }
    }

    async fn delete(cloud: &Cloud, _attempt: &Attempt, id: &Id) -> Result<(), ProviderError> {
        let (config, stanza) = named(id)?;
        let Some(file) = cloud.read(Path::new(config)).await? else { return Ok(()) };
        let all = options().map(option).chain([KEEP.to_owned(), KEEP_TYPE.to_owned()]);
        let without = all.fold(file.text, |text, option| ini::with(&text, stanza, &option, None));
        cloud.write(Path::new(config), &ini::without_empty(&without, stanza), &access(cloud)).await
    }
}

/// How the backup is encrypted, as pgBackRest calls it.
fn cipher(managed: &Managed<'_>) -> Result<&'static str, Invalid> {
    if managed.backup.encryption.is_none() {
        return Ok(NONE);
    }
    super::aes_256(managed, "pgBackRest").map(|()| "aes-256-cbc")
}

fn doing(id: &Id) -> String {
    format!("reading stanza `{id}`")
}

/// The file and the stanza.
fn named(id: &Id) -> Result<(&str, &str), ProviderError> {
    let parts = id.0.strip_suffix(']').and_then(|text| text.rsplit_once('['));
    let right = |(config, stanza): &(&str, &str)| {
        let fits = |text: &str| Value::from(text);
        AbsolutePath::from_value(fits(config)).is_ok() && StanzaName::from_value(fits(stanza)).is_ok()
    };
    parts.filter(right).ok_or_else(|| {
        error(
            doing(id),
            ErrorClass::Rejected,
            "its name is a file with a stanza: `/etc/pgbackrest.conf[main]`",
        )
    })
}

fn kept(keep: Option<&str>, how: Option<&str>) -> Option<KeepFull> {
    let keep = keep?;
    Some(match (keep.parse(), how) {
        (Ok(days), Some("time")) => KeepFull::Days(days),
        (Ok(count), None | Some("count")) => KeepFull::Newest(count),
        (Ok(_) | Err(_), how) => KeepFull::Unread(format!("{keep} ({})", how.unwrap_or("count"))),
    })
}

/// The file holds secrets, and the server reads it for its archiving.
fn access(cloud: &Cloud) -> Access {
    Access { mode: 0o640, group_of: cloud.settings.run_as.clone() }
}

/// Writes these attributes into the file.
async fn write(cloud: &Cloud, spec: &Spec, names: &BTreeSet<String>) -> Result<(), ProviderError> {
    let (path, stanza) = (Path::new(spec.config.as_str()), spec.stanza.as_str());
    let before = cloud.read(path).await?.map(|file| file.text).unwrap_or_default();
    let values = spec.to_values();
    let mut text = before.clone();
    for name in options().filter(|name| names.contains(*name)) {
        text = ini::with(&text, stanza, &option(name), values.get(name).and_then(Value::as_str));
    }
    if names.contains(RETENTION) {
        let (count, how) = match &spec.repo1_retention_full {
            Some(KeepFull::Days(days)) => (Some(days.to_string()), Some("time")),
            Some(KeepFull::Newest(count)) => (Some(count.to_string()), Some("count")),
            Some(KeepFull::Unread(_)) | None => (None, None),
        };
        text = ini::with(&text, stanza, KEEP, count.as_deref());
        text = ini::with(&text, stanza, KEEP_TYPE, how);
    }
    if text == before {
        return Ok(());
    }
    cloud.write(path, &text, &access(cloud)).await
}

fn words<'w>(config: &'w str, stanza: &'w str) -> [String; 3] {
    ["pgbackrest".to_owned(), format!("--config={config}"), format!("--stanza={stanza}")]
}

async fn stanza_create(cloud: &Cloud, spec: &Spec) -> Result<(), ProviderError> {
    let words = words(spec.config.as_str(), spec.stanza.as_str());
    let mut words: Vec<&str> = words.iter().map(String::as_str).collect();
    words.push("stanza-create");
    cloud.run(Whom::Tools, &words).await.map(|_| ())
}

/// Whether the repository is ready for the stanza, and what pgBackRest says of it.
async fn created(cloud: &Cloud, config: &str, stanza: &str) -> Result<(bool, String), ProviderError> {
    let words = words(config, stanza);
    let mut words: Vec<&str> = words.iter().map(String::as_str).collect();
    // The answer shares its way with what may be logged.
    words.extend(["--log-level-console=off", "--output=json", "info"]);
    let said = cloud.run(Whom::Tools, &words).await?;
    let unread = |why: String| error("reading what pgBackRest says", ErrorClass::Malformed, why);
    let all: serde_json::Value = serde_json::from_str(&said).map_err(|e| unread(e.to_string()))?;
    let status = all
        .as_array()
        .and_then(|all| all.iter().find(|one| one["name"] == stanza))
        .map(|one| &one["status"])
        .ok_or_else(|| unread("it does not name the stanza".to_owned()))?;
    let message = status["message"].as_str().unwrap_or_default().to_owned();
    match status["code"].as_i64() {
        // 0: there are backups. 2: there are none yet.
        Some(0 | 2) => Ok((true, message)),
        // 1: there is no such stanza. 3: its description is missing.
        Some(1 | 3) => Ok((false, message)),
        Some(_) | None => Err(unread(format!("pgBackRest cannot tell: {message}"))),
    }
}

static RULES: &[Rule] = &[
    Rule { fact: &facts::G1, check: g1 },
    Rule { fact: &facts::G2, check: g2 },
    Rule { fact: &facts::G3, check: g3 },
];

/// How long backups are kept.
fn g1(change: &Change<'_>, _world: &World<'_>) -> Vec<Note> {
    let Some((before, after)) = sides::<KeepFull>(change, RETENTION) else { return Vec::new() };
    let note = |effect, reason: String| vec![Note::new(&facts::G1, effect, RETENTION, reason)];
    match (before, after) {
        (Some(before), Some(after)) => match after.is_less_than(&before) {
            Some(true) => note(
                Effect::Weakens,
                format!("what is older than {after} goes away; until now {before} were kept"),
            ),
            Some(false) => note(Effect::Strengthens, format!("{after} are kept instead of {before}")),
            None => note(
                Effect::Weakens,
                format!("{after} are kept instead of {before}, and which of the two is less nobody can tell"),
            ),
        },
        (None, Some(after)) if change.action != Action::Create => {
            note(Effect::Weakens, format!("what is older than {after} goes away; until now nothing did"))
        }
        (None | Some(_), None) => note(Effect::Inform, "nothing goes away by itself any more".to_owned()),
        (None, Some(_)) => Vec::new(),
    }
}

/// Where the repository is.
fn g2(change: &Change<'_>, _world: &World<'_>) -> Vec<Note> {
    let moved = WHERE.into_iter().filter_map(|name| {
        let (before, _) = sides::<OptionText>(change, name)?;
        let before = before?;
        let reason = format!(
            "what was backed up so far stays at `{}`, and the repository begins anew",
            before.as_str()
        );
        let help =
            "Make a full backup right after applying, and keep the old repository until it is not needed.";
        Some(Note::new(&facts::G2, Effect::Weakens, name, reason).help(help))
    });
    moved.collect()
}

/// How the repository is encrypted.
fn g3(change: &Change<'_>, _world: &World<'_>) -> Vec<Note> {
    let note = |effect, reason: &'static str| Note::new(&facts::G3, effect, CIPHER, reason);
    if change.action == Action::Create {
        let encrypted = change.after::<String>(CIPHER).is_some_and(|cipher| cipher != NONE);
        let reason = "the repository cannot be read without its passphrase";
        return if encrypted { vec![note(Effect::Strengthens, reason)] } else { Vec::new() };
    }
    if sides::<String>(change, CIPHER).is_none() {
        return Vec::new();
    }
    let reason = "this is decided when a repository is made; in place it cannot be changed";
    let help =
        "Give the backup another `repo1-path`, and keep the old repository until its backups are not needed.";
    vec![note(Effect::Refuse, reason).help(help)]
}
