//! What is needed to trust a Redis over TLS.

use std::{path::Path, sync::Arc};

use tokio_rustls::rustls::{
    ClientConfig, Error, RootCertStore,
    crypto::ring,
    pki_types::{
        CertificateDer, PrivateKeyDer,
        pem::{self, PemObject},
    },
};

use super::{link::LinkError, settings::TlsSettings};
use crate::trust::{self, Anybody};

/// Whom to trust, and who we are.
pub(super) fn client_config(settings: &TlsSettings) -> Result<ClientConfig, LinkError> {
    let provider = Arc::new(ring::default_provider());
    let builder = ClientConfig::builder_with_provider(Arc::clone(&provider))
        .with_safe_default_protocol_versions()
        .map_err(refused)?;
    let builder = if settings.verify {
        builder.with_root_certificates(authorities(settings)?)
    } else {
        let anybody = Arc::new(Anybody(provider));
        builder
            .dangerous()
            .with_custom_certificate_verifier(anybody)
    };
    let Some((certificate, key)) = &settings.identity else {
        return Ok(builder.with_no_client_auth());
    };
    let key_file = PrivateKeyDer::from_pem_file(key).map_err(|error| unreadable(key, &error))?;
    builder
        .with_client_auth_cert(certificates(certificate)?, key_file)
        .map_err(refused)
}

fn authorities(settings: &TlsSettings) -> Result<RootCertStore, LinkError> {
    let Some(path) = &settings.authorities else {
        return Ok(trust::public_authorities());
    };
    let mut roots = RootCertStore::empty();
    for certificate in certificates(path)? {
        roots.add(certificate).map_err(refused)?;
    }
    Ok(roots)
}

fn certificates(path: &Path) -> Result<Vec<CertificateDer<'static>>, LinkError> {
    trust::certificates(path).map_err(|error| unreadable(path, &error))
}

fn unreadable(path: &Path, error: &pem::Error) -> LinkError {
    LinkError::Unauthorised(format!("TLS: cannot read {}: {error}", path.display()))
}

fn refused(error: Error) -> LinkError {
    LinkError::Unauthorised(format!("TLS: {error}"))
}
