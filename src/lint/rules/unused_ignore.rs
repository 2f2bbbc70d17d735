//! A suppression that suppresses nothing. [`suppress`](crate::lint::suppress) finds it, when all else is found.

use crate::lint::rule::rule;

rule!("RBK0399" "unused-ignore" Warning, |_, _| {});
