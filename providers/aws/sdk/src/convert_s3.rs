//! S3's small documents: lock, encryption, public access block, tags.
//!
//! What a document holds and the port cannot is an error, never dropped: writing it back without that
//! part would take it away.

use std::collections::BTreeMap;

use aws_sdk_s3::error::BuildError;
use aws_sdk_s3::types as s3;
use drctl_aws::port;

/// What cannot be put into the port's form, for the reader.
pub(crate) type Odd = String;

/// Days, years, counts: the API's sign means nothing.
pub(crate) fn count(name: &str, value: i32) -> Result<u32, Odd> {
    u32::try_from(value).map_err(|_| format!("{name} is negative"))
}

/// The other way round.
pub(crate) fn number(name: &str, value: u32) -> Result<i32, Odd> {
    i32::try_from(value).map_err(|_| format!("{name} is too large"))
}

/// A missing part, in words.
pub(crate) fn built<T>(result: Result<T, BuildError>) -> Result<T, Odd> {
    result.map_err(|e| e.to_string())
}

pub(crate) fn versioning(
    status: Option<&s3::BucketVersioningStatus>,
    mfa: Option<&s3::MfaDeleteStatus>,
) -> Result<port::VersioningState, Odd> {
    let status = match status.map(s3::BucketVersioningStatus::as_str) {
        None | Some("") => None,
        Some("Enabled") => Some(port::VersioningStatus::Enabled),
        Some("Suspended") => Some(port::VersioningStatus::Suspended),
        Some(other) => return Err(format!("versioning status `{other}` is not known")),
    };
    Ok(port::VersioningState { status, mfa_delete: mfa == Some(&s3::MfaDeleteStatus::Enabled) })
}

pub(crate) fn lock(
    found: &s3::ObjectLockConfiguration,
) -> Result<Option<port::ObjectLockConfiguration>, Odd> {
    if found.object_lock_enabled() != Some(&s3::ObjectLockEnabled::Enabled) {
        return Ok(None);
    }
    let default = found.rule().and_then(|rule| rule.default_retention());
    if default.is_some_and(|d| d.default_event_hold().is_some()) {
        return Err("the default event hold of Object Lock cannot be managed here".into());
    }
    let default_retention = match default {
        None => None,
        Some(default) => Some(retention(default)?),
    };
    Ok(Some(port::ObjectLockConfiguration { default_retention }))
}

fn retention(found: &s3::DefaultRetention) -> Result<port::DefaultRetention, Odd> {
    let mode = match found.mode().map(s3::ObjectLockRetentionMode::as_str) {
        Some("GOVERNANCE") => port::LockMode::Governance,
        Some("COMPLIANCE") => port::LockMode::Compliance,
        other => return Err(format!("Object Lock mode `{}` is not known", other.unwrap_or_default())),
    };
    let period = match (found.days(), found.years()) {
        (Some(days), None) => port::Period::Days(count("Days", days)?),
        (None, Some(years)) => port::Period::Years(count("Years", years)?),
        _ => return Err("the default retention must have days or years".into()),
    };
    Ok(port::DefaultRetention { mode, period })
}

pub(crate) fn to_lock(wanted: &port::ObjectLockConfiguration) -> Result<s3::ObjectLockConfiguration, Odd> {
    let builder = s3::ObjectLockConfiguration::builder().object_lock_enabled(s3::ObjectLockEnabled::Enabled);
    let Some(default) = wanted.default_retention else { return Ok(builder.build()) };
    let retention = s3::DefaultRetention::builder().mode(match default.mode {
        port::LockMode::Governance => s3::ObjectLockRetentionMode::Governance,
        port::LockMode::Compliance => s3::ObjectLockRetentionMode::Compliance,
    });
    let retention = match default.period {
        port::Period::Days(days) => retention.days(number("days", days)?),
        port::Period::Years(years) => retention.years(number("years", years)?),
    };
    let rule = s3::ObjectLockRule::builder().default_retention(retention.build()).build();
    Ok(builder.rule(rule).build())
}

