//! Verbs are done by the kind, in the provider configuration that the plan names, and nowhere else.

use std::sync::Mutex;

use drctl_core::provider::{Attempt, BoxFuture, ErrorClass, ProviderError, Verb};
use drctl_core::recovery::{Action, Answer, Performer, Through};
use drctl_core::value::Value;
use drctl_engine::verbs::Verbs;

use crate::toy::{Ill, Toy, connections, registry};

/// Notes what it is handed.
#[derive(Default)]
struct Rest(Mutex<Vec<Action>>);

impl Performer for Rest {
    fn perform<'a>(
        &'a self,
        action: &'a Action,
        _attempt: &'a Attempt,
    ) -> BoxFuture<'a, Result<Answer, ProviderError>> {
        self.0.lock().unwrap().push(action.clone());
        Box::pin(async { Ok(Answer { said: String::new(), value: Value::Null }) })
    }
}

fn through(provider: &str, region: &str, account: Option<&str>, kind: &str) -> Action {
    let arguments = [("days".to_owned(), Value::from(7)), ("name".to_owned(), Value::from("new"))].into();
    Action::Verb {
        through: Through {
            provider: provider.parse().unwrap(),
            region: region.to_owned(),
            account: account.map(str::to_owned),
            kind: kind.parse().unwrap(),
        },
        verb: Verb { name: "restore".to_owned(), arguments },
    }
}

#[tokio::test(start_paused = true)]
async fn a_verb_reaches_the_named_configuration_and_everything_else_is_handed_on() {
    let (here, there) = (Toy::with(&[]), Toy::with(&[]));
    let connections = connections(&[("toy", &here), ("toy.dr", &there)]);
    let rest = Rest::default();
    let verbs = Verbs { connections: &connections, registry: registry(), otherwise: &rest };
    let attempt = Attempt("r1/2".to_owned());
    let action = through("toy.dr", "toy.dr", Some("1"), "toy_box");
    let answer = verbs.perform(&action, &attempt).await.unwrap();
    assert_eq!(answer.said, "days: 7\nname: new\n");
    assert_eq!((here.calls(), there.calls()), (vec![], vec!["restore r1/2".to_owned()]));
    assert!(rest.0.lock().unwrap().is_empty());
    verbs.perform(&Action::Wait { seconds: 1 }, &attempt).await.unwrap();
    assert_eq!(*rest.0.lock().unwrap(), [Action::Wait { seconds: 1 }]);
    there.ail("r1/2", Ill::Fails(ErrorClass::Conflict));
    assert!(verbs.perform(&action, &attempt).await.unwrap_err().is_transient());
    let written = serde_json::to_string(&action).unwrap();
    assert_eq!(serde_json::from_str::<Action>(&written).unwrap(), action, "{written}");
}

#[tokio::test(start_paused = true)]
async fn nothing_is_done_where_the_plan_was_not_made_for() {
    let toy = Toy::with(&[]);
    let connections = connections(&[("toy", &toy)]);
    let rest = Rest::default();
    let verbs = Verbs { connections: &connections, registry: registry(), otherwise: &rest };
    for (action, why) in [
        (through("toy", "elsewhere", None, "toy_box"), "the plan was made for region elsewhere"),
        (through("toy", "toy", Some("2"), "toy_box"), "the plan was made for account 2"),
        (through("toy.gone", "toy", None, "toy_box"), "no such provider configuration"),
        (through("toy", "toy", None, "toy_barrel"), "there is no kind toy_barrel"),
    ] {
        let refused = verbs.perform(&action, &Attempt("r1/2".to_owned())).await.unwrap_err();
        assert!(refused.message.contains(why) && !refused.is_transient(), "{refused}");
    }
    assert_eq!(toy.calls(), Vec::<String>::new());
}
