//! `restic_repository`: a repository of restic.

use std::collections::{BTreeMap, BTreeSet};

use drctl_core::Attributes;
use drctl_core::plan::Action;
use drctl_core::provider::{
    Attempt, ErrorClass, Id, Kind, Managed, OfBackup, Part, ProviderError, Reading, Reads, Request,
};
use drctl_core::rule::{Change, Effect, Note, Rule, World};
use drctl_core::schema::{AttributeType, Invalid};
use drctl_core::value::Value;

use crate::facts;
use crate::port::{Cloud, Whom, error};
use crate::values::OptionText;

/// The kind.
pub struct ResticRepository;

/// A repository.
#[derive(Debug, Clone, PartialEq, Attributes)]
pub struct Spec {
    /// Where it is, as restic writes it: a path, `s3:…`, `sftp:…`. Without a password.
    #[attribute(identity)]
    pub repository: OptionText,
    /// How it is encrypted, which restic does in one way.
    #[attribute(fixed)]
    pub encryption: Option<Cipher>,
}

drctl_core::words! {
    /// How restic encrypts.
    Cipher {
        /// AES-256 in counter mode, with Poly1305-AES.
        Aes256 = "AES-256",
    }
    "AES-256"
}

/// What restic says of it.
#[derive(Debug, Clone, Default, PartialEq, Attributes)]
pub struct Outputs {
    /// Its id.
    pub repository_id: Option<String>,
    /// The version of its format.
    pub version: Option<u8>,
}

/// What restic says where there is no repository; anything else that goes wrong says nothing about that.
const ABSENT: [&str; 3] = ["no such file or directory", "The specified key does not exist", "does not exist"];

impl Kind for ResticRepository {
    const NAME: &'static str = "restic_repository";
    const DOCS: &'static str = "A repository of restic, which is always encrypted. It is made with `restic init` when \
        it is not there; drctl never deletes one.";
    const READS: Reads = Reads::Each;
    const CREATES: bool = true;
    const BACKUPS: &'static [&'static str] = &["restic"];
    type Cloud = Cloud;
    type Spec = Spec;
    type Outputs = Outputs;

    fn id(identity: &BTreeMap<String, Value>) -> Option<Id> {
        identity.get("repository")?.as_str().map(|repository| Id(repository.to_owned()))
    }

    fn of_backup(managed: &Managed<'_>) -> OfBackup {
        let Some(made) = &managed.backup.restic else { return Ok(None) };
        let Some(repository) = &made.repository else {
            let wrong = "`repository` is needed: a managed backup has one";
            return Err(Invalid::new(wrong).below("restic"));
        };
        if super::said(managed, "password_file").is_none() {
            let wrong =
                "the provider block needs `password_file`: a repository of restic is always encrypted";
            return Err(Invalid::new(wrong).below("provider"));
        }
        super::aes_256(managed, "restic")?;
        let part = Part::default().set("encryption", Cipher::Aes256.to_value(), &["encryption"]);
        Ok(Some(part.set("repository", Value::from(repository.as_str()), &["restic", "repository"])))
    }

    fn rules() -> &'static [Rule] {
        RULES
    }

    async fn read(cloud: &Cloud, request: &Request) -> Result<Option<Reading<Self>>, ProviderError> {
        let said = match restic(cloud, &request.id.0, &["cat", "config"]).await {
            Ok(said) => said,
            Err(why) if is_absent(&why) => return Ok(None),
            Err(why) => return Err(why),
        };
        let unread =
            |why: String| error(format!("reading repository `{}`", request.id), ErrorClass::Malformed, why);
        let config: serde_json::Value = serde_json::from_str(&said).map_err(|e| unread(e.to_string()))?;
        let version = config["version"].as_u64().and_then(|version| u8::try_from(version).ok());
        let outputs = Outputs { repository_id: config["id"].as_str().map(str::to_owned), version };
        // It was read with the password, so it is encrypted.
        let encryption = Some(Cipher::Aes256);
        let spec = Spec { repository: OptionText::observed(&request.id.0), encryption };
        let (unobserved, pending, managed_by) = Default::default();
        Ok(Some(Reading { spec, outputs, unobserved, pending, managed_by }))
    }

    async fn create(cloud: &Cloud, _attempt: &Attempt, spec: &Spec) -> Result<(), ProviderError> {
        let repository = spec.repository.as_str();
        match restic(cloud, repository, &["cat", "config"]).await {
            // An earlier attempt may have got through without its answer.
            Ok(_) => Ok(()),
            Err(why) if is_absent(&why) => restic(cloud, repository, &["init"]).await.map(|_| ()),
            Err(why) => Err(why),
        }
    }

    async fn update(
        _cloud: &Cloud,
        _attempt: &Attempt,
        _before: &Spec,
        _after: &Spec,
        _changed: &BTreeSet<String>,
    ) -> Result<(), ProviderError> {
        Ok(())
    }

    async fn delete(_cloud: &Cloud, _attempt: &Attempt, id: &Id) -> Result<(), ProviderError> {
        Err(super::refused(format!("deleting repository `{id}`"), "drctl never deletes a repository"))
    }
}

async fn restic(cloud: &Cloud, repository: &str, verb: &[&str]) -> Result<String, ProviderError> {
    let option = format!("--repo={repository}");
    let mut words = vec!["restic".to_owned(), option];
    if let Some(file) = &cloud.settings.password_file {
        words.push(format!("--password-file={}", file.display()));
    }
    let words: Vec<&str> = words.iter().map(String::as_str).chain(verb.iter().copied()).collect();
    cloud.run(Whom::Tools, &words).await
}

/// Whether restic says that there is none; a repository that may not be read, or of another password, is
/// there as far as anybody knows.
fn is_absent(why: &ProviderError) -> bool {
    let about_config = why.message.contains("unable to open config file");
    about_config && ABSENT.iter().any(|words| why.message.contains(words))
}

static RULES: &[Rule] = &[Rule { fact: &facts::F2, check: f2 }];

/// A new repository.
fn f2(change: &Change<'_>, _world: &World<'_>) -> Vec<Note> {
    if change.action != Action::Create {
        return Vec::new();
    }
    let reason = "it is encrypted: keep its password where it is not lost with the machine";
    vec![Note { attribute: None, ..Note::new(&facts::F2, Effect::Strengthens, "", reason) }]
}
