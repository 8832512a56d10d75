//! The kinds, one file or folder each.

pub mod db_automated_backups_replication;
pub mod db_instance;
pub mod db_snapshot;
pub mod s3_bucket;
mod sides;
