//! The order of the layers: reads `src/` and fails when a dependency points the wrong way.
//!
//! `src/README.md` says why each layer may know what it knows.

#![allow(clippy::expect_used, reason = "a test fails by panicking")]

use std::{
    fs,
    path::{Path, PathBuf},
};

/// Each layer with the layers it may use.
const LAYERS: &[(&str, &[&str])] = &[
    ("protocol", &[]),
    ("websocket", &[]),
    ("api", &["protocol"]),
    ("engine", &["protocol", "websocket"]),
    ("inquiry", &["protocol", "api", "engine"]),
    ("trust", &[]),
    ("cluster", &["protocol", "engine", "trust"]),
    (
        "server",
        &[
            "protocol",
            "websocket",
            "api",
            "engine",
            "inquiry",
            "trust",
            "cluster",
        ],
    ),
    ("client", &["protocol", "engine", "inquiry", "trust"]),
    ("php", &["engine", "server", "client"]),
];

/// Layers that are handed time, randomness and bytes, and never wait.
const PURE: &[&str] = &[
    "protocol",
    "websocket",
    "api",
    "engine",
    "inquiry",
    "cluster/coordinator",
];

/// What a pure layer must not name.
const IMPURE: &[&str] = &[
    "async fn",
    "tokio::",
    "mio::",
    "Instant::now",
    "SystemTime",
    "getrandom",
    "std::net",
    "thread::sleep",
    "thread::spawn",
];

fn sources(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).expect("a folder") {
        let path = entry.expect("an entry").path();
        if path.is_dir() {
            found.extend(sources(&path));
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            found.push(path);
        }
    }
    found
}

fn source_folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("src")
}

/// The code of a file, without its tests and comments.
fn code(path: &Path) -> String {
    let text = fs::read_to_string(path).expect("a source file");
    let text = text.split("#[cfg(test)]").next().unwrap_or_default();
    text.lines()
        .filter(|line| !line.trim_start().starts_with("//"))
        .map(|line| format!("{line}\n"))
        .collect()
}

/// The layers named behind `crate::`, also within `use crate::{a, b}`.
fn used_layers(code: &str) -> Vec<String> {
    let mut used = Vec::new();
    for rest in code.split("crate::").skip(1) {
        match rest.strip_prefix('{') {
            Some(list) => used.extend(top_level_names(list)),
            None => used.push(name(rest)),
        }
    }
    used
}

fn top_level_names(list: &str) -> Vec<String> {
    let (mut names, mut depth, mut start) = (Vec::new(), 0, true);
    for (index, character) in list.char_indices() {
        match character {
            '{' => depth += 1,
            '}' if depth == 0 => break,
            '}' => depth -= 1,
            ',' if depth == 0 => start = true,
            _ if start && !character.is_whitespace() => {
                names.push(name(&list[index..]));
                start = false;
            }
            _ => {}
        }
    }
    names
}

fn name(text: &str) -> String {
    text.chars()
        .take_while(|character| character.is_alphanumeric() || *character == '_')
        .collect()
}

#[test]
fn every_folder_is_a_known_layer() {
    let mut folders: Vec<String> = fs::read_dir(source_folder())
        .expect("src")
        .map(|entry| entry.expect("an entry").path())
        .filter(|path| path.is_dir())
        .map(|path| {
            path.file_name()
                .expect("a name")
                .to_string_lossy()
                .into_owned()
        })
        .collect();
    let mut layers: Vec<&str> = LAYERS.iter().map(|(layer, _)| *layer).collect();
    folders.sort();
    layers.sort_unstable();
    assert_eq!(folders, layers);
}

#[test]
fn dependencies_point_downwards() {
    let names: Vec<&str> = LAYERS.iter().map(|(layer, _)| *layer).collect();
    for (layer, allowed) in LAYERS {
        for path in sources(&source_folder().join(layer)) {
            for used in used_layers(&code(&path)) {
                let is_allowed = used == *layer || allowed.contains(&used.as_str());
                assert!(
                    is_allowed || !names.contains(&used.as_str()),
                    "{} uses crate::{used}; {layer} may use {allowed:?}",
                    path.display()
                );
            }
        }
    }
}

#[test]
fn pure_layers_neither_wait_nor_look_at_the_clock() {
    for layer in PURE {
        for path in sources(&source_folder().join(layer)) {
            let code = code(&path);
            for word in IMPURE {
                assert!(!code.contains(word), "{} names {word}", path.display());
            }
        }
    }
}

#[test]
fn only_the_binding_is_unsafe_or_knows_php() {
    for path in sources(&source_folder()) {
        if path
            .components()
            .any(|component| component.as_os_str() == "php")
        {
            continue;
        }
        let code = code(&path);
        assert!(
            !code.contains("ext_php_rs"),
            "{} names ext_php_rs",
            path.display()
        );
        assert!(
            !code.contains("unsafe {"),
            "{} has unsafe code",
            path.display()
        );
    }
}

#[test]
fn no_file_is_longer_than_600_lines() {
    for path in sources(&source_folder()) {
        let lines = fs::read_to_string(&path)
            .expect("a source file")
            .lines()
            .count();
        assert!(lines <= 600, "{} has {lines} lines", path.display());
    }
}

#[test]
fn the_check_sees_what_it_should() {
    let code =
        "use crate::{\n    api::{Route, body::x},\n    engine,\n};\nlet a = crate::php::b();";
    assert_eq!(used_layers(code), ["api", "engine", "php"]);
}
