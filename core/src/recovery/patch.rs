//! How the configuration follows a recovery: a block for what was made under a new name, beside that of
//! what was lost, and datastores that name what holds them now. Nothing is taken out: what was lost stays
//! declared until a person takes its block away.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::planner::before_any_run;
use crate::addr::{Address, InstanceKey, Name, ProviderAddress};
use crate::advise::{Edit, edit};
use crate::config::{Config, Resource};
use crate::provider::{Id, Registry, identity_names};
use crate::span::{SourceMap, Span};
use crate::state::State;
use crate::value::Value;

/// What holds a datastore after a recovery.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CameBack {
    /// The datastore.
    pub datastore: Name,
    /// What held it before.
    pub was: Address,
    /// The region that it was in, where that is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub was_in: Option<String>,
    /// What holds it now.
    pub now: Now,
    /// The region that it is in.
    pub region: String,
}

impl CameBack {
    /// The region that it has left; none where it came back in the same one.
    pub fn home(&self) -> Option<&str> {
        self.was_in.as_deref().filter(|home| *home != self.region)
    }
}

/// What holds a datastore now.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Now {
    /// Something of a new name, made through this provider configuration.
    Made {
        /// The provider configuration.
        provider: ProviderAddress,
        /// Its name.
        id: String,
    },
    /// Something that is declared already.
    Declared(Address),
}

/// The changes, and what a person has to write.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Patch {
    /// The changes of the text.
    pub edits: Vec<Edit>,
    /// What could not be written, and why.
    pub left: Vec<String>,
    /// What the run has made, by the addresses that it has then.
    pub made: BTreeMap<Address, (ProviderAddress, Id)>,
}

/// What a configuration says when it is patched.
#[derive(Clone, Copy)]
pub struct Patched<'p> {
    /// Its texts.
    pub sources: &'p SourceMap,
    /// What they say.
    pub config: &'p Config,
    /// The kinds.
    pub registry: &'p Registry,
    /// What is ours: what was written down under another address is moved.
    pub state: Option<&'p State>,
}

/// The patch after a run of that name. What the text says already is not said again.
pub fn patch(of: Patched<'_>, came_back: &[CameBack], run: &str) -> Patch {
    let mut patch = Patch::default();
    for one in came_back {
        let holder = match &one.now {
            Now::Declared(address) => Ok(address.clone()),
            Now::Made { provider, id } => made(of, (&one.was, provider, id), run, &mut patch),
        };
        match holder.and_then(|holder| held_by(of.sources, of.config, &one.datastore, &holder)) {
            Ok(edit) => patch.edits.extend(edit),
            Err(why) => patch.left.push(format!("datastore.{}: {why}", one.datastore)),
        }
    }
    patch
}

/// The address of what a run has made: that of what was lost, with the id of the run in the place of any
/// earlier run's.
fn address(was: &Address, run: &str) -> Result<Address, String> {
    let key = match &was.key {
        None => String::new(),
        Some(InstanceKey::Index(number)) => format!("_{number}"),
        Some(InstanceKey::Each(key)) => {
            let part = |c: char| if c.is_ascii_alphanumeric() || c == '-' { c } else { '_' };
            format!("_{}", key.chars().map(part).collect::<String>())
        }
    };
    let name = format!("{}{key}_{run}", before_any_run(was.name.as_str()));
    let name: Name = name.parse().map_err(|_| format!("`{run}` is no part of a name"))?;
    Ok(Address { name, key: None, ..was.clone() })
}

/// The address of the block for what was made, which is added where there is none.
fn made(
    of: Patched<'_>,
    (was, provider, id): (&Address, &ProviderAddress, &str),
    run: &str,
    patch: &mut Patch,
) -> Result<Address, String> {
    let Patched { sources, config, registry, .. } = of;
    let address = address(was, run)?;
    let thing = (provider.clone(), Id(id.to_owned()));
    let identity = registry.kind(was.kind.as_str()).and_then(|kind| identity_names(kind.inputs()).next());
    let named = |block: &&Resource| {
        let value = identity.and_then(|name| block.attributes.get(name)?.value());
        value.as_ref().and_then(Value::as_str) == Some(id)
    };
    let one = |block: &&Resource| block.count.is_none() && block.for_each.is_none();
    let same = |block: &&Resource| block.kind == was.kind && block.provider == *provider;
    if let Some(block) = config.resources.iter().filter(same).filter(one).find(named) {
        patch.edits.extend(moved(of, &address, block, id));
        patch.made.insert(block.address(), thing);
        return Ok(block.address());
    }
    let by_hand = |why: &str| Err(format!("declare `{id}` by hand as `{address}`: {why}"));
    patch.made.insert(address.clone(), thing);
    if config.resource(&address.kind, &address.name).is_some() {
        return Ok(address);
    }
    let Some(block) = config.resource(&was.kind, &was.name) else {
        return by_hand(&format!("{was} is not in this configuration"));
    };
    if was.key.is_some() || block.count.is_some() || block.for_each.is_some() || block.of_backup {
        return by_hand(&format!("{was} is one of several"));
    }
    let set = identity.and_then(|name| block.attributes.get(name));
    let copy = set.and_then(|set| copied(sources, block, (&address.name, provider), (set.span, &quoted(id))));
    let added =
        copy.and_then(|copy| edit::after(sources, block.block_span, &format!("# Made by {run}.\n{copy}\n")));
    match added {
        Some(added) => patch.edits.push(added),
        None => return by_hand(&format!("the block of {was} has another form")),
    }
    Ok(address)
}

