//! What a step looks at before it is done, so that it can be taken back to that.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::action::{Action, Surroundings};
use super::perform::so_far;
use crate::lang;
use crate::system::Before as Is;
use crate::text::is_hostile;
use crate::value::Value;

/// The longest value: more than any size, name or address has.
const LONGEST: usize = 4_096;

/// What stands in an output in the place of a secret.
const HIDDEN: &str = "(sensitive)";

/// One thing that is looked at.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Before {
    /// What it is called: `self.before.NAME` in the command that takes the step back.
    pub name: String,
    /// The command that prints it, one word an element.
    pub words: Vec<String>,
    /// What of `self.output` it is; none is the one line of it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub value: Option<String>,
}

impl From<&Is> for Before {
    fn from(Is { name, run, value }: &Is) -> Before {
        Before { name: name.clone(), words: run.clone(), value: value.as_ref().map(|value| value.0.clone()) }
    }
}

impl Before {
    /// What is carried out to look, with the surroundings of the step.
    pub fn action(&self, surroundings: Surroundings) -> Action {
        Action::Run { words: self.words.clone(), surroundings }
    }

    /// What was found, from what was printed. It becomes a word of a command and stands in the journal, so
    /// that it has to be one line, short, and no option.
    ///
    /// # Errors
    /// When it cannot be told, or could not be handed to a command; in words, without what was printed.
    pub fn found(&self, output: &str) -> Result<String, String> {
        let value = match &self.value {
            None => Value::String(output.trim().to_owned()),
            Some(text) => {
                let printed = Value::Object([("output".to_owned(), output.to_owned().into())].into());
                lang::told(text, &printed)?
            }
        };
        let (text, is_number) = match value {
            Value::String(text) => {
                let is_number = text.parse::<f64>().is_ok();
                (text, is_number)
            }
            Value::Number(number) => (number.to_string(), true),
            Value::Bool(is) => (is.to_string(), false),
            Value::Null | Value::List(_) | Value::Set(_) | Value::Object(_) => {
                return Err("it is neither text nor a number".to_owned());
            }
        };
        let wrong = if text.is_empty() {
            "it is empty"
        } else if text.len() > LONGEST {
            "it is longer than 4 KiB: say with `value` what of it is meant"
        } else if text.contains('\n') {
            "it has several lines: say with `value` what of them is meant"
        } else if text.chars().any(is_hostile) {
            "it holds characters that cannot be shown"
        } else if text.contains(HIDDEN) {
            "it holds a secret, and what is looked at is written down"
        } else if text.starts_with('-') && !is_number {
            "it begins with `-`, and a command would take it for an option"
        } else {
            return Ok(text);
        };
        Err(wrong.to_owned())
    }
}

/// The command that takes a step back, with what was said and what was found in it; what nobody has said or
/// seen stays open.
pub fn taken_back_with(
    undo: &[String],
    said: &BTreeMap<String, String>,
    observed: Option<&BTreeMap<String, String>>,
) -> Vec<String> {
    let known = known(said, observed);
    undo.iter().map(|word| so_far(word, &known)).collect()
}

/// What is filled into a command that takes a step back, by what it is called there.
pub fn known(
    said: &BTreeMap<String, String>,
    observed: Option<&BTreeMap<String, String>>,
) -> BTreeMap<String, String> {
    let found = observed.into_iter().flatten();
    let found = found.map(|(name, value)| (format!("{PREFIX}{name}"), value.clone()));
    said.clone().into_iter().chain(found).collect()
}

/// What there was before a step is named with this in front.
pub(super) const PREFIX: &str = "self.before.";

#[cfg(test)]
mod tests {
    use super::*;

    fn found(value: Option<&str>, output: &str) -> Result<String, String> {
        let value = value.map(str::to_owned);
        Before { name: "count".to_owned(), words: vec!["look".to_owned()], value }.found(output)
    }

    #[test]
    fn what_is_found_is_one_word_that_can_be_written_down() {
        let json = Some("jsondecode(self.output)[0].count");
        let cases: [(Option<&str>, &str, Result<&str, &str>); 14] = [
            (None, "3\n", Ok("3")),
            (None, "  eu-west-1 ", Ok("eu-west-1")),
            (None, "", Err("it is empty")),
            (None, "3\n4\n", Err("several lines")),
            (None, "--all", Err("begins with `-`")),
            (None, "-1", Ok("-1")),
            (None, "a\u{1b}[2Jb", Err("cannot be shown")),
            (None, "postgres://u:(sensitive)@h/", Err("holds a secret")),
            (json, r#"[{"count": 3}]"#, Ok("3")),
            (json, r#"[{"count": true}]"#, Ok("true")),
            (json, r#"[{"count": "--all"}]"#, Err("begins with `-`")),
            (json, r#"[{"count": [1]}]"#, Err("neither text nor a number")),
            (json, r#"[{"counts": 3}]"#, Err("`jsondecode(self.output)[0].count`: ")),
            (json, "oops, token=abc", Err("`jsondecode(self.output)[0].count`: ")),
        ];
        for (value, output, expected) in cases {
            match (found(value, output), expected) {
                (Ok(is), Ok(wanted)) => assert_eq!(is, wanted, "{output}"),
                (Err(why), Err(part)) => {
                    assert!(why.contains(part) && !why.contains("abc"), "{output}: {why}");
                }
                (got, wanted) => panic!("{output}: {got:?}, not {wanted:?}"),
            }
        }
        assert!(found(None, &"x".repeat(5_000)).is_err());
    }

    #[test]
    fn what_was_found_stands_in_the_command_that_takes_it_back() {
        let undo = ["scale", "--count=${self.before.count}", "${input.app}", "${self.before.other}"];
        let said = [("app".to_owned(), "shop".to_owned())].into();
        let observed = [("count".to_owned(), "${input.app}".to_owned())].into();
        let words = taken_back_with(&undo.map(str::to_owned), &said, Some(&observed));
        assert_eq!(words, ["scale", "--count=${input.app}", "shop", "${self.before.other}"]);
    }
}
