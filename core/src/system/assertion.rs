//! `check "NAME" { … }`: what this team wants to be true of its own configuration.

/// Something that has to be true of this configuration.
#[derive(Debug, Clone, PartialEq, Eq, crate::Attributes)]
pub struct Assertion {
    /// What it is for.
    pub description: Option<String>,
    /// What has to be true, of variables and locals.
    pub assert: bool,
    /// What is wrong when it is not, in a sentence.
    pub message: String,
    /// How bad that is.
    #[attribute(default = Gravity::Error)]
    pub severity: Gravity,
}

crate::words! {
    /// How bad something is.
    Gravity {
        /// It is wrong.
        Error = "error",
        /// It is doubtful.
        Warning = "warning",
        /// It is worth knowing.
        Note = "note",
    }
    "one of error, warning, note"
}
