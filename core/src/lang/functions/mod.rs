//! The functions of the language, one family per file. They are plain and total: known values in,
//! a known value or an error out, never a panic, never more work than their input deserves. What
//! needs more than values (secrecy, laziness, files) is a [`SpecialForm`] that `reduce` handles.

mod collections;
mod convert;
mod encoding;
mod format;
mod function;
mod numbers;
mod reference;
mod regexes;
mod schedules;
mod sets;
mod special;
mod strings;
mod table;

pub use function::{Args, CallError, Function, Kind, MAX_ITEMS, MAX_TEXT, Param, Plain, Shape};
pub use reference::reference;
pub use special::SpecialForm;
pub use table::{all, lookup, refused};
