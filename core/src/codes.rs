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
    /// The text is larger, deeper or longer than what is read.
    InputLimit = "DR002";
    /// An attribute or argument is set twice in one block.
    DuplicateAttribute = "DR003";
    /// A block of a type that there is not.
    UnknownBlock = "DR004";
    /// A block with too few, too many or malformed labels.
    WrongLabels = "DR005";
    /// Two blocks declare the same name.
    DuplicateBlock = "DR006";
    /// An attribute is written as a block, or a block as an attribute.
    BlockOrAttribute = "DR007";
    /// Something that other tools have and drctl refuses.
    Unsupported = "DR008";
    /// A setting whose value cannot be read where it must be plain text.
    InvalidSetting = "DR009";
    /// This drctl is not of a version that the configuration asks for.
    WrongVersion = "DR010";
    // 050–149: names, types and evaluation.
    /// A name that nothing declares.
    UnknownName = "DR050";
    /// A type constraint that is none, or whose default does not fit it.
    InvalidType = "DR120";
    /// A reference that is incomplete or means nothing where it stands.
    InvalidReference = "DR051";
    /// Locals that refer to each other in a circle.
    LocalCycle = "DR052";
    /// A resource of a kind that no provider has.
    UnknownKind = "DR053";
    /// An attribute or block that is not in the table of where it stands.
    UnknownAttribute = "DR054";
    /// An attribute or block that must be set and is not.
    MissingAttribute = "DR055";
    /// A function that there is not.
    UnknownFunction = "DR056";
    /// A function refuses its arguments.
    WrongCall = "DR057";
    /// An operand of the wrong type.
    WrongOperand = "DR058";
    /// Arithmetic without a result: division by zero, or too many digits.
    Arithmetic = "DR059";
    /// An attribute or index that a value does not have.
    NoSuchElement = "DR060";
    /// A `for` makes the same key twice.
    DuplicateKey = "DR061";
    /// An expression that would take too much work.
    TooMuchWork = "DR062";
    /// A provider configuration that is not declared.
    UnknownProvider = "DR063";
    /// A `moved` block leads in a circle, to another kind, or from what is still declared.
    WrongMove = "DR064";
    /// A variable without a value.
    MissingVariable = "DR080";
    /// A variable's value does not fit its type.
    WrongVariable = "DR081";
    /// A variable's value is refused by its validation.
    RefusedVariable = "DR082";
    /// A value is given for a variable that is not declared.
    UndeclaredVariable = "DR083";
    // 400–449: what a provider's rules refuse at plan time.
    /// A provider fact forbids this change.
    FactRefuses = "DR400";
    /// A provider fact makes this setting ineffective or risky.
    FactWarns = "DR401";
    /// An attribute that is fixed at creation differs from what the provider has.
    FixedDiffers = "DR402";
    /// A resource is absent and drctl does not create things of its kind.
    NotCreated = "DR403";
    /// A resource's name belongs to another account.
    ForeignName = "DR404";
    /// A resource is in another region than its provider configuration says.
    ElsewhereName = "DR405";
    /// An attribute that names the thing at the provider is not known when the plan is made.
    IdentityOpen = "DR406";
    /// `count` or `for_each` is not known when the plan is made.
    ExpansionOpen = "DR407";
    /// `count` or `for_each` has a value that is no number of instances.
    BadExpansion = "DR408";
    /// Two resources name the same thing at the provider.
    SameThing = "DR409";
    /// An attribute's value is outside of what the kind allows.
    InvalidValue = "DR410";
    /// Something needs itself, directly or through others.
    Cycle = "DR411";
    /// `--target`, `--exclude` or an acceptance names nothing that exists.
    NothingSelected = "DR412";
    /// The plan leaves something out that was asked for or could not be observed.
    Incomplete = "DR413";
    /// A deletion was accepted that drctl does not carry out.
    DeleteRefused = "DR414";
    /// An acceptance in the configuration has expired.
    AcceptanceExpired = "DR415";
    /// Something that is ours is no longer at the provider.
    Gone = "DR416";
    /// A value is still not known when its step is carried out.
    StillOpen = "DR417";
    /// The state names a kind that this drctl does not know.
    UnknownInState = "DR418";
    /// An `import` block names another thing than its resource block, or one that is not there.
    ImportDiffers = "DR419";
    /// A secret stands in the configuration in the open.
    PlainSecret = "DR420";
    /// A block that stood for one thing now names another, and the first would be left unwatched.
    AnotherThing = "DR421";
    /// A step of a scenario's way back needs a name that the scenario does not give in `target`.
    TargetMissing = "DR422";
    /// A drill does not give a name that its steps need, or gives the one of production.
    DrillTarget = "DR423";
    /// Something cannot have the address that a `moved` block gives it, because the state has another thing there.
    NotMoved = "DR424";
    // 450–499: observing and changing providers.
    /// A resource could not be observed, so nothing is written.
    Unobserved = "DR450";
    /// A step of a run has failed.
    StepFailed = "DR451";
    /// The provider accepted a change and does not show it.
    NotConverged = "DR452";
    /// A provider configuration leads to another account, region or endpoint than the plan was made for.
    Elsewhere = "DR453";
    // 500–549: state, locks, journals, saved plans.
    /// The configuration, the state or a thing at the provider has changed since the plan was made.
    Stale = "DR520";
    /// A change that needs a person's word has none.
    Unaccepted = "DR521";
    /// The journal of a run cannot be read or written.
    JournalUnusable = "DR522";
    /// A plan contradicts itself.
    DamagedPlan = "DR523";
    // 600–649: scenarios and recovery.
    /// A scenario that nothing declares.
    UnknownScenario = "DR600";
    /// A lost region in which no provider of the configuration is.
    UnknownRegion = "DR602";
    /// A number is asked for that no scenario gives.
    NothingToExplain = "DR603";
    /// A drill that nothing declares, or that says neither scenario nor procedure.
    NothingToRehearse = "DR604";
    /// A step of a drill names something of production.
    DrillTouchesProduction = "DR605";
    /// A recovery is open: whatever else changes things has to wait, or the run is to be gone on with.
    RunOpen = "DR610";
    /// There is no such run, or none that is open.
    NoSuchRun = "DR611";
    /// What was said of a step cannot be taken up where the run stands.
    WordRefused = "DR612";
    /// The steps cannot be carried out from here.
    NotExecutable = "DR613";
    /// A file of a run cannot be read or written.
    RunUnusable = "DR615";
    /// A backup that drctl does not know how to make, list or verify.
    NotOurBackup = "DR620";
    /// A backup was not made, or what is too old was not removed.
    BackupFailed = "DR621";
    /// It was not proved that one can come back from a backup.
    NotVerified = "DR622";
    /// A kit is damaged, not whole, or no kit.
    KitDamaged = "DR630";
    /// Nobody who is trusted has signed the kit.
    KitNotTrusted = "DR631";
    /// The kit cannot be decrypted with what is given.
    KitLocked = "DR632";
    /// A newer drctl made the kit.
    KitNewer = "DR633";
    /// A key or a passphrase cannot be used.
    BadKey = "DR634";
    /// A kit cannot be made from what there is.
    KitNotBuilt = "DR635";
    /// Something that cannot be done from within a kit.
    NotFromKit = "DR636";
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
    /// The credentials lead to an account that the configuration does not allow.
    WrongAccount = "DR712";
    /// The plan is not the one that was reviewed.
    OtherPlan = "DR713";
    /// The last observed world is missing, damaged, of a newer format, of another place or cannot be kept.
    LastWorld = "DR714";
}

impl fmt::Display for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.id())
    }
}
