//! Carries out what kinds do in a recovery, through the connections that the plan names; hands the rest on.

use drctl_core::plan::ProviderHead;
use drctl_core::provider::{Attempt, BoxFuture, ErrorClass, ProviderError, Registry, Verb};
use drctl_core::recovery::{Action, Answer, Performer, Through};
use drctl_core::value::Value;

use crate::connect::Connections;

/// A performer of verbs.
pub struct Verbs<'a> {
    /// Where the provider configurations lead.
    pub connections: &'a Connections,
    /// The kinds.
    pub registry: Registry,
    /// Carries out everything else.
    pub otherwise: &'a dyn Performer,
}

impl Performer for Verbs<'_> {
    fn perform<'a>(
        &'a self,
        action: &'a Action,
        attempt: &'a Attempt,
    ) -> BoxFuture<'a, Result<Answer, ProviderError>> {
        match action {
            Action::Verb { through, verb } => Box::pin(self.verb(through, verb, attempt)),
            Action::Run { .. }
            | Action::Restore { .. }
            | Action::Fetch { .. }
            | Action::Shell { .. }
            | Action::Http { .. }
            | Action::Tcp { .. }
            | Action::Dns { .. }
            | Action::Sql { .. }
            | Action::Post { .. }
            | Action::Wait { .. }
            | Action::Person => self.otherwise.perform(action, attempt),
        }
    }
}

impl Verbs<'_> {
    async fn verb(&self, through: &Through, verb: &Verb, attempt: &Attempt) -> Result<Answer, ProviderError> {
        let Some(kind) = self.registry.kind(through.kind.as_str()) else {
            return Err(refused(through, verb, format!("there is no kind {}", through.kind)));
        };
        let cloud = self.connections.cloud(&through.provider)?;
        if let Some(head) = self.connections.clouds.get(&through.provider).map(|c| &c.head) {
            elsewhere(through, head).map_or(Ok(()), |why| Err(refused(through, verb, why)))?;
        }
        let outputs = kind.perform(cloud, attempt, verb).await?;
        Ok(Answer { said: said(&outputs), value: Value::Object(outputs) })
    }
}

/// Why it is not done there: the configuration leads elsewhere than it did when the plan was made.
fn elsewhere(through: &Through, head: &ProviderHead) -> Option<String> {
    let Through { provider, region, account, .. } = through;
    let leads = |what: &str, planned: &str, to: &str| {
        format!("the plan was made for {what} {planned}, and provider {provider} leads to {to} now")
    };
    match (&head.place.region, account, &head.place.account) {
        (Some(to), _, _) if to != region => Some(leads("region", region, to)),
        (_, Some(planned), Some(to)) if to != planned => Some(leads("account", planned, to)),
        (_, Some(planned), None) => Some(leads("account", planned, "one that was not told")),
        (_, _, _) => None,
    }
}

fn refused(through: &Through, verb: &Verb, message: String) -> ProviderError {
    ProviderError {
        doing: format!("{} of {}", verb.name, through.kind),
        class: ErrorClass::Rejected,
        code: None,
        message,
    }
}

/// What came of it, a line each.
fn said(outputs: &std::collections::BTreeMap<String, Value>) -> String {
    let line = |(name, value): (&String, &Value)| match value {
        Value::String(text) => format!("{name}: {text}\n"),
        other => format!("{name}: {}\n", other.to_json()),
    };
    outputs.iter().map(line).collect()
}
