//! The typed tree of a source file, as written: no name is resolved here.
//!
//! Every node carries its span. What could not be read is in the tree as an
//! `Error` node, so that the rest of the file survives a broken line.

use std::sync::Arc;

use super::seldom::{Empty, Seldom};
use crate::source::{FileId, Span};

/// A whole file.
#[derive(Clone, Debug)]
pub struct File {
    /// Which file it is.
    pub id: FileId,
    /// Declarations and statements in the order in which they stand.
    pub body: Vec<Stmt>,
    /// All comments, in order; `##` help is also attached to its declaration.
    pub comments: Vec<Comment>,
}

/// `# …` to the end of the line, outside commands and strings.
#[derive(Clone, Debug)]
pub struct Comment {
    /// The text without `#` or `##`, the blank behind it, and blanks at its end.
    pub text: Arc<str>,
    /// `##`: help for the declaration below.
    pub is_doc: bool,
    /// Nothing but blanks stands before it on its line.
    pub owns_line: bool,
    /// From `#` to its last character that is no blank.
    pub span: Span,
}

/// A name where it stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ident {
    /// The name.
    pub name: Arc<str>,
    /// Where.
    pub span: Span,
}

/// `a.b.c`.
#[derive(Clone, Debug)]
pub struct Path {
    /// At least one.
    pub segments: Vec<Ident>,
    /// All of them.
    pub span: Span,
}

/// `{ … }`.
#[derive(Clone, Debug)]
pub struct Block {
    /// In order.
    pub body: Vec<Stmt>,
    /// From `{` to `}`, both included.
    pub span: Span,
}

/// A statement or declaration.
#[derive(Clone, Debug)]
pub struct Stmt {
    /// Which.
    pub kind: StmtKind,
    /// From its first to its last character, clauses included.
    pub span: Span,
}

/// Everything that can stand on its own. Which of them may stand where is for the analysis to say.
#[derive(Clone, Debug)]
pub enum StmtKind {
    // Declarations of the top level.
    /// `runbook "title" { … }`
    Header(Header),
    /// `use std.gcp.cloudrun`, `use "./file.rbk" as name`
    Use(Use),
    /// `param name: type = default`
    Param(Box<Param>),
    /// `secret name from source(…)`
    Secret(Box<SecretDecl>),
    /// `env name extends other { … }`
    Env(Box<EnvDecl>),
    /// `action name(…) changes -> type { … } undo { … }`
    Action(Box<ActionDecl>),
    /// `check name(…) { … }`
    CheckDecl(Box<CheckDecl>),
    /// `fn name(…) = expr`
    Fn(Box<FnDecl>),
    /// `test "title" { … }`
    Test(TestDecl),

    // Scopes.
    /// `phase`, `step`, `check`, `monitor`, `guard`
    Scope(Box<Scope>),
    /// `check name(…) within …`: the use of a declared check.
    CheckUse(Box<CheckUse>),
    /// `background "title" { … } ready { … }`
    Background(Box<Background>),
    /// `finally { … }` on a line of its own
    Finally(Block),

    // People.
    /// `checklist "title" { "item" … }`
    Checklist(Box<Checklist>),
    /// `confirm "question"`
    Confirm(Box<Confirm>),
    /// `manual "title" """how""" { reads }`
    Manual(Box<Manual>),
    /// `choose "question" { "answer" { … } … }`
    Choose(Box<Choose>),
    /// `approve "what" by 2 of ["@a", "@b"] within 30m`
    Approve(Box<Approve>),

    // Control.
    /// `if … { … } else { … }`
    If(Box<If>),
    /// `for x in xs parallel N tolerate P { … }`
    For(Box<For>),
    /// `parallel { … }`: each statement of the block is a branch.
    Parallel(Parallel),
    /// `on target { … }`
    On(On),
    /// `with NAME = value, … { … }`
    With(Box<With>),
    /// `call "./other.rbk" with { … }`
    Call(Box<CallRunbook>),

