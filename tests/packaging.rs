//! What the package descriptions say about the tree must be so.

#![allow(clippy::unwrap_used, reason = "a test that fails may panic")]

use std::{fs, process::Command};

use serde_json::Value;

fn read(path: &str) -> String {
    fs::read_to_string(format!("{}/{path}", env!("CARGO_MANIFEST_DIR"))).unwrap()
}

fn json(path: &str) -> Value {
    serde_json::from_str(&read(path)).unwrap()
}

#[test]
fn package_xml_lists_every_file_of_the_package() {
    let script = format!("{}/packaging/package-xml", env!("CARGO_MANIFEST_DIR"));
    let output = Command::new(script).arg("--check").output().unwrap();
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stdout)
    );
}

#[test]
fn package_xml_has_the_version_of_the_crate() {
    let version = env!("CARGO_PKG_VERSION");
    assert!(read("package.xml").contains(&format!("<release>{version}</release>")));
}

#[test]
fn pie_builds_the_extension_that_the_composer_package_needs() {
    let extension = json("packaging/pie/composer.json");
    assert_eq!(extension["type"], "php-ext");
    assert_eq!(
        extension["php-ext"]["extension-name"],
        env!("CARGO_PKG_NAME")
    );
    // Composer does not load a `php-ext` package that bears an ordinary package's name.
    assert_ne!(extension["name"], json("composer.json")["name"]);
}

#[test]
fn pie_offers_the_options_of_configure() {
    let script = read("config.m4");
    for option in json("packaging/pie/composer.json")["php-ext"]["configure-options"]
        .as_array()
        .unwrap()
    {
        let name = option["name"].as_str().unwrap();
        assert!(
            script.contains(&format!("AS_HELP_STRING([--{name}")),
            "{name}"
        );
    }
}

/// Reverb asks for guzzlehttp/psr7 2 and keeps applications from version 3.
#[test]
fn d23_the_composer_package_asks_for_no_http_library() {
    let composer = json("composer.json");
    for library in ["guzzle", "psr7", "react/", "ratchet", "pusher/"] {
        let required = composer["require"].as_object().unwrap();
        assert!(
            required.keys().all(|name| !name.contains(library)),
            "{library}"
        );
    }
}
