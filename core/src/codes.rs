//! Every diagnostic code, in one table. Codes are stable, wording is not. Each code has a case
//! under `testdata/`; the tidy test says which one is missing.

use std::fmt;

macro_rules! codes {
    ($($(#[doc = $doc:literal])+ $name:ident = $id:literal;)+) => {
        /// The code of a diagnostic, such as `DR021`.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Code { $($(#[doc = $doc])+ $name,)+ }

        impl Code {
            /// All codes, in order.
            pub const ALL: &'static [Code] = &[$(Code::$name,)+];

            /// The id, such as `DR021`.
            pub fn id(self) -> &'static str {
                match self { $(Code::$name => $id,)+ }
            }

            /// What the code means, in a sentence or two.
            pub fn docs(self) -> &'static str {
                match self { $(Code::$name => concat!($($doc, "\n",)+),)+ }
            }
        }
    };
}

codes! {
    // 001–049: reading and syntax.
    /// The text is not valid HCL.
    Syntax = "DR001";
    // 050–149: names, types and evaluation.
    /// A name that nothing declares.
    UnknownName = "DR050";
    // 400–449: what a provider's rules refuse at plan time.
    /// A provider fact forbids this change.
    FactRefuses = "DR400";
    /// A provider fact makes this setting ineffective or risky.
    FactWarns = "DR401";
    /// An attribute's value is outside of what the kind allows.
    InvalidValue = "DR410";
    // 450–499: observing and changing providers.
    // 500–549: state, locks, journals, saved plans.
    // 600–649: scenarios and recovery.
    // 700–749: the command line.
}

impl fmt::Display for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.id())
    }
}
