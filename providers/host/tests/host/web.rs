//! A web server on loopback.

use std::path::Path;
use std::sync::Arc;

use drctl_core::provider::{ErrorClass, ProviderError};
use drctl_core::recovery::{Action, Answer};
use rustls::pki_types::PrivateKeyDer;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::TcpListener;

use super::{host, json, perform};

/// Answers every path as the table says; gives the address.
async fn server(pages: &'static [(&'static str, &'static str)]) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = format!("http://{}", listener.local_addr().unwrap());
    tokio::spawn(async move {
        loop {
            let (stream, _) = listener.accept().await.unwrap();
            tokio::spawn(answer(stream, pages));
        }
    });
    address
}

/// What is asked.
async fn head(stream: &mut (impl AsyncRead + Unpin)) -> std::io::Result<String> {
    let mut asked = Vec::new();
    while !asked.ends_with(b"\r\n\r\n") {
        asked.push(stream.read_u8().await?);
    }
    Ok(String::from_utf8(asked).unwrap())
}

async fn answer(mut stream: impl AsyncRead + AsyncWrite + Unpin, pages: &[(&str, &str)]) {
    let Ok(asked) = head(&mut stream).await else { return };
    let path = asked.split(' ').nth(1).unwrap();
    let page = pages.iter().find(|(known, _)| path == *known).map(|(_, page)| *page);
    let (head, body) = page.unwrap_or("404 Not Found\n").split_once('\n').unwrap();
    let head = head.replace('|', "\r\n");
    let reply = format!("HTTP/1.1 {head}\r\nconnection: close\r\n\r\n{body}");
    // Whoever asks may have heard enough.
    let _ = stream.write_all(reply.as_bytes()).await;
    let _ = stream.shutdown().await;
}

async fn ask(url: &str, status: u16) -> Result<Answer, ProviderError> {
    let action = Action::Http { url: url.to_owned(), status, expect: None };
    perform(&host(Path::new("."), &[]), &action).await
}

#[tokio::test]
async fn status_and_page_are_told() {
    let pages =
        &[("/health", "200 OK\n{\"ok\": true}"), ("/down", "503 Service Unavailable\n\u{1b}[31mdb is gone")];
    let base = server(pages).await;
    let answer = ask(&format!("{base}/health"), 200).await.unwrap();
    assert_eq!(answer.value, json(r#"{ "status": 200, "body": "{\"ok\": true}" }"#));
    assert_eq!(answer.said, format!("200 OK from {base}/health\n{{\"ok\": true}}"));
    ask(&format!("{base}/nowhere"), 404).await.unwrap();
    let error = ask(&format!("{base}/down"), 200).await.unwrap_err();
    assert_eq!((error.class, error.code.as_deref()), (ErrorClass::Unavailable, Some("status 503")));
    assert_eq!(error.message, "it answered 503 Service Unavailable, not 200: db is gone");
    let error = ask(&format!("{base}/nowhere"), 200).await.unwrap_err();
    assert_eq!(
        (error.class, error.message.as_str()),
        (ErrorClass::Failed, "it answered 404 Not Found, not 200")
    );
}

#[tokio::test]
async fn redirects_are_followed_told_and_bounded() {
    let pages = &[
        ("/old", "301 Moved Permanently|location: /new?token=abc\n"),
        ("/new?token=abc", "200 OK\nhere"),
        ("/round", "302 Found|location: /round\n"),
    ];
    let base = server(pages).await;
    let answer = ask(&format!("{base}/old"), 200).await.unwrap();
    assert_eq!(answer.said, format!("200 OK from {base}/new\nhere"));
    ask(&format!("{base}/old"), 301).await.unwrap();
    let error = ask(&format!("{base}/round"), 200).await.unwrap_err();
    assert_eq!(error.message, "more than 5 redirects");
}

#[tokio::test]
async fn a_page_without_end_is_read_only_so_far() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/", listener.local_addr().unwrap());
    tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.unwrap();
        head(&mut stream).await.unwrap();
        stream.write_all(b"HTTP/1.1 200 OK\r\n\r\n").await.unwrap();
        while stream.write_all(&[b'x'; 65_536]).await.is_ok() {}
    });
    let answer = ask(&url, 200).await.unwrap();
    assert_eq!(answer.value.get("body").unwrap().as_str().unwrap().len(), 1 << 20);
    assert!(answer.said.len() < 3_000);
}

#[tokio::test]
async fn who_does_not_answer_is_told_without_the_password_of_the_address() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let place = listener.local_addr().unwrap();
    drop(listener);
    let error = ask(&format!("http://me:hunter2@{place}/x?token=hunter2"), 200).await.unwrap_err();
    assert_eq!(error.class, ErrorClass::Unavailable);
    assert_eq!(error.to_string(), format!("asking http://{place}/x: Connection refused (os error 111)"));
    for hostile in ["no url", "file:///etc/passwd", "http://", "-o /tmp/x", "http://a b/", "http://[::1"] {
        assert_eq!(ask(hostile, 200).await.unwrap_err().class, ErrorClass::Rejected, "{hostile}");
    }
}

