//! Changes behind drctl's back: what a person with the console could have done.

use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::error::{SimError, not_found};
use crate::world::{Caller, SimWorld};

/// What is changed behind drctl's back.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Target<'a> {
    /// A bucket, by its name.
    Bucket(&'a str),
    /// An instance, by account, region and identifier.
    Database {
        /// The account.
        account: &'a str,
        /// The region.
        region: &'a str,
        /// The identifier.
        identifier: &'a str,
    },
}

/// What becomes of the automated backups of a deleted instance (R22).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FinalSnapshot<'a> {
    /// One is taken under this identifier.
    Take(&'a str),
    /// None is taken.
    Skip,
}

impl SimWorld {
    /// Sets an attribute. `pointer` is a JSON pointer into the thing as it stands in the world's file,
    /// such as `/versioning/status` or `/backup_retention_period`. What AWS would not let stand is
    /// refused and changes nothing.
    pub fn set(&mut self, target: Target<'_>, pointer: &str, value: Value) -> Result<(), SimError> {
        let mut world = self.clone();
        let now = world.now;
        match target {
            Target::Bucket(name) => {
                let missing = || SimError::Request(format!("there is no bucket `{name}`"));
                let bucket = world.find_bucket_mut(name).ok_or_else(missing)?;
                *bucket = with(bucket, pointer, value)?;
            }
            Target::Database { account, region, identifier } => {
                let here = Caller { account: account.to_owned(), region: region.to_owned() };
                let missing =
                    || SimError::Request(format!("there is no instance `{identifier}` in {region}"));
                world.here(&here).ok_or_else(missing)?;
                let database = world.here_mut(&here).db_instances.get_mut(identifier).ok_or_else(missing)?;
                let before = database.instance.backup_retention_period;
                database.instance = with(&database.instance, pointer, value)?;
                let after = database.instance.backup_retention_period;
                if before != after {
                    // R3, R6: the history follows.
                    database.instance.backup_retention_period = before;
                    database.retain(after, now);
                }
            }
        }
        let known = self.check();
        let new: Vec<String> = world.check().into_iter().filter(|w| !known.contains(w)).collect();
        if !new.is_empty() {
            return Err(SimError::Request(new.join("; ")));
        }
        *self = world;
        Ok(())
    }

    /// Deletes an instance: its automated backups go, snapshots and what is replicated stay (R22).
    pub fn delete_db_instance(
        &mut self,
        account: &str,
        region: &str,
        identifier: &str,
        last: FinalSnapshot<'_>,
    ) -> Result<(), SimError> {
        let doing = format!("rds:DeleteDBInstance of `{identifier}`");
        let here = Caller { account: account.to_owned(), region: region.to_owned() };
        let found = self.here(&here).and_then(|c| c.db_instances.get(identifier));
        let Some(database) = found else {
            return Err(not_found(
                &doing,
                "DBInstanceNotFound",
                &format!("DBInstance {identifier} not found."),
            )
            .into());
        };
        crate::rds::unprotected(&doing, &database.instance)?;
        if let FinalSnapshot::Take(snapshot) = last {
            let create = drctl_aws::port::CreateDbSnapshot {
                identifier: snapshot.to_owned(),
                instance: identifier.to_owned(),
                tags: std::collections::BTreeMap::new(),
            };
            crate::rds::create_snapshot(self, &here, &doing, &create)?;
        }
        self.here_mut(&here).db_instances.remove(identifier);
        self.writes += 1;
        Ok(())
    }
}

/// The thing with one value set.
fn with<T: Serialize + DeserializeOwned>(thing: &T, pointer: &str, value: Value) -> Result<T, SimError> {
    let mut json = serde_json::to_value(thing).expect("a thing of the world serialises");
    let missing = || SimError::Request(format!("there is no attribute `{pointer}`"));
    let (parent, key) = pointer.rsplit_once('/').ok_or_else(missing)?;
    match json.pointer_mut(parent) {
        // A key of a map, such as a tag, may be new; a field that does not exist is refused below.
        Some(Value::Object(fields)) => {
            fields.insert(key.replace("~1", "/").replace("~0", "~"), value.clone());
        }
        Some(Value::Array(_)) => *json.pointer_mut(pointer).ok_or_else(missing)? = value.clone(),
        Some(_) | None => return Err(missing()),
    }
    let wrong = |e: serde_json::Error| SimError::Request(format!("`{pointer}`: {e}"));
    let changed: T = serde_json::from_value(json).map_err(wrong)?;
    let read_back = serde_json::to_value(&changed).expect("a thing of the world serialises");
    if read_back.pointer(pointer) == Some(&value) { Ok(changed) } else { Err(missing()) }
}
