//! Starting and stopping.

use std::{
    io::ErrorKind,
    net::{TcpListener, TcpStream},
    thread,
};

use reverb::server::{Config, Server, ServerError};

use crate::support::server::{TestServer, configuration};

#[test]
fn a_port_in_use_is_named() {
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = taken.local_addr().unwrap().port();
    let error =
        TestServer::refusal(|configuration| configuration["port"] = port.into()).to_string();
    let address = taken.local_addr().unwrap().to_string();
    assert!(
        error.contains(&address) && error.contains("in use"),
        "{error}"
    );
}

#[test]
fn stopping_tells_the_clients_to_come_again() {
    let server = TestServer::start();
    let ada = server.connect();
    let mut bob = server.connect();
    bob.subscribe("news");
    thread::scope(|scope| {
        scope.spawn(|| server.stop());
        for mut client in [ada, bob] {
            client.expect_error(4100, "Server is shutting down");
            client.expect_closed(4100, "Server is shutting down");
        }
    });
    server.stop();
}

#[test]
fn a_port_is_free_again_after_the_stop() {
    let server = TestServer::start();
    let port = server.address().port();
    let mut ada = server.connect();
    ada.subscribe("news");
    drop(server);
    let again = TestServer::with(|configuration| configuration["port"] = port.into());
    again.connect().subscribe("news");
}

#[test]
fn nobody_answers_after_the_stop() {
    let server = TestServer::start();
    let address = server.address();
    server.stop();
    let refused = TcpStream::connect(address).unwrap_err();
    assert_eq!(refused.kind(), ErrorKind::ConnectionRefused);
}

#[test]
fn a_process_has_one_server() {
    let server = TestServer::start();
    let second = Server::start(Config::parse(&configuration()).unwrap());
    assert!(matches!(second.err(), Some(ServerError::AlreadyRunning)));
    server.connect().subscribe("news");
}