#[tokio::test]
async fn a_certificate_of_nobody_who_is_trusted_is_refused() {
    let made = rcgen::generate_simple_self_signed(vec!["localhost".to_owned()]).unwrap();
    let key = PrivateKeyDer::Pkcs8(made.signing_key.serialize_der().into());
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = rustls::ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![made.cert.der().clone()], key)
        .unwrap();
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("https://localhost:{}/", listener.local_addr().unwrap().port());
    tokio::spawn(async move {
        let acceptor = tokio_rustls::TlsAcceptor::from(Arc::new(config));
        loop {
            let (stream, _) = listener.accept().await.unwrap();
            if let Ok(stream) = acceptor.accept(stream).await {
                answer(stream, &[("/", "200 OK\nhello")]).await;
            }
        }
    });
    let error = ask(&url, 200).await.unwrap_err();
    assert!(error.message.contains("certificate"), "{error}");
}

#[tokio::test]
async fn the_proxy_of_the_environment_is_used_unless_it_is_excepted() {
    let proxy = server(&[("http://db.example.test/", "200 OK\nby proxy")]).await;
    let direct = server(&[("/", "200 OK\ndirect")]).await;
    let host = host(Path::new("."), &[("http_proxy", &proxy), ("no_proxy", "127.0.0.1")]);
    for (url, expected) in [("http://db.example.test/", "by proxy"), (direct.as_str(), "direct")] {
        let action = Action::Http { url: url.to_owned(), status: 200, expect: None };
        let answer = perform(&host, &action).await.unwrap();
        assert_eq!(answer.value.get("body").unwrap().as_str(), Some(expected));
    }
}

/// Takes one message, answers with the status, and gives what was sent.
async fn posted(status: &'static str, address: &str, text: &str) -> (String, Result<Answer, ProviderError>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let place = listener.local_addr().unwrap();
    let taken = tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.unwrap();
        let head = head(&mut stream).await.unwrap();
        let lower = head.to_lowercase();
        let length = lower.lines().find_map(|line| line.strip_prefix("content-length: ")).unwrap();
        let mut body = vec![0; length.parse().unwrap()];
        stream.read_exact(&mut body).await.unwrap();
        let reply = format!("HTTP/1.1 {status}\r\nconnection: close\r\n\r\nhunter2");
        stream.write_all(reply.as_bytes()).await.unwrap();
        format!("{}\n{}", head.lines().next().unwrap(), String::from_utf8(body).unwrap())
    });
    let address = address.replace("PLACE", &place.to_string());
    let action = Action::Post { address_in: "HOOK".to_owned(), text: text.to_owned() };
    let answer = perform(&host(Path::new("."), &[("HOOK", &address)]), &action).await;
    (taken.await.unwrap(), answer)
}

#[tokio::test]
async fn a_message_is_posted_as_text_and_the_address_is_shown_nowhere() {
    let text = "down \"since\" 10:00\n\u{1b}[31m";
    let (sent, answer) = posted("204 No Content", "http://PLACE/services/hunter2", text).await;
    let (first, body) = sent.split_once('\n').unwrap();
    assert_eq!(first, "POST /services/hunter2 HTTP/1.1");
    let body: serde_json::Value = serde_json::from_str(body).unwrap();
    assert_eq!(body, serde_json::json!({ "text": text }));
    assert_eq!(answer.unwrap().said, "204 No Content");
    let (_, answer) = posted("403 Forbidden", "http://PLACE/services/hunter2", "x").await;
    let error = answer.unwrap_err();
    assert_eq!((error.class, error.code.as_deref()), (ErrorClass::Failed, Some("status 403")));
    let action = Action::Post { address_in: "HOOK".to_owned(), text: "x".to_owned() };
    for (address, class) in [
        ("http://127.0.0.1:1/hunter2", ErrorClass::Unavailable),
        ("hunter2 is no address", ErrorClass::Rejected),
        ("file:///hunter2", ErrorClass::Rejected),
    ] {
        let refused = perform(&host(Path::new("."), &[("HOOK", address)]), &action).await.unwrap_err();
        assert_eq!(refused.class, class, "{refused}");
        for told in [&error, &refused] {
            assert!(!format!("{told:?}").contains("hunter2"), "{told:?}");
        }
    }
    let unset = perform(&host(Path::new("."), &[]), &action).await.unwrap_err();
    assert_eq!(
        unset.to_string(),
        "posting a message to the webhook in HOOK: it is not set in the environment of drctl"
    );
}
