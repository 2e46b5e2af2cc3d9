//! A certificate with its private key, read from one file or two.

use std::{fs, path::Path, sync::Arc, time::SystemTime};

use rustls::{
    crypto::ring::sign::any_supported_type,
    pki_types::{CertificateDer, PrivateKeyDer},
    server::ParsedCertificate,
    sign::CertifiedKey,
};
use x509_cert::{Certificate, der::Decode};

use super::{
    Files, TlsError, TlsFault, key,
    pem::{Section, sections},
};

/// When a certificate is valid.
#[derive(Clone, Debug)]
pub(super) struct Validity {
    /// The file and where its path stands in the configuration.
    pub(super) name: String,
    pub(super) from: SystemTime,
    pub(super) until: SystemTime,
}

/// Reads a certificate and its key, and checks that they belong together.
pub(super) fn load(
    files: &Files,
    passphrase: Option<&str>,
) -> Result<(Arc<CertifiedKey>, Option<Validity>), TlsError> {
    let (certificate_file, key_file) = (&files.certificate, files.key_file());
    let chain = certificates(certificate_file).map_err(|fault| files.certificate_error(fault))?;
    let Some(own) = chain.first() else {
        return Err(files.certificate_error(TlsFault::NoCertificate));
    };
    ParsedCertificate::try_from(own)
        .map_err(|error| files.certificate_error(TlsFault::BadCertificate(error)))?;
    let validity = validity(files, own);
    let key = private_key(key_file, passphrase).map_err(|fault| files.key_error(fault))?;
    let key = any_supported_type(&key).map_err(|error| files.key_error(TlsFault::BadKey(error)))?;
    let certified = CertifiedKey::new(chain, key);
    if certified.keys_match().is_err() {
        return Err(files.key_error(TlsFault::Mismatch(certificate_file.clone())));
    }
    Ok((Arc::new(certified), validity))
}

/// All certificates of a file.
pub(super) fn certificates(path: &Path) -> Result<Vec<CertificateDer<'static>>, TlsFault> {
    let is_certificate =
        |section: &Section| ["CERTIFICATE", "X509 CERTIFICATE"].contains(&section.label.as_str());
    let certificates = read(path)?
        .into_iter()
        .filter(is_certificate)
        .map(|section| section.content.into())
        .collect();
    Ok(certificates)
}

fn private_key(path: &Path, passphrase: Option<&str>) -> Result<PrivateKeyDer<'static>, TlsFault> {
    read(path)?
        .iter()
        .find_map(|section| key::parse(section, passphrase))
        .unwrap_or(Err(TlsFault::NoKey))
}

fn read(path: &Path) -> Result<Vec<Section>, TlsFault> {
    sections(&fs::read(path).map_err(TlsFault::Unreadable)?)
}

/// `None` for a certificate whose dates nobody can read; then nobody is warned.
fn validity(files: &Files, certificate: &CertificateDer<'_>) -> Option<Validity> {
    let certificate = Certificate::from_der(certificate).ok()?;
    let validity = certificate.tbs_certificate().validity();
    Some(Validity {
        name: files.certificate_name(),
        from: validity.not_before.to_system_time(),
        until: validity.not_after.to_system_time(),
    })
}
