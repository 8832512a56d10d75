//! The `provider "aws"` block.

use std::collections::BTreeSet;

use drctl_core::Attributes;
use drctl_core::schema::{AttributeType, Invalid, Type};
use drctl_core::value::Value;

use crate::values::{Ranged, RoleArn};

/// What may be written in a `provider "aws"` block.
#[derive(Debug, Clone, PartialEq, Attributes)]
#[attribute(check = ProviderConfig::check)]
pub struct ProviderConfig {
    /// Region of the things that use this configuration; without it, the region of the profile or
    /// the environment.
    pub region: Option<Region>,
    /// Named profile of the shared configuration files.
    pub profile: Option<String>,
    /// Endpoint of all services: a URL, or `sim` for the simulated cloud.
    pub endpoint: Option<String>,
    /// Endpoints of single services; they go before `endpoint`.
    pub endpoints: Option<Endpoints>,
    /// Role that is assumed with the credentials found.
    pub assume_role: Option<AssumeRole>,
    /// Accounts that this configuration may work in: planning and applying stop in any other, before anything is read.
    pub allowed_account_ids: Option<BTreeSet<AccountId>>,
    /// Attempts of each call, the first included.
    pub max_attempts: Option<Ranged<1, 20>>,
    /// Whether buckets are addressed in the path of the URL instead of in the host name; some
    /// S3-compatible stores need it.
    pub s3_use_path_style: Option<bool>,
}

/// Endpoints of single services.
#[derive(Debug, Clone, Default, PartialEq, Attributes)]
pub struct Endpoints {
    /// Of S3.
    pub s3: Option<String>,
    /// Of RDS.
    pub rds: Option<String>,
    /// Of STS.
    pub sts: Option<String>,
}

/// A role that is assumed.
#[derive(Debug, Clone, PartialEq, Attributes)]
pub struct AssumeRole {
    /// ARN of the role.
    pub role_arn: RoleArn,
    /// Name of the session, as it stands in CloudTrail; `drctl` without it.
    pub session_name: Option<String>,
    /// External id that the role's trust policy asks for.
    pub external_id: Option<String>,
}

/// Defines text of one shape.
macro_rules! shaped {
    ($(#[$meta:meta])* $name:ident, $expected:literal, $fits:expr) => {
        $(#[$meta])*
        #[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
        pub struct $name(String);
        impl $name {
            /// The text.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }
        impl AttributeType for $name {
            const TYPE: Type = Type::String($expected);
            fn from_value(value: Value) -> Result<Self, Invalid> {
                let text = String::from_value(value)?;
                let fits: fn(&str) -> bool = $fits;
                if fits(&text) { Ok($name(text)) } else { Err(Invalid::new(concat!("must be ", $expected))) }
            }
            fn to_value(&self) -> Value {
                Value::String(self.0.clone())
            }
        }
    };
}
shaped! {
    /// A region.
    Region, "a region such as eu-west-1", |text| {
        text.split('-').count() >= 3
            && text.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-')
            && text.ends_with(|c: char| c.is_ascii_digit())
    }
}
shaped! {
    /// An account.
    AccountId, "an account id of 12 digits, in quotes", |text| {
        text.len() == 12 && text.bytes().all(|b| b.is_ascii_digit())
    }
}

/// The word that selects the simulated cloud.
pub const SIM: &str = "sim";

impl ProviderConfig {
    /// Whether it names the simulated cloud.
    pub fn is_sim(&self) -> bool {
        self.endpoint.as_deref() == Some(SIM)
    }

    fn check(self) -> Result<ProviderConfig, Invalid> {
        if self.is_sim() {
            let real = [
                ("profile", self.profile.is_some()),
                ("assume_role", self.assume_role.is_some()),
                ("endpoints", self.endpoints.is_some()),
            ];
            if let Some((name, _)) = real.iter().find(|(_, set)| *set) {
                return Err(Invalid::new(
                    "the simulated cloud has no credentials or endpoints: remove this or `endpoint = \"sim\"`",
                )
                .below(name));
            }
            return Ok(self);
        }
        let single = self.endpoints.clone().unwrap_or_default();
        let all = [
            (vec!["endpoint"], &self.endpoint),
            (vec!["endpoints", "s3"], &single.s3),
            (vec!["endpoints", "rds"], &single.rds),
            (vec!["endpoints", "sts"], &single.sts),
        ];
        for (path, endpoint) in all {
            let Some(endpoint) = endpoint else { continue };
            check_url(endpoint).map_err(|message| Invalid {
                message,
                path: path.into_iter().map(str::to_owned).collect(),
            })?;
        }
        Ok(self)
    }
}

/// The message never repeats the URL: it may hold credentials.
fn check_url(url: &str) -> Result<(), String> {
    let rest = url
        .strip_prefix("https://")
        .or_else(|| url.strip_prefix("http://"))
        .ok_or("must be a URL that begins with https:// or http://, or `sim`")?;
    let host = rest.split('/').next().unwrap_or_default();
    if host.is_empty() || host.chars().any(char::is_whitespace) {
        return Err("must name a host".to_owned());
    }
    if host.contains('@') {
        return Err("must not hold credentials: they would end up in plans and logs".to_owned());
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;
    use drctl_core::schema::Attributes;

    fn read(json: serde_json::Value) -> Result<ProviderConfig, String> {
        let Some(Value::Object(values)) = Value::from_json(&json) else { return Err("no object".into()) };
        ProviderConfig::from_values(values).map_err(|e| format!("{}: {}", e.path.join("."), e.message))
    }

    #[test]
    fn a_simulated_provider_takes_no_real_credentials() {
        assert!(read(serde_json::json!({"endpoint": "sim", "region": "eu-west-1"})).unwrap().is_sim());
        let error = read(serde_json::json!({"endpoint": "sim", "profile": "prod"})).unwrap_err();
        assert!(error.starts_with("profile: the simulated cloud"), "{error}");
        let role = serde_json::json!({"endpoint": "sim", "assume_role": {"role_arn": "arn:aws:iam::123456789012:role/r"}});
        assert!(read(role).unwrap_err().starts_with("assume_role: "));
    }

    #[test]
    fn endpoints_are_urls_without_credentials() {
        assert!(read(serde_json::json!({"endpoints": {"s3": "http://127.0.0.1:9000"}})).is_ok());
        let error = read(serde_json::json!({"endpoints": {"s3": "http://k:secret@h"}})).unwrap_err();
        assert!(error.starts_with("endpoints.s3: ") && !error.contains("secret"), "{error}");
        assert!(read(serde_json::json!({"endpoint": "SIM"})).is_err());
    }

    #[test]
    fn accounts_and_regions_are_checked() {
        assert!(read(serde_json::json!({"allowed_account_ids": ["12345678901"]})).is_err());
        assert!(read(serde_json::json!({"region": "Ireland"})).is_err());
        assert!(read(serde_json::json!({"region": "us-gov-west-1"})).is_ok());
        assert!(ProviderConfig::from_values(BTreeMap::new()).is_ok());
    }
}
