//! A server with TLS, and those who come to it over TLS.

use std::{
    io::{self, Read, Write},
    net::TcpStream,
    ops::Deref,
    path::Path,
    sync::Arc,
};

use reverb::engine::Notice;
use rustls::{
    ClientConfig, ClientConnection, RootCertStore, StreamOwned,
    crypto::ring,
    pki_types::{CertificateDer, PrivateKeyDer, ServerName, pem::PemObject},
};
use serde_json::{Value, json};

use crate::{
    certificates::{Authority, Folder, Pair, Subject},
    support::{
        client::{Client, connect},
        http::{Answer, Request},
        server::TestServer,
    },
};

/// A connection over TLS.
pub(crate) type Secure<S = TcpStream> = StreamOwned<ClientConnection, S>;

/// A server for `localhost`, whose authority its visitors trust.
pub(crate) struct SecureServer {
    server: TestServer,
    pub(crate) authority: Authority,
    pub(crate) folder: Folder,
}

/// A client's rules: whom it trusts, and what it shows.
pub(crate) struct Visitor {
    pub(crate) config: ClientConfig,
    /// The host that it asks for.
    pub(crate) name: &'static str,
}

impl SecureServer {
    pub(crate) fn start() -> Self {
        Self::with(|_| {})
    }

    /// With a configuration whose `/options/tls` has a certificate already.
    pub(crate) fn with(change: impl FnOnce(&mut Value)) -> Self {
        Self::prepared(|_, _, configuration| change(configuration))
    }

    /// The same, where files must be made first.
    pub(crate) fn prepared(change: impl FnOnce(&Authority, &Folder, &mut Value)) -> Self {
        let (authority, folder) = (Authority::new(), Folder::new());
        let pair = authority.sign(Subject::Server("localhost"));
        let path = folder.write("server.pem", &pair.combined());
        let server = TestServer::with(|configuration| {
            configuration["options"] = json!({ "tls": { "local_cert": path } });
            change(&authority, &folder, configuration);
        });
        Self {
            server,
            authority,
            folder,
        }
    }

    pub(crate) fn visitor(&self) -> Visitor {
        Visitor::trusting(self.authority.certificate())
    }

    /// A client that has read its greeting.
    pub(crate) fn connect(&self) -> Client {
        let mut client = self.open("/app/reverb-key", &[]);
        client.read_greeting();
        client
    }

    /// A client that has read nothing after the handshake.
    pub(crate) fn open(&self, path: &str, headers: &[(&str, &str)]) -> Client {
        let stream = self.visitor().visit(self);
        Client::open_on(stream, "localhost", path, headers)
    }

    /// Publishes over HTTPS and is told `{}`.
    pub(crate) fn publish(&self, event: &str, channel: &str, data: &str) {
        let body = json!({ "name": event, "channels": [channel], "data": data });
        let answer = self.send(self.signed("POST", "/events").json(&body));
        assert_eq!((answer.status, answer.body.as_str()), (200, "{}"));
    }

    /// Sends a request over HTTPS, and reads to an end that is told.
    pub(crate) fn send(&self, request: Request) -> Answer {
        request.send_on(&mut self.visitor().visit(self))
    }

    /// The warnings since the last look.
    pub(crate) fn warnings(&self) -> Vec<String> {
        let notices = self.server.notices().drain().into_iter();
        let warning = |notice| match notice {
            Notice::Warning(warning) => Some(warning),
            _ => None,
        };
        notices.filter_map(warning).collect()
    }
}

impl Deref for SecureServer {
    type Target = TestServer;

    fn deref(&self) -> &TestServer {
        &self.server
    }
}

impl Visitor {
    pub(crate) fn trusting(authority: CertificateDer<'static>) -> Self {
        Self::new(authority, rustls::ALL_VERSIONS, None)
    }

    /// One that speaks these versions, and has a certificate of its own to show.
    pub(crate) fn new(
        authority: CertificateDer<'static>,
        versions: &[&'static rustls::SupportedProtocolVersion],
        own: Option<&Pair>,
    ) -> Self {
        let mut roots = RootCertStore::empty();
        roots.add(authority).unwrap();
        let builder = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
            .with_protocol_versions(versions)
            .unwrap()
            .with_root_certificates(roots);
        let config = match own {
            None => builder.with_no_client_auth(),
            Some(pair) => builder
                .with_client_auth_cert(
                    vec![CertificateDer::from_pem_slice(pair.certificate.as_bytes()).unwrap()],
                    PrivateKeyDer::from_pem_slice(pair.key.as_bytes()).unwrap(),
                )
                .unwrap(),
        };
        Self {
            config,
            name: "localhost",
        }
    }

    /// Shakes hands with a server.
    pub(crate) fn visit(&self, server: &TestServer) -> Secure {
        self.try_visit(server).unwrap()
    }

    /// Shakes hands until the server has answered, or refused.
    pub(crate) fn try_visit(&self, server: &TestServer) -> io::Result<Secure> {
        self.visit_on(connect(server.address()))
    }

    /// Shakes hands on any stream.
    pub(crate) fn visit_on<S: Read + Write>(&self, mut stream: S) -> io::Result<Secure<S>> {
        let name = ServerName::try_from(self.name).unwrap();
        let mut session = ClientConnection::new(Arc::new(self.config.clone()), name).unwrap();
        while session.is_handshaking() {
            session.complete_io(&mut stream)?;
        }
        Ok(StreamOwned::new(session, stream))
    }

    /// The certificate that the server shows this visitor.
    pub(crate) fn sees(&self, server: &TestServer) -> CertificateDer<'static> {
        let stream = self.visit(server);
        stream.conn.peer_certificates().unwrap()[0]
            .clone()
            .into_owned()
    }
}

/// The certificate of a file.
pub(crate) fn certificate_in(path: &Path) -> CertificateDer<'static> {
    CertificateDer::from_pem_file(path).unwrap()
}
