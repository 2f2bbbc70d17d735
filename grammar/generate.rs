//! Makes the parser from `rbk.pest`, when rbk is built.
//!
//! The grammar is pest's, read and checked by pest's own front end. What runs is made here: plain functions over the
//! bytes of the text, one a rule, three to four times as fast as the code that pest itself makes, since
//!
//! - for each choice, option and repetition it is known beforehand with which bytes it can begin, so that what cannot
//!   match is not tried ([`First`]),
//! - nothing is kept for messages: this grammar fails nowhere (see the top of `rbk.pest`),
//! - how deep rules may call each other is a number, not a look at the machine's stack at every step.
//!
//! What pest has and the grammar does not use (implicit blanks, `POP`, `^"…"`, tags, `!{ … }`) is refused.

#![allow(clippy::print_stdout, clippy::expect_used, reason = "cargo listens to what it prints; a panic ends the build")]

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::path::Path;

use pest_meta::ast::RuleType;
use pest_meta::optimizer::{OptimizedExpr as Expr, OptimizedRule as Rule};

const GRAMMAR: &str = "grammar/rbk.pest";

/// Rules that pest knows without being told.
const BUILTIN: [&str; 3] = ["ANY", "ASCII_DIGIT", "EOI"];

fn main() {
    println!("cargo::rerun-if-changed={GRAMMAR}");
    println!("cargo::rerun-if-changed=grammar/generate.rs");
    let text = std::fs::read_to_string(GRAMMAR).unwrap_or_else(|why| panic!("{GRAMMAR}: {why}"));
    let (_, rules) = pest_meta::parse_and_optimize(&text).unwrap_or_else(|errors| {
        let told: Vec<String> = errors.into_iter().map(|error| error.with_path(GRAMMAR).to_string()).collect();
        panic!("{}", told.join("\n"))
    });
    let code = Generator::new(&rules).run();
    let folder = std::env::var_os("OUT_DIR").expect("cargo says where to");
    std::fs::write(Path::new(&folder).join("grammar.rs"), code).expect("the folder is cargo's own");
}

// ---------------------------------------------------------------- with what a match begins

/// The next byte of the text, or its end.
const NEXTS: usize = 257;
const END: usize = 256;

/// Some of them, a bit each.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Nexts([u64; NEXTS.div_ceil(64)]);

impl Nexts {
    const NONE: Self = Self([0; NEXTS.div_ceil(64)]);
    const ALL: Self = Self([u64::MAX, u64::MAX, u64::MAX, u64::MAX, 1]);

    fn of(nexts: impl IntoIterator<Item = usize>) -> Self {
        let mut set = Self::NONE;
        nexts.into_iter().for_each(|next| set.0[next / 64] |= 1 << (next % 64));
        set
    }

    fn has(self, next: usize) -> bool {
        self.0[next / 64] >> (next % 64) & 1 == 1
    }

    fn join(self, other: Self) -> Self {
        Self(std::array::from_fn(|at| self.0[at] | other.0[at]))
    }

    fn meet(self, other: Self) -> Self {
        Self(std::array::from_fn(|at| self.0[at] & other.0[at]))
    }

    fn without(self, other: Self) -> Self {
        Self(std::array::from_fn(|at| self.0[at] & !other.0[at]))
    }
}

/// What is known of an expression from the next byte alone.
#[derive(Clone, Copy, PartialEq)]
struct First {
    /// Where it may match and go on in the text.
    moves: Nexts,
    /// Where it may match and stay.
    stays: Nexts,
    /// Where it matches for certain.
    certain: Nexts,
}

impl First {
    const NEVER: Self = Self { moves: Nexts::NONE, stays: Nexts::NONE, certain: Nexts::NONE };
    const ALWAYS: Self = Self { moves: Nexts::ALL, stays: Nexts::ALL, certain: Nexts::ALL };

    fn one_of(bytes: Nexts) -> Self {
        Self { moves: bytes, stays: Nexts::NONE, certain: bytes }
    }

    /// Where it may match at all.
    fn may(self) -> Nexts {
        self.moves.join(self.stays)
    }
}

// ---------------------------------------------------------------- the code

struct Generator<'r> {
    rules: BTreeMap<&'r str, &'r Rule>,
    firsts: BTreeMap<&'r str, First>,
    /// Each rule with all that it calls, directly or not.
    calls: BTreeMap<&'r str, BTreeSet<&'r str>>,
    /// Tables of bytes, each once.
    tables: BTreeMap<Nexts, usize>,
}