    // Values.
    /// `let [secret] name [: type] = …`
    Let(Box<Let>),
    /// `var name = …`
    Var(Box<Let>),
    /// `name = …`
    Assign(Box<Assign>),
    /// A command or an expression on a line of its own.
    Value(Rhs),

    // Saying how it stands.
    /// `assert expr because "…"`
    Assert(Assert),
    /// `fail_when expr for D | times N`
    FailWhen(FailWhen),
    /// `warn_when expr for D | times N`
    WarnWhen(FailWhen),
    /// `fail "why"`
    Fail(Expr),
    /// `rollback "why"`; in a handler also without a reason
    Rollback(Option<Expr>),
    /// `finish "why"`
    Finish(Expr),
    /// `disarm "why"`
    Disarm(Expr),
    /// `point_of_no_return "why"`
    PointOfNoReturn(Expr),
    /// `note expr`
    Note(Expr),
    /// `warn expr`
    Warn(Expr),
    /// `wait expr`
    Wait(Expr),
    /// `return`, `return expr`
    Return(Option<Expr>),
    /// `break`
    Break,
    /// `skip`, `skip "why"`
    Skip(Option<Expr>),
    /// `retry`, `retry N`: ends a handler
    Retry(Option<Expr>),
    /// `continue`: ends a handler
    Continue,
    /// `undo`: ends a handler
    Undo,
    /// `stop`: ends a handler
    Stop,

    /// A line or block that could not be read. A diagnostic tells of it.
    Error,
}

/// `runbook "title" { key = value }`
#[derive(Clone, Debug)]
pub struct Header {
    /// The title.
    pub title: StrLit,
    /// Its settings.
    pub entries: Vec<Entry>,
}

/// `key = value` in a header or an environment.
#[derive(Clone, Debug)]
pub struct Entry {
    /// The key.
    pub key: Ident,
    /// The value.
    pub value: Expr,
    /// Both.
    pub span: Span,
}

/// `use …`
#[derive(Clone, Debug)]
pub struct Use {
    /// What is brought in.
    pub source: UseSource,
    /// `as name`
    pub alias: Option<Ident>,
}

/// Where a module comes from.
#[derive(Clone, Debug)]
pub enum UseSource {
    /// `std.gcp.cloudrun`
    Std(Path),
    /// `"./file.rbk"`, without interpolation
    File(StrLit),
}

/// A type as written.
#[derive(Clone, Debug)]
pub struct TypeExpr {
    /// Which.
    pub kind: TypeExprKind,
    /// Where.
    pub span: Span,
}

/// The forms of a type.
#[derive(Clone, Debug)]
pub enum TypeExprKind {
    /// `string`
    Name(Arc<str>),
    /// `list<T>`
    List(Box<TypeExpr>),
    /// `{ name: T, … }`
    Record(Vec<(Ident, TypeExpr)>),
    /// `T?`
    Optional(Box<TypeExpr>),
}

/// A parameter of a runbook.
#[derive(Clone, Debug)]
pub struct Param {
    /// Its name.
    pub name: Ident,
    /// Its type.
    pub ty: TypeExpr,
    /// `= default`
    pub default: Option<Expr>,
    /// `matching "regex"`
    pub matching: Option<StrLit>,
    /// `one_of […]`
    pub one_of: Option<Expr>,
    /// The `##` lines above it.
    pub doc: Option<Arc<str>>,
}

/// A parameter of an action, a check or a function.
#[derive(Clone, Debug)]
pub struct FnParam {
    /// Its name.
    pub name: Ident,
    /// Its type, if written (functions may leave it out).
    pub ty: Option<TypeExpr>,
    /// `= default`
    pub default: Option<Expr>,
}