pub(crate) fn encryption(
    found: &s3::ServerSideEncryptionConfiguration,
) -> Result<Option<port::Encryption>, Odd> {
    let rule = match found.rules() {
        [] => return Ok(None),
        [rule] => rule,
        _ => return Err("more than one encryption rule".into()),
    };
    Ok(rule.apply_server_side_encryption_by_default().map(|default| port::Encryption {
        sse_algorithm: default.sse_algorithm().as_str().to_owned(),
        kms_master_key_id: default.kms_master_key_id().map(str::to_owned),
        bucket_key_enabled: rule.bucket_key_enabled().unwrap_or_default(),
    }))
}

pub(crate) fn to_encryption(wanted: &port::Encryption) -> Result<s3::ServerSideEncryptionConfiguration, Odd> {
    let default = s3::ServerSideEncryptionByDefault::builder()
        .sse_algorithm(s3::ServerSideEncryption::from(wanted.sse_algorithm.as_str()))
        .set_kms_master_key_id(wanted.kms_master_key_id.clone());
    let rule = s3::ServerSideEncryptionRule::builder()
        .apply_server_side_encryption_by_default(built(default.build())?)
        .bucket_key_enabled(wanted.bucket_key_enabled)
        .build();
    built(s3::ServerSideEncryptionConfiguration::builder().rules(rule).build())
}

pub(crate) fn block(found: &s3::PublicAccessBlockConfiguration) -> port::PublicAccessBlock {
    port::PublicAccessBlock {
        block_public_acls: found.block_public_acls().unwrap_or_default(),
        ignore_public_acls: found.ignore_public_acls().unwrap_or_default(),
        block_public_policy: found.block_public_policy().unwrap_or_default(),
        restrict_public_buckets: found.restrict_public_buckets().unwrap_or_default(),
    }
}

pub(crate) fn to_block(wanted: &port::PublicAccessBlock) -> s3::PublicAccessBlockConfiguration {
    s3::PublicAccessBlockConfiguration::builder()
        .block_public_acls(wanted.block_public_acls)
        .ignore_public_acls(wanted.ignore_public_acls)
        .block_public_policy(wanted.block_public_policy)
        .restrict_public_buckets(wanted.restrict_public_buckets)
        .build()
}

pub(crate) fn tags(found: &[s3::Tag]) -> BTreeMap<String, String> {
    found.iter().map(|t| (t.key().to_owned(), t.value().to_owned())).collect()
}

pub(crate) fn to_tags(wanted: &BTreeMap<String, String>) -> Result<Vec<s3::Tag>, Odd> {
    wanted.iter().map(|(k, v)| built(s3::Tag::builder().key(k).value(v).build())).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_unknown_lock_mode_or_period_is_an_error_not_a_default() {
        let with = |retention: s3::DefaultRetention| {
            lock(
                &s3::ObjectLockConfiguration::builder()
                    .object_lock_enabled(s3::ObjectLockEnabled::Enabled)
                    .rule(s3::ObjectLockRule::builder().default_retention(retention).build())
                    .build(),
            )
        };
        let builder = s3::DefaultRetention::builder;
        assert!(with(builder().mode("WHATEVER".into()).days(1).build()).is_err());
        assert!(with(builder().mode(s3::ObjectLockRetentionMode::Compliance).build()).is_err());
        assert!(
            with(builder().mode(s3::ObjectLockRetentionMode::Compliance).days(1).years(1).build()).is_err()
        );
        assert!(with(builder().mode(s3::ObjectLockRetentionMode::Compliance).days(-1).build()).is_err());
        assert!(with(builder().mode(s3::ObjectLockRetentionMode::Compliance).years(7).build()).is_ok());
    }

    #[test]
    fn lock_survives_the_round_trip() {
        for default_retention in [
            None,
            Some(port::DefaultRetention { mode: port::LockMode::Governance, period: port::Period::Days(30) }),
            Some(port::DefaultRetention { mode: port::LockMode::Compliance, period: port::Period::Years(7) }),
        ] {
            let wanted = port::ObjectLockConfiguration { default_retention };
            assert_eq!(lock(&to_lock(&wanted).unwrap()), Ok(Some(wanted)));
        }
    }

    #[test]
    fn an_unknown_versioning_status_is_not_taken_for_off() {
        assert!(versioning(Some(&"Paused".into()), None).is_err());
        assert_eq!(versioning(None, None), Ok(port::VersioningState::default()));
    }
}
