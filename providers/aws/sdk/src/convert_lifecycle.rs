//! Lifecycle documents, always written with a filter.

use aws_sdk_s3::types as s3;
use drctl_aws::port;

use crate::convert_s3::{Odd, built, count, number, tags, to_tags};

/// A rule as read.
pub(crate) fn rule(found: &s3::LifecycleRule) -> Result<port::LifecycleRule, Odd> {
    let id = found.id().unwrap_or_default().to_owned();
    parts(found)
        .map_err(|odd| format!("lifecycle rule `{id}`: {odd}"))
        .map(|rule| port::LifecycleRule { id, ..rule })
}

fn parts(found: &s3::LifecycleRule) -> Result<port::LifecycleRule, Odd> {
    let mut rule = port::LifecycleRule {
        enabled: match found.status().as_str() {
            "Enabled" => true,
            "Disabled" => false,
            other => return Err(format!("status `{other}` is not known")),
        },
        prefix: legacy_prefix(found),
        ..port::LifecycleRule::default()
    };
    if let Some(filter) = found.filter() {
        read_filter(filter, &mut rule)?;
    }
    if let Some(expiration) = found.expiration() {
        if expiration.date().is_some() {
            return Err("an expiration date cannot be managed here".into());
        }
        rule.expiration_days = expiration.days().map(|n| count("Days", n)).transpose()?;
        rule.expired_object_delete_marker = expiration.expired_object_delete_marker();
    }
    if let Some(expiration) = found.noncurrent_version_expiration() {
        rule.noncurrent_days =
            expiration.noncurrent_days().map(|n| count("NoncurrentDays", n)).transpose()?;
        rule.newer_noncurrent_versions = expiration
            .newer_noncurrent_versions()
            .map(|n| count("NewerNoncurrentVersions", n))
            .transpose()?;
    }
    if let Some(abort) = found.abort_incomplete_multipart_upload() {
        rule.abort_incomplete_multipart_upload_days =
            abort.days_after_initiation().map(|n| count("DaysAfterInitiation", n)).transpose()?;
    }
    for transition in found.transitions() {
        if transition.date().is_some() {
            return Err("a transition date cannot be managed here".into());
        }
        rule.transitions.push(step(transition.days(), transition.storage_class())?);
    }
    for transition in found.noncurrent_version_transitions() {
        if transition.newer_noncurrent_versions().is_some() {
            return Err("a transition that keeps newer versions cannot be managed here".into());
        }
        rule.noncurrent_transitions.push(step(transition.noncurrent_days(), transition.storage_class())?);
    }
    Ok(rule)
}

#[expect(deprecated, reason = "documents older than filters have the prefix on the rule")]
fn legacy_prefix(found: &s3::LifecycleRule) -> String {
    found.prefix().unwrap_or_default().to_owned()
}

fn read_filter(filter: &s3::LifecycleRuleFilter, rule: &mut port::LifecycleRule) -> Result<(), Odd> {
    let and = filter.and();
    // In `And`, AWS echoes a lower bound of 0 that nobody wrote.
    let bounded = |above: Option<i64>, below: Option<i64>| above.is_some_and(|n| n != 0) || below.is_some();
    let sized = bounded(filter.object_size_greater_than(), filter.object_size_less_than())
        || and.is_some_and(|a| bounded(a.object_size_greater_than(), a.object_size_less_than()));
    if sized {
        return Err("a filter by object size cannot be managed here".into());
    }
    if let Some(prefix) = filter.prefix().or_else(|| and.and_then(|a| a.prefix())) {
        prefix.clone_into(&mut rule.prefix);
    }
    rule.tags = tags(and.map(|a| a.tags()).unwrap_or_default());
    rule.tags.extend(filter.tag().map(|t| (t.key().to_owned(), t.value().to_owned())));
    Ok(())
}

fn step(days: Option<i32>, class: Option<&s3::TransitionStorageClass>) -> Result<port::Transition, Odd> {
    Ok(port::Transition {
        days: count("Days", days.unwrap_or_default())?,
        storage_class: class.ok_or("a transition without storage class")?.as_str().to_owned(),
    })
}

/// The document to write.
pub(crate) fn to_document(rules: &[port::LifecycleRule]) -> Result<s3::BucketLifecycleConfiguration, Odd> {
    let rules = rules.iter().map(to_rule).collect::<Result<Vec<_>, _>>()?;
    built(s3::BucketLifecycleConfiguration::builder().set_rules(Some(rules)).build())
}

