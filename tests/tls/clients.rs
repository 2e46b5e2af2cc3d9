//! What is asked of clients: certificates, versions, ciphers, names.

use std::io::Read;

use rustls::version::{TLS12, TLS13};
use serde_json::{Value, json};

use crate::{
    certificates::{Authority, Subject},
    secure::{SecureServer, Visitor, certificate_in},
    support::http::Request,
};

/// Whether a visitor gets an answer.
fn is_served(visitor: &Visitor, server: &SecureServer) -> bool {
    // With TLS 1.3 a client believes in its handshake before the server has judged its certificate.
    visitor.try_visit(server).is_ok_and(|mut stream| {
        use std::io::Write;
        let mut answer = [0; 15];
        stream
            .write_all(b"GET /up HTTP/1.1\r\nHost: x\r\n\r\n")
            .is_ok()
            && stream.read_exact(&mut answer).is_ok()
            && answer == *b"HTTP/1.1 200 OK"
    })
}

#[test]
fn only_clients_with_a_certificate_of_the_authorities_are_let_in() {
    let stranger = Authority::new();
    for by_folder in [false, true] {
        let server = SecureServer::prepared(|authority, folder, configuration| {
            let tls = &mut configuration["options"]["tls"];
            tls["verify_peer"] = true.into();
            std::fs::create_dir(folder.path("authorities")).unwrap();
            let file = folder.write("authorities/authority.pem", &authority.pem());
            if by_folder {
                tls["capath"] = json!(folder.path("authorities"));
            } else {
                tls["cafile"] = json!(file);
            }
        });
        let known = server.authority.sign(Subject::Client);
        let unknown = stranger.sign(Subject::Client);
        for version in [&TLS12, &TLS13] {
            let visitor = |own| Visitor::new(server.authority.certificate(), &[version], own);
            assert!(is_served(&visitor(Some(&known)), &server));
            assert!(!is_served(&visitor(Some(&unknown)), &server));
            assert!(!is_served(&visitor(None), &server));
        }
    }
}

#[test]
fn a_host_name_gets_its_own_certificate() {
    let server = SecureServer::prepared(|authority, folder, configuration| {
        let exact = authority.sign(Subject::Server("ws.example.com"));
        let wide = authority.sign(Subject::Server("*.example.com"));
        let exact = folder.write("exact.pem", &exact.combined());
        let (certificate, key) = (
            folder.write("wide.pem", &wide.certificate),
            folder.write("wide.key", &wide.key),
        );
        configuration["options"]["tls"]["SNI_server_certs"] = json!({
            "*.example.com": { "local_cert": certificate, "local_pk": key },
            "ws.example.com": exact,
        });
    });
    for (name, file) in [
        ("ws.example.com", "exact.pem"),
        ("WS.Example.com", "exact.pem"),
        ("chat.example.com", "wide.pem"),
        ("localhost", "server.pem"),
        ("127.0.0.1", "server.pem"),
    ] {
        let mut visitor = server.visitor();
        visitor.name = name;
        let expected = certificate_in(&server.folder.path(file));
        assert_eq!(visitor.sees(&server), expected, "{name}");
    }
    let mut visitor = server.visitor();
    visitor.name = "a.chat.example.com";
    assert!(
        visitor.try_visit(&server).is_err(),
        "only one label is covered"
    );
}

#[test]
fn without_sni_everybody_gets_the_same_certificate() {
    let server = SecureServer::prepared(|authority, folder, configuration| {
        let pair = authority.sign(Subject::Server("ws.example.com"));
        let path = folder.write("other.pem", &pair.combined());
        let tls = &mut configuration["options"]["tls"];
        tls["SNI_server_certs"] = json!({ "localhost": path });
        tls["SNI_enabled"] = false.into();
    });
    let expected = certificate_in(&server.folder.path("server.pem"));
    assert_eq!(server.visitor().sees(&server), expected);
}

#[test]
fn versions_are_those_that_were_asked_for() {
    for (options, older, newer) in [
        (json!({}), true, true),
        // STREAM_CRYPTO_METHOD_TLS_SERVER, _TLSv1_2_SERVER, _TLSv1_3_SERVER
        (json!({ "crypto_method": 120 }), true, true),
        (json!({ "crypto_method": 32 }), true, false),
        (json!({ "crypto_method": 64 }), false, true),
        (json!({ "min_proto_version": 64 }), false, true),
        (json!({ "max_proto_version": 32 }), true, false),
    ] {
        let server = SecureServer::with(|configuration| {
            extend(&mut configuration["options"]["tls"], &options);
        });
        for (version, expected) in [(&TLS12, older), (&TLS13, newer)] {
            let visitor = Visitor::new(server.authority.certificate(), &[version], None);
            assert_eq!(
                is_served(&visitor, &server),
                expected,
                "{options} {version:?}"
            );
        }
    }
}

#[test]
fn ciphers_and_curves_are_those_that_were_asked_for() {
    use rustls::{CipherSuite, NamedGroup};
    for (options, suite, group) in [
        (
            json!({ "ciphers": "ECDHE-ECDSA-CHACHA20-POLY1305:ECDHE-RSA-CHACHA20-POLY1305" }),
            CipherSuite::TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256,
            NamedGroup::X25519,
        ),
        (
            json!({ "ciphers": "HIGH:!aNULL:!MD5:!ECDHE-ECDSA-AES256-GCM-SHA384:@STRENGTH", "ecdh_curve": "P-384" }),
            CipherSuite::TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256,
            NamedGroup::secp384r1,
        ),
        (
            json!({ "ciphers": "ECDHE+CHACHA20:AESGCM", "honor_cipher_order": true, "ecdh_curve": "prime256v1" }),
            CipherSuite::TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256,
            NamedGroup::secp256r1,
        ),
    ] {
        let server = SecureServer::with(|configuration| {
            extend(&mut configuration["options"]["tls"], &options);
        });
        let visitor = Visitor::new(server.authority.certificate(), &[&TLS12], None);
        let stream = visitor.visit(&server);
        let chosen = stream.conn.negotiated_cipher_suite().unwrap();
        assert_eq!(chosen.suite(), suite, "{options}");
        let chosen = stream.conn.negotiated_key_exchange_group().unwrap();
        assert_eq!(chosen.name(), group, "{options}");
    }
}

#[test]
fn the_protocol_is_agreed_on_where_that_is_asked_for() {
    for (option, expected) in [
        (Value::Null, None),
        (json!("http/1.1"), Some(&b"http/1.1"[..])),
    ] {
        let server = SecureServer::with(|configuration| {
            configuration["options"]["tls"]["alpn_protocols"] = option.clone();
        });
        let mut visitor = server.visitor();
        visitor.config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
        let mut stream = visitor.visit(&server);
        assert_eq!(stream.conn.alpn_protocol(), expected);
        let answer = Request::new(server.address(), "GET", "/up").send_on(&mut stream);
        assert_eq!(answer.status, 200);
    }
}

fn extend(tls: &mut Value, options: &Value) {
    let tls = tls.as_object_mut().unwrap();
    tls.extend(options.as_object().unwrap().clone());
}
