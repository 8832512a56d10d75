//! A reverse proxy that counts calls and connections, and can delay or fail them. Connections to the
//! client are kept alive whatever the server does.

use std::collections::BTreeMap;
use std::io;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use tokio::io::{AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};

use super::http::{Message, ToEnd, read};

/// What happens to a call instead of being passed on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Fault {
    /// No answer.
    Hang,
    /// The connection is cut.
    Reset,
    /// 500, without an AWS error.
    Broken,
    /// 403, as S3 says it.
    Denied,
}

#[derive(Default)]
struct State {
    calls: BTreeMap<String, usize>,
    connections: usize,
    requests: Vec<Message>,
    delay: Duration,
    faults: Vec<(String, Fault)>,
}

/// The proxy.
pub(crate) struct Proxy {
    url: String,
    state: Arc<Mutex<State>>,
}

impl Proxy {
    /// Listens, and passes on to the server.
    pub(crate) async fn start(server: SocketAddr) -> Proxy {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let state = Arc::new(Mutex::new(State::default()));
        let shared = state.clone();
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                shared.lock().unwrap().connections += 1;
                tokio::spawn(serve(stream, server, shared.clone()));
            }
        });
        Proxy { url, state }
    }

    pub(crate) fn url(&self) -> String {
        self.url.clone()
    }

    /// Calls by name, as [`Message::call`] has it.
    pub(crate) fn calls(&self) -> BTreeMap<String, usize> {
        self.state.lock().unwrap().calls.clone()
    }

    pub(crate) fn connections(&self) -> usize {
        self.state.lock().unwrap().connections
    }

    /// The requests since this was last asked, in the order of their coming.
    pub(crate) fn take_requests(&self) -> Vec<Message> {
        std::mem::take(&mut self.state.lock().unwrap().requests)
    }

    /// Holds every call back for so long.
    pub(crate) fn delay(&self, delay: Duration) {
        self.state.lock().unwrap().delay = delay;
    }

    /// Fails every call whose name contains the text.
    pub(crate) fn fail(&self, call: &str, fault: Fault) {
        self.state.lock().unwrap().faults.push((call.to_owned(), fault));
    }
}

async fn serve(stream: TcpStream, server: SocketAddr, state: Arc<Mutex<State>>) {
    let mut stream = BufReader::new(stream);
    while let Ok(Some(request)) = read(&mut stream, ToEnd::No).await {
        let (delay, fault) = {
            let mut state = state.lock().unwrap();
            let call = request.call();
            *state.calls.entry(call.clone()).or_default() += 1;
            let fault = state.faults.iter().find(|(text, _)| call.contains(text.as_str())).map(|(_, f)| *f);
            state.requests.push(request.clone());
            (state.delay, fault)
        };
        if !delay.is_zero() {
            tokio::time::sleep(delay).await;
        }
        let answer = match fault {
            None => pass_on(request, server).await,
            Some(Fault::Hang) => std::future::pending().await,
            Some(Fault::Reset) => return,
            Some(Fault::Broken) => Ok(refusal("500 Broken", "out of order")),
            Some(Fault::Denied) => Ok(refusal(
                "403 Forbidden",
                "<Error><Code>AccessDenied</Code><Message>Access Denied</Message></Error>",
            )),
        };
        let Ok(answer) = answer else { return };
        if stream.write_all(&answer.bytes()).await.is_err() {
            return;
        }
    }
}

fn refusal(status: &str, body: &str) -> Message {
    let headers = vec![("content-length".to_owned(), body.len().to_string())];
    Message { first: format!("HTTP/1.1 {status}"), headers, body: body.as_bytes().to_vec() }
}

async fn pass_on(mut request: Message, server: SocketAddr) -> io::Result<Message> {
    let mut upstream = BufReader::new(TcpStream::connect(server).await?);
    request.headers.retain(|(n, _)| !is_hop(n));
    request.headers.push(("connection".to_owned(), "close".to_owned()));
    if !request.body.is_empty() || !request.first.starts_with("GET") {
        request.headers.push(("content-length".to_owned(), request.body.len().to_string()));
    }
    upstream.write_all(&request.bytes()).await?;
    let mut answer = read(&mut upstream, ToEnd::Yes)
        .await?
        .ok_or_else(|| io::Error::new(io::ErrorKind::UnexpectedEof, "no answer"))?;
    answer.first = answer.first.replacen("HTTP/1.0", "HTTP/1.1", 1);
    answer.headers.retain(|(n, _)| !is_hop(n));
    if !answer.first.contains(" 204") {
        answer.headers.push(("content-length".to_owned(), answer.body.len().to_string()));
    }
    Ok(answer)
}

/// Headers about the connection or the form of the body, which the proxy decides anew.
fn is_hop(name: &str) -> bool {
    ["connection", "keep-alive", "transfer-encoding", "content-length"]
        .iter()
        .any(|hop| name.eq_ignore_ascii_case(hop))
}
