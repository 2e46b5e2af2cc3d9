//! Wrong settings end the start before anything listens, and say what to do.

use std::fs;

use reverb::server::Config;
use serde_json::{Value, json};

use crate::{
    certificates::{Authority, Folder, Subject, kept},
    secure::SecureServer,
    support::server::{TestServer, configuration},
};

/// Why a server with these options does not start.
fn refusal(tls: &Value) -> String {
    let change = |configuration: &mut Value| configuration["options"] = json!({ "tls": tls });
    TestServer::refusal(change).to_string()
}

/// What is wrong with these options, whatever the files are.
fn fault(options: Value) -> String {
    let mut configuration = configuration();
    configuration["options"]["tls"] = options;
    configuration["options"]["tls"]["local_cert"] = "server.pem".into();
    Config::parse(&configuration).unwrap_err().to_string()
}

#[test]
fn what_cannot_be_honoured_is_named() {
    for (options, expected) in [
        (
            json!({ "verify_peer": true }),
            "options.tls.verify_peer is true, but must be false, or cafile or capath must name who signs the certificates of clients",
        ),
        (
            json!({ "verify_peer": "yes" }),
            "options.tls.verify_peer is \"yes\", but must be true or false",
        ),
        (
            json!({ "verify_peer": true, "cafile": "ca.pem", "allow_self_signed": true }),
            "options.tls.allow_self_signed is true, but must be absent beside verify_peer: anybody can make such a certificate; name those that you trust in cafile",
        ),
        (
            json!({ "verify_peer": true, "cafile": "ca.pem", "verify_depth": 2 }),
            "options.tls.verify_depth is 2, but must be absent beside verify_peer: chains of clients may always have up to six authorities",
        ),
        (
            json!({ "verify_peer_name": true }),
            "options.tls.verify_peer_name is true, but must be false: the certificates of clients name no host",
        ),
        (
            json!({ "disable_compression": false }),
            "options.tls.disable_compression is false, but must be true: TLS never compresses here",
        ),
        (
            json!({ "capture_peer_cert": true }),
            "options.tls.capture_peer_cert is true, but must be false: no code of yours runs for a connection",
        ),
        (
            json!({ "peer_fingerprint": "abc" }),
            "options.tls.peer_fingerprint is \"abc\", but must be absent: the certificates of clients are checked by cafile and capath alone",
        ),
        (
            json!({ "dh_param": "dh.pem" }),
            "options.tls.dh_param is \"dh.pem\", but must be absent: keys are exchanged over elliptic curves alone (ecdh_curve)",
        ),
        (
            json!({ "security_level": 3 }),
            "options.tls.security_level is 3, but must be an integer from 0 to 2",
        ),
        (
            json!({ "crypto_method": 24 }),
            "options.tls.crypto_method is 24, but must be one that allows TLS 1.2 or TLS 1.3; older versions are not spoken",
        ),
        (
            json!({ "max_proto_version": 16 }),
            "options.tls.max_proto_version is 16, but must be one that allows TLS 1.2 or TLS 1.3; older versions are not spoken",
        ),
        (
            json!({ "alpn_protocols": "h2,http/1.1" }),
            "options.tls.alpn_protocols is \"h2,http/1.1\", but must be http/1.1, which is all that is spoken",
        ),
        (
            json!({ "ecdh_curve": "brainpoolP256r1" }),
            "options.tls.ecdh_curve is \"brainpoolP256r1\", but must be auto, or some of X25519, P-256 and P-384",
        ),
        (
            json!({ "ciphers": "ECDHE-RSA-AES128-GCM-SHA256:AES128-SHA" }),
            "options.tls.ciphers is \"ECDHE-RSA-AES128-GCM-SHA256:AES128-SHA\", but must be a list out of ECDHE-ECDSA-AES256-GCM-SHA384:ECDHE-ECDSA-AES128-GCM-SHA256:ECDHE-ECDSA-CHACHA20-POLY1305:ECDHE-RSA-AES256-GCM-SHA384:ECDHE-RSA-AES128-GCM-SHA256:ECDHE-RSA-CHACHA20-POLY1305, in which \"AES128-SHA\" has no place",
        ),
        (
            json!({ "local_crt": "server.pem" }),
            "options.tls.local_crt must be absent: it is no SSL context option of PHP for servers",
        ),
        (
            json!({ "local_pk": "" }),
            "options.tls.local_pk is \"\", but must be the path of a PEM file",
        ),
        (
            json!({ "passphrase": ["hidden"] }),
            "options.tls.passphrase must be a text that is not empty",
        ),
        (
            json!({ "SNI_server_certs": { "a.test": 7 } }),
            "options.tls.SNI_server_certs.a.test is 7, but must be a text that is not empty",
        ),
        (
            json!({ "SNI_server_certs": { "a.test": { "local_pk": "a.key" } } }),
            "options.tls.SNI_server_certs.a.test.local_cert is missing, but must be the path of a PEM file with the certificate",
        ),
    ] {
        assert_eq!(fault(options), expected);
    }
    let mut without_certificate = configuration();
    without_certificate["options"] = json!({ "tls": { "local_pk": "server.key" } });
    assert_eq!(
        Config::parse(&without_certificate).unwrap_err().to_string(),
        "options.tls.local_cert is missing, but must be the path of a PEM file with the certificate"
    );
}

