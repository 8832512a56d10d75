//! JSON of drctl's own files and answers: written as people read it, and read by whichever drctl comes later.
//!
//! It is written byte for byte as `serde_json` indents it, two spaces a level. Each line's beginning is written
//! in one piece; a plan of many resources is more indentation than anything else.

use std::io::{self, Write};

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::Serializer;
use serde_json::ser::Formatter;

/// Writes a value.
///
/// # Errors
/// When it cannot be written, or has a map whose keys are no text.
pub fn write_indented(to: impl Write, value: &impl Serialize) -> serde_json::Result<()> {
    value.serialize(&mut Serializer::with_formatter(to, Indented::default()))
}

/// What a text with a `format_version` is.
pub(crate) enum Versioned<T> {
    /// It was read.
    Known(T),
    /// A newer drctl wrote it, in this format.
    Newer(String),
}

/// Reads a text of a format of which `ours` is the newest version that this drctl knows: a new major version
/// changes what is there, a new minor one only adds.
///
/// # Errors
/// With why it is none of them.
pub(crate) fn read_versioned<T: DeserializeOwned>(text: &str, ours: &str) -> Result<Versioned<T>, String> {
    #[derive(Deserialize)]
    struct Head {
        format_version: String,
    }
    let malformed = |e: serde_json::Error| e.to_string();
    let head: Head = serde_json::from_str(text).map_err(malformed)?;
    let major = |version: &str| version.split('.').next().and_then(|n| n.parse::<u32>().ok());
    match major(&head.format_version) {
        None => Err("`format_version` is no version".to_owned()),
        version if version > major(ours) => Ok(Versioned::Newer(head.format_version)),
        Some(_) => serde_json::from_str(text).map(Versioned::Known).map_err(malformed),
    }
}

/// What an item begins with at most: a comma, a new line, and the spaces of so many levels.
const BEGINNING: &str = ",\n                                                                ";
const NEW_LINE: usize = 1;
const SPACES: usize = 2;

#[derive(Default)]
struct Indented {
    depth: usize,
    /// Whether what is being written has an item.
    filled: bool,
}

impl Indented {
    fn begin(&mut self, to: &mut (impl Write + ?Sized), bracket: &str) -> io::Result<()> {
        self.depth += 1;
        self.filled = false;
        to.write_all(bracket.as_bytes())
    }

    fn end(&mut self, to: &mut (impl Write + ?Sized), bracket: &str) -> io::Result<()> {
        self.depth -= 1;
        if self.filled {
            self.line(to, NEW_LINE)?;
        }
        to.write_all(bracket.as_bytes())
    }

    fn line(&self, to: &mut (impl Write + ?Sized), from: usize) -> io::Result<()> {
        let end = SPACES + 2 * self.depth;
        to.write_all(&BEGINNING.as_bytes()[from..end.min(BEGINNING.len())])?;
        (BEGINNING.len()..end).try_for_each(|_| to.write_all(b" "))
    }

    fn item(&self, to: &mut (impl Write + ?Sized), first: bool) -> io::Result<()> {
        self.line(to, usize::from(first) * NEW_LINE)
    }
}

impl Formatter for Indented {
    fn begin_array<W: ?Sized + Write>(&mut self, to: &mut W) -> io::Result<()> {
        self.begin(to, "[")
    }

    fn end_array<W: ?Sized + Write>(&mut self, to: &mut W) -> io::Result<()> {
        self.end(to, "]")
    }

    fn begin_array_value<W: ?Sized + Write>(&mut self, to: &mut W, first: bool) -> io::Result<()> {
        self.item(to, first)
    }

    fn end_array_value<W: ?Sized + Write>(&mut self, _to: &mut W) -> io::Result<()> {
        self.filled = true;
        Ok(())
    }

    fn begin_object<W: ?Sized + Write>(&mut self, to: &mut W) -> io::Result<()> {
        self.begin(to, "{")
    }

    fn end_object<W: ?Sized + Write>(&mut self, to: &mut W) -> io::Result<()> {
        self.end(to, "}")
    }

    fn begin_object_key<W: ?Sized + Write>(&mut self, to: &mut W, first: bool) -> io::Result<()> {
        self.item(to, first)
    }

    fn begin_object_value<W: ?Sized + Write>(&mut self, to: &mut W) -> io::Result<()> {
        to.write_all(b": ")
    }

    fn end_object_value<W: ?Sized + Write>(&mut self, _to: &mut W) -> io::Result<()> {
        self.filled = true;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::write_indented;

    #[test]
    fn it_is_what_serde_json_writes_at_every_depth() {
        let deep = |levels: usize| (0..levels).fold(json!(1), |inner, _| json!({ "a": [inner, {}, []] }));
        let flat = json!({ "text": "a\n\"b\" é", "none": null, "list": [1, [2.5, "x"], {}], "empty": [[]] });
        for value in [flat, json!([]), json!("x"), deep(15), deep(40)] {
            let mut text = Vec::new();
            write_indented(&mut text, &value).unwrap();
            assert_eq!(
                String::from_utf8(text).unwrap(),
                serde_json::to_string_pretty::<Value>(&value).unwrap()
            );
        }
    }
}
