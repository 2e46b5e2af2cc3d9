//! The limit of open files: each connection is one.

use rustix::process::{Resource, getrlimit, setrlimit};

use crate::engine::Application;

/// Files besides connections: PHP's own, listeners and event queues, callers of the HTTP API, publishers.
const RESERVE: u64 = 200;

/// Allows as many as the system's administrator does; returns how many that are, if there is a limit.
pub(super) fn raise() -> Option<u64> {
    let mut limit = getrlimit(Resource::Nofile);
    limit.current = limit.maximum;
    // Where it is refused, the old limit holds, and reaching it is warned about.
    let _ = setrlimit(Resource::Nofile, limit);
    getrlimit(Resource::Nofile).current
}

/// What the operator should know if the applications allow more connections than there can be.
pub(super) fn shortage(limit: Option<u64>, applications: &[Application]) -> Option<String> {
    let limit = limit?;
    let allowed = applications
        .iter()
        .filter_map(|application| application.max_connections)
        .fold(0, |sum: u64, connections| {
            sum.saturating_add(connections as u64)
        });
    let needed = allowed.saturating_add(RESERVE);
    (allowed > 0 && needed > limit).then(|| {
        format!(
            "The limit of open files is {limit}, but {allowed} connections (max_connections) need {needed}: raise it \
             (ulimit -Hn; LimitNOFILE in systemd, minfds in Supervisor), or lower max_connections."
        )
    })
}

#[cfg(test)]
mod tests {
    use super::shortage;
    use crate::server::Config;

    fn warning(limit: Option<u64>, max_connections: &[Option<u32>]) -> Option<String> {
        let applications = max_connections.iter().enumerate().map(|(index, most)| {
            serde_json::json!({
                "app_id": index.to_string(), "key": index.to_string(), "secret": "s", "ping_interval": 60,
                "allowed_origins": ["*"], "max_message_size": 0, "max_connections": most,
            })
        });
        let applications: Vec<_> = applications.collect();
        let config = serde_json::json!({"host": "::1", "port": 0, "applications": applications});
        let config = Config::parse(&config).expect("a configuration");
        shortage(limit, &config.applications)
    }

    #[test]
    fn a_limit_below_what_is_allowed_is_told_with_both_figures() {
        let expected = "The limit of open files is 1000, but 801 connections (max_connections) need 1001: raise it \
                        (ulimit -Hn; LimitNOFILE in systemd, minfds in Supervisor), or lower max_connections.";
        assert_eq!(warning(Some(1000), &[Some(801)]).as_deref(), Some(expected));
        assert_eq!(
            warning(Some(1000), &[Some(400), None, Some(401)]).as_deref(),
            Some(expected)
        );
    }

    #[test]
    fn a_limit_that_is_enough_or_nobody_knows_to_be_too_low_is_not_told() {
        for (limit, max_connections) in [
            (Some(1000), [Some(800), None]),
            (Some(100), [None, None]),
            (Some(100), [Some(0), None]),
            (None, [Some(u32::MAX), Some(u32::MAX)]),
        ] {
            assert_eq!(warning(limit, &max_connections), None);
        }
    }
}
