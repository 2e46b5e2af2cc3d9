//! Certificates that are renewed on disk.

use std::{
    thread,
    time::{Duration, Instant},
};

use serde_json::json;

use crate::{
    certificates::Subject,
    secure::{SecureServer, certificate_in},
    support::PATIENCE,
};

/// Looks again and again until there is something to see.
fn wait_for<T>(mut look: impl FnMut() -> Option<T>) -> T {
    let began = Instant::now();
    loop {
        if let Some(found) = look() {
            return found;
        }
        assert!(began.elapsed() < PATIENCE, "nothing happened");
        thread::sleep(Duration::from_millis(20));
    }
}

#[test]
fn a_renewed_certificate_is_for_those_who_come_and_the_others_stay() {
    let server = SecureServer::start();
    let mut ada = server.connect();
    ada.subscribe("news");
    let before = server.visitor().sees(&server);
    let renewed = server.authority.sign(Subject::Server("localhost"));
    server.folder.replace("server.pem", &renewed.combined());
    let after = certificate_in(&server.folder.path("server.pem"));
    assert_ne!(before, after);
    wait_for(|| (server.visitor().sees(&server) == after).then_some(()));

    let mut bob = server.connect();
    bob.subscribe("news");
    server.publish("E", "news", "1");
    for client in [&mut ada, &mut bob] {
        client.expect(r#"{"event":"E","channel":"news","data":"1"}"#);
    }
    assert_eq!(server.warnings(), [""; 0]);
}

#[test]
fn a_broken_file_leaves_the_old_certificate_and_is_warned_about_once() {
    let server = SecureServer::start();
    let before = server.visitor().sees(&server);
    server.folder.replace("server.pem", "half a certificate");
    let warnings = wait_for(|| Some(server.warnings()).filter(|warnings| !warnings.is_empty()));
    let path = server.folder.path("server.pem");
    assert_eq!(
        warnings,
        [format!(
            "The certificates on disk have changed, but cannot be used; the old ones stay: options.tls.local_cert is \
             \"{}\", but it has no certificate; it must be a PEM file that begins with the server's own.",
            path.display()
        )]
    );
    assert_eq!(server.visitor().sees(&server), before);

    // The next good file is taken, so the looking has gone on; and nothing was said again.
    let renewed = server.authority.sign(Subject::Server("localhost"));
    server.folder.replace("server.pem", &renewed.combined());
    wait_for(|| (server.visitor().sees(&server) != before).then_some(()));
    assert_eq!(server.warnings(), [""; 0]);
}

#[test]
fn a_certificate_and_a_key_that_are_renewed_one_after_the_other_are_taken_together() {
    let server = SecureServer::prepared(|authority, folder, configuration| {
        let pair = authority.sign(Subject::Server("localhost"));
        let certificate = folder.write("server.crt", &pair.certificate);
        let key = folder.write("server.key", &pair.key);
        let tls = &mut configuration["options"]["tls"];
        (tls["local_cert"], tls["local_pk"]) = (json!(certificate), json!(key));
    });
    let renewed = server.authority.sign(Subject::Server("localhost"));
    server.folder.replace("server.key", &renewed.key);
    server.folder.replace("server.crt", &renewed.certificate);
    let after = certificate_in(&server.folder.path("server.crt"));
    wait_for(|| (server.visitor().sees(&server) == after).then_some(()));
    assert_eq!(server.warnings(), [""; 0]);
}