impl<'r> Generator<'r> {
    fn new(rules: &'r [Rule]) -> Self {
        let rules: BTreeMap<&str, &Rule> = rules.iter().map(|rule| (rule.name.as_str(), rule)).collect();
        let mut new = Self { rules, firsts: BTreeMap::new(), calls: BTreeMap::new(), tables: BTreeMap::new() };
        new.find_firsts();
        new.find_calls();
        new
    }

    /// Grows what is known of each rule until nothing is added: first what is certain, since the rest depends on it.
    fn find_firsts(&mut self) {
        self.grow(|first| First { certain: first.certain, ..First::NEVER });
        self.grow(|first| first);
    }

    fn grow(&mut self, keep: impl Fn(First) -> First) {
        loop {
            let next: BTreeMap<&str, First> =
                self.rules.iter().map(|(name, rule)| (*name, keep(self.first(&rule.expr)))).collect();
            if next == self.firsts {
                return;
            }
            self.firsts = next;
        }
    }

    fn find_calls(&mut self) {
        let direct: BTreeMap<&str, BTreeSet<&str>> = self
            .rules
            .iter()
            .map(|(name, rule)| {
                let mut called = BTreeSet::new();
                names(&rule.expr, &mut called);
                (*name, called)
            })
            .collect();
        self.calls.clone_from(&direct);
        for name in direct.keys() {
            let mut open: Vec<&str> = direct[name].iter().copied().collect();
            let all = self.calls.entry(name).or_default();
            while let Some(called) = open.pop() {
                let further = direct.get(called).into_iter().flatten();
                open.extend(further.copied().filter(|one| all.insert(one)));
            }
        }
    }

    fn first(&self, expr: &Expr) -> First {
        match expr {
            Expr::Str(text) => match text.as_bytes() {
                [] => First { moves: Nexts::NONE, ..First::ALWAYS },
                [byte] => First::one_of(Nexts::of([usize::from(*byte)])),
                [byte, ..] => First { moves: Nexts::of([usize::from(*byte)]), ..First::NEVER },
            },
            Expr::Range(from, to) => First::one_of(Nexts::of(usize::from(ascii(from))..=usize::from(ascii(to)))),
            Expr::Ident(name) => match name.as_str() {
                "ANY" => First::one_of(Nexts::of(0..END)),
                "ASCII_DIGIT" => First::one_of(Nexts::of(usize::from(b'0')..=usize::from(b'9'))),
                "EOI" => First { moves: Nexts::NONE, stays: Nexts::of([END]), certain: Nexts::of([END]) },
                rule => self.firsts.get(rule).copied().unwrap_or(First::NEVER),
            },
            Expr::PosPred(inner) => {
                let inner = self.first(inner);
                First { moves: Nexts::NONE, stays: inner.may(), certain: inner.certain }
            }
            Expr::NegPred(inner) => {
                let inner = self.first(inner);
                First { moves: Nexts::NONE, stays: Nexts::ALL.without(inner.certain), certain: Nexts::NONE }
            }
            Expr::Seq(one, other) => {
                let (one, other) = (self.first(one), self.first(other));
                First {
                    moves: one.moves.join(one.stays.meet(other.moves)),
                    stays: one.stays.meet(other.stays),
                    certain: Nexts::NONE,
                }
            }
            Expr::Choice(one, other) => {
                let (one, other) = (self.first(one), self.first(other));
                First {
                    moves: one.moves.join(other.moves),
                    stays: one.stays.join(other.stays),
                    certain: one.certain.join(other.certain),
                }
            }
            Expr::Opt(inner) | Expr::Rep(inner) => First { moves: self.first(inner).moves, ..First::ALWAYS },
            Expr::Push(inner) | Expr::RestoreOnErr(inner) => self.first(inner),
            // What was pushed is not known here.
            Expr::Skip(_) | Expr::PeekSlice(..) => First { certain: Nexts::NONE, ..First::ALWAYS },
            Expr::Insens(_) => panic!("{GRAMMAR}: {expr} is not supported by generate.rs"),
        }
    }

