//! `secret "VARIABLE" { … }` of a step: where the value of a variable is read when the step begins. The
//! configuration, the plan and the record hold where it is, never what it is.

use super::step::EnvName;
use crate::schema::{AttributeType, Invalid};
use crate::value::Value;

/// A secret that a command is given as a variable.
#[derive(Debug, Clone, PartialEq, Eq, crate::Attributes)]
#[attribute(check = Secret::check)]
pub struct Secret {
    /// The variable of the command's environment.
    #[attribute(label)]
    pub variable: String,
    /// The file that holds it, from the directory of the step. Only its owner may read it.
    pub file: Option<String>,
    /// Whether others on this machine may read the file too, as where a container is given it.
    #[attribute(default = false)]
    pub shared: bool,
    /// The command that prints it, one word an element: `["op", "read", "op://ops/db/password"]`. It runs with
    /// the environment of the step; what it prints is shown nowhere.
    pub run: Option<Vec<String>>,
    /// The parameter of AWS Systems Manager that holds it. It is read with the `aws` command line.
    pub ssm_parameter: Option<String>,
    /// The secret of AWS Secrets Manager, by name or ARN. It is read with the `aws` command line.
    pub secretsmanager_secret: Option<String>,
    /// The AWS region in which it is kept: a loss of that region takes it away.
    pub region: Option<String>,
}

impl Secret {
    /// It is read in one place.
    fn check(self) -> Result<Secret, Invalid> {
        EnvName::from_value(Value::String(self.variable.clone()))?;
        let places = [
            ("file", self.file.is_some()),
            ("run", self.run.is_some()),
            ("ssm_parameter", self.ssm_parameter.is_some()),
            ("secretsmanager_secret", self.secretsmanager_secret.is_some()),
        ];
        let places: Vec<&str> = places.iter().filter(|(_, is)| *is).map(|(name, _)| *name).collect();
        let in_aws = self.ssm_parameter.is_some() || self.secretsmanager_secret.is_some();
        match places.as_slice() {
            [] => {
                let wrong = "where is it? Write `file`, `run`, `ssm_parameter` or `secretsmanager_secret`; what is \
                             in a variable already stands in `env`";
                return Err(Invalid::new(wrong));
            }
            [_] => {}
            [first, second, ..] => {
                let wrong = format!("a secret is read in one place: `{first}` or `{second}`");
                return Err(Invalid::new(wrong).below(second));
            }
        }
        if self.run.as_ref().is_some_and(Vec::is_empty) {
            return Err(Invalid::new("a command has at least one word").below("run"));
        }
        if self.shared && self.file.is_none() {
            return Err(Invalid::new("is said of a `file`").below("shared"));
        }
        let texts = [
            ("file", &self.file),
            ("ssm_parameter", &self.ssm_parameter),
            ("secretsmanager_secret", &self.secretsmanager_secret),
            ("region", &self.region),
        ];
        if let Some((name, _)) = texts.iter().find(|(_, text)| text.as_ref().is_some_and(|t| t.is_empty())) {
            return Err(Invalid::new("must not be empty").below(name));
        }
        match (in_aws, &self.region) {
            (true, None) => Err(Invalid::new("in which region is it? Write `region`")),
            (false, Some(_)) => Err(Invalid::new("is said of what AWS keeps").below("region")),
            (true, Some(_)) | (false, None) => Ok(self),
        }
    }
}
