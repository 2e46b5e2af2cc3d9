//! Paths and methods.

use reverb::api::{ApiError, Endpoint, Route, methods};

fn of_application(endpoint: Endpoint) -> Result<Route, ApiError> {
    Ok(Route::Application {
        id: "123456".to_owned(),
        endpoint,
    })
}

fn socket(key: &str) -> Result<Route, ApiError> {
    Ok(Route::Socket {
        key: key.to_owned(),
    })
}

#[test]
fn each_path_has_its_route_and_its_method() {
    let text = str::to_owned;
    for (method, path, route) in [
        ("GET", "/up", Ok(Route::Up)),
        ("HEAD", "/up", Ok(Route::Up)),
        ("GET", "/app/reverb-key", socket("reverb-key")),
        (
            "POST",
            "/apps/123456/events",
            of_application(Endpoint::Events),
        ),
        (
            "POST",
            "/apps/123456/batch_events",
            of_application(Endpoint::BatchEvents),
        ),
        (
            "GET",
            "/apps/123456/connections",
            of_application(Endpoint::Connections),
        ),
        (
            "GET",
            "/apps/123456/channels",
            of_application(Endpoint::Channels),
        ),
        (
            "HEAD",
            "/apps/123456/channels",
            of_application(Endpoint::Channels),
        ),
        (
            "GET",
            "/apps/123456/channels/a",
            of_application(Endpoint::Channel(text("a"))),
        ),
        (
            "GET",
            "/apps/123456/channels/a/users",
            of_application(Endpoint::Users(text("a"))),
        ),
        (
            "POST",
            "/apps/123456/users/7/terminate_connections",
            of_application(Endpoint::TerminateConnections(text("7"))),
        ),
    ] {
        assert_eq!(Route::parse(method, path, ""), route, "{method} {path}");
    }
}

#[test]
fn other_methods_are_told_the_right_one() {
    for (method, path, allowed) in [
        ("POST", "/up", "GET"),
        ("get", "/up", "GET"),
        ("OPTIONS", "/apps/123456/events", "POST"),
        ("HEAD", "/apps/123456/events", "POST"),
        ("GET", "/apps/123456/events", "POST"),
        ("DELETE", "/apps/123456/channels/a", "GET"),
        ("POST", "/app/reverb-key", "GET"),
        ("HEAD", "/app/reverb-key", "GET"),
    ] {
        let refused = Err(ApiError::MethodNotAllowed(allowed));
        assert_eq!(Route::parse(method, path, ""), refused, "{method} {path}");
    }
}

#[test]
fn other_paths_are_unknown() {
    for path in [
        "",
        "/",
        "up",
        "/up/",
        "//up",
        "/UP",
        "/app",
        "/app/",
        "/app/key/",
        "/app/key/more",
        "/apps",
        "/apps/",
        "/apps/123456",
        "/apps//events",
        "/apps/123456/events/",
        "/apps/123456/channels/",
        "/apps/123456/channels//users",
        "/apps/123456/channels/a/b",
        "/apps/123456/users/7",
        "/apps/123456/channels/%ff",
    ] {
        assert_eq!(
            Route::parse("GET", path, ""),
            Err(ApiError::NotFound),
            "{path}"
        );
    }
}

#[test]
fn segments_are_decoded_after_the_path_is_split() {
    for (path, name) in [
        ("/apps/123456/channels/a%2Fb", "a/b"),
        ("/apps/123456/channels/caf%C3%A9", "café"),
        ("/apps/123456/channels/a+b", "a+b"),
        ("/apps/123456/channels/100%", "100%"),
        ("/apps/123456/%63hannels/users", "users"),
    ] {
        let route = of_application(Endpoint::Channel(name.to_owned()));
        assert_eq!(Route::parse("GET", path, ""), route, "{path}");
    }
}

#[test]
fn below_a_prefix_only_prefixed_paths_are_known() {
    for prefix in ["ws", "/ws", "/ws/"] {
        assert_eq!(Route::parse("GET", "/ws/app/key", prefix), socket("key"));
        for path in ["/app/key", "/wsapp/key", "/ws", "/ws/ws/app/key"] {
            assert_eq!(
                Route::parse("GET", path, prefix),
                Err(ApiError::NotFound),
                "{path}"
            );
        }
    }
    assert_eq!(Route::parse("GET", "/a/b/app/key", "a/b"), socket("key"));
}

#[test]
fn a_prefix_is_the_same_however_it_is_encoded() {
    for (prefix, path) in [
        ("/grüße", "/gr%C3%BC%c3%9fe/up"),
        ("/grüße", "/grüße/up"),
        ("/~team/live", "/%7Eteam/live/up"),
        ("/a%20b", "/a%20b/up"),
        ("/a%20b", "/a%2520b/up"),
    ] {
        assert_eq!(Route::parse("GET", path, prefix), Ok(Route::Up), "{path}");
    }
    for (prefix, path) in [
        ("/a/b", "/a%2Fb/up"),
        ("/ü", "/%C3/up"),
        ("/a b", "/a+b/up"),
    ] {
        assert_eq!(
            Route::parse("GET", path, prefix),
            Err(ApiError::NotFound),
            "{path}"
        );
    }
}

#[test]
fn the_methods_of_a_path_are_told() {
    for (path, allowed) in [
        ("/up", Ok("GET, HEAD, OPTIONS")),
        ("/app/key", Ok("GET, OPTIONS")),
        ("/apps/123456/channels/c", Ok("GET, HEAD, OPTIONS")),
        ("/apps/123456/events", Ok("POST, OPTIONS")),
        ("*", Ok("GET, HEAD, POST, OPTIONS")),
        ("/nowhere", Err(ApiError::NotFound)),
    ] {
        assert_eq!(methods(path, ""), allowed, "{path}");
    }
    // The whole server is for OPTIONS alone.
    assert_eq!(Route::parse("GET", "*", ""), Err(ApiError::BadRequest));
}
