//! Whom the publisher trusts.

use std::{path::Path, sync::Arc};

use rustls::{
    ClientConfig, RootCertStore,
    crypto::ring,
    pki_types::{CertificateDer, pem},
};

use super::HttpError;
use crate::{
    client::options::Verify,
    trust::{self, Anybody},
};

/// What a connection with TLS is opened with. It remembers sessions, so it is kept.
pub(super) fn client_config(verify: &Verify) -> Result<Arc<ClientConfig>, HttpError> {
    let provider = Arc::new(ring::default_provider());
    let builder = ClientConfig::builder_with_provider(Arc::clone(&provider))
        .with_safe_default_protocol_versions()
        .map_err(|error| HttpError::Unexpected(error.to_string()))?;
    let builder = match verify {
        Verify::Public => builder.with_root_certificates(trust::public_authorities()),
        Verify::Authorities(path) => builder.with_root_certificates(authorities(path)?),
        Verify::Nothing => builder
            .dangerous()
            .with_custom_certificate_verifier(Arc::new(Anybody(provider))),
    };
    Ok(Arc::new(builder.with_no_client_auth()))
}

fn authorities(path: &Path) -> Result<RootCertStore, HttpError> {
    let mut roots = RootCertStore::empty();
    roots.add_parsable_certificates(certificates(path)?);
    Ok(roots)
}

fn certificates(path: &Path) -> Result<Vec<CertificateDer<'static>>, HttpError> {
    trust::certificates(path).map_err(|error| {
        let cause = match error {
            pem::Error::NoItemsFound => "it has no certificate".to_owned(),
            pem::Error::Io(error) => error.to_string(),
            error => error.to_string(),
        };
        HttpError::BadAuthorities(path.to_owned(), cause)
    })
}
