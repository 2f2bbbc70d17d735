//! Matches a text by the grammar, into a list of nodes. What matches which rule is made from `grammar/rbk.pest` by
//! `grammar/generate.rs`; here is what it is made of.

pub(super) use rules::Rule;

/// How deep rules may call each other on any thread: enough for a dozen brackets or blocks in each other.
const SHALLOW: u32 = 150;

/// The same on a stack of [`super::STACK`] bytes: more than enough for what the builder takes.
const DEEP: u32 = 2_000;

/// For each next byte, and for the end of the text, whether something can begin with it.
type Nexts = [u8; 257];

/// Which stack a text is matched on.
#[derive(Clone, Copy, Debug)]
pub(super) enum Stack {
    /// Whatever thread asks.
    Ours,
    /// [`super::STACK`] bytes.
    Large,
}

/// Matches one of the rules that stand for a whole text. They match every text; the error is the place, in bytes, where
/// it is nested too deeply for the stack.
pub(super) fn run(rule: Rule, text: &str, stack: Stack) -> Result<Nodes<'_>, usize> {
    let limit = match stack {
        Stack::Ours => SHALLOW,
        Stack::Large => DEEP,
    };
    let mut matcher = Matcher {
        text: text.as_bytes(),
        at: 0,
        // A long text has a node for every ten bytes or so.
        tokens: Vec::with_capacity(text.len() / 8),
        looks: 0,
        atomic: false,
        pushed: Vec::new(),
        depth: 0,
        limit,
        exhausted: None,
    };
    let found = matcher.rule(rule);
    match matcher.exhausted {
        None if found => Ok(Nodes { text, tokens: matcher.tokens }),
        at => Err(at.unwrap_or(0)),
    }
}

/// What matched which rule, each before what is inside it.
#[derive(Debug)]
pub(super) struct Nodes<'t> {
    text: &'t str,
    tokens: Vec<Token>,
}

impl Nodes<'_> {
    /// The outermost nodes.
    pub(super) fn all(&self) -> Pairs<'_> {
        Pairs { text: self.text, tokens: &self.tokens }
    }
}

/// A rule, where it matched, and how many nodes are inside it.
#[derive(Debug)]
struct Token {
    rule: Rule,
    start: u32,
    end: u32,
    inside: u32,
}

/// One node.
#[derive(Clone, Copy, Debug)]
pub(super) struct Node<'t> {
    text: &'t str,
    token: &'t Token,
    inside: &'t [Token],
}

impl<'t> Node<'t> {
    pub(super) fn as_rule(&self) -> Rule {
        self.token.rule
    }

    pub(super) fn as_str(&self) -> &'t str {
        &self.text[self.start()..self.end()]
    }

    /// Where it begins, in bytes.
    pub(super) fn start(&self) -> usize {
        self.token.start as usize
    }

    /// Where what is behind it begins, in bytes.
    pub(super) fn end(&self) -> usize {
        self.token.end as usize
    }

    /// What is directly inside it.
    pub(super) fn inside(&self) -> Pairs<'t> {
        Pairs { text: self.text, tokens: self.inside }
    }
}

/// Nodes beside each other.
#[derive(Clone, Debug)]
pub(super) struct Pairs<'t> {
    text: &'t str,
    tokens: &'t [Token],
}

impl<'t> Pairs<'t> {
    /// The next of them, which stays.
    pub(super) fn peek(&self) -> Option<Node<'t>> {
        let (token, rest) = self.tokens.split_first()?;
        Some(Node { text: self.text, token, inside: rest.get(..token.inside as usize)? })
    }
}

impl ExactSizeIterator for Pairs<'_> {
    fn len(&self) -> usize {
        self.clone().count()
    }
}

impl<'t> Iterator for Pairs<'t> {
    type Item = Node<'t>;

    fn next(&mut self) -> Option<Node<'t>> {
        let node = self.peek()?;
        self.tokens = &self.tokens[1 + node.inside.len()..];
        Some(node)
    }
}

