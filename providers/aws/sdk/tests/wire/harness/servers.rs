//! Starts moto and ministack on free loopback ports, and stops them.

use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use tokio::net::TcpStream;

/// How long a server may take until it listens.
const READY_WITHIN: Duration = Duration::from_secs(60);

/// Which server.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Product {
    /// RDS and STS.
    Moto,
    /// S3.
    Ministack,
}

/// A running server; killed when dropped.
pub(crate) struct Server {
    child: Child,
    pub(crate) address: SocketAddr,
}

impl Server {
    /// Starts it and waits until it listens.
    ///
    /// # Panics
    /// When it is not installed, or does not listen in time.
    pub(crate) async fn start(product: Product) -> Server {
        for _ in 0..3 {
            if let Some(server) = Server::attempt(product).await {
                return server;
            }
        }
        panic!("{product:?} ended three times before it listened");
    }

    /// None when it ended early: somebody else may have taken the port.
    async fn attempt(product: Product) -> Option<Server> {
        let address = free_address();
        let port = address.port().to_string();
        let mut command = match product {
            Product::Moto => {
                let mut command = Command::new(tool("moto_server"));
                command.args(["-H", "127.0.0.1", "-p", &port]);
                command
            }
            Product::Ministack => {
                let mut command = Command::new(tool("ministack"));
                command.env("BIND_HOST", "127.0.0.1").env("GATEWAY_PORT", &port);
                command.env("SERVICES", "s3,sts,iam,rds").env("IOT_MTLS_ENABLED", "0");
                command
            }
        };
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        let child = command.spawn().unwrap_or_else(|e| panic!("starting {product:?}: {e}"));
        let mut server = Server { child, address };
        let start = Instant::now();
        let mut tick = tokio::time::interval(Duration::from_millis(25));
        while TcpStream::connect(address).await.is_err() {
            if server.child.try_wait().unwrap().is_some() {
                return None;
            }
            assert!(start.elapsed() < READY_WITHIN, "{product:?} does not listen on {address}");
            tick.tick().await;
        }
        Some(server)
    }

    pub(crate) fn url(&self) -> String {
        format!("http://{}", self.address)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // It may have ended by itself; there is nothing to do about either.
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

fn free_address() -> SocketAddr {
    TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap().local_addr().unwrap()
}

/// A program of the virtual environment that `cli/tests/wire/setup` makes.
pub(crate) fn tool(name: &str) -> PathBuf {
    let path = root().join("target/wire-venv/bin").join(name);
    assert!(path.exists(), "the wire tests need {}: run cli/tests/wire/setup", path.display());
    path
}

/// The top of the repository.
pub(crate) fn root() -> PathBuf {
    let here = std::path::Path::new(env!("CARGO_MANIFEST_DIR"));
    let top = here.ancestors().find(|p| p.join("cli/tests/wire/setup").exists());
    top.expect("the repository holds cli/tests/wire/setup").to_owned()
}
