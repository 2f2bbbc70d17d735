//! Every package that goes into the binary has a licence that allows it.
//!
//! Advisories are not looked up here, since that needs a database that is newer than the
//! sources; what can be known offline is: no package from outside of the registry, and none
//! without a checksum in Cargo.lock.

// A test that cannot read its files has failed.
#![allow(clippy::unwrap_used, clippy::format_push_string)]

use std::process::Command;

use serde_json::Value;

/// Licences under which we take code, by their SPDX names.
const ALLOWED: &[&str] = &[
    "0BSD",
    "Apache-2.0",
    "Apache-2.0 WITH LLVM-exception",
    "BSD-2-Clause",
    "BSD-3-Clause",
    "BSL-1.0",
    "CC0-1.0",
    "CDLA-Permissive-2.0",
    "ISC",
    "MIT",
    "MIT-0",
    "Unicode-3.0",
    "Unlicense",
    "Zlib",
];

fn metadata() -> Value {
    let cargo = std::env::var("CARGO").unwrap_or_else(|_| "cargo".to_owned());
    // Only what is built for this machine: the packages of others need not be on it.
    let rustc = Command::new("rustc").arg("-vV").output().unwrap();
    let rustc = String::from_utf8(rustc.stdout).unwrap();
    let host = rustc.lines().find_map(|line| line.strip_prefix("host: ")).unwrap();
    let args = ["metadata", "--format-version=1", "--offline", "--locked", "--filter-platform", host];
    let output = Command::new(cargo).args(args).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    serde_json::from_slice(&output.stdout).unwrap()
}

/// Whether an SPDX expression can be met: one side of every `OR`, both sides of every `AND`.
fn allowed(expression: &str) -> bool {
    // Old manifests write `MIT/Apache-2.0`.
    let expression = expression.replace('/', " OR ");
    let expression = expression.trim();
    if let Some(at) = outside(expression, " AND ") {
        return allowed(&expression[..at]) && allowed(&expression[at + 5..]);
    }
    if let Some(at) = outside(expression, " OR ") {
        return allowed(&expression[..at]) || allowed(&expression[at + 4..]);
    }
    match expression.strip_prefix('(').and_then(|inner| inner.strip_suffix(')')) {
        Some(inner) => allowed(inner),
        None => ALLOWED.contains(&expression),
    }
}

/// Where a word stands outside of brackets. `AND` is looked for first: to split there first is
/// the stricter reading of `A OR B AND C`.
fn outside(expression: &str, word: &str) -> Option<usize> {
    let mut depth = 0_i32;
    for (at, c) in expression.char_indices() {
        match c {
            '(' => depth += 1,
            ')' => depth -= 1,
            _ if depth == 0 && expression[at..].starts_with(word) => return Some(at),
            _ => {}
        }
    }
    None
}

#[test]
fn licences_are_allowed() {
    let metadata = metadata();
    let mut wrong = String::new();
    for package in metadata["packages"].as_array().unwrap() {
        let name = format!("{} {}", package["name"].as_str().unwrap(), package["version"].as_str().unwrap());
        match package["license"].as_str() {
            Some(licence) if allowed(licence) => {}
            Some(licence) => wrong += &format!("{name}: {licence}\n"),
            None => wrong += &format!("{name}: says nothing\n"),
        }
    }
    assert!(wrong.is_empty(), "{wrong}");
}

#[test]
fn packages_have_one_source_and_a_checksum() {
    let lock = std::fs::read_to_string("Cargo.lock").unwrap();
    for package in lock.split("[[package]]").skip(1).filter(|package| !package.contains("name = \"rbk\"")) {
        assert!(package.contains("source = \"registry+"), "not from the registry: {package}");
        assert!(package.contains("checksum = \""), "without a checksum: {package}");
    }
}

#[test]
fn our_own_licence_is_there() {
    let text = std::fs::read_to_string("LICENSE").unwrap();
    assert!(text.contains("Apache License") && text.contains("Version 2.0, January 2004"));
}

#[test]
fn expressions_are_read() {
    assert!(allowed("MIT OR GPL-3.0"));
    assert!(allowed("(MIT OR Apache-2.0) AND Unicode-3.0"));
    assert!(allowed("MIT/Apache-2.0"));
    assert!(!allowed("MIT AND GPL-3.0"));
    assert!(!allowed("(MIT AND GPL-3.0) OR AGPL-3.0"));
}
