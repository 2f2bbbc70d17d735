//! The standard library written in rbk, as it lies in `stdlib/`, within the binary.

/// Every module by the name under which it is used.
static MODULES: &[(&str, &str)] = &[
    ("std.git", include_str!("../../stdlib/git.rbk")),
    ("std.k8s", include_str!("../../stdlib/k8s.rbk")),
    ("std.slack", include_str!("../../stdlib/slack.rbk")),
    ("std.systemd", include_str!("../../stdlib/systemd.rbk")),
];

/// The text of `std.slack`.
pub fn find(name: &str) -> Option<&'static str> {
    MODULES.iter().find(|(module, _)| *module == name).map(|(_, text)| *text)
}

/// The names of all modules.
pub fn names() -> Vec<&'static str> {
    MODULES.iter().map(|(module, _)| *module).collect()
}
