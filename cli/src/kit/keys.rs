//! The keys of kits, all of them by reference: a file or a variable of the environment, never a value on
//! the command line.

use std::path::{Path, PathBuf};

use age::secrecy::SecretString;
use age::{Identity, IdentityFile, Recipient, x25519};
use drctl_core::codes::Code;
use drctl_engine::files;

use super::signature::Trusted;
use super::{Place, Sealed};
use crate::failure::Failure;
use crate::load;
use crate::render::text::safe;
use crate::ui::Ui;

/// Longest file of keys or a passphrase that is read, in bytes.
const MAX_KEY_BYTES: u64 = 1 << 20;

/// Where the passphrase of a kit stands.
#[derive(Debug, Clone, Default, clap::Args)]
pub(crate) struct PassphraseArgs {
    /// The passphrase of the kit is the first line of this file
    #[arg(long, value_name = "FILE", requires = "kit")]
    passphrase_file: Option<PathBuf>,
    /// The passphrase of the kit is in this variable of the environment
    #[arg(long, value_name = "VARIABLE", requires = "kit", conflicts_with = "passphrase_file")]
    passphrase_env: Option<String>,
}

/// With what the kit is read that the argument `kit` names.
#[derive(Debug, Clone, Default, clap::Args)]
pub(crate) struct ReaderArgs {
    /// The public keys whose signature on a kit counts: a .pub file, or one of allowed signers
    #[arg(long, value_name = "FILE", requires = "kit")]
    trust: Option<PathBuf>,
    /// The age identity that the kit is encrypted for
    #[arg(long, value_name = "FILE", requires = "kit")]
    identity: Option<PathBuf>,
    #[command(flatten)]
    passphrase: PassphraseArgs,
}

/// A kit in place of a directory.
#[derive(Debug, Clone, Default, clap::Args)]
pub(crate) struct KitArgs {
    /// Takes configuration and last observed world from this kit, and asks no provider
    #[arg(long, value_name = "FILE")]
    kit: Option<PathBuf>,
    #[command(flatten)]
    reader: ReaderArgs,
}

/// With what a kit is encrypted.
#[derive(Debug, Clone, clap::Args)]
#[command(group = clap::ArgGroup::new("sealing").required(true).multiple(true))]
pub(crate) struct SealingArgs {
    /// Encrypts for this age recipient
    #[arg(long, value_name = "AGE1…", group = "sealing")]
    recipient: Vec<String>,
    /// Encrypts for the age recipients in this file, one a line
    #[arg(long, value_name = "FILE", group = "sealing")]
    recipients_file: Vec<PathBuf>,
    /// Encrypts with the passphrase that is the first line of this file
    #[arg(long, value_name = "FILE", group = "sealing", conflicts_with_all = ["recipient", "recipients_file"])]
    passphrase_file: Option<PathBuf>,
    /// Encrypts with the passphrase in this variable of the environment
    #[arg(
        long,
        value_name = "VARIABLE",
        group = "sealing",
        conflicts_with_all = ["recipient", "recipients_file", "passphrase_file"]
    )]
    passphrase_env: Option<String>,
    /// Does not encrypt: whoever has the file reads contacts and what can be attacked
    #[arg(
        long,
        group = "sealing",
        conflicts_with_all = ["recipient", "recipients_file", "passphrase_file", "passphrase_env"]
    )]
    unencrypted: bool,
}

/// How a kit is encrypted, with the keys.
pub(crate) enum Sealing {
    /// For these.
    Recipients(Vec<Box<dyn Recipient + Send>>),
    /// With this.
    Passphrase(SecretString),
    /// Not at all.
    Open,
}

impl Sealing {
    /// How.
    pub(crate) fn sealed(&self) -> Sealed {
        match self {
            Sealing::Recipients(_) => Sealed::Recipients,
            Sealing::Passphrase(_) => Sealed::Passphrase,
            Sealing::Open => Sealed::Open,
        }
    }
}

/// What a kit is decrypted with.
pub(crate) enum Unlocking {
    /// Any of these.
    Identities(Vec<Box<dyn Identity + Send + Sync>>),
    /// This.
    Passphrase(SecretString),
    /// Nothing was given.
    Nothing,
}

/// What a kit is read with.
pub(crate) struct Reader {
    /// Whose signature counts.
    pub(crate) trusted: Trusted,
    /// What it is decrypted with.
    pub(crate) unlocking: Unlocking,
}

impl KitArgs {
    /// Whether there is one.
    pub(crate) fn is_given(&self) -> bool {
        self.kit.is_some()
    }

    /// Refuses what leaves something behind that has to stay.
    pub(crate) fn refuse(&self, what: &str) -> Result<(), Failure> {
        let Some(file) = &self.kit else { return Ok(()) };
        let headline =
            format!("Nothing can be {what} from within a kit: its record would be lost with the folder");
        let help = format!(
            "Open it first: `drctl kit open {} --to DIR`. Then work in `DIR/project`, where the record stays.",
            safe(&file.display().to_string())
        );
        Err(Failure::new(Code::NotFromKit, headline, help))
    }

