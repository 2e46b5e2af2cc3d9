//! Every number has a test.

use std::{
    fs,
    path::{Path, PathBuf},
};

#[test]
fn every_defect_has_a_test() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let sources: String = ["src", "tests", "php"]
        .iter()
        .flat_map(|folder| files(&root.join(folder)))
        .map(|path| fs::read_to_string(path).unwrap())
        .collect();
    for number in 1..=42 {
        // `fn d01_…` in Rust, `function test_d01_…` in PHP.
        let names = [
            format!("fn d{number:02}_"),
            format!("function test_d{number:02}_"),
        ];
        let has_test = names.iter().any(|name| sources.contains(name));
        assert!(has_test, "D{number} has no test");
    }
}

/// The sources below a folder, those of installed packages aside.
fn files(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() && !path.ends_with("node_modules") {
            found.extend(files(&path));
        } else if path
            .extension()
            .is_some_and(|kind| kind == "rs" || kind == "php")
        {
            found.push(path);
        }
    }
    found
}