    fn run(mut self) -> String {
        let named: Vec<&str> =
            self.rules.values().filter(|rule| rule.ty != RuleType::Silent).map(|rule| rule.name.as_str()).collect();
        let mut code = String::from("/// The rules of the grammar that stand in the tree of a text.\n");
        let _ = writeln!(
            code,
            "#[derive(Clone, Copy, Debug, PartialEq, Eq)]\npub(in crate::syntax) enum Rule {{\n    EOI,"
        );
        for name in &named {
            let _ = writeln!(code, "    {},", escaped(name));
        }
        code.push_str("}\n\nimpl Matcher<'_> {\n    /// Matches a rule by its name.\n");
        code.push_str("    pub(super) fn rule(&mut self, rule: Rule) -> bool {\n        match rule {\n");
        code.push_str("            Rule::EOI => self.end_of_input(Rule::EOI),\n");
        for name in &named {
            let _ = writeln!(code, "            Rule::{} => self.r_{name}(),", escaped(name));
        }
        code.push_str("        }\n    }\n");
        let rules: Vec<&Rule> = self.rules.values().copied().collect();
        for rule in rules {
            code.push_str(&self.function(rule));
        }
        code.push_str("}\n");
        for (table, number) in &self.tables {
            let bits: Vec<&str> = (0..NEXTS).map(|next| if table.has(next) { "1" } else { "0" }).collect();
            let _ = writeln!(code, "static TABLE_{number}: Nexts = [{}];", bits.join(","));
        }
        code
    }

    fn function(&mut self, rule: &Rule) -> String {
        let name = rule.name.as_str();
        let recursive = self.calls[name].contains(name);
        let mut code = String::from("\n");
        if !recursive && rule.ty == RuleType::Silent {
            code.push_str("    #[inline]\n");
        }
        let _ = writeln!(code, "    fn r_{name}(&mut self) -> bool {{");
        let may = self.firsts[name].may();
        if may != Nexts::ALL {
            let _ = writeln!(code, "        if !self.sees(&TABLE_{}) {{ return false; }}", self.table(may));
        }
        let mut body = self.code(&rule.expr);
        let token = |body: &str| {
            format!(
                "({{ let token = self.open(Rule::{}); let found = {body}; self.close(token, found) }})",
                escaped(name)
            )
        };
        body = match rule.ty {
            RuleType::Silent => body,
            RuleType::Normal => token(&body),
            RuleType::Atomic if self.makes_tokens(name) => {
                let inside =
                    format!("({{ let was = self.atomic(true); let found = {body}; self.atomic(was); found }})");
                token(&inside)
            }
            RuleType::Atomic => token(&body),
            RuleType::CompoundAtomic => {
                let inside = token(&body);
                format!("({{ let was = self.atomic(false); let found = {inside}; self.atomic(was); found }})")
            }
            RuleType::NonAtomic => panic!("{GRAMMAR}: {name}: `!{{ … }}` is not supported by generate.rs"),
        };
        if recursive {
            body = format!("self.enter() && {{ let found = {body}; self.leave(); found }}");
        }
        let _ = writeln!(code, "        {body}\n    }}");
        code
    }

    /// Whether a rule that it calls stands in the tree.
    fn makes_tokens(&self, name: &str) -> bool {
        let called = &self.calls[name];
        called.iter().any(|one| *one == "EOI" || self.rules.get(one).is_some_and(|rule| rule.ty != RuleType::Silent))
    }

    /// An expression of Rust that matches it, true or false; when false, the place is as before.
    fn code(&mut self, expr: &Expr) -> String {
        match expr {
            Expr::Str(text) if text.is_empty() => "true".to_owned(),
            Expr::Str(text) if text.len() == 1 => format!("self.byte(b\"{}\"[0])", text.escape_default()),
            Expr::Str(text) => format!("self.text(\"{}\".as_bytes())", text.escape_default()),
            Expr::Range(from, to) => format!("self.range({}, {})", ascii(from), ascii(to)),
            Expr::Ident(name) => match name.as_str() {
                "ANY" => "self.any()".to_owned(),
                "ASCII_DIGIT" => "self.range(b'0', b'9')".to_owned(),
                "EOI" => "self.end_of_input(Rule::EOI)".to_owned(),
                rule => {
                    assert!(self.rules.contains_key(rule), "{GRAMMAR}: {rule} is not supported by generate.rs");
                    format!("self.r_{rule}()")
                }
            },
            Expr::PosPred(inner) => self.look(inner),
            Expr::NegPred(inner) => format!("!{}", self.look(inner)),
            Expr::Seq(..) => {
                let parts: Vec<String> = sequence(expr).into_iter().map(|part| self.code(part)).collect();
                format!("({{ let mark = self.mark(); ({}) || self.back(mark) }})", parts.join(" && "))
            }
            Expr::Choice(..) => {
                // Where one byte decides, one look does.
                let first = self.first(expr);
                if first.stays == Nexts::NONE
                    && first.moves == first.certain
                    && choices(expr).iter().all(|one| is_byte(one))
                {
                    return format!("self.one_of(&TABLE_{})", self.table(first.moves));
                }
                let parts: Vec<String> = choices(expr).into_iter().map(|part| self.guarded(part)).collect();
                format!("({})", parts.join(" || "))
            }
            Expr::Opt(inner) => format!("({{ let _ = {}; true }})", self.guarded(inner)),
            Expr::Rep(inner) => format!("({{ while {} {{}} true }})", self.guarded(inner)),
            Expr::Push(inner) => {
                format!("({{ let from = self.mark(); {} && self.push(from) }})", self.code(inner))
            }
            Expr::PeekSlice(0, Some(1)) => "self.oldest_pushed()".to_owned(),
            Expr::Skip(strings) => {
                let table = self.table(Nexts::of(strings.iter().map(|one| usize::from(one.as_bytes()[0]))));
                let ends: Vec<String> = strings
                    .iter()
                    .filter(|one| one.len() > 1)
                    .map(|one| format!("rest.starts_with(\"{}\".as_bytes())", one.escape_default()))
                    .collect();
                if ends.is_empty() {
                    return format!("self.skip_to(&TABLE_{table})");
                }
                let single = self.table(Nexts::of(
                    strings.iter().filter(|one| one.len() == 1).map(|one| usize::from(one.as_bytes()[0])),
                ));
                format!("self.skip_until(&TABLE_{table}, &TABLE_{single}, |rest| {})", ends.join(" || "))
            }
            // It stands around what pushes and may still fail.
            Expr::RestoreOnErr(_) | Expr::PeekSlice(..) | Expr::Insens(_) => {
                panic!("{GRAMMAR}: {expr} is not supported by generate.rs")
            }
        }
    }

