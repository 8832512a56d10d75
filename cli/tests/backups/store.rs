//! An S3 server (ministack) on loopback, and TLS in front of it: pgBackRest speaks to no other.

use std::io::{Read, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpStream as Plain};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;

use rustls::pki_types::PrivateKeyDer;
use tokio::net::{TcpListener, TcpStream};
use tokio::runtime::Runtime;

use crate::machine::until;

/// A running server with TLS in front of it; both end with this.
pub(crate) struct Store {
    server: Server,
    front: Option<Runtime>,
    /// Where it is spoken to with TLS, as `localhost`.
    pub(crate) port: u16,
    /// The certificate that whoever speaks to it has to trust.
    pub(crate) certificate: String,
}

/// The server itself.
struct Server {
    child: Child,
    address: SocketAddr,
}

impl Server {
    /// Starts it and waits until it listens; none when it ended before: somebody else may have taken the port.
    fn start() -> Option<Server> {
        let bound = std::net::TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let address = bound.local_addr().unwrap();
        drop(bound);
        let program = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../target/wire-venv/bin/ministack");
        assert!(program.exists(), "ministack is not installed: run cli/tests/wire/setup");
        let mut command = Command::new(program);
        command.env("BIND_HOST", "127.0.0.1").env("GATEWAY_PORT", address.port().to_string());
        command.env("SERVICES", "s3,sts").env("IOT_MTLS_ENABLED", "0");
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        let mut server = Server { child: command.spawn().unwrap(), address };
        let mut ended = false;
        until("that the S3 server listens", || {
            ended = server.child.try_wait().unwrap().is_some();
            ended || Plain::connect(address).is_ok()
        });
        (!ended).then_some(server)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // It may have ended by itself; there is nothing to do about either.
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

impl Store {
    /// Starts both.
    pub(crate) fn start() -> Store {
        let server = (0..3).find_map(|_| Server::start()).expect("the S3 server ended three times");
        let front =
            tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
        let made = rcgen::generate_simple_self_signed(vec!["localhost".to_owned()]).unwrap();
        let key = PrivateKeyDer::Pkcs8(made.signing_key.serialize_der().into());
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let config = rustls::ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_no_client_auth()
            .with_single_cert(vec![made.cert.der().clone()], key)
            .unwrap();
        let listener = front.block_on(TcpListener::bind((Ipv4Addr::LOCALHOST, 0))).unwrap();
        let port = listener.local_addr().unwrap().port();
        front.spawn(pass_on(listener, config, server.address));
        Store { server, front: Some(front), port, certificate: made.cert.pem() }
    }

    /// Where it is spoken to without TLS.
    #[cfg(feature = "aws")]
    pub(crate) fn plain(&self) -> String {
        format!("http://{}", self.server.address)
    }

    /// What Python says of it, with `s3` of boto3 at hand.
    #[cfg(feature = "aws")]
    pub(crate) fn boto3(&self, lines: &str) -> String {
        let begin = format!(
            "import boto3, hashlib\ns3 = boto3.client('s3', endpoint_url='{}', region_name='eu-west-1', \
             aws_access_key_id='test', aws_secret_access_key='test')\n",
            self.plain()
        );
        let python = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../target/wire-venv/bin/python");
        let output = Command::new(python).args(["-c", &format!("{begin}{lines}")]).output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).unwrap().trim().to_owned()
    }

    /// A bucket, empty.
    pub(crate) fn make_bucket(&self, name: &str) {
        let answer = self.ask("PUT", &format!("/{name}"));
        assert!(answer.starts_with(b"HTTP/1.1 200"), "{}", String::from_utf8_lossy(&answer));
    }

    /// What an object holds, past TLS.
    pub(crate) fn object(&self, path: &str) -> Vec<u8> {
        let answer = self.ask("GET", path);
        let body = answer.windows(4).position(|four| four == b"\r\n\r\n").unwrap() + 4;
        assert!(answer.starts_with(b"HTTP/1.1 200"), "{path}: {}", String::from_utf8_lossy(&answer));
        answer[body..].to_owned()
    }

    fn ask(&self, verb: &str, path: &str) -> Vec<u8> {
        let mut stream = Plain::connect(self.server.address).unwrap();
        let head = format!(
            "{verb} {path} HTTP/1.1\r\nHost: {}\r\nContent-Length: 0\r\nConnection: close\r\n\r\n",
            self.server.address
        );
        stream.write_all(head.as_bytes()).unwrap();
        let mut answer = Vec::new();
        stream.read_to_end(&mut answer).unwrap();
        answer
    }

    /// It is reached no more.
    pub(crate) fn cut(&mut self) {
        if let Some(front) = self.front.take() {
            front.shutdown_background();
        }
    }
}

/// Takes TLS off, for as long as anybody connects.
async fn pass_on(listener: TcpListener, config: rustls::ServerConfig, to: SocketAddr) {
    let acceptor = tokio_rustls::TlsAcceptor::from(Arc::new(config));
    loop {
        let (stream, _) = listener.accept().await.unwrap();
        let acceptor = acceptor.clone();
        tokio::spawn(async move {
            // Who does not trust the certificate goes away.
            let Ok(mut stream) = acceptor.accept(stream).await else { return };
            let Ok(mut behind) = TcpStream::connect(to).await else { return };
            // A request in two parts does not wait for the answer to the first.
            let _ = (stream.get_ref().0.set_nodelay(true), behind.set_nodelay(true));
            // Either side may end it.
            drop(tokio::io::copy_bidirectional(&mut stream, &mut behind).await);
        });
    }
}

impl Drop for Store {
    fn drop(&mut self) {
        self.cut();
    }
}