/// The state of a match. A method named for what it matches tells whether it did; if not, the place is as before.
struct Matcher<'t> {
    text: &'t [u8],
    at: usize,
    tokens: Vec<Token>,
    /// How many looks ahead surround this place: what they match is no node.
    looks: u32,
    /// Within a rule whose inside is of no interest.
    atomic: bool,
    /// What was pushed, as places of the text.
    pushed: Vec<(usize, usize)>,
    depth: u32,
    limit: u32,
    /// Where the depth was not enough. From then on nothing matches any more.
    exhausted: Option<usize>,
}

/// Where a match began.
#[derive(Clone, Copy)]
struct Mark {
    at: usize,
    tokens: usize,
}

impl Matcher<'_> {
    #[inline]
    fn sees(&self, nexts: &'static Nexts) -> bool {
        nexts[self.text.get(self.at).map_or(256, |byte| usize::from(*byte))] != 0
    }

    #[inline]
    fn rest(&self) -> &[u8] {
        self.text.get(self.at..).unwrap_or_default()
    }

    #[inline]
    fn one_of(&mut self, nexts: &'static Nexts) -> bool {
        let found = self.sees(nexts);
        self.at += usize::from(found);
        found
    }

    #[inline]
    fn byte(&mut self, byte: u8) -> bool {
        let found = self.text.get(self.at) == Some(&byte);
        self.at += usize::from(found);
        found
    }

    #[inline]
    fn range(&mut self, from: u8, to: u8) -> bool {
        let found = self.text.get(self.at).is_some_and(|byte| (from..=to).contains(byte));
        self.at += usize::from(found);
        found
    }

    #[inline]
    fn text(&mut self, text: &'static [u8]) -> bool {
        let found = self.rest().starts_with(text);
        self.at += if found { text.len() } else { 0 };
        found
    }

    #[inline]
    fn any(&mut self) -> bool {
        let Some(first) = self.text.get(self.at) else { return false };
        // How long a character is, its first byte says.
        self.at += match first {
            0..=0x7f => 1,
            0x80..=0xdf => 2,
            0xe0..=0xef => 3,
            0xf0..=0xff => 4,
        };
        true
    }

    fn end_of_input(&mut self, rule: Rule) -> bool {
        let token = self.open(rule);
        self.close(token, self.at == self.text.len())
    }

    /// To the next of these bytes, or to the end.
    #[inline]
    fn skip_to(&mut self, ends: &'static Nexts) -> bool {
        while !self.sees(ends) && self.at < self.text.len() {
            self.at += 1;
        }
        true
    }

    /// To the next place where one of the bytes `single` or something longer begins, or to the end.
    #[inline]
    fn skip_until(&mut self, begins: &'static Nexts, single: &'static Nexts, longer: impl Fn(&[u8]) -> bool) -> bool {
        loop {
            self.skip_to(begins);
            if self.at >= self.text.len() || self.sees(single) || longer(self.rest()) {
                return true;
            }
            self.at += 1;
        }
    }

    #[inline]
    fn mark(&self) -> Mark {
        Mark { at: self.at, tokens: self.tokens.len() }
    }

    #[inline]
    fn back(&mut self, to: Mark) -> bool {
        self.at = to.at;
        self.tokens.truncate(to.tokens);
        false
    }

    #[inline]
    fn look(&mut self) -> usize {
        self.looks += 1;
        self.at
    }

    #[inline]
    fn looked(&mut self, from: usize) {
        self.looks -= 1;
        self.at = from;
    }

    /// Whether what is inside is of no interest; gives what was so before.
    #[inline]
    fn atomic(&mut self, atomic: bool) -> bool {
        std::mem::replace(&mut self.atomic, atomic)
    }

    /// Begins a node, where one is made.
    #[inline]
    fn open(&mut self, rule: Rule) -> Option<usize> {
        if self.looks > 0 || self.atomic {
            return None;
        }
        let start = short(self.at);
        self.tokens.push(Token { rule, start, end: start, inside: 0 });
        Some(self.tokens.len() - 1)
    }

    #[inline]
    fn close(&mut self, token: Option<usize>, found: bool) -> bool {
        if let Some(at) = token {
            if found {
                let inside = self.tokens.len() - at - 1;
                let token = &mut self.tokens[at];
                (token.end, token.inside) = (short(self.at), short(inside));
            } else {
                self.tokens.truncate(at);
            }
        }
        found
    }

    #[inline]
    fn enter(&mut self) -> bool {
        if self.depth == self.limit {
            // Nothing is left to match, so that the rules that are open end soon.
            self.exhausted.get_or_insert(self.at);
            self.text = &[];
        }
        if self.exhausted.is_some() {
            return false;
        }
        self.depth += 1;
        true
    }

    #[inline]
    fn leave(&mut self) {
        self.depth -= 1;
    }

    fn push(&mut self, from: Mark) -> bool {
        self.pushed.push((from.at, self.at));
        true
    }

    /// Matches what was pushed first, if anything was.
    fn oldest_pushed(&mut self) -> bool {
        let Some(&(start, end)) = self.pushed.first() else { return false };
        let found = self.text.get(start..end).is_some_and(|pushed| self.rest().starts_with(pushed));
        self.at += if found { end - start } else { 0 };
        found
    }
}

