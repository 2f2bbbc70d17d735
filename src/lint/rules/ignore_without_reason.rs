//! A suppression that does not say why. [`suppress`](crate::lint::suppress) finds it.

use crate::lint::rule::rule;

rule!("RBK0398" "ignore-without-reason" Warning, |_, _| {});
