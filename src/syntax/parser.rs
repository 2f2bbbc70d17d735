//! The generated parser. Only this module and the tree builder know pest.

use pest::Parser as _;
use pest::iterators::Pairs;

/// The parser that pest makes of the grammar.
#[derive(pest_derive::Parser)]
#[grammar = "../grammar/rbk.pest"]
struct Grammar;

/// Runs one of the rules that stand for a whole text. They match every text, so
/// `None` means that pest gave up for want of stack.
pub(super) fn run(rule: Rule, text: &str) -> Option<Pairs<'_, Rule>> {
    Grammar::parse(rule, text).ok()
}
