//! The configuration of a server, read from JSON-like values and checked before anything starts.

mod fields;
mod scaling;
mod tls;

use std::{collections::HashSet, net::IpAddr, path::PathBuf, time::Duration};

use serde_json::Value;

pub use self::fields::ConfigError;
use self::fields::Fields;
use super::{provider, proxies::Proxies, time_limits::TimeLimits, tls::TlsSettings};
use crate::{
    cluster::{Dialect, Settings, Times},
    engine::{
        Application, ApplicationLimits, ClientEvents, EventKind, EventKinds, EventLimits, Limits,
        RateLimit,
    },
    protocol::ChannelName,
    websocket::Compression,
};

/// Everything a server needs to know before it starts.
#[derive(Debug)]
pub struct Config {
    pub(super) host: IpAddr,
    pub(super) port: u16,
    /// Where all routes begin, without slashes at its ends.
    pub(super) path: String,
    /// None allows a request of any time.
    pub(super) auth_timestamp_tolerance: Option<u64>,
    pub(super) workers: usize,
    /// None serves without TLS.
    pub(super) tls: Option<TlsSettings>,
    pub(super) socket: Option<PathBuf>,
    pub(super) proxies: Proxies,
    pub(super) limits: Limits,
    pub(super) debug: bool,
    pub(super) events: EventKinds,
    pub(super) times: TimeLimits,
    pub(super) applications: Vec<Application>,
    /// None for a server that works alone.
    pub(super) scaling: Option<Settings>,
    /// None if the applications are a fixed list.
    pub(super) provider: Option<provider::Terms>,
}

const DEFAULT_REQUEST_SIZE: u64 = 10_000;
const DEFAULT_BACKLOG: u64 = 16 * 1024 * 1024;
/// Pusher keeps the event of a cache channel for 30 minutes.
const DEFAULT_CACHE_TTL: u64 = 30 * 60;
/// A tenth of a second, in microseconds: whoever waits longer takes it for a fault.
const LONGEST_COALESCE: u64 = 100_000;
/// Within the time that publishers wait for their event to be taken, in seconds.
const DEFAULT_LOOKUP_TIMEOUT: u64 = 3;
const DEFAULT_LOOKUPS: u64 = 200;
const MOST_LOOKUPS: u64 = 100_000;
const MINUTE: u64 = 60;
const MOST_WORKERS: u64 = 1024;
const GIGABYTE: u64 = 1 << 30;
const DAY: u64 = 24 * 60 * 60;
const YEAR: u64 = 365 * DAY;
/// Pusher's own tolerance, in seconds.
const DEFAULT_TOLERANCE: u64 = 600;

/// The longest path of a unix socket on Linux, in bytes (unix(7)); elsewhere a few less.
const LONGEST_SOCKET_PATH: usize = 107;

impl Config {
    /// Reads a configuration. Integers may come as text, as environment variables do.
    ///
    /// # Errors
    /// For the first wrong value, with its key and what it must be.
    pub fn parse(value: &Value) -> Result<Self, ConfigError> {
        let fields = Fields::root(value)?;
        Ok(Self {
            host: host(&fields)?,
            port: fields.integer("port", 0..=65_535)?,
            path: fields
                .optional_text("path")?
                .unwrap_or_default()
                .trim_matches('/')
                .to_owned(),
            auth_timestamp_tolerance: Some(fields.integer_or(
                "auth_timestamp_tolerance",
                0..=YEAR,
                DEFAULT_TOLERANCE,
            )?)
            .filter(|tolerance| *tolerance > 0),
            workers: workers(fields.integer_or("workers", 0..=MOST_WORKERS, 0)?),
            tls: tls::tls(&fields)?,
            socket: socket(&fields)?,
            proxies: proxies(&fields)?,
            limits: Limits {
                max_backlog: fields.integer_or("max_backlog", 1024..=GIGABYTE, DEFAULT_BACKLOG)?,
                max_request_size: max_request_size(&fields)?,
                cache_ttl: seconds(fields.integer_or("cache_ttl", 1..=DAY, DEFAULT_CACHE_TTL)?),
                compression: if fields.flag_or("compression", false)? {
                    Compression::Deflate
                } else {
                    Compression::Off
                },
                coalesce: microseconds(fields.integer_or("coalesce", 0..=LONGEST_COALESCE, 0)?),
            },
            debug: fields.flag_or("debug", false)?,
            events: events(&fields)?,
            times: TimeLimits::default(),
            applications: applications(&fields)?,
            scaling: scaling::scaling(&fields)?,
            provider: provider(&fields)?,
        })
    }
}

