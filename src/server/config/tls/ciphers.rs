//! `ciphers`: the language of `openssl ciphers`, as far as it speaks of what rustls has.

use rustls::{
    SupportedCipherSuite,
    crypto::ring::{ALL_CIPHER_SUITES, cipher_suite as suite},
};

use crate::server::config::fields::{ConfigError, Fields};

/// The suites of TLS 1.2 by OpenSSL's names, the best first. Those of TLS 1.3 are not subject to
/// this option, as with OpenSSL.
const SUITES: &[(&str, SupportedCipherSuite)] = &[
    (
        "ECDHE-ECDSA-AES256-GCM-SHA384",
        suite::TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384,
    ),
    (
        "ECDHE-ECDSA-AES128-GCM-SHA256",
        suite::TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256,
    ),
    (
        "ECDHE-ECDSA-CHACHA20-POLY1305",
        suite::TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256,
    ),
    (
        "ECDHE-RSA-AES256-GCM-SHA384",
        suite::TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384,
    ),
    (
        "ECDHE-RSA-AES128-GCM-SHA256",
        suite::TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256,
    ),
    (
        "ECDHE-RSA-CHACHA20-POLY1305",
        suite::TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256,
    ),
];

/// What stands for several suites: a part of their names.
const GROUPS: &[(&str, &str)] = &[
    ("DEFAULT", ""),
    ("HIGH", ""),
    ("ALL", ""),
    ("ECDHE", ""),
    ("EECDH", ""),
    ("AESGCM", "-GCM-"),
    ("ECDHE+AESGCM", "-GCM-"),
    ("EECDH+AESGCM", "-GCM-"),
    ("CHACHA20", "-CHACHA20-"),
    ("ECDHE+CHACHA20", "-CHACHA20-"),
    ("EECDH+CHACHA20", "-CHACHA20-"),
];

/// What rustls does not have, so that it is excluded whether it is asked for or not.
const ABSENT: &[&str] = &[
    "3DES", "ADH", "AECDH", "AESCCM", "AESCCM8", "ARIA", "CAMELLIA", "DES", "DH", "DHE", "DSS",
    "EDH", "EXP", "EXPORT", "IDEA", "LOW", "MD5", "MEDIUM", "NULL", "PSK", "RC2", "RC4", "SEED",
    "SHA", "SHA1", "SRP", "SSLv2", "SSLv3", "aDSS", "aNULL", "aPSK", "eNULL", "kDH", "kDHE",
    "kECDH", "kPSK", "kRSA", "kSRP",
];

/// The suites that the option allows; all without it.
pub(super) fn suites(tls: &Fields<'_>) -> Result<Vec<SupportedCipherSuite>, ConfigError> {
    let Some(list) = tls.optional_text("ciphers")? else {
        return Ok(ALL_CIPHER_SUITES.to_vec());
    };
    let refused = |word: &str| {
        let names: Vec<&str> = SUITES.iter().map(|(name, _)| *name).collect();
        let names = names.join(":");
        tls.error(
            "ciphers",
            format_args!("a list out of {names}, in which \"{word}\" has no place"),
        )
    };
    let mut chosen: Vec<&str> = Vec::new();
    for word in list.split([':', ',', ' ']).filter(|word| !word.is_empty()) {
        if let Some(name) = word.strip_prefix(['!', '-']) {
            match find(name) {
                Some(excluded) => chosen.retain(|name| !excluded.contains(name)),
                None if ABSENT.contains(&name) => {}
                None => return Err(refused(word)),
            }
        } else if let Some(names) = find(word) {
            let new: Vec<&str> = names
                .into_iter()
                .filter(|name| !chosen.contains(name))
                .collect();
            chosen.extend(new);
        } else if !["@STRENGTH", "@SECLEVEL=0", "@SECLEVEL=1", "@SECLEVEL=2"].contains(&word) {
            return Err(refused(word));
        }
    }
    if chosen.is_empty() {
        return Err(refused(list));
    }
    let newest = ALL_CIPHER_SUITES
        .iter()
        .filter(|suite| suite.tls13().is_some());
    let chosen = chosen.iter().filter_map(|chosen| {
        let suite = SUITES.iter().find(|(name, _)| name == chosen)?;
        Some(&suite.1)
    });
    Ok(newest.chain(chosen).copied().collect())
}

/// The names that a word stands for.
fn find(word: &str) -> Option<Vec<&'static str>> {
    let names = SUITES.iter().map(|(name, _)| *name);
    if let Some((_, part)) = GROUPS.iter().find(|(group, _)| *group == word) {
        return Some(names.filter(|name| name.contains(part)).collect());
    }
    names
        .clone()
        .find(|name| *name == word)
        .map(|name| vec![name])
}
