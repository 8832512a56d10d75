//! Carries one step out: within its time, and again until what it asks for holds.

use std::time::Duration;

use drctl_core::lang;
use drctl_core::provider::{Attempt, ErrorClass, ProviderError};
use drctl_core::recovery::{Action, Answer, Performer};
use tokio::time::Instant;

/// Between the first two looks at what has to hold within a time; later ones are further apart.
const LOOK_AGAIN: Duration = Duration::from_secs(2);

/// The longest time between two looks.
const LONGEST_LOOK: Duration = Duration::from_secs(30);

/// Does it once; or, where it has to hold within a time, until it holds.
pub(crate) async fn carry_out(
    performer: &dyn Performer,
    (timeout_s, within_s): (i64, Option<i64>),
    action: &Action,
    attempt: &Attempt,
) -> Result<Answer, ProviderError> {
    let mut pause = LOOK_AGAIN;
    let until = within_s.map(|s| Instant::now() + Duration::from_secs(s.unsigned_abs()));
    loop {
        let answer = in_time(performer, timeout_s, action, attempt).await;
        let holds = answer.and_then(|answer| judged(action, answer));
        match (holds, until) {
            (Err(error), Some(until)) if may_hold(action, &error) && Instant::now() + pause < until => {
                tokio::time::sleep(pause).await;
                pause = (pause * 3 / 2).min(LONGEST_LOOK);
            }
            (answer, _) => return answer,
        }
    }
}

/// Whether it may hold later. A provider says itself when it never will.
fn may_hold(action: &Action, error: &ProviderError) -> bool {
    !matches!(action, Action::Verb { .. }) || error.is_transient()
}

/// Does it once, within its time.
async fn in_time(
    performer: &dyn Performer,
    timeout_s: i64,
    action: &Action,
    attempt: &Attempt,
) -> Result<Answer, ProviderError> {
    if let Action::Wait { seconds } = action {
        tokio::time::sleep(Duration::from_secs(seconds.unsigned_abs())).await;
        return Ok(Answer { said: String::new(), value: drctl_core::value::Value::Null });
    }
    let limit = Duration::from_secs(timeout_s.unsigned_abs());
    match tokio::time::timeout(limit, performer.perform(action, attempt)).await {
        Ok(answer) => answer,
        Err(_) => Err(ProviderError {
            class: ErrorClass::Timeout,
            ..failed(format!("it was not done within {timeout_s} s, and was stopped"))
        }),
    }
}

/// Whether what was asked for holds.
fn judged(action: &Action, answer: Answer) -> Result<Answer, ProviderError> {
    let Some(condition) = action.condition() else { return Ok(answer) };
    match lang::holds(condition, &answer.value) {
        Ok(true) => Ok(answer),
        Ok(false) => {
            Err(failed(format!("`{condition}` does not hold; the answer was: {}", short(&answer.said))))
        }
        Err(why) => Err(failed(format!("{why}; the answer was: {}", short(&answer.said)))),
    }
}

/// The beginning of a long text.
fn short(text: &str) -> String {
    const LONGEST: usize = 500;
    match text.char_indices().nth(LONGEST) {
        Some((end, _)) => format!("{} …", &text[..end]),
        None => text.to_owned(),
    }
}

/// It was done and did not work.
pub(crate) fn failed(message: String) -> ProviderError {
    ProviderError {
        doing: "carrying the step out".to_owned(),
        class: ErrorClass::Failed,
        code: None,
        message,
    }
}
