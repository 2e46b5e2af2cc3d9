//! What is wrong with a file, and what to do about it.

use std::{io, path::PathBuf};

/// A file of `options.tls` that will not do.
#[derive(Debug, thiserror::Error)]
#[error("{key} is \"{}\", but {fault}", path.display())]
pub struct TlsError {
    /// Where its path stands in the configuration.
    pub key: String,
    /// The file.
    pub path: PathBuf,
    /// What is wrong.
    pub fault: TlsFault,
}

/// What may be wrong with a file.
#[derive(Debug, thiserror::Error)]
pub enum TlsFault {
    /// It is missing, or belongs to somebody else.
    #[error("it cannot be read: {0}; check the path, and that the server's user may read it")]
    Unreadable(io::Error),
    /// Something in it begins and does not end.
    #[error("it is no sound PEM file: {0}; write it anew")]
    NotPem(&'static str),
    /// The server's own certificate is not there.
    #[error("it has no certificate; it must be a PEM file that begins with the server's own")]
    NoCertificate,
    /// Something is there, but no X.509 certificate of version 3.
    #[error("its certificate cannot be used: {0}")]
    BadCertificate(rustls::Error),
    /// No private key is where it should be.
    #[error("it has no private key; put it there, or name its own file in local_pk")]
    NoKey,
    /// The key asks for a passphrase, and there is none.
    #[error("its private key is encrypted; set passphrase")]
    Locked,
    /// The passphrase is not the key's.
    #[error("its private key cannot be decrypted; check passphrase")]
    WrongPassphrase,
    /// The key is encrypted in a way of the past.
    #[error(
        "its private key is encrypted with {0}; encrypt it with AES-256 (openssl pkey -aes256)"
    )]
    UnknownEncryption(String),
    /// The key is of a kind that no client could use.
    #[error(
        "its private key cannot be used: {0}; RSA of 2048 bits or more, ECDSA (P-256, P-384) and Ed25519 can"
    )]
    BadKey(rustls::Error),
    /// The key is that of another certificate.
    #[error("its private key is not that of the certificate in \"{}\"; name the files of one pair", .0.display())]
    Mismatch(PathBuf),
    /// No authority is there to check clients by.
    #[error("it has no certificate; it must name the authorities of the clients' certificates")]
    NoAuthority,
}
