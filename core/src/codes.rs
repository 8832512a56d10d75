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
    /// A type constraint that is none, or whose default does not fit it.
    InvalidType = "DR120";
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
    /// A file or directory of the configuration cannot be read.
    Unreadable = "DR700";
    /// A file is larger than any that is read.
    FileTooLarge = "DR701";
    /// A file is not UTF-8 text.
    NotUtf8 = "DR702";
    /// The directory holds no configuration file.
    NoConfiguration = "DR703";
    /// An argument is malformed or contradicts another one.
    BadArgument = "DR704";
    /// The simulation is selected together with a real account.
    SimulationConflict = "DR705";
    /// The provider cannot be reached with this build or these settings.
    CannotConnect = "DR706";
    /// A saved plan cannot be read.
    UnreadablePlan = "DR707";
    /// A result cannot be written.
    Unwritable = "DR708";
    /// The simulated cloud or its seed cannot be used.
    Simulation = "DR709";
    /// Another process holds the lock.
    Locked = "DR710";
    /// The state cannot be read or written.
    StateUnusable = "DR711";
}

impl fmt::Display for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.id())
    }
}