/// `secret name from env_var("X")`
#[derive(Clone, Debug)]
pub struct SecretDecl {
    /// Its name.
    pub name: Ident,
    /// `env_var`, `file`, `command` or `prompt`.
    pub source: Ident,
    /// What is in the brackets.
    pub args: Vec<Arg>,
    /// The `##` lines above it.
    pub doc: Option<Arc<str>>,
}

/// `env name extends other { … }`
#[derive(Clone, Debug)]
pub struct EnvDecl {
    /// Its name.
    pub name: Ident,
    /// `extends other`
    pub extends: Option<Ident>,
    /// Its settings.
    pub entries: Vec<Entry>,
    /// The `##` lines above it.
    pub doc: Option<Arc<str>>,
}

/// What an action does to the world, as written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EffectWord {
    /// `reads`
    Reads,
    /// `changes`
    Changes,
    /// `destroys`
    Destroys,
}

/// A user's own action.
#[derive(Clone, Debug)]
pub struct ActionDecl {
    /// Its name.
    pub name: Ident,
    /// Its parameters.
    pub params: Vec<FnParam>,
    /// The word of its effect; `None` is an error the analysis reports.
    pub effect: Option<(EffectWord, Span)>,
    /// `-> type`
    pub returns: Option<TypeExpr>,
    /// What it does.
    pub body: Block,
    /// `undo`, `probe` and the like.
    pub clauses: Clauses,
    /// The `##` lines above it.
    pub doc: Option<Arc<str>>,
}

/// A check with a name and parameters.
#[derive(Clone, Debug)]
pub struct CheckDecl {
    /// Its name.
    pub name: Ident,
    /// Its parameters.
    pub params: Vec<FnParam>,
    /// What it observes.
    pub body: Block,
    /// The `##` lines above it.
    pub doc: Option<Arc<str>>,
}

/// A pure function.
#[derive(Clone, Debug)]
pub struct FnDecl {
    /// Its name.
    pub name: Ident,
    /// Its parameters.
    pub params: Vec<FnParam>,
    /// Its value.
    pub body: Expr,
    /// The `##` lines above it.
    pub doc: Option<Arc<str>>,
}

/// Which scope it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ScopeKind {
    /// A named part of the run.
    Phase,
    /// The unit that is journalled, retried, skipped, undone.
    Step,
    /// Observes; never changes.
    Check,
    /// Observes for a time.
    Monitor,
    /// Observes beside the rest of its phase.
    Guard,
}

impl ScopeKind {
    /// The word that introduces it.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Phase => "phase",
            Self::Step => "step",
            Self::Check => "check",
            Self::Monitor => "monitor",
            Self::Guard => "guard",
        }
    }
}

/// `phase "title" modifiers { … } clauses` and its kin.
#[derive(Clone, Debug)]
pub struct Scope {
    /// Which.
    pub kind: ScopeKind,
    /// The word and title, where a diagnostic about the whole scope points.
    pub head: Span,
    /// Its title.
    pub title: StrLit,
    /// What stands before the block.
    pub modifiers: Seldom<Modifiers>,
    /// The block.
    pub body: Block,
    /// What stands after the block.
    pub clauses: Clauses,
}

/// `check name(…) within … every … on_fail …`
#[derive(Clone, Debug)]
pub struct CheckUse {
    /// The check.
    pub name: Path,
    /// Its arguments.
    pub args: Vec<Arg>,
    /// What stands behind it.
    pub modifiers: Seldom<Modifiers>,
    /// What follows it.
    pub clauses: Clauses,
}

/// A process that lives until its phase ends.
#[derive(Clone, Debug)]
pub struct Background {
    /// Its title.
    pub title: StrLit,
    /// What stands before the block.
    pub modifiers: Seldom<Modifiers>,
    /// The command, in a block.
    pub body: Block,
    /// `ready within … every … { … }`
    pub ready: Option<Ready>,
}