impl Config {
    /// Changes what is not configurable about scaling. Nobody needs it but tests, which cannot wait as
    /// long as servers can, and try what a later version will say.
    pub fn adapt_scaling(&mut self, change: impl FnOnce(&mut Times, &mut Dialect)) {
        if let Some(scaling) = &mut self.scaling {
            change(&mut scaling.times, &mut scaling.dialect);
        }
    }
}

fn max_request_size(fields: &Fields<'_>) -> Result<usize, ConfigError> {
    fields.integer_or("max_request_size", 1..=GIGABYTE, DEFAULT_REQUEST_SIZE)
}

fn events(fields: &Fields<'_>) -> Result<EventKinds, ConfigError> {
    let names = fields.optional_texts("events")?.unwrap_or_default();
    let kinds = names.iter().map(|name| EventKind::parse(name));
    kinds.collect::<Option<_>>().ok_or_else(|| {
        let names = EventKind::ALL.map(|(_, name)| name).join(", ");
        fields.error("events", format_args!("a list of some of {names}"))
    })
}

fn host(fields: &Fields<'_>) -> Result<IpAddr, ConfigError> {
    let host = fields.text("host")?;
    let literal = host
        .strip_prefix('[')
        .and_then(|rest| rest.strip_suffix(']'))
        .unwrap_or(host);
    literal.parse().map_err(|_| {
        fields.error(
            "host",
            "an IP address to listen on, such as 0.0.0.0, 127.0.0.1 or [::1]",
        )
    })
}

fn workers(asked: usize) -> usize {
    match asked {
        0 => std::thread::available_parallelism().map_or(1, usize::from),
        workers => workers,
    }
}

fn socket(fields: &Fields<'_>) -> Result<Option<PathBuf>, ConfigError> {
    let Some(path) = fields
        .optional_text("socket")?
        .filter(|path| !path.is_empty())
    else {
        return Ok(None);
    };
    if !path.starts_with('/') || path.len() > LONGEST_SOCKET_PATH {
        return Err(fields.error("socket", "an absolute path of at most 107 bytes"));
    }
    Ok(Some(path.into()))
}

fn proxies(fields: &Fields<'_>) -> Result<Proxies, ConfigError> {
    let names = fields
        .optional_texts("trusted_proxies")?
        .unwrap_or_default();
    Proxies::parse(&names).ok_or_else(|| {
        fields.error(
            "trusted_proxies",
            "a list of `*`, IP addresses and networks such as 10.0.0.0/8",
        )
    })
}

fn applications(fields: &Fields<'_>) -> Result<Vec<Application>, ConfigError> {
    let list = fields.list("applications")?;
    if list.is_empty() && provider(fields)?.is_none() {
        return Err(fields.error("applications", "a list of at least one application"));
    }
    let (mut ids, mut keys) = (HashSet::new(), HashSet::new());
    list.iter()
        .map(|fields| {
            let application = application(fields)?;
            if !ids.insert(application.id.clone()) {
                return Err(fields.error("app_id", "an id that no other application has"));
            }
            if !keys.insert(application.key.clone()) {
                return Err(fields.error("key", "a key that no other application has"));
            }
            Ok(application)
        })
        .collect()
}

fn provider(fields: &Fields<'_>) -> Result<Option<provider::Terms>, ConfigError> {
    let Some(fields) = fields.optional_object("provider")? else {
        return Ok(None);
    };
    Ok(Some(provider::Terms {
        cache_ttl: seconds(fields.integer_or("cache_ttl", 1..=DAY, 60)?),
        unknown_ttl: seconds(fields.integer_or("unknown_ttl", 1..=DAY, 10)?),
        lookup_timeout: seconds(fields.integer_or(
            "lookup_timeout",
            1..=MINUTE,
            DEFAULT_LOOKUP_TIMEOUT,
        )?),
        lookups_per_second: fields.integer_or(
            "lookups_per_second",
            1..=MOST_LOOKUPS,
            DEFAULT_LOOKUPS,
        )?,
    }))
}

