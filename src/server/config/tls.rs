//! `options.tls`: the SSL context options of PHP, as far as rustls can honour them.
//!
//! What it cannot is an error; nothing is left out in silence. <https://www.php.net/manual/en/context.ssl.php>

mod ciphers;

use std::path::PathBuf;

use rustls::{
    SupportedProtocolVersion,
    crypto::{
        SupportedKxGroup,
        ring::{DEFAULT_KX_GROUPS, kx_group},
    },
    version::{TLS12, TLS13},
};
use serde_json::Value;

use super::fields::{ConfigError, Fields};
use crate::server::tls::{Authorities, Files, TlsSettings};

/// What an option may be, and why nothing else.
enum Rule {
    /// It is read, and checked where that is done.
    Read,
    /// It makes no difference to a server by rustls.
    Idle,
    /// It makes no difference to a server that does not ask for certificates of clients.
    IdleWithoutClients(&'static str),
    /// What is asked for is so, and cannot be otherwise.
    Only(bool, &'static str),
    /// It cannot be honoured.
    Refused(&'static str),
}

const RULES: &[(&str, Rule)] = &[
    ("local_cert", Rule::Read),
    ("local_pk", Rule::Read),
    ("passphrase", Rule::Read),
    ("SNI_enabled", Rule::Read),
    ("SNI_server_certs", Rule::Read),
    ("verify_peer", Rule::Read),
    ("cafile", Rule::Read),
    ("capath", Rule::Read),
    ("ciphers", Rule::Read),
    ("crypto_method", Rule::Read),
    ("min_proto_version", Rule::Read),
    ("max_proto_version", Rule::Read),
    ("alpn_protocols", Rule::Read),
    ("honor_cipher_order", Rule::Read),
    ("ecdh_curve", Rule::Read),
    ("no_ticket", Rule::Read),
    ("security_level", Rule::Read),
    ("peer_name", Rule::Idle),
    ("reneg_limit", Rule::Idle),
    ("reneg_window", Rule::Idle),
    (
        "allow_self_signed",
        Rule::IdleWithoutClients(
            "anybody can make such a certificate; name those that you trust in cafile",
        ),
    ),
    (
        "verify_depth",
        Rule::IdleWithoutClients("chains of clients may always have up to six authorities"),
    ),
    (
        "disable_compression",
        Rule::Only(true, "TLS never compresses here"),
    ),
    (
        "single_dh_use",
        Rule::Only(true, "a key for an exchange is never used twice"),
    ),
    (
        "single_ecdh_use",
        Rule::Only(true, "a key for an exchange is never used twice"),
    ),
    (
        "verify_peer_name",
        Rule::Only(false, "the certificates of clients name no host"),
    ),
    (
        "capture_peer_cert",
        Rule::Only(false, "no code of yours runs for a connection"),
    ),
    (
        "capture_peer_cert_chain",
        Rule::Only(false, "no code of yours runs for a connection"),
    ),
    (
        "peer_fingerprint",
        Rule::Refused("the certificates of clients are checked by cafile and capath alone"),
    ),
    (
        "dh_param",
        Rule::Refused("keys are exchanged over elliptic curves alone (ecdh_curve)"),
    ),
    (
        "reneg_limit_callback",
        Rule::Refused("no connection is ever renegotiated"),
    ),
];

/// STREAM_CRYPTO_METHOD_TLSv1_2_SERVER and STREAM_CRYPTO_PROTO_TLSv1_2 of PHP.
const TLS_1_2: u64 = 32;

/// STREAM_CRYPTO_METHOD_TLSv1_3_SERVER and STREAM_CRYPTO_PROTO_TLSv1_3 of PHP.
const TLS_1_3: u64 = 64;

/// OpenSSL's level up to which rustls is as strict: keys of 112 bits of security.
const MOST_SECURITY: u64 = 2;

/// Reads `options.tls` of a configuration; TLS is on where a certificate or a key is named.
pub(super) fn tls(root: &Fields<'_>) -> Result<Option<TlsSettings>, ConfigError> {
    let Some(options) = root.optional_object("options")? else {
        return Ok(None);
    };
    let Some(tls) = options.optional_object("tls")? else {
        return Ok(None);
    };
    if !tls.has("local_cert") && !tls.has("local_pk") {
        return Ok(None);
    }
    let checks_clients = tls.flag_or("verify_peer", false)?;
    check(&tls, checks_clients)?;
    Ok(Some(TlsSettings {
        own: files(&tls)?,
        named: if tls.flag_or("SNI_enabled", true)? {
            named(&tls)?
        } else {
            Vec::new()
        },
        passphrase: tls.optional_secret("passphrase")?.map(str::to_owned),
        clients: checks_clients.then(|| authorities(&tls)).transpose()?,
        versions: versions(&tls)?,
        suites: ciphers::suites(&tls)?,
        groups: groups(&tls)?,
        protocols: protocols(&tls)?,
        prefers_own_order: tls.flag_or("honor_cipher_order", false)?,
        gives_tickets: !tls.flag_or("no_ticket", false)?,
    }))
}

/// Refuses what could only be ignored.
fn check(tls: &Fields<'_>, checks_clients: bool) -> Result<(), ConfigError> {
    for key in tls.keys() {
        let rule = RULES.iter().find(|(name, _)| *name == key);
        match rule.map(|(_, rule)| rule) {
            None => {
                let expected = "absent: it is no SSL context option of PHP for servers";
                return Err(tls.hidden_error(key, expected));
            }
            Some(Rule::Read | Rule::Idle) => {}
            Some(Rule::IdleWithoutClients(why)) => {
                if checks_clients && tls.get(key) != Some(&Value::Bool(false)) {
                    let expected = format_args!("absent beside verify_peer: {why}");
                    return Err(tls.error(key, expected));
                }
            }
            Some(Rule::Only(value, why)) => {
                if tls.flag_or(key, *value)? != *value {
                    return Err(tls.error(key, format_args!("{value}: {why}")));
                }
            }
            Some(Rule::Refused(why)) => {
                return Err(tls.error(key, format_args!("absent: {why}")));
            }
        }
    }
    let level = tls.optional_integer::<u64>("security_level", 0..=MOST_SECURITY);
    level.map(|_| ())
}

fn files(fields: &Fields<'_>) -> Result<Files, ConfigError> {
    Ok(Files {
        prefix: fields.prefix().to_owned(),
        certificate: path(fields, "local_cert")?.ok_or_else(|| {
            fields.error("local_cert", "the path of a PEM file with the certificate")
        })?,
        key: path(fields, "local_pk")?,
    })
}

fn path(fields: &Fields<'_>, key: &str) -> Result<Option<PathBuf>, ConfigError> {
    let path = fields.optional_text(key)?;
    if path == Some("") {
        return Err(fields.error(key, "the path of a PEM file"));
    }
    Ok(path.map(PathBuf::from))
}

/// A host name with the path of a combined file, or with those of a certificate and its key.
fn named(tls: &Fields<'_>) -> Result<Vec<(String, Files)>, ConfigError> {
    let Some(list) = tls.optional_object("SNI_server_certs")? else {
        return Ok(Vec::new());
    };
    let certificate = |name: &str| {
        let files = match list.get(name) {
            Some(Value::Object(_)) => match list.optional_object(name)? {
                Some(fields) => files(&fields)?,
                None => return Err(list.error(name, "a path")),
            },
            _ => Files {
                prefix: format!("{}{name}.", list.prefix()),
                certificate: PathBuf::from(list.text(name)?),
                key: None,
            },
        };
        Ok((name.to_owned(), files))
    };
    list.keys().map(certificate).collect()
}

fn authorities(tls: &Fields<'_>) -> Result<Authorities, ConfigError> {
    let (file, folder) = (path(tls, "cafile")?, path(tls, "capath")?);
    if file.is_none() && folder.is_none() {
        return Err(tls.error(
            "verify_peer",
            "false, or cafile or capath must name who signs the certificates of clients",
        ));
    }
    Ok(Authorities {
        prefix: tls.prefix().to_owned(),
        file,
        folder,
    })
}

fn versions(tls: &Fields<'_>) -> Result<Vec<&'static SupportedProtocolVersion>, ConfigError> {
    let number = |key| tls.optional_integer::<u64>(key, 0..=u64::from(u32::MAX));
    let methods = number("crypto_method")?.unwrap_or(TLS_1_2 | TLS_1_3);
    let least = number("min_proto_version")?.unwrap_or(0);
    let most = number("max_proto_version")?.unwrap_or(TLS_1_3);
    let versions: Vec<_> = [(TLS_1_2, &TLS12), (TLS_1_3, &TLS13)]
        .into_iter()
        .filter(|(bit, _)| methods & bit != 0 && (least..=most).contains(bit))
        .map(|(_, version)| version)
        .collect();
    if versions.is_empty() {
        let keys = ["crypto_method", "max_proto_version", "min_proto_version"];
        let key = keys.into_iter().find(|key| tls.has(key));
        return Err(tls.error(
            key.unwrap_or("crypto_method"),
            "one that allows TLS 1.2 or TLS 1.3; older versions are not spoken",
        ));
    }
    Ok(versions)
}

fn groups(tls: &Fields<'_>) -> Result<Vec<&'static dyn SupportedKxGroup>, ConfigError> {
    match tls.optional_text("ecdh_curve")? {
        None | Some("auto") => Ok(DEFAULT_KX_GROUPS.to_vec()),
        Some(names) => names
            .split(':')
            .map(|name| match name {
                "X25519" => Ok(kx_group::X25519),
                "prime256v1" | "secp256r1" | "P-256" => Ok(kx_group::SECP256R1),
                "secp384r1" | "P-384" => Ok(kx_group::SECP384R1),
                _ => Err(tls.error("ecdh_curve", "auto, or some of X25519, P-256 and P-384")),
            })
            .collect(),
    }
}

fn protocols(tls: &Fields<'_>) -> Result<Vec<Vec<u8>>, ConfigError> {
    match tls.optional_text("alpn_protocols")? {
        None => Ok(Vec::new()),
        Some("http/1.1") => Ok(vec![b"http/1.1".to_vec()]),
        Some(_) => Err(tls.error("alpn_protocols", "http/1.1, which is all that is spoken")),
    }
}
