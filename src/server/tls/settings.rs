//! What the configuration says about TLS, and what rustls makes of it.

use std::{
    fmt, fs,
    os::unix::fs::MetadataExt,
    path::{Path, PathBuf},
    sync::Arc,
    time::SystemTime,
};

use rustls::{
    RootCertStore, ServerConfig, SupportedCipherSuite, SupportedProtocolVersion,
    crypto::{CryptoProvider, SupportedKxGroup, ring},
    server::{
        ClientHello, NoServerSessionStorage, ResolvesServerCert, WebPkiClientVerifier,
        danger::ClientCertVerifier,
    },
    sign::CertifiedKey,
};

use super::{
    TlsError, TlsFault,
    identity::{self, Validity},
};

/// TLS as it was asked for, in terms that rustls has.
pub(in crate::server) struct TlsSettings {
    pub(in crate::server) own: Files,
    /// Certificates for some host names; a name may begin with `*.`.
    pub(in crate::server) named: Vec<(String, Files)>,
    /// For all keys that are encrypted.
    pub(in crate::server) passphrase: Option<String>,
    /// Whoever has no certificate of theirs is not let in.
    pub(in crate::server) clients: Option<Authorities>,
    pub(in crate::server) versions: Vec<&'static SupportedProtocolVersion>,
    pub(in crate::server) suites: Vec<SupportedCipherSuite>,
    pub(in crate::server) groups: Vec<&'static dyn SupportedKxGroup>,
    pub(in crate::server) protocols: Vec<Vec<u8>>,
    /// Whether the order of `suites` counts, and not the client's.
    pub(in crate::server) prefers_own_order: bool,
    pub(in crate::server) gives_tickets: bool,
}

/// A certificate, and the file of its key if that is another one.
#[derive(Debug)]
pub(in crate::server) struct Files {
    /// Where they stand in the configuration, ends with a dot.
    pub(in crate::server) prefix: String,
    pub(in crate::server) certificate: PathBuf,
    pub(in crate::server) key: Option<PathBuf>,
}

/// Where the authorities of the clients' certificates are.
#[derive(Debug)]
pub(in crate::server) struct Authorities {
    pub(in crate::server) prefix: String,
    pub(in crate::server) file: Option<PathBuf>,
    pub(in crate::server) folder: Option<PathBuf>,
}

/// What was read from the files.
pub(super) struct Loaded {
    pub(super) config: Arc<ServerConfig>,
    pub(super) validities: Vec<Validity>,
}

/// What a file looks like from outside; `None` if it is not there.
pub(super) type Stamp = Option<(SystemTime, u64, u64, u64)>;

impl TlsSettings {
    /// Reads all files.
    pub(super) fn load(&self) -> Result<Loaded, TlsError> {
        let passphrase = self.passphrase.as_deref();
        let (own, validity) = identity::load(&self.own, passphrase)?;
        let mut validities = Vec::from_iter(validity);
        let mut named = Vec::new();
        for (name, files) in &self.named {
            let (certified, validity) = identity::load(files, passphrase)?;
            validities.extend(validity);
            named.push((name.clone(), certified));
        }
        let config = self.config(Certificates { own, named })?;
        Ok(Loaded {
            config: Arc::new(config),
            validities,
        })
    }

    /// How all files look at the moment.
    pub(super) fn stamps(&self) -> Vec<Stamp> {
        let mut paths = Vec::new();
        for files in std::iter::once(&self.own).chain(self.named.iter().map(|(_, files)| files)) {
            paths.push(files.certificate.clone());
            paths.extend(files.key.clone());
        }
        if let Some(clients) = &self.clients {
            paths.extend(clients.files().unwrap_or_default());
        }
        paths.iter().map(|path| stamp(path)).collect()
    }

    fn config(&self, certificates: Certificates) -> Result<ServerConfig, TlsError> {
        let provider = Arc::new(CryptoProvider {
            cipher_suites: self.suites.clone(),
            kx_groups: self.groups.clone(),
            ..ring::default_provider()
        });
        let rules = |error| {
            let fault = TlsFault::BadCertificate(error);
            self.own.certificate_error(fault)
        };
        let builder = ServerConfig::builder_with_provider(Arc::clone(&provider))
            .with_protocol_versions(&self.versions)
            .map_err(rules)?;
        let builder = match &self.clients {
            None => builder.with_no_client_auth(),
            Some(clients) => builder.with_client_cert_verifier(clients.verifier(provider)?),
        };
        let mut config = builder.with_cert_resolver(Arc::new(certificates));
        config.alpn_protocols.clone_from(&self.protocols);
        config.ignore_client_order = self.prefers_own_order;
        if self.gives_tickets {
            config.ticketer = ring::Ticketer::new().map_err(rules)?;
        } else {
            config.send_tls13_tickets = 0;
            config.session_storage = Arc::new(NoServerSessionStorage {});
        }
        Ok(config)
    }
}

