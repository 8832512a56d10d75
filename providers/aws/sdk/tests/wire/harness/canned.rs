//! A server on loopback that gives recorded answers, one after the other, and keeps what it was asked.

use std::collections::VecDeque;
use std::path::Path;
use std::sync::{Arc, Mutex};

use tokio::io::{AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};

use super::http::{Message, ToEnd, read};

/// A recorded answer.
pub(crate) struct Reply {
    pub(crate) status: u16,
    pub(crate) headers: Vec<(&'static str, &'static str)>,
    pub(crate) body: String,
}

impl Reply {
    /// An answer with this body.
    pub(crate) fn new(status: u16, body: &str) -> Reply {
        Reply { status, headers: Vec::new(), body: body.to_owned() }
    }

    /// The answer recorded in `testdata/wire/`.
    pub(crate) fn recorded(status: u16, file: &str) -> Reply {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../testdata/wire").join(file);
        let body = std::fs::read_to_string(&path).unwrap_or_else(|e| panic!("{}: {e}", path.display()));
        Reply { status, headers: Vec::new(), body }
    }

    pub(crate) fn header(mut self, name: &'static str, value: &'static str) -> Reply {
        self.headers.push((name, value));
        self
    }
}

#[derive(Default)]
struct State {
    replies: VecDeque<Reply>,
    seen: Vec<Message>,
}

/// The server.
pub(crate) struct Canned {
    url: String,
    state: Arc<Mutex<State>>,
}

impl Canned {
    /// Listens; a request beyond the replies is answered 418.
    pub(crate) async fn start(replies: impl IntoIterator<Item = Reply>) -> Canned {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let state = Arc::new(Mutex::new(State { replies: replies.into_iter().collect(), seen: Vec::new() }));
        let shared = state.clone();
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(serve(stream, shared.clone()));
            }
        });
        Canned { url, state }
    }

    pub(crate) fn url(&self) -> String {
        self.url.clone()
    }

    /// All requests so far.
    pub(crate) fn seen(&self) -> Vec<Message> {
        self.state.lock().unwrap().seen.clone()
    }
}

async fn serve(stream: TcpStream, state: Arc<Mutex<State>>) {
    let mut stream = BufReader::new(stream);
    while let Ok(Some(request)) = read(&mut stream, ToEnd::No).await {
        let reply = {
            let mut state = state.lock().unwrap();
            state.seen.push(request);
            state.replies.pop_front().unwrap_or_else(|| Reply::new(418, "no reply is recorded"))
        };
        let mut headers: Vec<(String, String)> =
            reply.headers.iter().map(|(n, v)| ((*n).to_owned(), (*v).to_owned())).collect();
        headers.push(("content-length".to_owned(), reply.body.len().to_string()));
        let answer = Message {
            first: format!("HTTP/1.1 {} Recorded", reply.status),
            headers,
            body: reply.body.into_bytes(),
        };
        if stream.write_all(&answer.bytes()).await.is_err() {
            return;
        }
    }
}