    /// Opens it into a folder of its own; none when there is none.
    pub(crate) fn open(&self, ui: &Ui) -> Result<Option<Place>, Failure> {
        let Some(file) = &self.kit else { return Ok(None) };
        let kit = super::read(file, &self.reader.reader(ui)?)?;
        Place::of(&kit).map(Some)
    }
}

impl ReaderArgs {
    /// The keys.
    pub(crate) fn reader(&self, ui: &Ui) -> Result<Reader, Failure> {
        let trust = self.trust.as_deref().ok_or_else(|| {
            let help = "Name the public key of who makes your kits: `--trust FILE`.";
            Failure::new(Code::KitNotTrusted, "Nothing says whose signature on the kit counts", help)
        })?;
        let trusted = Trusted::read(trust)?;
        let unlocking = match (&self.identity, self.passphrase.read(ui)?) {
            (_, Some(phrase)) => Unlocking::Passphrase(phrase),
            (Some(file), None) => Unlocking::Identities(identities(file)?),
            (None, None) => Unlocking::Nothing,
        };
        Ok(Reader { trusted, unlocking })
    }
}

impl SealingArgs {
    /// The keys.
    pub(crate) fn sealing(&self, ui: &Ui) -> Result<Sealing, Failure> {
        let SealingArgs { recipient, recipients_file, passphrase_file, passphrase_env, unencrypted } = self;
        if *unencrypted {
            return Ok(Sealing::Open);
        }
        let passphrase = PassphraseArgs {
            passphrase_file: passphrase_file.clone(),
            passphrase_env: passphrase_env.clone(),
        };
        if let Some(phrase) = passphrase.read(ui)? {
            return Ok(Sealing::Passphrase(phrase));
        }
        let mut all: Vec<Box<dyn Recipient + Send>> = Vec::new();
        for text in recipient {
            all.push(Box::new(parsed(text, "--recipient")?));
        }
        for path in recipients_file {
            let name = safe(&path.display().to_string());
            let text = load::text(path, &name, MAX_KEY_BYTES).map_err(|d| Failure::from(*d))?;
            for line in text.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with('#'))
            {
                all.push(Box::new(parsed(line, &name)?));
            }
        }
        match all.is_empty() {
            false => Ok(Sealing::Recipients(all)),
            true => Err(Failure::new(Code::BadKey, "The files name no recipient", "Put one a line into it.")),
        }
    }
}

impl PassphraseArgs {
    /// The passphrase; none when none was named.
    fn read(&self, ui: &Ui) -> Result<Option<SecretString>, Failure> {
        let (text, whence) = match (&self.passphrase_file, &self.passphrase_env) {
            (Some(file), _) => (secret_file(file)?, format!("`{}`", safe(&file.display().to_string()))),
            (None, Some(variable)) => {
                let found = ui.env.get(variable).cloned();
                let whence = format!("the variable `{}`", safe(variable));
                (found.unwrap_or_default(), whence)
            }
            (None, None) => return Ok(None),
        };
        let phrase = text.lines().next().unwrap_or_default();
        if phrase.is_empty() {
            let help = "Put it there; it is never given on the command line.";
            return Err(Failure::new(Code::BadKey, format!("There is no passphrase in {whence}"), help));
        }
        Ok(Some(SecretString::from(phrase.to_owned())))
    }
}

/// A file that holds a secret. What is wrong with it is told without showing any of it.
pub(super) fn secret_file(path: &Path) -> Result<String, Failure> {
    let name = safe(&path.display().to_string());
    let bad = |why: String| {
        let help = "Name a file that only holds the key or the passphrase.";
        Failure::new(Code::BadKey, why, help)
    };
    let bytes =
        files::read(path, MAX_KEY_BYTES).map_err(|error| bad(format!("A key cannot be read: {error}")))?;
    let bytes = bytes.ok_or_else(|| bad(format!("There is no file `{name}`")))?;
    String::from_utf8(bytes).map_err(|_| bad(format!("`{name}` is no text")))
}

fn identities(path: &Path) -> Result<Vec<Box<dyn Identity + Send + Sync>>, Failure> {
    let text = secret_file(path)?;
    let read = IdentityFile::from_buffer(text.as_bytes()).ok().and_then(|file| file.into_identities().ok());
    read.filter(|all| !all.is_empty()).ok_or_else(|| {
        let headline = format!("`{}` is no file of age identities", safe(&path.display().to_string()));
        let help = "Make one with `age-keygen -o FILE`. One that is protected by a passphrase is not read: decrypt it \
                    first with `age --decrypt`.";
        Failure::new(Code::BadKey, headline, help)
    })
}

fn parsed(text: &str, whence: &str) -> Result<x25519::Recipient, Failure> {
    text.parse().map_err(|_| {
        // It may be an identity, which is a secret.
        let headline = format!("What `{whence}` gives is no age recipient");
        Failure::new(Code::BadKey, headline, "A recipient begins with `age1`; `age-keygen -y FILE` shows it.")
    })
}
