//! What is ours under the addresses that the configuration has given it since: `moved` blocks, followed in
//! the state before anything is planned.

use std::borrow::Cow;
use std::collections::BTreeMap;

use super::instance::{Instance, Origin};
use super::world::{Basis, World};
use crate::addr::Address;
use crate::codes::Code;
use crate::config::Config;
use crate::diag::{Diagnostic, Diagnostics};
use crate::state::State;

/// The state with every move done.
pub(super) struct Moves<'s> {
    state: Option<Cow<'s, State>>,
    /// The address that the state has, by the new one.
    pub(super) previous: BTreeMap<Address, Address>,
    /// What could not be moved: its address, and the one that is taken.
    taken: BTreeMap<Address, Address>,
}

impl<'s> Moves<'s> {
    /// Follows the moves. What a base remembers was found by what it stands for and has its new address.
    pub(super) fn of(config: &Config, state: Option<&'s State>, world: &World) -> Moves<'s> {
        let mut moves =
            Moves { state: state.map(Cow::Borrowed), previous: BTreeMap::new(), taken: BTreeMap::new() };
        let Some(state) = state.filter(|_| !config.moved.is_empty() && world.basis != Basis::Configuration)
        else {
            return moves;
        };
        let mut moved = state.clone();
        let pairs = state.resources.keys().map(|from| (from, config.moved_to(from)));
        for (from, to) in pairs.filter(|(from, to)| *from != to) {
            // One that is there already goes before one that comes.
            if state.resources.contains_key(&to) || moves.previous.contains_key(&to) {
                moves.taken.insert(from.clone(), to);
                continue;
            }
            let owned = moved.resources.remove(from);
            moved.resources.extend(owned.map(|owned| (to.clone(), owned)));
            moves.previous.insert(to, from.clone());
        }
        moves.state = Some(Cow::Owned(moved));
        moves
    }

    /// What is ours, by its new address.
    pub(super) fn state(&self) -> Option<&State> {
        self.state.as_deref()
    }

    /// What is wrong with the moves now that the instances are known.
    pub(super) fn tell(&self, config: &Config, instances: &[Instance], diags: &mut Diagnostics) {
        for (from, to) in &self.taken {
            let headline = format!("`{from}` is not moved to `{to}`: the state has something there already");
            let help = format!(
                "Of two things under one address the one that is there stays. `drctl state rm '{to}'` lets go of it, \
                 `drctl state rm '{from}'` of the other."
            );
            let found = Diagnostic::error_nowhere(Code::NotMoved, headline).warning();
            diags.push(found.help(help).about(from.clone()));
        }
        let is = |instance: &&Instance| matches!(instance.origin, Origin::Declared(_));
        for one in config.moved.iter().filter(|one| one.from.key.is_some()) {
            if instances.iter().filter(is).any(|instance| instance.address == one.from) {
                let headline = format!("`{}` cannot be moved", one.from);
                let found = Diagnostic::error(Code::WrongMove, headline, one.span, "this is still declared");
                diags.push(found.help("Take its key away, or the move: one thing has one address."));
            }
        }
    }
}

/// What is ours once the moves of a configuration are done.
pub fn followed<'s>(config: &Config, state: &'s State) -> Cow<'s, State> {
    let moves = Moves::of(config, Some(state), &World::default());
    moves.state.expect("a state was given")
}