    fn look(&mut self, inner: &Expr) -> String {
        let first = self.first(inner);
        // A look at one byte settles it.
        if first.may() == first.certain {
            return format!("self.sees(&TABLE_{})", self.table(first.certain));
        }
        format!("({{ let look = self.look(); let found = {}; self.looked(look); found }})", self.guarded(inner))
    }

    /// The same, tried only where it can match.
    fn guarded(&mut self, expr: &Expr) -> String {
        let may = self.first(expr).may();
        let code = self.code(expr);
        // A rule looks by itself, and a byte is a look.
        if may == Nexts::ALL || matches!(expr, Expr::Ident(_) | Expr::Str(_) | Expr::Range(..)) {
            return code;
        }
        format!("(self.sees(&TABLE_{}) && {code})", self.table(may))
    }

    fn table(&mut self, nexts: Nexts) -> usize {
        let number = self.tables.len();
        *self.tables.entry(nexts).or_insert(number)
    }
}

/// The parts of a sequence, which pest nests to the right.
fn sequence(expr: &Expr) -> Vec<&Expr> {
    match expr {
        Expr::Seq(one, other) => [sequence(one), sequence(other)].concat(),
        other => vec![other],
    }
}

fn choices(expr: &Expr) -> Vec<&Expr> {
    match expr {
        Expr::Choice(one, other) => [choices(one), choices(other)].concat(),
        other => vec![other],
    }
}

fn is_byte(expr: &Expr) -> bool {
    match expr {
        Expr::Str(text) => text.len() == 1,
        Expr::Range(..) => true,
        _ => false,
    }
}

/// The rules that an expression calls.
fn names<'e>(expr: &'e Expr, found: &mut BTreeSet<&'e str>) {
    match expr {
        Expr::Ident(name) => {
            if name == "EOI" || !BUILTIN.contains(&name.as_str()) {
                found.insert(name);
            }
        }
        Expr::PosPred(inner)
        | Expr::NegPred(inner)
        | Expr::Opt(inner)
        | Expr::Rep(inner)
        | Expr::Push(inner)
        | Expr::RestoreOnErr(inner) => names(inner, found),
        Expr::Seq(one, other) | Expr::Choice(one, other) => {
            names(one, found);
            names(other, found);
        }
        Expr::Str(_) | Expr::Insens(_) | Expr::Range(..) | Expr::PeekSlice(..) | Expr::Skip(_) => {}
    }
}

fn ascii(text: &str) -> u8 {
    match text.as_bytes() {
        [byte] if byte.is_ascii() => *byte,
        _ => panic!("{GRAMMAR}: the range of {text} is not supported by generate.rs"),
    }
}

/// A rule's name as one of Rust.
fn escaped(name: &str) -> String {
    let keywords = [
        "as", "else", "fn", "for", "if", "in", "let", "loop", "match", "mod", "ref", "return", "type", "use", "where",
        "while",
    ];
    if keywords.contains(&name) { format!("r#{name}") } else { name.to_owned() }
}