/// When a background process counts as started.
#[derive(Clone, Debug)]
pub struct Ready {
    /// `within` and `every`.
    pub modifiers: Seldom<Modifiers>,
    /// What must hold.
    pub body: Block,
    /// The whole clause.
    pub span: Span,
}

/// What stands between a title and its block. Each at most once; the tree keeps the first.
#[derive(Clone, Debug, Default)]
pub struct Modifiers {
    /// `when EXPR`
    pub when: Option<Expr>,
    /// `timeout D`
    pub timeout: Option<Expr>,
    /// `retry N after D backoff F`
    pub retry: Option<RetryModifier>,
    /// `within D`
    pub within: Option<Expr>,
    /// `every D`
    pub every: Option<Expr>,
    /// `for D` of a monitor
    pub duration: Option<Expr>,
    /// `danger "what is lost"`
    pub danger: Option<StrLit>,
    /// `irreversible "why"`
    pub irreversible: Option<StrLit>,
    /// `tags ["a", "b"]`
    pub tags: Option<Expr>,
    /// `tolerate N|P%`
    pub tolerate: Option<Expr>,
    /// From the first to the last of them; `None` if there is none.
    pub span: Option<Span>,
}

impl Empty for Modifiers {
    const EMPTY: &'static Self = &Self {
        when: None,
        timeout: None,
        retry: None,
        within: None,
        every: None,
        duration: None,
        danger: None,
        irreversible: None,
        tags: None,
        tolerate: None,
        span: None,
    };
}

/// `retry 3 after 5s backoff 2`
#[derive(Clone, Debug)]
pub struct RetryModifier {
    /// How many more tries.
    pub count: Expr,
    /// The pause before the next.
    pub after: Option<Expr>,
    /// By what the pause grows each time.
    pub backoff: Option<Expr>,
    /// All of it.
    pub span: Span,
}

/// What stands after a block, beginning on the line of its `}`.
#[derive(Clone, Debug, Default)]
pub struct Clauses {
    /// `undo danger "…" timeout … { … }`
    pub undo: Option<Box<CompensationClause>>,
    /// `restore { … }`
    pub restore: Option<Box<CompensationClause>>,
    /// `probe { … }`
    pub probe: Option<Block>,
    /// `on_fail …`
    pub on_fail: Option<Box<OnFail>>,
    /// `finally { … }`
    pub finally: Option<Block>,
}

/// The block of an `undo`, a `restore` or an `on_fail rollback`.
#[derive(Clone, Debug)]
pub struct CompensationClause {
    /// Its own `timeout`, `retry`, `danger`.
    pub modifiers: Seldom<Modifiers>,
    /// What it does.
    pub body: Block,
    /// The whole clause.
    pub span: Span,
}

/// `on_fail …`
#[derive(Clone, Debug)]
pub struct OnFail {
    /// What is to be done.
    pub policy: OnFailPolicy,
    /// The whole clause.
    pub span: Span,
}

/// What a scope does about a failure.
#[derive(Clone, Debug)]
pub enum OnFailPolicy {
    /// `stop`
    Stop,
    /// `continue`
    Continue,
    /// `undo`
    Undo,
    /// `rollback`, `rollback { … }`
    Rollback(Option<Box<CompensationClause>>),
    /// `ask`
    Ask,
    /// `{ … }`
    Handler(Block),
    /// A word that could not be read; a diagnostic tells of it.
    Error,
}

/// Boxes to tick.
#[derive(Clone, Debug)]
pub struct Checklist {
    /// Its title.
    pub title: StrLit,
    /// What stands before the block.
    pub modifiers: Seldom<Modifiers>,
    /// The boxes, each with a note the person reads, if it has one.
    pub items: Vec<StrLit>,
    /// `on_fail` and the like.
    pub clauses: Clauses,
}

/// `confirm "question"`
#[derive(Clone, Debug)]
pub struct Confirm {
    /// What is asked.
    pub question: StrLit,
    /// `when`, `timeout`.
    pub modifiers: Seldom<Modifiers>,
    /// `on_fail` and the like.
    pub clauses: Clauses,
}