/// A text is at most 4 MiB long.
#[inline]
fn short(at: usize) -> u32 {
    u32::try_from(at).unwrap_or(u32::MAX)
}

/// What is made of the grammar.
#[allow(dead_code, non_camel_case_types, unused_parens, clippy::all, clippy::pedantic, reason = "nobody reads it")]
mod rules {
    use super::{Matcher, Nexts};

    include!(concat!(env!("OUT_DIR"), "/grammar.rs"));
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Each is one more level of something that a rule reads by calling itself.
    const LEVELS: &[&str] = &["(", "[", "{ a: ", "\"${", "f(", "x => ", "try ", "if a { ", "a[", "$ $(echo "];
    const BLOCKS: &[&str] = &["step \"a\" {\n", "if a {\n", "on_fail {\n", "with A = {\n", "x = {", "{"];

    fn refused(stack: Stack) {
        for level in LEVELS {
            assert!(run(Rule::file, &level.repeat(100_000), stack).is_err(), "{level}");
            assert!(run(Rule::file, &format!("let a = {}", level.repeat(100_000)), stack).is_err(), "{level}");
        }
        for level in BLOCKS {
            // Some of them are no deeper than their line; none may overflow the stack.
            let _ = run(Rule::file, &level.repeat(20_000), stack);
            let _ = run(Rule::file_with_open_block, &level.repeat(20_000), stack);
        }
    }

    #[test]
    fn what_is_too_deep_for_the_stack_is_given_up() {
        refused(Stack::Ours);
        let large = std::thread::Builder::new().stack_size(crate::syntax::STACK).spawn(|| refused(Stack::Large));
        large.unwrap().join().unwrap();
    }

    #[test]
    fn a_dozen_levels_need_no_large_stack() {
        for (open, close) in [("f(", ")"), ("[", "]"), ("{ a: ", " }"), ("\"${", "}\""), ("if a { ", " } else { 2 }")] {
            let text = format!("{}1{}", open.repeat(12), close.repeat(12));
            assert!(run(Rule::expr_text, &text, Stack::Ours).is_ok(), "{open}");
        }
        let text = format!("{}{}", "step \"a\" {\n".repeat(12), "}\n".repeat(12));
        assert!(run(Rule::file, &text, Stack::Ours).is_ok());
    }

    #[test]
    fn nodes_are_found_inside_each_other() {
        let nodes = run(Rule::expr_text, "é + f(1)", Stack::Ours).unwrap();
        let drawn =
            |pairs: Pairs<'_>| pairs.map(|node| format!("{:?} {}", node.as_rule(), node.as_str())).collect::<Vec<_>>();
        let text = nodes.all().next().unwrap();
        assert_eq!(drawn(text.inside())[0], "missing ");
        let nodes = run(Rule::expr_text, "e + f(1)", Stack::Ours).unwrap();
        let expr = nodes.all().next().unwrap().inside().next().unwrap();
        assert_eq!(drawn(expr.inside()), ["name e", "operator +", "name f", "args (1)"]);
        assert_eq!(expr.inside().len(), 4);
    }
}