#[test]
fn what_makes_no_difference_is_allowed() {
    SecureServer::with(|configuration| {
        let tls = configuration["options"]["tls"].as_object_mut().unwrap();
        let harmless = json!({
            "allow_self_signed": true, "verify_peer": false, "verify_peer_name": false, "verify_depth": 5,
            "disable_compression": true, "peer_name": "localhost", "security_level": 1, "cafile": null,
            "capture_peer_cert": false, "SNI_enabled": true, "single_dh_use": true, "passphrase": "",
            "reneg_limit": 2,
        });
        tls.extend(harmless.as_object().unwrap().clone());
    })
    .connect();
}

#[test]
fn without_a_certificate_there_is_no_tls() {
    for tls in [
        json!([]),
        json!({}),
        json!({ "local_cert": null, "verify_peer": true }),
        Value::Null,
    ] {
        let server = TestServer::with(|configuration| {
            configuration["options"] = json!({ "tls": tls });
        });
        server.connect();
    }
}

#[test]
fn a_file_that_will_not_do_is_named_with_what_to_do() {
    let (folder, authority) = (Folder::new(), Authority::new());
    let pair = authority.sign(Subject::Server("localhost"));
    let certificate = folder.write("server.crt", &pair.certificate);
    let key = folder.write("server.key", &pair.key);
    let empty = folder.write("empty.pem", "nothing\n");
    let half = folder.write("half.pem", &pair.certificate[..300]);
    let damaged = folder.write("damaged.pem", &pair.certificate.replace("MII", "M!I"));
    let strange = folder.write(
        "strange.pem",
        "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n",
    );
    let missing = folder.path("missing.pem");
    let other = kept("pkcs8.pem");
    let named = |option: &str, path: &std::path::Path| {
        format!("options.tls.{option} is \"{}\", but it", path.display())
    };
    for (tls, name, expected) in [
        (json!({ "local_cert": missing }), named("local_cert", &missing), " cannot be read: No such file or directory (os error 2); check the path, and that the server's user may read it".to_owned()),
        (json!({ "local_cert": empty }), named("local_cert", &empty), " has no certificate; it must be a PEM file that begins with the server's own".to_owned()),
        (json!({ "local_cert": half }), named("local_cert", &half), " is no sound PEM file: a section does not end; write it anew".to_owned()),
        (json!({ "local_cert": damaged }), named("local_cert", &damaged), " is no sound PEM file: a section is damaged; write it anew".to_owned()),
        (json!({ "local_cert": certificate }), named("local_cert", &certificate), " has no private key; put it there, or name its own file in local_pk".to_owned()),
        (json!({ "local_cert": certificate, "local_pk": missing }), named("local_pk", &missing), " cannot be read: No such file or directory (os error 2); check the path, and that the server's user may read it".to_owned()),
        (json!({ "local_cert": certificate, "local_pk": certificate }), named("local_pk", &certificate), " has no private key; put it there, or name its own file in local_pk".to_owned()),
        (json!({ "local_cert": certificate, "local_pk": other }), named("local_pk", &other)[..].trim_end_matches(" it").to_owned(), format!(" its private key is not that of the certificate in \"{}\"; name the files of one pair", certificate.display())),
        (json!({ "local_cert": certificate, "local_pk": key, "verify_peer": true, "cafile": empty }), named("cafile", &empty), " has no certificate; it must name the authorities of the clients' certificates".to_owned()),
        (json!({ "local_cert": certificate, "local_pk": key, "verify_peer": true, "capath": missing }), named("capath", &missing), " cannot be read: No such file or directory (os error 2); check the path, and that the server's user may read it".to_owned()),
        (json!({ "local_cert": certificate, "local_pk": key, "SNI_server_certs": { "a.test": { "local_cert": empty } } }), format!("options.tls.SNI_server_certs.a.test.local_cert is \"{}\", but it", empty.display()), " has no certificate; it must be a PEM file that begins with the server's own".to_owned()),
    ] {
        assert_eq!(refusal(&tls), name + &expected);
    }
    assert!(
        refusal(&json!({ "local_cert": strange })).contains("but its certificate cannot be used: ")
    );
}

#[test]
fn the_port_is_free_while_the_certificate_is_wrong() {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    // Whoever looked at the port first would complain of it, as it is in use.
    let error = TestServer::refusal(|configuration| {
        configuration["port"] = port.into();
        configuration["options"] = json!({ "tls": { "local_cert": "/nowhere/server.pem" } });
    });
    assert!(
        error.to_string().starts_with("options.tls.local_cert is "),
        "{error}"
    );
}

#[test]
fn a_certificate_that_has_expired_is_warned_about_and_used() {
    let server = SecureServer::prepared(|authority, folder, configuration| {
        let pair = authority.sign(Subject::ExpiredServer("localhost"));
        let path = folder.path("server.pem");
        fs::write(&path, pair.combined()).unwrap();
        configuration["options"]["tls"]["local_cert"] = json!(path);
    });
    let path = server.folder.path("server.pem");
    assert_eq!(
        server.warnings(),
        [format!(
            "The certificate \"{}\" (options.tls.local_cert) has expired, and clients will refuse it: renew it; no restart is needed.",
            path.display()
        )]
    );
    assert!(server.visitor().try_visit(&server).is_err());
}