/// What only a person can do.
#[derive(Clone, Debug)]
pub struct Manual {
    /// Its title.
    pub title: StrLit,
    /// How it is done.
    pub how: Option<StrLit>,
    /// `when`, `timeout`.
    pub modifiers: Seldom<Modifiers>,
    /// Reads whose output is shown to the person.
    pub body: Option<Block>,
    /// `undo`, `on_fail` and the like.
    pub clauses: Clauses,
}

/// A question with a block for each answer.
#[derive(Clone, Debug)]
pub struct Choose {
    /// What is asked.
    pub question: StrLit,
    /// `when`, `timeout`.
    pub modifiers: Seldom<Modifiers>,
    /// The answers.
    pub branches: Vec<(StrLit, Block)>,
}

/// `approve "what" by 2 of ["@a"] within 30m when …`
#[derive(Clone, Debug)]
pub struct Approve {
    /// What is approved.
    pub what: StrLit,
    /// `N of`
    pub count: Option<Expr>,
    /// Who may.
    pub by: Option<Expr>,
    /// `within`, `when`.
    pub modifiers: Seldom<Modifiers>,
    /// `on_fail` and the like.
    pub clauses: Clauses,
}

/// `if c { } else if d { } else { }`
#[derive(Clone, Debug)]
pub struct If {
    /// The condition.
    pub condition: Expr,
    /// When it holds.
    pub then: Block,
    /// When not; `else if` is a block of one `if`.
    pub otherwise: Option<Block>,
}

/// `for x in xs parallel N tolerate P { }`
#[derive(Clone, Debug)]
pub struct For {
    /// The name of the item.
    pub item: Ident,
    /// What is gone through.
    pub list: Expr,
    /// How many at a time; `parallel` without a number is all at once.
    pub parallel: Option<Option<Expr>>,
    /// How many may fail.
    pub tolerate: Option<Expr>,
    /// What is done with each.
    pub body: Block,
    /// The words before the block.
    pub head: Span,
}

/// `parallel tolerate N { … }`
#[derive(Clone, Debug)]
pub struct Parallel {
    /// How many branches may fail.
    pub tolerate: Option<Expr>,
    /// Each statement is a branch.
    pub body: Block,
}

/// `on ssh("web-1") { … }`
#[derive(Clone, Debug)]
pub struct On {
    /// `ssh(…)`, `dir(…)`, … written as a call.
    pub target: Expr,
    /// The commands within.
    pub body: Block,
}

/// `with NAME = value, … { … }`
#[derive(Clone, Debug)]
pub struct With {
    /// Environment variables.
    pub vars: Vec<(Ident, Expr)>,
    /// The commands within.
    pub body: Block,
}

/// `call "./other.rbk" with { a: 1 }`
#[derive(Clone, Debug)]
pub struct CallRunbook {
    /// The other file.
    pub path: StrLit,
    /// Its parameters, a record.
    pub with: Option<Expr>,
    /// `when`, `timeout`, …
    pub modifiers: Seldom<Modifiers>,
    /// `on_fail` and the like.
    pub clauses: Clauses,
}

/// `let [secret] name [: type] = …`
#[derive(Clone, Debug)]
pub struct Let {
    /// `let secret`
    pub secret: bool,
    /// The name bound.
    pub name: Ident,
    /// `: type`
    pub ty: Option<TypeExpr>,
    /// What it is bound to.
    pub value: Rhs,
}

/// `name = …`
#[derive(Clone, Debug)]
pub struct Assign {
    /// The `var`.
    pub name: Ident,
    /// Its new value.
    pub value: Rhs,
}

