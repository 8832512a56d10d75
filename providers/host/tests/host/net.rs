//! Connections and names.

use std::path::Path;

use drctl_core::provider::ErrorClass;
use drctl_core::recovery::Action;
use tokio::net::TcpListener;

use super::{host, json, perform};

#[tokio::test]
async fn a_connection_is_accepted_or_not() {
    let host = host(Path::new("."), &[]);
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let to = |host: &str| Action::Tcp { host: host.to_owned(), port };
    let answer = perform(&host, &to("127.0.0.1")).await.unwrap();
    assert_eq!(answer.said, format!("connected to 127.0.0.1:{port}"));
    drop(listener);
    let error = perform(&host, &to("127.0.0.1")).await.unwrap_err();
    assert_eq!((error.class, error.message.as_str()), (ErrorClass::Unavailable, "Connection refused"));
    for hostile in ["-rf", "a b", "$(id)", "", "\u{1b}[2J", "name\nname"] {
        let error = perform(&host, &to(hostile)).await.unwrap_err();
        assert!(!error.to_string().contains('\u{1b}'), "{error}");
    }
}

#[tokio::test]
async fn a_name_leads_where_it_must_or_not() {
    let host = host(Path::new("."), &[]);
    let dns = |name: &str, address: Option<&str>| Action::Dns {
        name: name.to_owned(),
        address: address.map(str::to_owned),
    };
    let answer = perform(&host, &dns("127.0.0.1", None)).await.unwrap();
    assert_eq!(answer.value, json(r#"{ "addresses": ["127.0.0.1"] }"#));
    assert_eq!(answer.said, "it leads to 127.0.0.1");
    for same in ["127.0.0.1", "::ffff:127.0.0.1"] {
        perform(&host, &dns("127.0.0.1", Some(same))).await.unwrap();
    }
    perform(&host, &dns("localhost", Some("localhost"))).await.unwrap();
    let error = perform(&host, &dns("127.0.0.1", Some("192.0.2.7"))).await.unwrap_err();
    assert_eq!(error.class, ErrorClass::Failed);
    assert_eq!(error.message, "it leads to 127.0.0.1, not to 192.0.2.7");
    let error = perform(&host, &dns("no such name", None)).await.unwrap_err();
    assert!(!error.message.contains("os error"), "{error}");
}
