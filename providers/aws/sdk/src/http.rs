//! The HTTP client under the SDKs: certificates are read when something is first asked over TLS, not when a
//! client is made. Reading all that a machine trusts takes longer than a call within a region.

use aws_smithy_http_client::{Builder, tls};
use aws_smithy_runtime_api::client::http::{
    HttpClient, HttpConnector, HttpConnectorFuture, HttpConnectorSettings, SharedHttpClient,
    SharedHttpConnector,
};
use aws_smithy_runtime_api::client::orchestrator::HttpRequest;
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;

/// A client that keeps so many idle connections to each host.
pub(crate) fn client(idle: usize) -> SharedHttpClient {
    let tls = tls::Provider::Rustls(tls::rustls_provider::CryptoMode::AwsLc);
    SharedHttpClient::new(ByScheme {
        plain: Builder::new().pool_max_idle_per_host(idle).build_http(),
        tls: Builder::new().tls_provider(tls).pool_max_idle_per_host(idle).build_https(),
    })
}

/// Asks each by the client that its scheme needs.
#[derive(Debug, Clone)]
struct ByScheme {
    plain: SharedHttpClient,
    tls: SharedHttpClient,
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
        client.http_connector(&self.settings, &self.components).call(request)
    }
}