/// Reads one application, as it stands in a configuration.
///
/// # Errors
/// For the first wrong value.
pub fn parse_application(value: &Value) -> Result<Application, ConfigError> {
    application(&Fields::root(value)?)
}

/// Reads what events are held against: `max_request_size`, and beside it the limits of an application.
///
/// # Errors
/// For the first wrong value.
pub fn parse_event_limits(value: &Value) -> Result<EventLimits, ConfigError> {
    let fields = Fields::root(value)?;
    Ok(EventLimits {
        max_request_size: max_request_size(&fields)?,
        application: limits(&fields)?,
    })
}

fn application(fields: &Fields<'_>) -> Result<Application, ConfigError> {
    Ok(Application {
        id: fields.text("app_id")?.to_owned(),
        key: fields.text("key")?.to_owned(),
        secret: fields.secret("secret")?.to_owned(),
        ping_interval: seconds(fields.integer("ping_interval", 1..=DAY)?),
        activity_timeout: fields.integer_or("activity_timeout", 1..=DAY, 30)?,
        allowed_origins: fields.texts("allowed_origins")?,
        max_message_size: fields.integer("max_message_size", 0..=GIGABYTE)?,
        max_connections: fields.optional_integer("max_connections", 0..=u64::from(u32::MAX))?,
        client_events: match fields.optional_text("accept_client_events_from")? {
            Some("all") | None => ClientEvents::All,
            Some("members") => ClientEvents::Members,
            Some(_) => ClientEvents::None,
        },
        rate_limit: rate_limit(fields)?,
        limits: match fields.optional_object("limits")? {
            Some(limits) => self::limits(&limits)?,
            None => ApplicationLimits::default(),
        },
        subscription_count: fields.flag_or("subscription_count", false)?,
    })
}

fn rate_limit(fields: &Fields<'_>) -> Result<Option<RateLimit>, ConfigError> {
    let Some(fields) = fields.optional_object("rate_limiting")? else {
        return Ok(None);
    };
    if !fields.flag_or("enabled", false)? {
        return Ok(None);
    }
    Ok(Some(RateLimit {
        max_attempts: fields.integer("max_attempts", 1..=u64::from(u32::MAX))?,
        decay: seconds(fields.integer_or("decay_seconds", 1..=DAY, 1)?),
        terminate: fields.flag_or("terminate_on_limit", false)?,
    }))
}

fn limits(fields: &Fields<'_>) -> Result<ApplicationLimits, ConfigError> {
    let none = ApplicationLimits::default();
    let limit = |key, default| -> Result<usize, ConfigError> {
        Ok(fields
            .optional_integer(key, 1..=GIGABYTE)?
            .unwrap_or(default))
    };
    let longest_name = ChannelName::MAX_LENGTH as u64;
    Ok(ApplicationLimits {
        channel_name_length: fields
            .optional_integer("channel_name_length", 1..=longest_name)?
            .unwrap_or(none.channel_name_length),
        channels_per_connection: limit("channels_per_connection", none.channels_per_connection)?,
        presence_members: limit("presence_members", none.presence_members)?,
        member_data_size: limit("member_data_size", none.member_data_size)?,
        client_events_per_second: fields
            .optional_integer("client_events_per_second", 1..=u64::from(u32::MAX))?,
        watchlist_size: limit("watchlist_size", none.watchlist_size)?,
        event_name_length: limit("event_name_length", none.event_name_length)?,
        event_data_size: limit("event_data_size", none.event_data_size)?,
        channels_per_event: limit("channels_per_event", none.channels_per_event)?,
        events_per_batch: limit("events_per_batch", none.events_per_batch)?,
    })
}

fn seconds(count: u32) -> Duration {
    Duration::from_secs(count.into())
}

