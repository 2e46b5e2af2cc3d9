//! Finding Redis and being let in: real servers, sentinels, clusters and certificates.

use std::{
    process::Command,
    thread,
    time::{Duration, Instant},
};

use super::redis::{Redis, free_port, say};
use crate::cluster::{
    connect::Connector,
    link::{self, LinkError},
    settings::{Address, Credentials, Dialect, Settings, Times, TlsSettings, Topology},
};

const PATIENCE: Duration = Duration::from_secs(60);

fn tcp(port: u16) -> Address {
    Address::Tcp("127.0.0.1".to_owned(), port)
}

fn settings(topology: Topology) -> Settings {
    Settings {
        channel: "reverb".to_owned(),
        prefix: String::new(),
        topology,
        credentials: Credentials::default(),
        database: 0,
        tls: None,
        times: Times {
            connect: PATIENCE,
            ..Times::default()
        },
        dialect: Dialect::default(),
    }
}

fn credentials(username: Option<&str>, password: &str) -> Credentials {
    Credentials {
        username: username.map(str::to_owned),
        password: Some(password.to_owned()),
    }
}

/// Finds Redis, and asks there.
fn ask(settings: &Settings, command: &[&str]) -> Result<String, LinkError> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .expect("a runtime");
    let connector = Connector::new(settings.clone(), "{reverb}:".to_owned())?;
    let command: Vec<&[u8]> = command.iter().map(|part| part.as_bytes()).collect();
    runtime.block_on(async {
        let found = connector.find().await?;
        let mut link = connector.open(&found.address).await?;
        let reply = connector.ask(&mut link, &command).await?;
        Ok(link::text(reply.clone()).unwrap_or_else(|| format!("{reply:?}")))
    })
}

/// Asks until it is answered as wanted.
fn until(expected: &str, ask: impl Fn() -> Result<String, LinkError>) {
    let began = Instant::now();
    loop {
        let answer = ask();
        if answer.as_ref().is_ok_and(|answer| answer == expected) {
            return;
        }
        assert!(
            began.elapsed() < PATIENCE,
            "{answer:?} in place of {expected}"
        );
        thread::sleep(Duration::from_millis(20));
    }
}

#[test]
fn a_password_and_a_database_are_used() {
    let redis = Redis::with(&["--requirepass", "secret"]);
    let mut settings = settings(Topology::Single(tcp(redis.port())));
    settings.credentials = credentials(None, "secret");
    settings.database = 3;
    ask(&settings, &["SET", "key", "value"]).expect("a place");
    assert_eq!(ask(&settings, &["GET", "key"]).expect("an answer"), "value");
    settings.database = 0;
    assert_eq!(ask(&settings, &["GET", "key"]).expect("an answer"), "Null");
}

#[test]
fn who_is_not_let_in_is_told_so_for_good() {
    let redis = Redis::with(&["--requirepass", "secret"]);
    let mut settings = settings(Topology::Single(tcp(redis.port())));
    settings.credentials = credentials(None, "wrong");
    let refused = ask(&settings, &["PING"]).expect_err("a wrong password");
    assert!(refused.is_lasting(), "{refused}");
    assert!(refused.to_string().starts_with("WRONGPASS"), "{refused}");
    settings.credentials = Credentials::default();
    let refused = ask(&settings, &["PING"]).expect_err("no password");
    assert!(refused.is_lasting(), "{refused}");
    let unprotected = Redis::start();
    settings.topology = Topology::Single(tcp(unprotected.port()));
    settings.credentials = credentials(None, "one too many");
    let refused = ask(&settings, &["PING"]).expect_err("a password that is not asked for");
    assert!(refused.is_lasting(), "{refused}");
    settings.credentials = Credentials::default();
    settings.database = 999;
    let refused = ask(&settings, &["PING"]).expect_err("a database that is not there");
    assert!(refused.is_lasting(), "{refused}");
}

#[test]
fn who_is_not_there_may_come_back() {
    let settings = settings(Topology::Single(tcp(free_port())));
    let refused = ask(&settings, &["PING"]).expect_err("nobody is there");
    assert!(!refused.is_lasting(), "{refused}");
}

#[test]
fn a_user_of_the_acl_needs_no_more_than_its_keys_and_channels() {
    let redis = Redis::start();
    let rules = ["on", ">secret", "~{reverb}:*", "&{reverb}:*", "+@all"];
    redis.say(&[&["ACL", "SETUSER", "reverb"], &rules[..]].concat());
    let mut settings = settings(Topology::Single(tcp(redis.port())));
    settings.credentials = credentials(Some("reverb"), "secret");
    assert_eq!(
        ask(&settings, &["ACL", "WHOAMI"]).expect("an answer"),
        "reverb"
    );
    settings.credentials = credentials(Some("reverb"), "wrong");
    assert!(
        ask(&settings, &["PING"])
            .expect_err("a wrong password")
            .is_lasting()
    );
}

#[test]
fn a_socket_is_an_address() {
    let redis = Redis::start();
    let path = redis.folder().join("redis.sock");
    let with_socket = Redis::with(&["--unixsocket", path.to_str().expect("a path")]);
    let settings = settings(Topology::Single(Address::Unix(path)));
    with_socket.say(&["SET", "name", "this one"]);
    until("this one", || ask(&settings, &["GET", "name"]));
}

