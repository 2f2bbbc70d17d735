//! What shellcheck says about a script. It is asked by the command line, for all files at once.

use crate::lint::rule::rule;

rule!("RBK0390" "shellcheck" Warning, |_, _| {});
