//! Asks a web server, as a browser would: redirects are followed, certificates looked at, proxies used.

use std::time::{Duration, SystemTime};

use drctl_core::provider::{ErrorClass, ProviderError};
use drctl_core::recovery::Answer;
use drctl_core::value::Value;
use reqwest::redirect::{Attempt, Policy};
use reqwest::tls::TlsInfo;
use reqwest::{Client, NoProxy, Proxy, Response, StatusCode, Url};
use x509_cert::Certificate;
use x509_cert::der::Decode;

use crate::Host;
use crate::around::{error, innermost};
use crate::net::CONNECT;
use crate::output::{MAX_BYTES, Secrets, beginning, harmless};

/// How many redirects are followed.
const REDIRECTS: usize = 5;

/// How much of a page is kept with the run.
const SAID_CHARS: usize = 2_000;

/// How much of a page stands in an error.
const ERROR_CHARS: usize = 300;

/// Asks for the page and compares the status.
pub(crate) async fn ask(host: &Host, url: &str, status: u16) -> Result<Answer, ProviderError> {
    let doing = format!("asking {}", known(url));
    let secrets = host.known.all();
    let shown = |text: &str| harmless(&secrets.hide(text), &secrets);
    let client = client(host, status).map_err(|e| refused(&doing, &e))?;
    let response = client.get(url).send().await.map_err(|e| refused(&doing, &e))?;
    let got = response.status();
    let days = certificate(&response).and_then(|der| days_left(der, SystemTime::now()));
    let from = known(response.url().as_str());
    let body = body(response).await.map_err(|e| refused(&doing, &e))?;
    if got.as_u16() != status {
        let message = match shown(beginning(body.trim(), ERROR_CHARS).as_ref()) {
            said if said.is_empty() => format!("it answered {got}, not {status}"),
            said => format!("it answered {got}, not {status}: {said}"),
        };
        let class = if got.is_server_error() { ErrorClass::Unavailable } else { ErrorClass::Failed };
        let code = Some(format!("status {}", got.as_u16()));
        return Err(ProviderError { code, ..error(&doing, class, message) });
    }
    let said = format!("{got} from {from}\n{}", shown(&beginning(&body, SAID_CHARS)));
    let mut value = std::collections::BTreeMap::from([
        ("status".to_owned(), Value::from(i64::from(got.as_u16()))),
        ("body".to_owned(), Value::from(body)),
    ]);
    value.extend(days.map(|days| ("certificate_days".to_owned(), Value::from(days))));
    Ok(Answer { said, value: Value::Object(value) })
}

/// Posts a message to the address that a variable of the environment holds.
pub(crate) async fn post(host: &Host, address_in: &str, text: &str) -> Result<Answer, ProviderError> {
    let doing = format!("posting a message to the webhook in {address_in}");
    let wrong = |why: &str| error(&doing, ErrorClass::Rejected, why.to_owned());
    let Some(address) = host.environment.get(address_in) else {
        return Err(wrong("it is not set in the environment of drctl"));
    };
    // What is said of an address would show it.
    let address = Url::parse(address.trim()).map_err(|_| wrong("it holds no address"))?;
    let client = client(host, StatusCode::OK.as_u16()).map_err(|e| refused(&doing, &e))?;
    let body = serde_json::json!({ "text": text }).to_string();
    let request = client.post(address.clone()).header("content-type", "application/json").body(body);
    let got = request.send().await.map_err(|e| refused(&doing, &e))?.status();
    if !got.is_success() {
        let class = if got.is_server_error() { ErrorClass::Unavailable } else { ErrorClass::Failed };
        let code = Some(format!("status {}", got.as_u16()));
        return Err(ProviderError { code, ..error(&doing, class, format!("it answered {got}")) });
    }
    Ok(Answer { said: format!("{got}"), value: Value::Null })
}

