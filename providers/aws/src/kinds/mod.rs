//! The kinds, one file or folder each.

pub mod db_automated_backups_replication;
pub mod db_instance;
pub mod db_snapshot;
pub mod s3_bucket;
pub mod s3_legal_hold;
mod sides;

/// The key of an encrypted thing of RDS: as it is written, else as it was observed.
fn encrypted(subject: &drctl_core::provider::Subject<'_>) -> drctl_core::provider::Safeguards {
    let key = |values: &std::collections::BTreeMap<String, drctl_core::value::Value>| {
        values.get("kms_key_id").and_then(|key| key.as_str()).map(str::to_owned)
    };
    let keys = key(subject.attributes).or_else(|| key(subject.outputs)).into_iter().collect();
    drctl_core::provider::Safeguards { keys, locked: None }
}