/// An authority, and a certificate of `redis.test` and of one that is nobody's.
fn certificates(folder: &std::path::Path) {
    let script = "
        set -e; cd \"$1\"
        openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2 -subj /CN=authority \
            -keyout ca.key -out ca.pem
        openssl req -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -subj /CN=redis.test \
            -keyout redis.key -out redis.csr
        printf 'subjectAltName=DNS:redis.test,IP:127.0.0.1\n' > names
        openssl x509 -req -in redis.csr -CA ca.pem -CAkey ca.key -CAcreateserial -days 2 -extfile names -out redis.pem";
    let output = Command::new("sh")
        .args(["-c", script, "sh"])
        .arg(folder)
        .output()
        .expect("openssl");
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
}

#[test]
fn tls_trusts_whom_it_should() {
    let plain = Redis::start();
    let folder = plain.folder().to_owned();
    certificates(&folder);
    let path = |name: &str| folder.join(name).to_str().expect("a path").to_owned();
    let port = free_port();
    let redis = Redis::with(&[
        "--tls-port",
        &port.to_string(),
        "--tls-cert-file",
        &path("redis.pem"),
        "--tls-key-file",
        &path("redis.key"),
        "--tls-ca-cert-file",
        &path("ca.pem"),
    ]);
    let mut settings = settings(Topology::Single(tcp(port)));
    let trusting =
        |authorities: Option<&str>, verify, name: Option<&str>, identity: bool| TlsSettings {
            authorities: authorities.map(|name| folder.join(name)),
            verify,
            name: name.map(str::to_owned),
            identity: identity.then(|| (folder.join("redis.pem"), folder.join("redis.key"))),
        };
    redis.say(&["SET", "key", "sealed"]);
    // Redis asks for a certificate of ours as well.
    for (tls, expected) in [
        (trusting(Some("ca.pem"), true, None, true), true),
        (
            trusting(Some("ca.pem"), true, Some("redis.test"), true),
            true,
        ),
        (trusting(None, false, None, true), true),
        (trusting(None, true, None, true), false),
        (
            trusting(Some("ca.pem"), true, Some("other.test"), true),
            false,
        ),
        (trusting(Some("none.pem"), true, None, true), false),
        (trusting(Some("redis.key"), true, None, true), false),
    ] {
        let described = format!("{tls:?}");
        settings.tls = Some(tls);
        match ask(&settings, &["GET", "key"]) {
            Ok(answer) => assert!(expected && answer == "sealed", "{described}"),
            Err(error) => assert!(!expected && error.is_lasting(), "{described}: {error}"),
        }
    }
    settings.tls = Some(trusting(Some("ca.pem"), true, None, false));
    ask(&settings, &["GET", "key"]).expect_err("Redis does not know who asks");
    // Who speaks in the clear to a TLS port, or TLS to one that is none, is not let in either.
    settings.tls = None;
    ask(&settings, &["GET", "key"]).expect_err("a clear word");
}

#[test]
fn sentinels_know_the_master_also_after_a_failover() {
    let master = Redis::start();
    let replica = Redis::with(&["--replicaof", "127.0.0.1", &master.port().to_string()]);
    let sentinel = Redis::sentinel_of(&master);
    let settings = settings(Topology::Sentinel {
        // One that is down, and one that knows.
        addresses: vec![tcp(free_port()), tcp(sentinel.port())],
        master: "main".to_owned(),
        credentials: Credentials::default(),
    });
    let port = |port: u16| port.to_string();
    let where_it_is = || {
        let info = ask(&settings, &["INFO", "server"])?;
        let port = info.lines().find_map(|line| line.strip_prefix("tcp_port:"));
        Ok(port.unwrap_or_default().to_owned())
    };
    until(&port(master.port()), where_it_is);
    // The sentinel must know of the replica before it can take it.
    let began = Instant::now();
    while !sentinel
        .say(&["SENTINEL", "replicas", "main"])
        .contains(&port(replica.port()))
    {
        assert!(
            began.elapsed() < PATIENCE,
            "the sentinel does not find the replica"
        );
        thread::sleep(Duration::from_millis(50));
    }
    sentinel.lose_patience();
    drop(master);
    until(&port(replica.port()), where_it_is);
}

#[test]
fn a_cluster_knows_who_has_the_keys() {
    let nodes: Vec<Redis> = (0..3)
        .map(|_| Redis::with(&["--cluster-enabled", "yes", "--cluster-node-timeout", "1000"]))
        .collect();
    let addresses: Vec<String> = nodes
        .iter()
        .map(|node| format!("127.0.0.1:{}", node.port()))
        .collect();
    let output = Command::new("redis-cli")
        .args(["--cluster", "create"])
        .args(&addresses)
        .arg("--cluster-yes")
        .output()
        .expect("redis-cli");
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stdout)
    );
    let settings = settings(Topology::Cluster(
        nodes.iter().map(|node| tcp(node.port())).collect(),
    ));
    // A node that does not have the slot would refuse the key.
    until("OK", || ask(&settings, &["SET", "{reverb}:nodes", "1"]));
    let counted = say(nodes[0].port(), &["CLUSTER", "KEYSLOT", "{reverb}:nodes"]);
    assert_eq!(
        counted,
        super::super::slot::of(b"{reverb}:nodes").to_string()
    );
}
