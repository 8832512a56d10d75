//! The engine's errors as diagnostics: a code, a headline and what to do.

use drctl_core::addr::Address;
use drctl_core::codes::Code;
use drctl_core::diag::Diagnostic;
use drctl_core::provider::ErrorClass;

use crate::execute::{ExecuteError, Failure, Refusal};
use crate::journal::JournalError;
use crate::lock::LockError;
use crate::session::SessionError;
use crate::state_file::StateError;

/// Why a session could not be opened.
pub fn session(error: &SessionError) -> Diagnostic {
    match error {
        SessionError::Lock(error) => lock(error),
        SessionError::State(error) => state(error),
        SessionError::Journal(error) => journal_unusable(error),
    }
}

/// Why a run could not go on.
pub fn execution(error: &ExecuteError) -> Vec<Diagnostic> {
    match error {
        ExecuteError::Refused(refusal) => refused(refusal),
        ExecuteError::Journal(journal) => vec![journal_unusable(journal)],
        ExecuteError::State(error) => vec![state(error)],
        ExecuteError::Illegal(illegal) => {
            vec![Diagnostic::error_nowhere(Code::JournalUnusable, illegal.to_string())]
        }
    }
}

/// Why a step failed.
pub fn failure(address: &Address, failure: &Failure) -> Diagnostic {
    let (code, help) = match failure {
        Failure::Stale(_) => (Code::Stale, "Nothing was written. Plan again."),
        Failure::Unresolved(_) => {
            (Code::StepFailed, "Nothing was written. Correct the value and plan again.")
        }
        Failure::Provider(error) if error.class == ErrorClass::Foreign => {
            (Code::ForeignName, "Choose another name, or use the credentials of the account it belongs to.")
        }
        Failure::Provider(_) => (
            Code::StepFailed,
            "What is done is recorded. Once the cause is gone, plan again: it goes on from there.",
        ),
        Failure::NotConverged(_) => (
            Code::NotConverged,
            "The provider may need longer, or may not support the value. Plan again to see.",
        ),
    };
    Diagnostic::error_nowhere(code, format!("{address}: {failure}")).help(help).about(address.clone())
}

fn refused(refusal: &Refusal) -> Vec<Diagnostic> {
    let each = |code: Code, of: Vec<(&Address, String)>, help: &str| {
        of.into_iter()
            .map(|(a, text)| {
                Diagnostic::error_nowhere(code, format!("{a}: {text}")).help(help).about(a.clone())
            })
            .collect()
    };
    let one = |code: Code, help: &str| vec![Diagnostic::error_nowhere(code, refusal.to_string()).help(help)];
    match refusal {
        Refusal::Unaccepted(missing) => each(
            Code::Unaccepted,
            missing.iter().map(|a| (&a.address, "a change has not been accepted".to_owned())).collect(),
            "Nothing was written. The plan names the acceptance that it needs.",
        ),
        Refusal::Unobserved(addresses) => each(
            Code::Unobserved,
            addresses.iter().map(|a| (a, "could not be observed".to_owned())).collect(),
            "Nothing was written. Plan again once it can be read, or leave it out with `--exclude`.",
        ),
        Refusal::Stale(_) => one(Code::Stale, "Nothing was written. Plan again."),
        Refusal::Elsewhere(..) => one(
            Code::Elsewhere,
            "Nothing was written. Use the credentials the plan was made with, or plan again.",
        ),
        Refusal::Damaged(_) => one(Code::DamagedPlan, "Nothing was written. Plan again."),
    }
}

/// Why the lock could not be taken.
pub fn lock(error: &LockError) -> Diagnostic {
    match error {
        LockError::Locked { .. } => Diagnostic::error_nowhere(Code::Locked, format!("The state is {error}"))
            .help(
                "Wait until it is done, or give `--lock-timeout` more seconds. What a dead process of this machine left is taken over by itself.",
            ),
        LockError::File(file) => {
            Diagnostic::error_nowhere(Code::Locked, format!("The lock cannot be taken: {file}"))
                .help("Check the folder's permissions and its room.")
        }
    }
}

/// Why the state could not be read or written.
pub fn state(error: &StateError) -> Diagnostic {
    Diagnostic::error_nowhere(Code::StateUnusable, format!("The state cannot be used: {error}")).help(
        "It is a cache and was left as it is: restore the `.backup` beside it, or run `drctl state rebuild`.",
    )
}

fn journal_unusable(error: &JournalError) -> Diagnostic {
    Diagnostic::error_nowhere(Code::JournalUnusable, error.to_string())
        .help("The journal was left as it is. Move it away once you have seen what the run was doing.")
}

#[cfg(test)]
mod tests {
    use drctl_core::plan::{AcceptKind, Acceptance};
    use drctl_core::provider::ProviderError;

    use super::*;
    use crate::files::FileError;

    /// Each error, with the code and the headline that it is shown under.
    #[test]
    fn each_error_has_its_code_and_says_what_happened() {
        let box_a: Address = "toy_box.a".parse().unwrap();
        let error = ProviderError {
            doing: "updating toy_box.a".to_owned(),
            class: ErrorClass::Denied,
            code: Some("AccessDenied".to_owned()),
            message: "no".to_owned(),
        };
        let taken = ProviderError {
            doing: "creating toy_box.a".to_owned(),
            class: ErrorClass::Foreign,
            code: None,
            message: "taken".to_owned(),
        };
        let accept = Acceptance { kind: AcceptKind::Weakens, address: box_a.clone(), until: None };
        let full = FileError::DiskFull { doing: "writing", path: "journal".into() };
        let refused = |r: Refusal| execution(&ExecuteError::Refused(r)).remove(0);
        let cases = [
            (
                refused(Refusal::Unaccepted(vec![accept])),
                "DR521",
                "toy_box.a: a change has not been accepted",
            ),
            (refused(Refusal::Unobserved(vec![box_a.clone()])), "DR450", "toy_box.a: could not be observed"),
            (refused(Refusal::Stale("x".to_owned())), "DR520", "the plan is stale: x"),
            (refused(Refusal::Elsewhere("aws.dr".parse().unwrap(), "y".to_owned())), "DR453", "aws.dr: y"),
            (refused(Refusal::Damaged("z".to_owned())), "DR523", "the plan is damaged: z"),
            (failure(&box_a, &Failure::Provider(taken)), "DR404", "toy_box.a: creating toy_box.a: taken"),
            (
                failure(&box_a, &Failure::Provider(error)),
                "DR451",
                "toy_box.a: updating toy_box.a: no (AccessDenied)",
            ),
            (
                failure(&box_a, &Failure::NotConverged("it is not there".to_owned())),
                "DR452",
                "toy_box.a: the provider accepted the change, and it is not there",
            ),
            (
                execution(&ExecuteError::Journal(full.into())).remove(0),
                "DR522",
                "writing `journal`: the disk is full; what was there before is unchanged",
            ),
            (
                session(&SessionError::Lock(LockError::Locked { holder: None, age: None })),
                "DR710",
                "The state is locked by a process that has not said who it is",
            ),
        ];
        for (diagnostic, code, headline) in cases {
            assert_eq!((diagnostic.code.id(), diagnostic.headline.as_str()), (code, headline));
            assert!(diagnostic.help.is_some(), "{code}");
        }
    }
}