/// The move of what the state has under the address that the run gave it to the block that somebody wrote.
fn moved(of: Patched<'_>, from: &Address, block: &Resource, id: &str) -> Option<Edit> {
    let to = block.address();
    let known = |address: &Address| of.state.and_then(|state| state.resources.get(address));
    let known_there = known(from).is_some_and(|owned| owned.id.0 == id) && known(&to).is_none();
    if *from == to || !known_there || of.config.moved_to(from) != *from {
        return None;
    }
    let text = format!("moved {{\n  from = {from}\n  to   = {to}\n}}\n");
    edit::after(of.sources, block.block_span, &text)
}

/// The text of a block with another name, provider and identity; all else stays as it is written.
pub(super) fn copied(
    sources: &SourceMap,
    block: &Resource,
    (name, provider): (&Name, &ProviderAddress),
    (identity, id): (Span, &str),
) -> Option<String> {
    let text = sources.get(block.block_span.file)?.text.as_str();
    let (start, end) = (block.block_span.start as usize, block.block_span.end as usize);
    let brace = start + text.get(start..end)?.find('{')?;
    let label = format!("\"{}\"", block.name);
    let label_at = start + text.get(start..brace)?.rfind(&label)?;
    let line = text[..start].rfind('\n').map_or(0, |at| at + 1);
    let indent: String = text[line..start].chars().take_while(|c| c.is_whitespace()).collect();
    let mut changes = vec![
        (label_at, label_at + label.len(), format!("\"{name}\"")),
        (identity.start as usize, identity.end as usize, id.to_owned()),
    ];
    let said = (block.provider_span.start as usize, block.provider_span.end as usize);
    let is_said = said.0 > brace && said.1 <= end;
    match is_said {
        true => changes.push((said.0, said.1, provider.to_string())),
        false => {
            // Aligned with the line that it comes to stand before.
            let next = text.get(brace + 1..end)?.lines().nth(1).and_then(|line| line.split_once('='));
            let key = next.map_or(0, |(key, _)| key.len()).max(indent.len() + 11);
            let line = format!("\n{:key$}= {provider}", format!("{indent}  provider "));
            changes.push((brace + 1, brace + 1, line));
        }
    }
    changes.sort();
    let (mut out, mut done) = (String::new(), start);
    for (from, to, new) in changes {
        out += text.get(done..from)?;
        out += &new;
        done = to;
    }
    Some(out + text.get(done..end)?)
}

/// A text of the language; what would begin a template does not.
pub(super) fn quoted(text: &str) -> String {
    let text = text.replace('\\', "\\\\").replace('"', "\\\"");
    format!("\"{}\"", text.replace("${", "$${").replace("%{", "%%{"))
}

/// Lets a datastore name what holds it; nothing where it does already.
fn held_by(
    sources: &SourceMap,
    config: &Config,
    datastore: &Name,
    holder: &Address,
) -> Result<Option<Edit>, String> {
    let declared = config.declared.get("datastore").and_then(|all| all.get(datastore));
    let written = declared.ok_or("it is not in this configuration")?;
    let at = written.spans.get("resource").copied().ok_or("it names no resource")?;
    let text = sources.get(at.file).and_then(|file| file.text.get(at.start as usize..at.end as usize));
    let (key, value) = text.and_then(|text| text.split_once('=')).ok_or("it is written in another form")?;
    let holder = holder.to_string();
    Ok((value.trim() != holder).then(|| Edit { at, text: format!("{key}= {holder}") }))
}

#[cfg(test)]
mod tests {
    use super::quoted;

    #[test]
    fn a_name_cannot_leave_its_quotes() {
        assert_eq!(quoted(r#"a"b\c${d}%{e}"#), r#""a\"b\\c$${d}%%{e}""#);
    }
}
