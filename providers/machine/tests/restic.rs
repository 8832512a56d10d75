//! A repository of a real restic, on this machine. Needs restic on the PATH.
#![allow(clippy::unwrap_used, reason = "a failing test should say where")]

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use drctl_core::provider::{
    AnyCloud, AnyKind, Attempt, ErrorClass, Id, Observed, ProviderError, Request, Wanted,
};
use drctl_core::value::Value;
use drctl_machine::FILES;
use drctl_machine::port::Settings;
use drctl_machine::real::connect;

fn kind() -> &'static dyn AnyKind {
    FILES.kinds.iter().copied().find(|kind| kind.name() == "restic_repository").unwrap()
}

fn cloud(dir: &Path, password: &str) -> AnyCloud {
    let file = dir.join(format!("password-{password}"));
    std::fs::write(&file, password).unwrap();
    let environment = BTreeMap::from([
        ("PATH".to_owned(), std::env::var_os("PATH").unwrap().into_string().unwrap()),
        ("HOME".to_owned(), dir.display().to_string()),
    ]);
    Arc::new(connect(&environment, Settings { password_file: Some(file), ..Settings::default() }))
}

async fn read(cloud: &AnyCloud, repository: &str) -> Result<Option<Observed>, ProviderError> {
    let request = Request { id: Id(repository.to_owned()), wanted: Wanted::default() };
    kind().read(cloud, &request).await
}

#[tokio::test]
async fn it_is_made_once_and_is_not_absent_for_who_cannot_read_it() {
    let dir = tempfile::tempdir().unwrap();
    let right = cloud(dir.path(), "right");
    // A name in which a shell would find something.
    let repository = dir.path().join("it's $(id) 100% ours").display().to_string();
    assert_eq!(read(&right, &repository).await.unwrap(), None);
    let (attempt, spec) = (
        Attempt("test".to_owned()),
        BTreeMap::from([("repository".to_owned(), Value::from(repository.as_str()))]),
    );
    kind().create(&right, &attempt, spec.clone()).await.unwrap();
    let made = read(&right, &repository).await.unwrap().unwrap();
    kind().create(&right, &attempt, spec).await.unwrap();
    assert_eq!(read(&right, &repository).await.unwrap(), Some(made), "it is the same one");
    let wrong = cloud(dir.path(), "wrong");
    assert_eq!(read(&wrong, &repository).await.map_err(|e| e.class), Err(ErrorClass::Failed));
    let nobody: AnyCloud = Arc::new(connect(&BTreeMap::new(), Settings::default()));
    assert!(read(&nobody, &repository).await.is_err(), "without restic nobody knows");
}