fn client(host: &Host, status: u16) -> reqwest::Result<Client> {
    let is_redirect = StatusCode::from_u16(status).is_ok_and(|status| status.is_redirection());
    // Whoever expects a redirect wants to see it.
    let policy = if is_redirect { Policy::none() } else { Policy::custom(follow) };
    let mut builder = Client::builder()
        .user_agent(concat!("drctl/", env!("CARGO_PKG_VERSION")))
        .connect_timeout(CONNECT)
        .redirect(policy)
        .tls_info(true)
        .no_proxy();
    let of = |names: [&str; 2]| names.into_iter().find_map(|name| host.environment.get(name));
    let direct = of(["no_proxy", "NO_PROXY"]).and_then(|list| NoProxy::from_string(list));
    // Programs take `http_proxy` in small letters only: a web server may be made to set the other.
    if let Some(proxy) = host.environment.get("http_proxy").filter(|proxy| !proxy.is_empty()) {
        builder = builder.proxy(Proxy::http(proxy)?.no_proxy(direct.clone()));
    }
    if let Some(proxy) = of(["https_proxy", "HTTPS_PROXY"]).filter(|proxy| !proxy.is_empty()) {
        builder = builder.proxy(Proxy::https(proxy)?.no_proxy(direct));
    }
    builder.build()
}

/// Follows a redirect, unless there are too many or it gives encryption up.
fn follow(attempt: Attempt<'_>) -> reqwest::redirect::Action {
    let last = attempt.previous().last().map_or("", |url| url.scheme());
    if attempt.previous().len() > REDIRECTS {
        attempt.error(format!("more than {REDIRECTS} redirects"))
    } else if last == "https" && attempt.url().scheme() != "https" {
        attempt.error("a redirect from https to what is not encrypted")
    } else {
        attempt.follow()
    }
}

/// The beginning of the page.
async fn body(mut response: Response) -> reqwest::Result<String> {
    let mut bytes = Vec::new();
    while let Some(chunk) = response.chunk().await? {
        bytes.extend_from_slice(&chunk);
        if bytes.len() >= MAX_BYTES {
            bytes.truncate(MAX_BYTES);
            break;
        }
    }
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}

/// The address as it may be shown: without user and password, and without what may be a token.
fn known(url: &str) -> String {
    let Ok(mut url) = Url::parse(url) else { return shown(url) };
    // An address that has no place for them has none to take out.
    let _ = (url.set_username(""), url.set_password(None));
    url.set_query(None);
    url.set_fragment(None);
    shown(url.as_str())
}

fn certificate(response: &Response) -> Option<&[u8]> {
    response.extensions().get::<TlsInfo>().and_then(TlsInfo::peer_certificate)
}

/// The whole days until the certificate is out of date.
fn days_left(der: &[u8], now: SystemTime) -> Option<i64> {
    const DAY: Duration = Duration::from_secs(86_400);
    let certificate = Certificate::from_der(der).ok()?;
    let end = certificate.tbs_certificate.validity.not_after.to_system_time();
    match end.duration_since(now) {
        Ok(left) => i64::try_from(left.as_secs() / DAY.as_secs()).ok(),
        Err(over) => i64::try_from(over.duration().as_secs() / DAY.as_secs()).ok().map(|days| -days - 1),
    }
}

/// Why there is no answer. Without the address, which may hold a password and is known.
fn refused(doing: &str, why: &reqwest::Error) -> ProviderError {
    let class = if why.is_builder() || why.is_redirect() {
        ErrorClass::Rejected
    } else if why.is_timeout() {
        ErrorClass::Timeout
    } else {
        ErrorClass::Unavailable
    };
    let message = match class {
        ErrorClass::Timeout => "no answer in time".to_owned(),
        _ => shown(&innermost(why)),
    };
    error(doing, class, message)
}

fn shown(text: &str) -> String {
    harmless(text, &Secrets::default())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_days_of_a_certificate_are_whole_and_below_zero_when_it_is_out_of_date() {
        let mut params = rcgen::CertificateParams::new(vec!["localhost".to_owned()]).unwrap();
        params.not_before = rcgen::date_time_ymd(2026, 1, 1);
        params.not_after = rcgen::date_time_ymd(2026, 4, 1);
        let key = rcgen::KeyPair::generate().unwrap();
        let der = params.self_signed(&key).unwrap();
        let end = SystemTime::from(rcgen::date_time_ymd(2026, 4, 1));
        let hours = |n: u64| Duration::from_secs(3_600 * n);
        assert_eq!(days_left(der.der(), end - hours(49)), Some(2));
        assert_eq!(days_left(der.der(), end - hours(1)), Some(0));
        assert_eq!(days_left(der.der(), end + hours(1)), Some(-1));
        assert_eq!(days_left(b"no certificate", end), None);
    }
}
