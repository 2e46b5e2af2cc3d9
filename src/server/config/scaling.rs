//! The part of the configuration about other servers, and the Redis between them.

use std::path::PathBuf;

use super::{ConfigError, fields::Fields};
use crate::cluster::{Address, Credentials, Dialect, Settings, Times, TlsSettings, Topology};

/// What a name of keys and channels may be: braces have a meaning of their own in Redis Cluster.
const NAME: &str = "a text of 1 to 200 bytes without { and }";
const LONGEST_NAME: usize = 200;
const LARGEST_DATABASE: u64 = 1_000_000;

/// Reads how servers work together; `None` for one that is alone.
pub(super) fn scaling(fields: &Fields<'_>) -> Result<Option<Settings>, ConfigError> {
    let Some(fields) = fields.optional_object("scaling")? else {
        return Ok(None);
    };
    Ok(Some(Settings {
        channel: name(&fields, "channel", false)?,
        prefix: name(&fields, "prefix", true)?,
        topology: topology(&fields)?,
        credentials: credentials(&fields)?,
        database: fields.integer_or("database", 0..=LARGEST_DATABASE, 0)?,
        tls: tls(&fields)?,
        times: Times::default(),
        dialect: Dialect::default(),
    }))
}

fn name(fields: &Fields<'_>, key: &str, may_be_empty: bool) -> Result<String, ConfigError> {
    let name = fields.optional_text(key)?.unwrap_or_default();
    let is_fine = name.len() <= LONGEST_NAME && !name.contains(['{', '}']);
    if !is_fine || (name.is_empty() && !may_be_empty) {
        return Err(fields.error(key, NAME));
    }
    Ok(name.to_owned())
}

fn topology(fields: &Fields<'_>) -> Result<Topology, ConfigError> {
    let addresses = fields
        .list("servers")?
        .iter()
        .map(address)
        .collect::<Result<Vec<_>, _>>()?;
    let Some(first) = addresses.first() else {
        return Err(fields.error("servers", "a list of at least one address"));
    };
    if let Some(sentinel) = fields.optional_object("sentinel")? {
        return Ok(Topology::Sentinel {
            addresses,
            master: sentinel.text("service")?.to_owned(),
            credentials: credentials(&sentinel)?,
        });
    }
    if fields.flag_or("cluster", false)? {
        return Ok(Topology::Cluster(addresses));
    }
    Ok(Topology::Single(first.clone()))
}

fn address(fields: &Fields<'_>) -> Result<Address, ConfigError> {
    match fields.optional_text("path")? {
        Some(path) if path.starts_with('/') => Ok(Address::Unix(path.into())),
        Some(_) => Err(fields.error("path", "an absolute path")),
        None => Ok(Address::Tcp(
            fields.text("host")?.to_owned(),
            fields.integer("port", 1..=65_535)?,
        )),
    }
}

fn credentials(fields: &Fields<'_>) -> Result<Credentials, ConfigError> {
    let given = |text: Option<&str>| text.filter(|text| !text.is_empty()).map(str::to_owned);
    Ok(Credentials {
        username: given(fields.optional_text("username")?),
        password: given(fields.optional_secret("password")?),
    })
}

fn tls(fields: &Fields<'_>) -> Result<Option<TlsSettings>, ConfigError> {
    let Some(fields) = fields.optional_object("tls")? else {
        return Ok(None);
    };
    let path = |key| -> Result<Option<PathBuf>, ConfigError> {
        Ok(fields.optional_text(key)?.map(PathBuf::from))
    };
    let identity = match (path("local_cert")?, path("local_pk")?) {
        (Some(certificate), Some(key)) => Some((certificate, key)),
        // As PHP has it, one file may hold both.
        (Some(both), None) => Some((both.clone(), both)),
        (None, Some(_)) => return Err(fields.error("local_cert", "the path of a certificate")),
        (None, None) => None,
    };
    Ok(Some(TlsSettings {
        authorities: path("cafile")?,
        verify: fields.flag_or("verify_peer", true)?,
        name: fields.optional_text("peer_name")?.map(str::to_owned),
        identity,
    }))
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::{Address, Fields, Topology, scaling};

    fn valid() -> Value {
        json!({ "scaling": {
            "channel": "reverb", "servers": [{ "host": "127.0.0.1", "port": "6379" }],
        } })
    }

    fn fault(key: &str, value: Value) -> String {
        let mut config = valid();
        config["scaling"][key] = value;
        let fields = Fields::root(&config).expect("an object");
        scaling(&fields).expect_err("a fault").to_string()
    }

    #[test]
    fn what_is_left_out_has_defaults() {
        let config = valid();
        let fields = Fields::root(&config).expect("an object");
        let settings = scaling(&fields).expect("valid").expect("settings");
        let address = Address::Tcp("127.0.0.1".to_owned(), 6379);
        assert_eq!(settings.topology, Topology::Single(address));
        assert_eq!((settings.database, settings.prefix.as_str()), (0, ""));
        assert!(settings.tls.is_none() && settings.credentials.password.is_none());
        let alone = json!({});
        let fields = Fields::root(&alone).expect("an object");
        assert!(scaling(&fields).expect("valid").is_none());
    }

    #[test]
    fn a_wrong_value_is_named_with_its_key_and_range() {
        for (key, value, expected) in [
            (
                "channel",
                json!(""),
                "scaling.channel is \"\", but must be a text of 1 to 200 bytes without { and }",
            ),
            (
                "prefix",
                json!("{a}"),
                "scaling.prefix is \"{a}\", but must be a text of 1 to 200 bytes without { and }",
            ),
            (
                "servers",
                json!([]),
                "scaling.servers is [], but must be a list of at least one address",
            ),
            (
                "servers",
                json!([{ "host": "a", "port": 0 }]),
                "scaling.servers.0.port is 0, but must be an integer from 1 to 65535",
            ),
            (
                "servers",
                json!([{ "path": "redis.sock" }]),
                "scaling.servers.0.path is \"redis.sock\", but must be an absolute path",
            ),
            (
                "database",
                json!("main"),
                "scaling.database is \"main\", but must be an integer from 0 to 1000000",
            ),
            (
                "password",
                json!(["hidden"]),
                "scaling.password must be a text that is not empty",
            ),
            (
                "sentinel",
                json!({ "service": "" }),
                "scaling.sentinel.service is \"\", but must be a text that is not empty",
            ),
            (
                "tls",
                json!({ "verify_peer": "no" }),
                "scaling.tls.verify_peer is \"no\", but must be true or false",
            ),
        ] {
            assert_eq!(fault(key, value), expected);
        }
    }
}
