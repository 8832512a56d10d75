//! `via` of a step: its command is typed here and done elsewhere.

use super::action::Action;
use super::model::Step;
use super::rehearsal::written;
use crate::provider::StepNature;
use crate::system::System;

/// Lets the commands that are done elsewhere be brought there.
pub(super) fn sent(steps: &mut [Step], system: &System) {
    for step in steps {
        let via = step.written.as_ref().and_then(|at| written(system, at)?.via.clone());
        let Some(via) = via.filter(|_| !step.command_equivalent.is_empty()) else { continue };
        let line: Vec<String> = step.command_equivalent.iter().map(|word| quoted(word)).collect();
        step.command_equivalent = via.into_iter().chain([line.join(" ")]).collect();
        let words = step.command_equivalent.clone();
        step.carried.action = match std::mem::replace(&mut step.carried.action, Action::Person) {
            // The shell there would read what is said only then as a part of the line.
            Action::Run { .. } | Action::Restore { .. } | Action::Fetch { .. } if is_filled_later(step) => {
                Action::Person
            }
            // What it restores cannot be looked at from here.
            Action::Run { surroundings, .. }
            | Action::Restore { surroundings, .. }
            | Action::Fetch { surroundings, .. } => Action::Run { words, surroundings },
            other => other,
        };
        if step.carried.action == Action::Person {
            step.kind = StepNature::Manual;
        }
    }
}

fn is_filled_later(step: &Step) -> bool {
    step.command_equivalent.iter().any(|word| word.contains("${"))
}

/// A word as a shell reads it.
pub(super) fn quoted(word: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_./:=@%+,".contains(c);
    if !word.is_empty() && word.chars().all(plain) {
        return word.to_owned();
    }
    format!("'{}'", word.replace('\'', r"'\''"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_shell_elsewhere_reads_the_same_word() {
        for word in ["--repo=1", "--target=2026-03-02 11:58:00+00", "it's", "$(id)", "", "a\nb", "`x`;"] {
            let line = format!("printf %s {}", quoted(word));
            let said = std::process::Command::new("sh").args(["-c", &line]).output().unwrap();
            assert_eq!(String::from_utf8(said.stdout).unwrap(), word);
        }
    }
}