fn to_rule(rule: &port::LifecycleRule) -> Result<s3::LifecycleRule, Odd> {
    let optional = |name: &str, value: Option<u32>| value.map(|n| number(name, n)).transpose();
    let mut builder = s3::LifecycleRule::builder()
        .id(&rule.id)
        .filter(to_filter(rule)?)
        .status(if rule.enabled { s3::ExpirationStatus::Enabled } else { s3::ExpirationStatus::Disabled });
    if rule.expiration_days.is_some() || rule.expired_object_delete_marker.is_some() {
        let expiration = s3::LifecycleExpiration::builder()
            .set_days(optional("expiration days", rule.expiration_days)?)
            .set_expired_object_delete_marker(rule.expired_object_delete_marker);
        builder = builder.expiration(expiration.build());
    }
    if rule.noncurrent_days.is_some() || rule.newer_noncurrent_versions.is_some() {
        let expiration = s3::NoncurrentVersionExpiration::builder()
            .set_noncurrent_days(optional("noncurrent days", rule.noncurrent_days)?)
            .set_newer_noncurrent_versions(optional("noncurrent versions", rule.newer_noncurrent_versions)?);
        builder = builder.noncurrent_version_expiration(expiration.build());
    }
    if let Some(days) = rule.abort_incomplete_multipart_upload_days {
        let abort =
            s3::AbortIncompleteMultipartUpload::builder().days_after_initiation(number("days", days)?);
        builder = builder.abort_incomplete_multipart_upload(abort.build());
    }
    for step in &rule.transitions {
        let transition = s3::Transition::builder()
            .days(number("transition days", step.days)?)
            .storage_class(s3::TransitionStorageClass::from(step.storage_class.as_str()));
        builder = builder.transitions(transition.build());
    }
    for step in &rule.noncurrent_transitions {
        let transition = s3::NoncurrentVersionTransition::builder()
            .noncurrent_days(number("transition days", step.days)?)
            .storage_class(s3::TransitionStorageClass::from(step.storage_class.as_str()));
        builder = builder.noncurrent_version_transitions(transition.build());
    }
    built(builder.build())
}

/// One condition stands alone; several stand in `And`.
fn to_filter(rule: &port::LifecycleRule) -> Result<s3::LifecycleRuleFilter, Odd> {
    let mut tags = to_tags(&rule.tags)?;
    let filter = s3::LifecycleRuleFilter::builder();
    Ok(match (rule.prefix.is_empty(), tags.len()) {
        (_, 0) => filter.prefix(&rule.prefix).build(),
        (true, 1) => filter.set_tag(tags.pop()).build(),
        (no_prefix, _) => {
            let prefix = (!no_prefix).then(|| rule.prefix.clone());
            filter
                .and(s3::LifecycleRuleAndOperator::builder().set_prefix(prefix).set_tags(Some(tags)).build())
                .build()
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rules() -> Vec<port::LifecycleRule> {
        let tag = |k: &str, v: &str| (k.to_owned(), v.to_owned());
        let empty = port::LifecycleRule { id: "a".into(), enabled: true, ..Default::default() };
        vec![
            port::LifecycleRule { expiration_days: Some(30), ..empty.clone() },
            port::LifecycleRule {
                prefix: "logs/".into(),
                enabled: false,
                noncurrent_days: Some(9),
                ..empty.clone()
            },
            port::LifecycleRule { tags: [tag("k", "v")].into(), expiration_days: Some(1), ..empty.clone() },
            port::LifecycleRule {
                prefix: "p/".into(),
                tags: [tag("a", "1"), tag("b", "")].into(),
                expired_object_delete_marker: Some(true),
                newer_noncurrent_versions: Some(3),
                noncurrent_days: Some(90),
                abort_incomplete_multipart_upload_days: Some(7),
                transitions: vec![port::Transition { days: 30, storage_class: "STANDARD_IA".into() }],
                noncurrent_transitions: vec![port::Transition { days: 5, storage_class: "GLACIER".into() }],
                ..empty
            },
        ]
    }

    #[test]
    fn every_field_survives_the_round_trip() {
        let document = to_document(&rules()).unwrap();
        let read: Vec<_> = document.rules().iter().map(|r| rule(r).unwrap()).collect();
        assert_eq!(read, rules());
    }

    #[test]
    fn what_the_port_cannot_hold_is_an_error() {
        let base = || s3::LifecycleRule::builder().id("x").status(s3::ExpirationStatus::Enabled);
        let sized = s3::LifecycleRuleFilter::builder().object_size_greater_than(5).build();
        let dated =
            s3::LifecycleExpiration::builder().date(aws_sdk_s3::primitives::DateTime::from_secs(0)).build();
        let kept = s3::NoncurrentVersionTransition::builder().newer_noncurrent_versions(2).build();
        for (odd, word) in [
            (base().filter(sized), "object size"),
            (base().expiration(dated), "date"),
            (base().noncurrent_version_transitions(kept), "newer"),
            (base().status("Half".into()), "Half"),
        ] {
            let message = rule(&odd.build().unwrap()).unwrap_err();
            assert!(message.contains(word) && message.contains("`x`"), "{message}");
        }
    }
}