fn microseconds(count: u32) -> Duration {
    Duration::from_micros(count.into())
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::Config;

    fn valid() -> Value {
        json!({
            "host": "127.0.0.1", "port": "8080", "applications": [{
                "app_id": "1", "key": "k", "secret": "s", "ping_interval": 60,
                "allowed_origins": ["*"], "max_message_size": "10000"
            }]
        })
    }

    fn fault(pointer: &str, value: Value) -> String {
        let mut config = valid();
        let (parent, key) = pointer.rsplit_once('/').expect("a pointer");
        let parent = config.pointer_mut(parent).expect("the parent");
        parent
            .as_object_mut()
            .expect("an object")
            .insert(key.to_owned(), value);
        Config::parse(&config).expect_err("a fault").to_string()
    }

    #[test]
    fn a_configuration_with_defaults_is_read() {
        let config = Config::parse(&valid()).expect("valid");
        assert_eq!(
            (config.port, config.limits.max_request_size, config.debug),
            (8080, 10_000, false)
        );
        assert!(config.workers >= 1);
        assert!(config.applications[0].max_connections.is_none());
    }

    #[test]
    fn a_wrong_value_is_named_with_its_key_and_range() {
        for (pointer, value, expected) in [
            (
                "/host",
                json!("localhost"),
                "host is \"localhost\", but must be an IP address to listen on, such as 0.0.0.0, 127.0.0.1 or [::1]",
            ),
            (
                "/port",
                json!(70000),
                "port is 70000, but must be an integer from 0 to 65535",
            ),
            (
                "/port",
                json!("http"),
                "port is \"http\", but must be an integer from 0 to 65535",
            ),
            (
                "/port",
                json!(1.5),
                "port is 1.5, but must be an integer from 0 to 65535",
            ),
            (
                "/max_backlog",
                json!(-1),
                "max_backlog is -1, but must be an integer from 1024 to 1073741824",
            ),
            (
                "/coalesce",
                json!(100_001),
                "coalesce is 100001, but must be an integer from 0 to 100000",
            ),
            (
                "/compression",
                json!("on"),
                "compression is \"on\", but must be true or false",
            ),
            (
                "/events",
                json!(["everything"]),
                "events is [\"everything\"], but must be a list of some of message_received, message_sent, \
                 channel_created, channel_removed, connection_pruned, connection_opened, connection_closed, \
                 channel_occupied, channel_vacated, member_added, member_removed, client_event_received",
            ),
            (
                "/socket",
                json!("reverb.sock"),
                "socket is \"reverb.sock\", but must be an absolute path of at most 107 bytes",
            ),
            (
                "/trusted_proxies",
                json!(["10.0.0.1", "nginx"]),
                "trusted_proxies is [\"10.0.0.1\",\"nginx\"], but must be a list of `*`, IP addresses and networks such as 10.0.0.0/8",
            ),
            (
                "/applications",
                json!([]),
                "applications is [], but must be a list of at least one application",
            ),
            (
                "/applications/0/key",
                json!(""),
                "applications.0.key is \"\", but must be a text that is not empty",
            ),
            (
                "/applications/0/key",
                json!(null),
                "applications.0.key is null, but must be a text that is not empty",
            ),
            (
                "/applications/0/secret",
                json!(["hidden"]),
                "applications.0.secret must be a text that is not empty",
            ),
            (
                "/applications/0/ping_interval",
                json!(0),
                "applications.0.ping_interval is 0, but must be an integer from 1 to 86400",
            ),
            (
                "/applications/0/allowed_origins",
                json!("*"),
                "applications.0.allowed_origins is \"*\", but must be a list of texts",
            ),
            (
                "/applications/0/max_connections",
                json!("many"),
                "applications.0.max_connections is \"many\", but must be an integer from 0 to 4294967295",
            ),
            (
                "/applications/0/rate_limiting",
                json!({"enabled": true}),
                "applications.0.rate_limiting.max_attempts is missing, but must be an integer from 1 to 4294967295",
            ),
        ] {
            assert_eq!(fault(pointer, value), expected);
        }
    }

    #[test]
    fn two_applications_cannot_share_a_key() {
        let mut config = valid();
        let mut second = config["applications"][0].clone();
        second["app_id"] = json!("2");
        config["applications"]
            .as_array_mut()
            .expect("a list")
            .push(second);
        assert_eq!(
            Config::parse(&config).expect_err("a fault").to_string(),
            "applications.1.key is \"k\", but must be a key that no other application has"
        );
    }
}