impl Files {
    pub(super) fn key_file(&self) -> &Path {
        self.key.as_ref().unwrap_or(&self.certificate)
    }

    pub(super) fn certificate_error(&self, fault: TlsFault) -> TlsError {
        TlsError {
            key: format!("{}local_cert", self.prefix),
            path: self.certificate.clone(),
            fault,
        }
    }

    pub(super) fn key_error(&self, fault: TlsFault) -> TlsError {
        match &self.key {
            Some(path) => TlsError {
                key: format!("{}local_pk", self.prefix),
                path: path.clone(),
                fault,
            },
            None => self.certificate_error(fault),
        }
    }

    pub(super) fn certificate_name(&self) -> String {
        let path = self.certificate.display();
        format!("\"{path}\" ({}local_cert)", self.prefix)
    }
}

impl Authorities {
    fn verifier(
        &self,
        provider: Arc<CryptoProvider>,
    ) -> Result<Arc<dyn ClientCertVerifier>, TlsError> {
        let files = self.files().map_err(|error| {
            let folder = self.folder.as_deref().unwrap_or(Path::new(""));
            self.error(folder, TlsFault::Unreadable(error))
        })?;
        let mut roots = RootCertStore::empty();
        for path in &files {
            let failed = |fault| self.error(path, fault);
            for certificate in identity::certificates(path).map_err(failed)? {
                let added = roots.add(certificate);
                added.map_err(|error| failed(TlsFault::BadCertificate(error)))?;
            }
        }
        let none = || {
            let path = self.file.as_ref().or(self.folder.as_ref());
            let path = path.map_or(Path::new(""), PathBuf::as_path);
            self.error(path, TlsFault::NoAuthority)
        };
        // It fails only where there is nobody to trust.
        WebPkiClientVerifier::builder_with_provider(Arc::new(roots), provider)
            .build()
            .map_err(|_| none())
    }

    /// `cafile`, and what is in `capath`, each file once.
    fn files(&self) -> std::io::Result<Vec<PathBuf>> {
        let mut files = Vec::from_iter(self.file.clone());
        if let Some(folder) = &self.folder {
            for entry in fs::read_dir(folder)? {
                files.push(fs::canonicalize(entry?.path())?);
            }
        }
        files.retain(|path| self.file.as_ref() == Some(path) || path.is_file());
        files.sort();
        files.dedup();
        Ok(files)
    }

    fn error(&self, path: &Path, fault: TlsFault) -> TlsError {
        let option = if self.file.as_deref() == Some(path) {
            "cafile"
        } else {
            "capath"
        };
        TlsError {
            key: format!("{}{option}", self.prefix),
            path: path.to_owned(),
            fault,
        }
    }
}

/// Which certificate a client gets.
#[derive(Debug)]
struct Certificates {
    own: Arc<CertifiedKey>,
    named: Vec<(String, Arc<CertifiedKey>)>,
}

impl ResolvesServerCert for Certificates {
    fn resolve(&self, hello: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        let found = hello.server_name().and_then(|name| {
            let mut named = self.named.iter();
            let exact = named.find(|(pattern, _)| name.eq_ignore_ascii_case(pattern));
            exact.or_else(|| {
                self.named
                    .iter()
                    .find(|(pattern, _)| is_covered(name, pattern))
            })
        });
        Some(Arc::clone(
            found.map_or(&self.own, |(_, certified)| certified),
        ))
    }
}

/// Whether a name is one label below that of a pattern with `*.`.
fn is_covered(name: &str, pattern: &str) -> bool {
    let (Some(parent), Some((_, rest))) = (pattern.strip_prefix("*."), name.split_once('.')) else {
        return false;
    };
    rest.eq_ignore_ascii_case(parent)
}

fn stamp(path: &Path) -> Stamp {
    let metadata = fs::metadata(path).ok()?;
    let modified = metadata.modified().ok()?;
    Some((modified, metadata.len(), metadata.ino(), metadata.dev()))
}

impl fmt::Debug for TlsSettings {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("TlsSettings")
            .field("own", &self.own)
            .finish_non_exhaustive()
    }
}