/// What may stand after `=` or as a statement.
#[derive(Clone, Debug)]
pub enum Rhs {
    /// Any expression, `try` included.
    Expr(Expr),
    /// `[try] [reads] $ …`
    Command(Command),
    /// `check "…" { … }` or `check name(…)`: whether it passed.
    Check(Box<Stmt>),
    /// `for … { … }`: one record an iteration.
    For(Box<Stmt>),
}

/// `assert expr because "why"`
#[derive(Clone, Debug)]
pub struct Assert {
    /// What must hold.
    pub condition: Expr,
    /// What the author says about it.
    pub because: Option<Expr>,
}

/// `fail_when expr for D`, `… times N`
#[derive(Clone, Debug)]
pub struct FailWhen {
    /// The bad sign.
    pub condition: Expr,
    /// How long it must last.
    pub lasting: Option<Lasting>,
}

/// How long a sign must last before it counts.
#[derive(Clone, Debug)]
pub enum Lasting {
    /// `for D`
    For(Expr),
    /// `times N`: in so many samples in a row
    Times(Expr),
}

/// A command line or script.
#[derive(Clone, Debug)]
pub struct Command {
    /// `try`: a non-zero exit is a value.
    pub tried: bool,
    /// `reads`: it only looks.
    pub reads: bool,
    /// `$ """ … """`
    pub is_script: bool,
    /// The text with its holes; continued lines joined as the shell joins them.
    pub parts: Vec<StrPart>,
    /// From `$` (or `try`, `reads`) to the end.
    pub span: Span,
}

/// A string with its holes.
#[derive(Clone, Debug)]
pub struct StrLit {
    /// Text (escapes resolved) and holes.
    pub parts: Vec<StrPart>,
    /// Quotes included.
    pub span: Span,
}

impl StrLit {
    /// Its text if it has no holes.
    pub fn as_plain(&self) -> Option<Arc<str>> {
        if let [StrPart::Text(text, _)] = self.parts.as_slice() {
            return Some(Arc::clone(text));
        }
        let texts = self.parts.iter().map(|part| match part {
            StrPart::Text(text, _) => Some(text.as_ref()),
            StrPart::Hole(..) => None,
        });
        texts.collect::<Option<String>>().map(Arc::from)
    }
}

/// A piece of a string or command.
#[derive(Clone, Debug)]
pub enum StrPart {
    /// Text as the value has it, and where it stands.
    Text(Arc<str>, Span),
    /// `${expr}`, and the span from `$` to `}`.
    Hole(Expr, Span),
}

/// An expression.
#[derive(Clone, Debug)]
pub struct Expr {
    /// Which.
    pub kind: ExprKind,
    /// Where.
    pub span: Span,
}

/// The forms of an expression.
#[derive(Clone, Debug)]
pub enum ExprKind {
    /// `null`
    Null,
    /// `true`, `false`
    Bool(bool),
    /// `42`
    Int(i64),
    /// `4.2`
    Float(f64),
    /// `1h30m`, in nanoseconds
    Duration(i64),
    /// `512MiB`, in bytes
    Size(i64),
    /// `5%`, as a ratio: 0.05
    Percent(f64),
    /// `"…"`, `'…'`, `"""…"""`
    Str(StrLit),
    /// `[a, b]`
    List(Vec<Expr>),
    /// `{ a: 1, "b c": 2 }`
    Record(Vec<(Ident, Expr)>),
    /// A name
    Name(Arc<str>),
    /// `not x`, `-x`
    Unary(UnaryOp, Box<Expr>),
    /// `a + b`; the span is the operator's
    Binary(BinaryOp, Span, Box<Expr>, Box<Expr>),
    /// `a.b`, `a?.b`
    Member {
        /// Before the dot.
        object: Box<Expr>,
        /// Behind it.
        name: Ident,
        /// `?.`
        optional: bool,
    },
    /// `a[i]`
    Index(Box<Expr>, Box<Expr>),
    /// `f(a, name: b)`
    Call {
        /// What is called: a path of names, or a method of a value.
        callee: Box<Expr>,
        /// With what.
        args: Vec<Arg>,
    },
    /// `x => expr`, `(a, b) => expr`
    Lambda {
        /// Its parameters.
        params: Vec<Ident>,
        /// Its value.
        body: Box<Expr>,
    },
    /// `if c { a } else { b }`
    If {
        /// The condition.
        condition: Box<Expr>,
        /// When it holds.
        then: Box<Expr>,
        /// When not.
        otherwise: Box<Expr>,
    },
    /// `try EXPR else EXPR`
    Try {
        /// What may fail.
        body: Box<Expr>,
        /// What it is then.
        otherwise: Option<Box<Expr>>,
    },
    /// What could not be read. A diagnostic tells of it.
    Error,
}

