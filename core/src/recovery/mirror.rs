//! What copied a datastore to where it came back, turned round: the same settings, from what holds the data
//! now to where it was.

use std::collections::BTreeSet;

use super::inventory::Components;
use super::patch::{CameBack, Now, Patch, Patched, copied, quoted};
use crate::addr::{Address, Name};
use crate::advise::{Edit, edit};
use crate::config::Resource;
use crate::provider::{Id, Protection, identity_names};
use crate::value::Value;

/// What has to be declared so that something leads home.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Mirrored {
    /// The changes of the patched text.
    pub edits: Vec<Edit>,
    /// The datastores that they are for.
    pub of: BTreeSet<Name>,
}

impl CameBack {
    /// The address of what holds the datastore, in the patched configuration.
    pub fn holder(&self, patch: &Patch) -> Option<Address> {
        match &self.now {
            Now::Declared(address) => Some(address.clone()),
            Now::Made { provider, id } => {
                let mut made = patch.made.iter();
                let is = |(_, (through, name)): &(&Address, &(_, Id))| through == provider && name.0 == *id;
                made.find(is).map(|(address, _)| address.clone())
            }
        }
    }
}

/// Turns round what copied the datastores of a run. `of` is the patched configuration, `components` are its
/// resources.
pub fn mirrored(
    of: Patched<'_>,
    components: &Components,
    moved: &[(&CameBack, Address)],
    run: &str,
) -> Mirrored {
    let mut all = Mirrored::default();
    for (one, now) in moved {
        let Some(was) = components.get(&one.was) else { continue };
        let ways = (&one.was, now);
        for (holder, protections) in components.protecting(was) {
            for protection in protections {
                let edit = match protection {
                    Protection::ReplicatedBackups { region, .. } if *region == one.region => {
                        follower(of, &holder.address, ways, run)
                    }
                    Protection::ReplicatesTo { to, .. } if holder.address == one.was => {
                        let leads = components.called(to).is_some_and(|there| there.address == *now);
                        let name = was.outputs.get("arn").and_then(Value::as_str);
                        name.filter(|_| leads).and_then(|name| rule(of, ways, name))
                    }
                    Protection::ReplicatedBackups { .. }
                    | Protection::ReplicatesTo { .. }
                    | Protection::PointInTime { .. }
                    | Protection::Snapshot { .. }
                    | Protection::Replica { .. }
                    | Protection::Versions { .. } => None,
                };
                if let Some(edit) = edit.filter(|edit| !all.edits.contains(edit)) {
                    all.edits.push(edit);
                    all.of.insert(one.datastore.clone());
                }
            }
        }
    }
    all
}

/// A block that follows what was, as one that follows what is now from where that was.
fn follower(of: Patched<'_>, holder: &Address, (was, now): (&Address, &Address), run: &str) -> Option<Edit> {
    let block = of.config.resource(&holder.kind, &holder.name)?;
    let home = &of.config.resource(&was.kind, &was.name)?.provider;
    let kind = of.registry.kind(holder.kind.as_str())?;
    let identity = identity_names(kind.inputs()).find_map(|name| block.attributes.get(name))?;
    let text = of.sources.get(identity.span.file)?.text.as_str();
    let source = text.get(identity.span.start as usize..identity.span.end as usize)?;
    let turned = with(source, &was.to_string(), &now.to_string()).filter(|turned| turned != source)?;
    let name: Name = format!("{}_{run}", block.name).parse().ok()?;
    if of.config.resource(&holder.kind, &name).is_some() {
        return None;
    }
    let copy = copied(of.sources, block, (&name, home), (identity.span, &turned))?;
    let comment = format!("# The way home of {now}, after {run}.");
    edit::after(
        of.sources,
        of.config.resource(&now.kind, &now.name)?.block_span,
        &format!("{comment}\n{copy}\n"),
    )
}

/// The rules by which what was is replicated, as rules of what is now. They lead to a name: two that refer to
/// each other would need each other.
fn rule(of: Patched<'_>, (was, now): (&Address, &Address), name: &str) -> Option<Edit> {
    let block = |address: &Address| of.config.resource(&address.kind, &address.name);
    let (from, to): (&Resource, &Resource) = (block(was)?, block(now)?);
    if to.attributes.contains_key("replication") {
        return None;
    }
    let span = from.attributes.get("replication")?.span;
    let text = of.sources.get(span.file)?.text.get(span.start as usize..span.end as usize)?;
    let turned = with(text, &format!("{now}.arn"), &quoted(name)).filter(|turned| turned != text)?;
    let mut lines = turned.lines();
    let first = lines.next()?;
    // The first line has lost its indent, the last one shows what that was.
    let indent = text.lines().last().map_or(0, |last| last.len() - last.trim_start().len());
    let rest = lines.map(|line| format!("\n{}", line.get(indent..).unwrap_or_default()));
    let lines = format!("# The way home of {now}.\n{first}{}", rest.collect::<String>());
    edit::inside(of.sources, to.block_span, &lines)
}

/// The text with one reference in the place of another, where that stands as a whole.
fn with(text: &str, old: &str, new: &str) -> Option<String> {
    let part = |c: char| c.is_alphanumeric() || c == '_' || c == '-';
    let (mut out, mut rest) = (String::new(), text);
    while let Some(at) = rest.find(old) {
        let (before, after) = (rest.get(..at)?, rest.get(at + old.len()..)?);
        let whole = !before.ends_with(part) && !after.starts_with(part);
        out += before;
        out += if whole { new } else { old };
        rest = after;
    }
    Some(out + rest)
}
