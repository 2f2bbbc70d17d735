//! The standard library as one page of Markdown: `rbk doc --format md`.

use std::fmt::Write as _;

use super::std_module::{declared, head, short, summary};
use crate::session;

/// Every module, and what it declares.
pub(super) fn markdown() -> String {
    let modules = session::std_modules();
    let mut text = "# The standard library\n\n\
        Written in rbk, in this folder, and within the binary: `use std.k8s`, then `k8s.scale(…)`. What an action does\n\
        is in its form: it *reads*, *changes* or *destroys*. This page is made by `rbk doc --format md`; `rbk doc NAME`\n\
        shows one entry of it with its source.\n\n\
        | module | |\n|---|---|\n"
        .to_owned();
    for module in &modules {
        let _ =
            writeln!(text, "| [`{module}`](#{}) | {} |", module.replace('.', ""), summary(module).unwrap_or_default());
    }
    for module in &modules {
        let _ = writeln!(text, "\n## {module}\n\n{}", head(module));
        for one in declared(module) {
            let _ = writeln!(text, "\n### {}\n\n```text\n{}.{}\n```\n\n{}", one.name, short(module), one.form, one.doc);
        }
    }
    text
}
