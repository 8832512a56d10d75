//! How things look. What things are is decided elsewhere.

pub(crate) mod diagnostics;
pub(crate) mod palette;
pub(crate) mod source;
pub(crate) mod text;
