//! Replication documents: always written in the form with filter (V2), with an explicit status for
//! delete markers (S23) and, where the lag is promised, time control with its metrics (S25).

use aws_sdk_s3::types as s3;
use drctl_aws::port;

use crate::convert_s3::{Odd, built, count, number, tags, to_tags};

/// The only threshold that replication time control knows (S25).
const RTC_MINUTES: i32 = 15;

/// A document as read.
pub(crate) fn document(found: &s3::ReplicationConfiguration) -> Result<port::ReplicationConfiguration, Odd> {
    let rules = found
        .rules()
        .iter()
        .map(|r| rule(r).map_err(|odd| format!("replication rule `{}`: {odd}", r.id().unwrap_or_default())))
        .collect::<Result<_, _>>()?;
    Ok(port::ReplicationConfiguration { role: found.role().to_owned(), rules })
}

fn rule(found: &s3::ReplicationRule) -> Result<port::ReplicationRule, Odd> {
    let destination = found.destination().ok_or("no destination")?;
    refuse_unheld(found, destination)?;
    let filter = found.filter();
    let and = filter.and_then(|f| f.and());
    let prefix = match filter {
        None => legacy_prefix(found),
        Some(f) => f.prefix().or_else(|| and.and_then(|a| a.prefix())).unwrap_or_default().to_owned(),
    };
    let mut conditions = tags(and.map(|a| a.tags()).unwrap_or_default());
    conditions.extend(filter.and_then(|f| f.tag()).map(|t| (t.key().to_owned(), t.value().to_owned())));
    let markers = found.delete_marker_replication().and_then(|d| d.status());
    let kms = found.source_selection_criteria().and_then(|c| c.sse_kms_encrypted_objects());
    Ok(port::ReplicationRule {
        id: found.id().unwrap_or_default().to_owned(),
        enabled: on("status", found.status().as_str())?,
        priority: count("priority", found.priority().unwrap_or_default())?,
        prefix,
        tags: conditions,
        destination: destination.bucket().to_owned(),
        storage_class: destination.storage_class().map(|c| c.as_str().to_owned()),
        delete_marker_replication: match markers {
            Some(status) => on("delete marker replication", status.as_str())?,
            // S23: a document of the first form replicates delete markers.
            None => filter.is_none(),
        },
        replication_time_control: match destination.replication_time() {
            Some(time) => on("replication time", time.status().as_str())?,
            None => false,
        },
        sse_kms_encrypted_objects: match kms {
            Some(kms) => on("SSE-KMS objects", kms.status().as_str())?,
            None => false,
        },
        replica_kms_key_id: destination
            .encryption_configuration()
            .and_then(|e| e.replica_kms_key_id())
            .map(str::to_owned),
    })
}

#[expect(deprecated, reason = "documents of the first form have the prefix on the rule")]
fn legacy_prefix(found: &s3::ReplicationRule) -> String {
    found.prefix().unwrap_or_default().to_owned()
}

fn on(what: &str, status: &str) -> Result<bool, Odd> {
    match status {
        "Enabled" => Ok(true),
        "Disabled" => Ok(false),
        other => Err(format!("{what} `{other}` is not known")),
    }
}

fn refuse_unheld(found: &s3::ReplicationRule, destination: &s3::Destination) -> Result<(), Odd> {
    let modifications = found.source_selection_criteria().and_then(|c| c.replica_modifications());
    let rtc = destination.replication_time().is_some_and(|t| t.status().as_str() == "Enabled");
    let odd_rtc = rtc
        && destination.replication_time().and_then(|t| t.time()).and_then(|t| t.minutes())
            != Some(RTC_MINUTES);
    let metrics = destination.metrics().is_some_and(|m| m.status().as_str() == "Enabled");
    let unheld = [
        (destination.access_control_translation().is_some(), "a change of the replicas' owner"),
        (destination.account().is_some(), "a destination account"),
        (modifications.is_some_and(|m| m.status().as_str() == "Enabled"), "replica modification sync"),
        (
            found.existing_object_replication().is_some_and(|e| e.status().as_str() == "Enabled"),
            "replication of existing objects",
        ),
        (odd_rtc, "a replication time other than 15 minutes"),
        (metrics != rtc, "replication metrics without time control, or the reverse,"),
    ];
    match unheld.into_iter().find(|(is, _)| *is) {
        Some((_, what)) => Err(format!("{what} cannot be managed here")),
        None => Ok(()),
    }
}

/// The document to write.
pub(crate) fn to_document(
    wanted: &port::ReplicationConfiguration,
) -> Result<s3::ReplicationConfiguration, Odd> {
    let rules = wanted.rules.iter().map(to_rule).collect::<Result<Vec<_>, _>>()?;
    built(s3::ReplicationConfiguration::builder().role(&wanted.role).set_rules(Some(rules)).build())
}

