//! The HTTP client under the SDKs. It bounds the requests under way, and nothing else of a call: what the SDK does
//! before and after is done while others wait for their answers. Certificates are read when something is first asked
//! over TLS, not when a client is made: reading all that a machine trusts takes longer than a call within a region.

use std::sync::Arc;

use aws_smithy_http_client::{Builder, tls};
use aws_smithy_runtime_api::client::http::{
    HttpClient, HttpConnector, HttpConnectorFuture, HttpConnectorSettings, SharedHttpClient,
    SharedHttpConnector,
};
use aws_smithy_runtime_api::client::orchestrator::HttpRequest;
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;
use tokio::sync::Semaphore;

/// A client with at most so many requests under way, which keeps as many idle connections to each host.
pub(crate) fn client(in_flight: usize) -> SharedHttpClient {
    let tls = tls::Provider::Rustls(tls::rustls_provider::CryptoMode::AwsLc);
    SharedHttpClient::new(ByScheme {
        plain: Builder::new().pool_max_idle_per_host(in_flight).build_http(),
        tls: Builder::new().tls_provider(tls).pool_max_idle_per_host(in_flight).build_https(),
        under_way: Arc::new(Semaphore::new(in_flight.clamp(1, Semaphore::MAX_PERMITS))),
    })
}

/// Asks each by the client that its scheme needs.
#[derive(Debug, Clone)]
struct ByScheme {
    plain: SharedHttpClient,
    tls: SharedHttpClient,
    under_way: Arc<Semaphore>,
}

/// A connector that is made when the scheme is known. The clients keep theirs.
#[derive(Debug)]
struct Late {
    clients: ByScheme,
    settings: HttpConnectorSettings,
    components: RuntimeComponents,
}

impl HttpClient for ByScheme {
    fn http_connector(
        &self,
        settings: &HttpConnectorSettings,
        components: &RuntimeComponents,
    ) -> SharedHttpConnector {
        let (clients, settings, components) = (self.clone(), settings.clone(), components.clone());
        SharedHttpConnector::new(Late { clients, settings, components })
    }
}

impl HttpConnector for Late {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        let client =
            if request.uri().starts_with("http://") { &self.clients.plain } else { &self.clients.tls };
        let connector = client.http_connector(&self.settings, &self.components);
        let under_way = Arc::clone(&self.clients.under_way);
        HttpConnectorFuture::new(async move {
            let _permit = under_way.acquire().await.expect("the semaphore is never closed");
            connector.call(request).await
        })
    }
}
