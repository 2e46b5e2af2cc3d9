//! Publishing to a server with TLS: whose certificates are trusted.

use std::{
    io::{BufRead, BufReader, Read, Write},
    net::TcpListener,
    sync::Arc,
    thread,
};

use reverb::client::{PublishError, Route};
use rustls::{
    ServerConfig, ServerConnection, StreamOwned,
    crypto::ring,
    pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject},
};
use serde_json::{Value, json};

use crate::{
    certificates::{Authority, Folder, Subject},
    event, publisher,
};

/// A server that answers each request with `200 {}`, one per connection; returns its port.
fn https_server(authority: &Authority) -> u16 {
    let pair = authority.sign(Subject::Server("localhost"));
    let config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(
            vec![CertificateDer::from_pem_slice(pair.certificate.as_bytes()).unwrap()],
            PrivateKeyDer::from_pem_slice(pair.key.as_bytes()).unwrap(),
        )
        .unwrap();
    let (config, listener) = (Arc::new(config), TcpListener::bind("127.0.0.1:0").unwrap());
    let port = listener.local_addr().unwrap().port();
    thread::spawn(move || {
        for stream in listener.incoming() {
            let session = ServerConnection::new(Arc::clone(&config)).unwrap();
            let mut stream = BufReader::new(StreamOwned::new(session, stream.unwrap()));
            let (mut line, mut length) = (String::new(), 0);
            // Whoever does not trust the certificate says nothing.
            while stream.read_line(&mut line).is_ok_and(|read| read > 2) {
                if let Some(number) = line.to_lowercase().strip_prefix("content-length: ") {
                    length = number.trim().parse().unwrap();
                }
                line.clear();
            }
            let _ = stream.read_exact(&mut vec![0; length]);
            let answer = b"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 2\r\n\r\n{}";
            let _ = stream.get_mut().write_all(answer);
            stream.get_mut().conn.send_close_notify();
            let _ = stream.get_mut().flush();
        }
    });
    port
}

/// Publishes with a rule of trust.
fn publish(port: u16, verify: &Value) -> Result<Route, PublishError> {
    let options = json!({
        "scheme": "https", "host": "localhost", "port": port, "verify": verify,
    });
    publisher(options).publish(&event())
}

#[test]
fn a_certificate_is_verified_as_asked() {
    let (authority, folder) = (Authority::new(), Folder::new());
    let own = folder.write("own.pem", &authority.pem());
    let other = folder.write("other.pem", &Authority::new().pem());
    let port = https_server(&authority);
    for verify in [json!(false), json!(own)] {
        assert_eq!(publish(port, &verify), Ok(Route::Http), "{verify}");
    }
    for verify in [json!(true), Value::Null, json!(other)] {
        let error = publish(port, &verify).unwrap_err().to_string();
        let (cause, remedy) = (
            "invalid peer certificate: ",
            "; the option `verify` may name",
        );
        assert!(
            error.contains(cause) && error.contains(remedy),
            "{verify}: {error}"
        );
    }
}

#[test]
fn a_file_without_authorities_is_named() {
    let folder = Folder::new();
    let empty = folder.write("empty.pem", "nothing");
    let missing = folder.path("missing.pem");
    for (path, cause) in [
        (&empty, "it has no certificate"),
        (&missing, "No such file or directory (os error 2)"),
    ] {
        assert_eq!(
            publish(9, &json!(path)).unwrap_err().to_string(),
            format!(
                "the authorities of the option `verify` cannot be read from {}: {cause}; it must be a PEM file with certificates",
                path.display()
            )
        );
    }
}
