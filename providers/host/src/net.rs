//! Looks whether a connection is accepted, and where a name leads.

use std::collections::BTreeSet;
use std::io;
use std::net::IpAddr;
use std::time::Duration;

use drctl_core::provider::{ErrorClass, ProviderError};
use drctl_core::recovery::Answer;
use drctl_core::value::Value;
use tokio::net::{TcpStream, lookup_host};

use crate::around::error;
use crate::output::{Secrets, harmless};

/// How long a connection may take. Whoever has not answered by then is not there for a user either.
pub(crate) const CONNECT: Duration = Duration::from_secs(10);

/// Connects, and hangs up.
pub(crate) async fn connect(host: &str, port: u16) -> Result<Answer, ProviderError> {
    let doing = shown(&format!("connecting to {host}:{port}"));
    let connected = match tokio::time::timeout(CONNECT, TcpStream::connect((host, port))).await {
        Ok(connected) => connected,
        Err(_) => {
            let message = format!("no answer within {} s", CONNECT.as_secs());
            return Err(error(&doing, ErrorClass::Timeout, message));
        }
    };
    let stream = connected.map_err(|e| error(&doing, ErrorClass::Unavailable, words(&e)))?;
    let address = stream.peer_addr().map(|address| address.to_string()).unwrap_or_default();
    let value = Value::Object([("address".to_owned(), Value::from(address.as_str()))].into());
    Ok(Answer { said: format!("connected to {address}"), value })
}

/// Asks the system where the name leads.
pub(crate) async fn resolve(name: &str, wanted: Option<&str>) -> Result<Answer, ProviderError> {
    let doing = shown(&format!("looking `{name}` up"));
    let found = addresses(name).await.map_err(|e| error(&doing, ErrorClass::Unavailable, words(&e)))?;
    let list = |all: &BTreeSet<IpAddr>| all.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ");
    if let Some(wanted) = wanted {
        // An address as it is; a name, such as that of a load balancer, for where it leads itself.
        let of_wanted = match wanted.parse::<IpAddr>() {
            Ok(address) => BTreeSet::from([address.to_canonical()]),
            Err(_) => addresses(wanted).await.map_err(|e| {
                let message = format!("`{}`, which it must lead to: {}", shown(wanted), words(&e));
                error(&doing, ErrorClass::Unavailable, message)
            })?,
        };
        if found.is_disjoint(&of_wanted) {
            let message = format!("it leads to {}, not to {}", list(&found), shown(wanted));
            return Err(error(&doing, ErrorClass::Failed, message));
        }
    }
    let addresses = found.iter().map(|address| Value::from(address.to_string())).collect();
    let value = Value::Object([("addresses".to_owned(), Value::List(addresses))].into());
    Ok(Answer { said: format!("it leads to {}", list(&found)), value })
}

async fn addresses(name: &str) -> io::Result<BTreeSet<IpAddr>> {
    let found: BTreeSet<IpAddr> =
        lookup_host((name, 0)).await?.map(|address| address.ip().to_canonical()).collect();
    if found.is_empty() { Err(io::Error::other("it leads nowhere")) } else { Ok(found) }
}

/// The system's words, without the number of the error.
fn words(error: &io::Error) -> String {
    let words = error.to_string();
    let words = words.strip_prefix("failed to lookup address information: ").unwrap_or(&words);
    words.split(" (os error").next().unwrap_or(words).to_owned()
}

fn shown(text: &str) -> String {
    harmless(text, &Secrets::default())
}
