//! Where a step reads a secret. What it reads is known to whoever carries the step out, and to nobody else:
//! plan, journal and record hold this and not the value.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::system::Secret;

/// Where the value of a variable is read when a step begins.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "from", rename_all = "snake_case")]
pub enum SecretSource {
    /// A file.
    File {
        /// From the directory of the step.
        path: String,
        /// Whether others on the machine may read it too.
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        shared: bool,
    },
    /// A command that prints it.
    Run {
        /// The words.
        words: Vec<String>,
    },
    /// A parameter of AWS Systems Manager.
    SsmParameter {
        /// Its name.
        name: String,
        /// Where it is kept.
        region: String,
    },
    /// A secret of AWS Secrets Manager.
    SecretsmanagerSecret {
        /// Its name or ARN.
        name: String,
        /// Where it is kept.
        region: String,
    },
}

/// A file that holds a secret.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct SecretFile {
    /// The directory of the step.
    pub dir: Option<String>,
    /// The file, from there.
    pub path: String,
    /// Whether others on the machine may read it too.
    pub shared: bool,
}

impl SecretSource {
    /// As it is written; none where nothing says where it is, which no configuration that was read does.
    pub(super) fn of(secret: &Secret) -> Option<SecretSource> {
        let Secret { variable: _, file, shared, run, ssm_parameter, secretsmanager_secret, region } =
            secret.clone();
        let region = || region.unwrap_or_default();
        match (file, run, ssm_parameter, secretsmanager_secret) {
            (Some(path), ..) => Some(SecretSource::File { path, shared }),
            (_, Some(words), ..) => Some(SecretSource::Run { words }),
            (_, _, Some(name), _) => Some(SecretSource::SsmParameter { name, region: region() }),
            (.., Some(name)) => Some(SecretSource::SecretsmanagerSecret { name, region: region() }),
            (None, None, None, None) => None,
        }
    }

    /// The command that prints it; none for a file.
    pub fn command(&self) -> Option<Vec<String>> {
        let (service, verb, name, region, query, decrypted) = match self {
            SecretSource::File { .. } => return None,
            SecretSource::Run { words } => return Some(words.clone()),
            SecretSource::SsmParameter { name, region } => {
                let name = format!("--name={name}");
                ("ssm", "get-parameter", name, region, "Parameter.Value", Some("--with-decryption"))
            }
            SecretSource::SecretsmanagerSecret { name, region } => {
                let name = format!("--secret-id={name}");
                ("secretsmanager", "get-secret-value", name, region, "SecretString", None)
            }
        };
        let words = ["aws", service, verb, "--region", region, &name, "--query", query, "--output", "text"];
        Some(words.into_iter().chain(decrypted).map(str::to_owned).collect())
    }

    /// Whether it is kept by AWS: no simulated cloud has it.
    pub fn in_aws(&self) -> bool {
        match self {
            SecretSource::File { .. } | SecretSource::Run { .. } => false,
            SecretSource::SsmParameter { .. } | SecretSource::SecretsmanagerSecret { .. } => true,
        }
    }

    /// The file, where it is one, for a step in this directory.
    pub(super) fn file(&self, dir: Option<&str>) -> Option<SecretFile> {
        match self {
            SecretSource::File { path, shared } => {
                // A path that is whole does not depend on the directory.
                let dir = dir.filter(|_| !path.starts_with('/')).map(str::to_owned);
                Some(SecretFile { dir, path: path.clone(), shared: *shared })
            }
            SecretSource::Run { .. }
            | SecretSource::SsmParameter { .. }
            | SecretSource::SecretsmanagerSecret { .. } => None,
        }
    }
}

impl fmt::Display for SecretSource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self, self.command()) {
            (SecretSource::File { path, .. }, _) => write!(f, "read from the file {path}"),
            (_, Some(words)) => write!(f, "what `{}` prints", words.join(" ")),
            (_, None) => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_aws_keeps_is_printed_by_one_command_in_its_region() {
        let parameter = SecretSource::SsmParameter { name: "/p/-x".into(), region: "eu-west-1".into() };
        let printed = "what `aws ssm get-parameter --region eu-west-1 --name=/p/-x --query Parameter.Value \
                       --output text --with-decryption` prints";
        assert_eq!(parameter.to_string(), printed);
        let secret = SecretSource::SecretsmanagerSecret { name: "db".into(), region: "eu-west-1".into() };
        assert!(
            secret.to_string().contains("secretsmanager get-secret-value --region eu-west-1 --secret-id=db")
        );
        let file = SecretSource::File { path: "pw".into(), shared: true };
        assert_eq!(file.to_string(), "read from the file pw");
        for source in [parameter, secret, file] {
            let json = serde_json::to_string(&source).unwrap_or_default();
            assert_eq!(serde_json::from_str::<SecretSource>(&json).ok(), Some(source));
        }
    }
}
