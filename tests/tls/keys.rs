//! Private keys in the forms that OpenSSL writes.
//!
//! All but `small.pem` are one key, that of `certificate.pem`, made for these tests; the passphrase
//! is `open sesame`.

use reverb::server::TlsFault;
use serde_json::json;

use crate::{
    certificates::kept,
    secure::{Visitor, certificate_in},
    support::server::TestServer,
};

fn options(key: &str, passphrase: Option<&str>) -> serde_json::Value {
    let (certificate, key) = (kept("certificate.pem"), kept(key));
    json!({ "tls": { "local_cert": certificate, "local_pk": key, "passphrase": passphrase } })
}

#[test]
fn keys_of_all_forms_are_read() {
    for (key, passphrase) in [
        ("pkcs8.pem", None),
        ("pkcs1.pem", None),
        ("pkcs1.pem", Some("not needed")),
        ("pkcs8-aes256.pem", Some("open sesame")),
        ("pkcs8-des3.pem", Some("open sesame")),
        ("pkcs8-scrypt.pem", Some("open sesame")),
        ("traditional-aes128.pem", Some("open sesame")),
        ("traditional-aes192.pem", Some("open sesame")),
        ("traditional-aes256.pem", Some("open sesame")),
        ("traditional-des3.pem", Some("open sesame")),
    ] {
        let server = TestServer::with(|configuration| {
            configuration["options"] = options(key, passphrase);
        });
        let certificate = certificate_in(&kept("certificate.pem"));
        Visitor::trusting(certificate).visit(&server);
    }
}

#[test]
fn a_key_that_cannot_be_read_is_told_apart() {
    let refused = |key: &str, passphrase| {
        let error = TestServer::refusal(|configuration| {
            configuration["options"] = options(key, passphrase);
        });
        let text = error.to_string();
        let reverb::server::ServerError::Tls(error) = error else {
            panic!("{text}");
        };
        assert!(text.starts_with("options.tls.local_pk is \"/"), "{text}");
        assert!(text.contains(key), "{text}");
        error.fault
    };
    for key in ["pkcs8-aes256.pem", "traditional-aes256.pem"] {
        assert!(matches!(refused(key, None), TlsFault::Locked), "{key}");
    }
    for key in [
        "pkcs8-aes256.pem",
        "pkcs8-des3.pem",
        "pkcs8-scrypt.pem",
        "traditional-aes128.pem",
        "traditional-des3.pem",
    ] {
        let fault = refused(key, Some("open says me"));
        assert!(matches!(fault, TlsFault::WrongPassphrase), "{key} {fault}");
    }
    let fault = refused("traditional-camellia.pem", Some("open sesame"));
    assert_eq!(
        fault.to_string(),
        "its private key is encrypted with CAMELLIA-256-CBC; encrypt it with AES-256 (openssl pkey -aes256)"
    );
    let fault = refused("small.pem", None);
    assert!(matches!(fault, TlsFault::BadKey(_)), "{fault}");
}