/// An argument of a call.
#[derive(Clone, Debug)]
pub struct Arg {
    /// `name:`
    pub name: Option<Ident>,
    /// The value.
    pub value: Expr,
}

/// Operators before an operand.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum UnaryOp {
    /// `not`
    Not,
    /// `-`
    Negate,
}

/// Operators between operands, loosest first as they bind:
/// `or` < `and` < (`not`) < comparisons < `??` < `+ -` < `* / mod` < (`-x`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BinaryOp {
    /// `or`
    Or,
    /// `and`
    And,
    /// `==`
    Equal,
    /// `!=`
    NotEqual,
    /// `<`
    Less,
    /// `<=`
    LessEqual,
    /// `>`
    Greater,
    /// `>=`
    GreaterEqual,
    /// `in`
    In,
    /// `contains`
    Contains,
    /// `matches`
    Matches,
    /// `??`
    Coalesce,
    /// `+`
    Add,
    /// `-`
    Subtract,
    /// `*`
    Multiply,
    /// `/`
    Divide,
    /// `mod`
    Modulo,
}

impl BinaryOp {
    /// As it is written.
    pub const fn symbol(self) -> &'static str {
        match self {
            Self::Or => "or",
            Self::And => "and",
            Self::Equal => "==",
            Self::NotEqual => "!=",
            Self::Less => "<",
            Self::LessEqual => "<=",
            Self::Greater => ">",
            Self::GreaterEqual => ">=",
            Self::In => "in",
            Self::Contains => "contains",
            Self::Matches => "matches",
            Self::Coalesce => "??",
            Self::Add => "+",
            Self::Subtract => "-",
            Self::Multiply => "*",
            Self::Divide => "/",
            Self::Modulo => "mod",
        }
    }
}

/// `test "title" { … }`
#[derive(Clone, Debug)]
pub struct TestDecl {
    /// Its title.
    pub title: StrLit,
    /// Its lines.
    pub body: Vec<TestStmt>,
}

/// A line of a test.
#[derive(Clone, Debug)]
pub struct TestStmt {
    /// Which.
    pub kind: TestStmtKind,
    /// Where.
    pub span: Span,
}

/// The lines of a test.
#[derive(Clone, Debug)]
pub enum TestStmtKind {
    /// `given env "staging"`
    GivenEnv(StrLit),
    /// `given name = expr`
    Given(Ident, Expr),
    /// `mock command "glob" { … }`, `mock http.get "glob" { … }`
    Mock {
        /// `command` or the path of an action.
        target: Path,
        /// Which calls of it.
        pattern: Option<StrLit>,
        /// What it answers, a record.
        answer: Expr,
    },
    /// `run "./deploy.rbk"`
    Run(StrLit),
    /// `expect expr`
    Expect(Expr),
    /// `expect [not] called command "glob"`
    ExpectCalled {
        /// `not`
        negated: bool,
        /// `command` or the path of an action.
        target: Path,
        /// Which calls of it.
        pattern: Option<StrLit>,
    },
    /// A pure `let`.
    Let(Box<Let>),
    /// A line that could not be read.
    Error,
}
