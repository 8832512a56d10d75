//! What of a system is looked up again and again, found once: who depends on what, and what protects it.

use std::collections::{BTreeMap, BTreeSet};

use crate::addr::Name;
use crate::system::{Backup, Declared, Method, Priority, System};

/// Who depends on what, and what protects it.
#[derive(Default)]
pub struct Dependents<'s> {
    services: BTreeMap<&'s Name, BTreeSet<&'s Name>>,
    users: BTreeMap<&'s Name, BTreeSet<&'s Name>>,
    backups: BTreeMap<&'s Name, Vec<Protects<'s>>>,
    priorities: BTreeMap<&'s Name, Priority>,
}

/// A backup of a datastore.
pub(crate) struct Protects<'s> {
    /// Its name.
    pub(crate) name: &'s Name,
    /// As it is declared.
    pub(crate) declared: &'s Declared<Backup>,
    /// How it is made.
    pub(crate) method: Method<'s>,
}

impl<'s> Dependents<'s> {
    /// Those of a system.
    pub fn of(system: &'s System) -> Dependents<'s> {
        let mut all = Dependents::default();
        for (name, service) in &system.services {
            for needed in service.is.depends_on.iter().flatten() {
                all.services.entry(&needed.0).or_default().insert(name);
            }
            for data in service.is.data.iter().flatten() {
                all.users.entry(&data.0).or_default().insert(name);
            }
        }
        for (name, declared) in &system.backups {
            let method = declared.is.method();
            all.backups.entry(&declared.is.of.0).or_default().push(Protects { name, declared, method });
        }
        let important = system.services.iter().filter_map(|(name, s)| Some((s.is.priority?, &s.is, name)));
        let mut important: Vec<_> = important.collect();
        important.sort_by_key(|(priority, _, name)| (*priority, *name));
        // What the most important service depends on is as important, and nothing makes it less so.
        for (priority, _, name) in important {
            let mut open = vec![name];
            while let Some(name) = open.pop() {
                if all.priorities.contains_key(name) {
                    continue;
                }
                all.priorities.insert(name, priority);
                let needs = system.services.get(name).and_then(|s| s.is.depends_on.as_ref());
                open.extend(needs.into_iter().flatten().map(|s| &s.0));
            }
        }
        all
    }

    /// The services that use a datastore.
    pub(crate) fn users(&self, datastore: &Name) -> impl Iterator<Item = &'s Name> {
        self.users.get(datastore).into_iter().flatten().copied()
    }

    /// The backups of a datastore, by name.
    pub(crate) fn backups(&self, datastore: &Name) -> &[Protects<'s>] {
        self.backups.get(datastore).map_or(&[], Vec::as_slice)
    }

    /// The priority of the most important service that needs the datastore, itself or through others.
    pub(crate) fn priority(&self, datastore: &Name) -> Priority {
        let priorities = self.users(datastore).filter_map(|service| self.priorities.get(service));
        priorities.min().copied().unwrap_or(Priority::Low)
    }

    /// Services and everything that depends on them, directly or through others.
    pub(crate) fn with<'n>(&self, of: impl IntoIterator<Item = &'n Name>) -> Vec<&'n Name>
    where
        's: 'n,
    {
        let mut all: Vec<&Name> = of.into_iter().collect();
        let mut known: BTreeSet<&Name> = all.iter().copied().collect();
        let mut next = 0;
        while let Some(name) = all.get(next).copied() {
            next += 1;
            let more = self.services.get(name).into_iter().flatten().copied();
            all.extend(more.filter(|other| known.insert(other)));
        }
        all
    }
}
