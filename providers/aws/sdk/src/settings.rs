//! What a connection is made from: the `provider "aws"` block, in plain words.

use std::fmt;
use std::time::Duration;

use drctl_aws::provider_config::ProviderConfig;

/// One provider configuration, as the user wrote it.
#[derive(Clone, PartialEq, Eq)]
pub struct Settings {
    /// The region; without one, that of the environment or profile.
    pub region: Option<String>,
    /// The profile of the shared configuration files; without one, that of the environment.
    pub profile: Option<String>,
    /// Base URL for every service, in place of AWS's own.
    pub endpoint: Option<String>,
    /// Base URL of S3, before `endpoint`.
    pub endpoint_s3: Option<String>,
    /// Base URL of RDS, before `endpoint`.
    pub endpoint_rds: Option<String>,
    /// Base URL of STS, before `endpoint`.
    pub endpoint_sts: Option<String>,
    /// Whether buckets stand in the path of the URL; without a word, they do where S3 has an endpoint
    /// of its own.
    pub path_style: Option<bool>,
    /// A role to work as.
    pub assume_role: Option<AssumeRole>,
    /// How often one call is sent at most.
    pub max_attempts: u32,
    /// How long connecting may take.
    pub connect_timeout: Duration,
    /// How long one attempt of a call may take.
    pub call_timeout: Duration,
    /// How many calls may be in flight at once, and so how many connections are kept.
    pub concurrency: usize,
}

impl Default for Settings {
    fn default() -> Settings {
        Settings {
            region: None,
            profile: None,
            endpoint: None,
            endpoint_s3: None,
            endpoint_rds: None,
            endpoint_sts: None,
            path_style: None,
            assume_role: None,
            max_attempts: 3,
            connect_timeout: Duration::from_secs(3),
            call_timeout: Duration::from_secs(10),
            concurrency: 32,
        }
    }
}

impl fmt::Debug for Settings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Settings")
            .field("region", &self.region)
            .field("profile", &self.profile)
            .finish_non_exhaustive()
    }
}

/// A role to work as, reached through STS of the same region.
#[derive(Clone, PartialEq, Eq)]
pub struct AssumeRole {
    /// Its ARN.
    pub role_arn: String,
    /// The name of the session, in the role's audit trail.
    pub session_name: Option<String>,
    /// What the role's trust policy asks for.
    pub external_id: Option<String>,
}

impl fmt::Debug for AssumeRole {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AssumeRole").field("role_arn", &self.role_arn).finish_non_exhaustive()
    }
}

impl From<&ProviderConfig> for Settings {
    /// The block's words; what it leaves out is as in [`Settings::default`].
    fn from(config: &ProviderConfig) -> Settings {
        let single = config.endpoints.clone().unwrap_or_default();
        let usual = Settings::default();
        Settings {
            region: config.region.as_ref().map(|r| r.as_str().to_owned()),
            profile: config.profile.clone(),
            endpoint: config.endpoint.clone(),
            endpoint_s3: single.s3,
            endpoint_rds: single.rds,
            endpoint_sts: single.sts,
            path_style: config.s3_use_path_style,
            assume_role: config.assume_role.as_ref().map(|role| AssumeRole {
                role_arn: role.role_arn.as_str().to_owned(),
                session_name: role.session_name.clone(),
                external_id: role.external_id.clone(),
            }),
            max_attempts: config.max_attempts.map_or(usual.max_attempts, |n| n.get()),
            ..usual
        }
    }
}

#[cfg(test)]
mod tests {
    use drctl_core::schema::Attributes;
    use drctl_core::value::Value;

    use super::*;

    #[test]
    fn every_word_of_the_block_arrives() {
        let block = r#"{"region": "eu-west-2", "profile": "dr", "endpoint": "https://all.example",
            "endpoints": {"s3": "https://s3.example"}, "s3_use_path_style": false, "max_attempts": 7,
            "assume_role": {"role_arn": "arn:aws:iam::111122223333:role/dr", "external_id": "x"}}"#;
        let json = serde_json::from_str(block).unwrap();
        let Some(Value::Object(values)) = Value::from_json(&json) else { panic!("no object") };
        let settings = Settings::from(&ProviderConfig::from_values(values).unwrap());
        let expected = Settings {
            region: Some("eu-west-2".into()),
            profile: Some("dr".into()),
            endpoint: Some("https://all.example".into()),
            endpoint_s3: Some("https://s3.example".into()),
            path_style: Some(false),
            assume_role: Some(AssumeRole {
                role_arn: "arn:aws:iam::111122223333:role/dr".into(),
                session_name: None,
                external_id: Some("x".into()),
            }),
            max_attempts: 7,
            ..Settings::default()
        };
        assert!(settings == expected, "{settings:?}");
    }

    #[test]
    fn settings_print_no_external_id() {
        let settings = Settings {
            assume_role: Some(AssumeRole {
                role_arn: "arn:aws:iam::111122223333:role/dr".into(),
                session_name: None,
                external_id: Some("hush".into()),
            }),
            ..Settings::default()
        };
        assert!(!format!("{settings:?} {:?}", settings.assume_role).contains("hush"));
    }
}