fn to_rule(rule: &port::ReplicationRule) -> Result<s3::ReplicationRule, Odd> {
    let markers = if rule.delete_marker_replication {
        s3::DeleteMarkerReplicationStatus::Enabled
    } else {
        s3::DeleteMarkerReplicationStatus::Disabled
    };
    let mut builder = s3::ReplicationRule::builder()
        .id(&rule.id)
        .priority(number("priority", rule.priority)?)
        .filter(to_filter(rule)?)
        .status(if rule.enabled {
            s3::ReplicationRuleStatus::Enabled
        } else {
            s3::ReplicationRuleStatus::Disabled
        })
        .delete_marker_replication(s3::DeleteMarkerReplication::builder().status(markers).build())
        .destination(to_destination(rule)?);
    if rule.sse_kms_encrypted_objects {
        let kms = s3::SseKmsEncryptedObjects::builder().status(s3::SseKmsEncryptedObjectsStatus::Enabled);
        let criteria = s3::SourceSelectionCriteria::builder().sse_kms_encrypted_objects(built(kms.build())?);
        builder = builder.source_selection_criteria(criteria.build());
    }
    built(builder.build())
}

fn to_destination(rule: &port::ReplicationRule) -> Result<s3::Destination, Odd> {
    let mut builder = s3::Destination::builder()
        .bucket(&rule.destination)
        .set_storage_class(rule.storage_class.as_deref().map(s3::StorageClass::from));
    if let Some(key) = &rule.replica_kms_key_id {
        builder = builder
            .encryption_configuration(s3::EncryptionConfiguration::builder().replica_kms_key_id(key).build());
    }
    if rule.replication_time_control {
        let minutes = s3::ReplicationTimeValue::builder().minutes(RTC_MINUTES).build();
        let time =
            s3::ReplicationTime::builder().status(s3::ReplicationTimeStatus::Enabled).time(minutes.clone());
        let metrics = s3::Metrics::builder().status(s3::MetricsStatus::Enabled).event_threshold(minutes);
        builder = builder.replication_time(built(time.build())?).metrics(built(metrics.build())?);
    }
    built(builder.build())
}

fn to_filter(rule: &port::ReplicationRule) -> Result<s3::ReplicationRuleFilter, Odd> {
    let mut tags = to_tags(&rule.tags)?;
    let filter = s3::ReplicationRuleFilter::builder();
    Ok(match (rule.prefix.is_empty(), tags.len()) {
        (_, 0) => filter.prefix(&rule.prefix).build(),
        (true, 1) => filter.set_tag(tags.pop()).build(),
        (no_prefix, _) => {
            let prefix = (!no_prefix).then(|| rule.prefix.clone());
            filter
                .and(
                    s3::ReplicationRuleAndOperator::builder().set_prefix(prefix).set_tags(Some(tags)).build(),
                )
                .build()
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn plain_rule() -> port::ReplicationRule {
        port::ReplicationRule {
            id: "all".into(),
            enabled: true,
            priority: 1,
            prefix: String::new(),
            tags: Default::default(),
            destination: "arn:aws:s3:::replica".into(),
            storage_class: None,
            delete_marker_replication: false,
            replication_time_control: false,
            sse_kms_encrypted_objects: false,
            replica_kms_key_id: None,
        }
    }

    #[test]
    fn every_field_survives_the_round_trip() {
        let wanted = port::ReplicationConfiguration {
            role: "arn:aws:iam::111122223333:role/r".into(),
            rules: vec![
                plain_rule(),
                port::ReplicationRule {
                    id: "some".into(),
                    enabled: false,
                    priority: 2,
                    prefix: "a/".into(),
                    tags: [("k".to_owned(), "v".to_owned())].into(),
                    storage_class: Some("STANDARD_IA".into()),
                    delete_marker_replication: true,
                    replication_time_control: true,
                    sse_kms_encrypted_objects: true,
                    replica_kms_key_id: Some("arn:aws:kms:eu-west-2:111122223333:key/k".into()),
                    ..plain_rule()
                },
            ],
        };
        assert_eq!(document(&to_document(&wanted).unwrap()), Ok(wanted));
    }

    #[test]
    fn the_first_form_replicates_delete_markers_s23() {
        let found = s3::ReplicationRule::builder()
            .status(s3::ReplicationRuleStatus::Enabled)
            .destination(s3::Destination::builder().bucket("arn:aws:s3:::r").build().unwrap())
            .build()
            .unwrap();
        assert!(rule(&found).unwrap().delete_marker_replication);
    }

    #[test]
    fn what_the_port_cannot_hold_is_an_error() {
        let destination = || s3::Destination::builder().bucket("arn:aws:s3:::r");
        let metrics = s3::Metrics::builder().status(s3::MetricsStatus::Enabled).build().unwrap();
        for (odd, word) in
            [(destination().account("111122223333"), "account"), (destination().metrics(metrics), "metrics")]
        {
            let found = s3::ReplicationRule::builder()
                .status(s3::ReplicationRuleStatus::Enabled)
                .destination(odd.build().unwrap())
                .build()
                .unwrap();
            assert!(rule(&found).unwrap_err().contains(word));
        }
    }
}
