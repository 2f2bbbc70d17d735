//! What the analysis hands to the run time: a runbook with every name resolved.
//!
//! Names that steps bind live in one flat frame for the whole story; actions, checks and
//! functions have frames of their own. Calls of actions are statements ([`Act`]) that bind
//! a slot, so that every expression left is pure.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::catalog::target::TargetForm;
use crate::catalog::{Action, Effect};
use crate::eval::Expr;
use crate::eval::expr::{GlobalId, Part, SlotId, UserFunction};
use crate::source::{FileId, Sources, Span};
use crate::syntax::seldom::{Empty, Seldom};
use crate::value::Type;

pub use crate::syntax::tree::ScopeKind;

/// A runbook ready to run, plan or be explained.
#[derive(Debug)]
pub struct Program {
    /// Its file and all that it uses.
    pub sources: Arc<Sources>,
    /// The file it was read from.
    pub main: FileId,
    /// The header, or what stands for it.
    pub header: Header,
    /// Its inputs.
    pub params: Vec<Param>,
    /// Its secrets, those of modules included.
    pub secrets: Vec<SecretDecl>,
    /// Its environments, `extends` resolved; empty if it has none.
    pub environments: Vec<Environment>,
    /// Where `env` and `environments` are bound, if there are environments.
    pub env_globals: Option<EnvGlobals>,
    /// Pure `let`s of the top level, modules' first, in the order in which they must be computed.
    pub lets: Vec<(GlobalId, Expr)>,
    /// Every global's name and place.
    pub globals: Vec<NameInfo>,
    /// The story.
    pub body: Block,
    /// `finally { }` of the top level.
    pub finally: Option<Finally>,
    /// The story's names.
    pub frame: Vec<NameInfo>,
    /// Actions written in rbk, those of modules included.
    pub actions: Vec<Arc<UserAction>>,
    /// Checks with a name.
    pub checks: Vec<Arc<UserCheck>>,
    /// Functions with a name.
    pub functions: Vec<UserFunction>,
    /// Runbooks that are called from this one.
    pub called: Vec<Arc<Program>>,
    /// Whether there is anything to run; a library has declarations only.
    pub has_story: bool,
}

/// What is known of a name besides its value.
#[derive(Clone, Debug)]
pub struct NameInfo {
    /// The name; those made by lowering begin with `$`.
    pub name: Arc<str>,
    /// Its type where it is bound.
    pub ty: Type,
    /// Where it is bound.
    pub span: Span,
    /// If it holds the result of an action: for "where that value came from".
    pub from: Option<Source>,
    /// A parameter of a function (`x => …`): nothing else sees it, though its last value stays.
    pub of_function: bool,
}

/// Where a value comes from.
#[derive(Clone, Debug)]
pub enum Source {
    /// A native action
    Action(&'static Action),
    /// A command
    Command,
    /// An action of the runbook
    User(Arc<str>),
    /// Read out of what another name holds
    PartOf(SlotId),
}

/// Where `env` and `environments` are bound.
#[derive(Clone, Copy, Debug)]
pub struct EnvGlobals {
    /// `env`
    pub env: GlobalId,
    /// `environments`
    pub all: GlobalId,
}

/// The header with its defaults.
#[derive(Debug, Default)]
pub struct Header {
    /// The title; the file's stem if there is no header.
    pub title: Option<Expr>,
    /// `owner`
    pub owner: Option<String>,
    /// `version`
    pub version: Option<String>,
    /// `lock`
    pub lock: Option<Expr>,
    /// `needs`: tools and their least versions.
    pub needs: Vec<Need>,
    /// `window`
    pub window: Option<Window>,
    /// `timeout` of the whole run
    pub timeout: Option<Expr>,
    /// `on_interrupt`
    pub on_interrupt: OnInterrupt,
    /// `tags`
    pub tags: Vec<String>,
    /// `links`
    pub links: Vec<(String, String)>,
}

/// A tool that must be on the machine: `gcloud >= 450`.
#[derive(Clone, Debug, PartialEq)]
pub struct Need {
    /// The program.
    pub tool: String,
    /// Its least version, if one is asked for.
    pub at_least: Option<String>,
    /// Where it is asked for.
    pub span: Span,
}

/// `window = "Tue,Thu 10:00-16:00 America/New_York"`, an expression since it may use `env`.
#[derive(Debug)]
pub struct Window {
    /// Its text.
    pub value: Expr,
}

/// What Ctrl-C leads to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum OnInterrupt {
    /// Stop, and leave what is armed armed.
    #[default]
    Hold,
    /// Take the run back.
    Rollback,
}

/// An input of the runbook.
#[derive(Debug)]
pub struct Param {
    /// Its name.
    pub name: Arc<str>,
    /// Where it is bound.
    pub global: GlobalId,
    /// Its type.
    pub ty: Type,
    /// Its default; may use what is declared above it and `env`.
    pub default: Option<Expr>,
    /// `matching "regex"`
    pub matching: Option<Arc<str>>,
    /// `one_of […]`
    pub one_of: Option<Expr>,
    /// Its help.
    pub doc: Option<Arc<str>>,
    /// Where it is declared.
    pub span: Span,
}

/// A secret, read when a statement that uses it is about to run ([`StmtKind::NeedSecret`]).
#[derive(Debug)]
pub struct SecretDecl {
    /// Its name.
    pub name: Arc<str>,
    /// Where it is bound.
    pub global: GlobalId,
    /// Where it is read from.
    pub source: SecretSource,
    /// Where it is declared.
    pub span: Span,
}

/// Where a secret is read from.
#[derive(Debug)]
pub enum SecretSource {
    /// `env_var("X")`
    EnvVar(Expr),
    /// `file("path")`
    File(Expr),
    /// `command("…")`
    Command(CommandTemplate),
    /// `prompt("question")`
    Prompt(Expr),
}

/// One environment.
#[derive(Debug)]
pub struct Environment {
    /// Its name.
    pub name: Arc<str>,
    /// Whoever runs against it types its name first, or may have to: it is computed.
    pub protected: bool,
    /// Its settings, those of the environments it extends included.
    pub entries: Vec<(Arc<str>, Expr)>,
    /// Where it is declared.
    pub span: Span,
}

impl Environment {
    /// The setting by which whoever runs against it types its name first.
    pub const PROTECTED: &str = "protected";
    /// The setting by which whoever runs against it cannot approve anything in that run.
    pub const FOUR_EYES: &str = "four_eyes";
}

/// Statements in order.
#[derive(Clone, Debug, Default)]
pub struct Block {
    /// In order.
    pub body: Vec<Stmt>,
    /// No statement of it, at any depth, is more than computing: no scope, action, person or time.
    /// Such a block runs without the asynchronous machinery.
    pub pure: bool,
}

/// A statement.
#[derive(Clone, Debug)]
pub struct Stmt {
    /// Which.
    pub kind: StmtKind,
    /// Where.
    pub span: Span,
}

/// The statements.
#[derive(Clone, Debug)]
pub enum StmtKind {
    /// `let`, `var`, `name = expr`
    Bind {
        /// What is bound.
        slot: SlotId,
        /// To what.
        value: Expr,
    },
    /// A call of an action or a command
    Act(Box<Act>),
    /// `try A else B` with actions in it: `body` ends by binding `slot`
    Try(Box<Try>),
    /// Reads a secret unless it was read before
    NeedSecret(u32),
    /// `phase`, `step`, `check`, `monitor`, `guard`, and uses of declared checks
    Scope(Arc<Scope>),
    /// `background`
    Background(Arc<Background>),
    /// A person's step
    Person(Arc<Scope>),
    /// `if`; a pure one runs in line
    If {
        /// The condition.
        condition: Expr,
        /// When it holds.
        then: Block,
        /// When not.
        otherwise: Block,
    },
    /// `for`
    For(Box<For>),
    /// `parallel`
    Parallel(Box<Parallel>),
    /// `on dir(…)`
    OnDir {
        /// The folder, relative to the one around it.
        dir: Expr,
        /// What runs there.
        body: Block,
    },
    /// `on ssh(…)` and the other places
    On {
        /// What kind of place.
        form: &'static TargetForm,
        /// One expression for each of its parameters, defaults filled in.
        args: Vec<Expr>,
        /// What runs there.
        body: Block,
    },
    /// `with`
    With {
        /// Environment variables.
        vars: Vec<(Arc<str>, Expr)>,
        /// What runs with them.
        body: Block,
    },
    /// `call`
    CallRunbook(Arc<Scope>),
    /// Adjacent asserts
    Asserts(Vec<Assert>),
    /// `fail_when`, `warn_when`
    FailWhen(Box<FailWhen>),
    /// `fail`
    Fail(Expr),
    /// `rollback "why"`; in a handler the reason may be missing
    Rollback(Option<Expr>),
    /// `finish`
    Finish(Expr),
    /// `disarm`
    Disarm(Expr),
    /// `point_of_no_return`
    PointOfNoReturn(Expr),
    /// `note`
    Note(Expr),
    /// `warn`
    Warn(Expr),
    /// `wait`
    Wait(Expr),
    /// `return`
    Return(Option<Expr>),
    /// `break`
    Break,
    /// `skip`: leaves the innermost step, check or iteration as skipped
    Skip(Option<Expr>),
    /// `retry [N]` of a handler
    Retry(Option<Expr>),
    /// `continue` of a handler
    Continue,
    /// `undo` of a handler
    Undo,
    /// `stop` of a handler
    Stop,
}

/// A call of an action.
#[derive(Clone, Debug)]
pub struct Act {
    /// What is called.
    pub callee: Callee,
    /// Where its result is bound.
    pub slot: Option<SlotId>,
    /// What this call does: the action's class, or for a command that of its place.
    pub effect: Effect,
    /// `let secret`: the result is tainted.
    pub secret: bool,
    /// Where it was written.
    pub span: Span,
}

/// What an [`Act`] calls.
#[derive(Clone, Debug)]
pub enum Callee {
    /// A native action; one expression for each of its parameters, defaults filled in.
    Native(&'static Action, Vec<Expr>),
    /// `$ …`
    Command(Box<CommandTemplate>),
    /// An action of the runbook; one expression for each of its parameters, defaults filled in.
    User(u32, Vec<Expr>),
}

/// A command with its holes.
#[derive(Clone, Debug)]
pub struct CommandTemplate {
    /// How it is started.
    pub form: CommandForm,
    /// `try $ …`: a non-zero exit is a value.
    pub tried: bool,
    /// As written, for people, holes as `${…}`.
    pub text: Arc<str>,
}

/// How a command is started.
#[derive(Clone, Debug)]
pub enum CommandForm {
    /// A program and its arguments, without a shell.
    Direct(Vec<WordTemplate>),
    /// A script for the shell: an [`ExprKind::Script`](crate::eval::ExprKind).
    Script(Expr),
}

/// A word of a directly started command.
#[derive(Clone, Debug)]
pub enum WordTemplate {
    /// One word, as it stands.
    Text(Arc<str>),
    /// One word: text and values joined.
    Joined(Vec<Part>),
    /// A lone value: a list of it is several words.
    Spread(Expr),
}

/// `try … else …`
#[derive(Clone, Debug)]
pub struct Try {
    /// Ends by binding `slot`, if the value is used.
    pub body: Block,
    /// Likewise, when the body failed; if `None` the slot becomes `null`.
    pub otherwise: Option<Block>,
    /// What is bound.
    pub slot: Option<SlotId>,
}

/// A phase, a step, a check, a monitor, a guard, a person's step or a call: everything with a title and clauses.
#[derive(Debug)]
pub struct Scope {
    /// What it is.
    pub kind: ScopeBody,
    /// Its title, possibly with values in it.
    pub title: Expr,
    /// The title as written, holes as `${…}`: how `--from`, `--answer` and `rbk show` name it.
    pub name: Arc<str>,
    /// Modifiers.
    pub modifiers: Seldom<Modifiers>,
    /// Clauses.
    pub clauses: Clauses,
    /// The greatest effect of anything in it.
    pub effect: Option<Effect>,
    /// What it binds for what follows: made unbound when it is skipped or failed and continued.
    pub binds: Vec<SlotId>,
    /// Names from outside that it reads: what must be bound for it to run alone.
    pub uses: Vec<SlotId>,
    /// `let ok = check …`: where to put whether it passed, instead of failing.
    pub verdict: Option<SlotId>,
    /// Its first line.
    pub span: Span,
}

/// What a [`Scope`] does.
#[derive(Debug)]
pub enum ScopeBody {
    /// `phase`
    Phase(Block),
    /// `step`
    Step(Block),
    /// `check`
    Check(Block),
    /// A use of a declared check: its index and arguments, one for each parameter.
    CheckUse(u32, Vec<Expr>),
    /// `monitor`
    Monitor {
        /// One sample.
        body: Block,
    },
    /// `guard`
    Guard {
        /// One sample.
        body: Block,
    },
    /// `checklist`
    Checklist(Vec<Expr>),
    /// `confirm`: the title is the question.
    Confirm,
    /// `manual`
    Manual {
        /// How it is done.
        how: Option<Expr>,
        /// Reads whose output is shown.
        body: Block,
    },
    /// `choose`: the title is the question.
    Choose(Vec<(Arc<str>, Block)>),
    /// `approve`
    Approve {
        /// How many; 1 if not said.
        count: Option<Expr>,
        /// Who may; anybody if not said.
        by: Option<Expr>,
    },
    /// `call`
    Call {
        /// Its index in [`Program::called`].
        program: u32,
        /// Its parameters by name.
        with: Vec<(Arc<str>, Expr)>,
    },
}

impl ScopeBody {
    /// The word that introduces it.
    pub const fn word(&self) -> &'static str {
        match self {
            Self::Phase(_) => "phase",
            Self::Step(_) => "step",
            Self::Check(_) | Self::CheckUse(..) => "check",
            Self::Monitor { .. } => "monitor",
            Self::Guard { .. } => "guard",
            Self::Checklist(_) => "checklist",
            Self::Confirm => "confirm",
            Self::Manual { .. } => "manual",
            Self::Choose(_) => "choose",
            Self::Approve { .. } => "approve",
            Self::Call { .. } => "call",
        }
    }
}

/// What stands before the block. Expressions are pure: calls in them were hoisted before the scope.
#[derive(Debug, Default)]
pub struct Modifiers {
    /// `when`
    pub when: Option<Expr>,
    /// `timeout`
    pub timeout: Option<Expr>,
    /// `retry`
    pub retry: Option<Retry>,
    /// `within`
    pub within: Option<Expr>,
    /// `every`
    pub every: Option<Expr>,
    /// `for D` of a monitor
    pub duration: Option<Expr>,
    /// `danger`
    pub danger: Option<Expr>,
    /// `irreversible`
    pub irreversible: Option<Expr>,
    /// `tags`
    pub tags: Vec<String>,
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
        tags: Vec::new(),
    };
}

/// `retry N after D backoff F`
#[derive(Debug)]
pub struct Retry {
    /// How many more tries.
    pub count: Expr,
    /// The pause before the next.
    pub after: Option<Expr>,
    /// By what it grows.
    pub backoff: Option<Expr>,
}

/// What stands after the block.
#[derive(Debug, Default)]
pub struct Clauses {
    /// `undo { }`, or the block of `on_fail rollback { }`
    pub undo: Option<Arc<Compensation>>,
    /// `restore { }`
    pub restore: Option<Arc<Compensation>>,
    /// `probe { }`
    pub probe: Option<Block>,
    /// `on_fail`
    pub on_fail: Option<OnFail>,
    /// `finally { }`, and those on a line of their own within the scope
    pub finally: Vec<Finally>,
}

/// `finally { }`
#[derive(Clone, Debug)]
pub struct Finally {
    /// What is done.
    pub body: Block,
    /// Where `outcome` is bound in it.
    pub outcome: SlotId,
}

/// How something is taken back.
#[derive(Debug)]
pub struct Compensation {
    /// Which clause it was.
    pub kind: CompensationKind,
    /// What it does.
    pub body: Block,
    /// Names from outside that it uses: it is armed when all of them are bound, with their values.
    pub captures: Vec<SlotId>,
    /// Where `failure` is bound in it.
    pub failure: SlotId,
    /// Its own modifiers: `timeout`, `retry`, `danger`.
    pub modifiers: Seldom<Modifiers>,
    /// One line of what it does, from its source, holes as `${…}`.
    pub text: Arc<str>,
    /// The clause.
    pub span: Span,
    /// What stands between its braces.
    pub inside: Span,
}

/// Which clause a compensation was.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CompensationKind {
    /// `undo { }`
    Undo,
    /// `on_fail rollback { }`
    Rollback,
    /// `restore { }`
    Restore,
}

/// What a scope does about a failure.
#[derive(Debug)]
pub enum OnFail {
    /// `stop`
    Stop,
    /// `continue`
    Continue,
    /// `undo`
    Undo,
    /// `rollback`
    Rollback,
    /// `ask`
    Ask,
    /// `{ … }`
    Handler {
        /// What is done.
        body: Block,
        /// Where `failure` is bound in it.
        failure: SlotId,
    },
}

/// A background process.
#[derive(Debug)]
pub struct Background {
    /// Its title.
    pub title: Expr,
    /// The title as written.
    pub name: Arc<str>,
    /// The command, with what surrounds it and what computes its values before it.
    pub body: Block,
    /// When it counts as started; at once if not said.
    pub ready: Option<Ready>,
    /// `when`
    pub modifiers: Seldom<Modifiers>,
    /// Where.
    pub span: Span,
}

/// When a background process counts as started.
#[derive(Debug)]
pub struct Ready {
    /// How long it may take; 30 s if not said.
    pub within: Option<Expr>,
    /// How often to look; 500 ms if not said.
    pub every: Option<Expr>,
    /// What must hold.
    pub body: Block,
}

/// `for`
#[derive(Clone, Debug)]
pub struct For {
    /// Where the item is bound.
    pub item: SlotId,
    /// What is gone through.
    pub list: Expr,
    /// One after the other, or how many at a time.
    pub parallel: Concurrency,
    /// How many may fail: a number, or a share.
    pub tolerate: Option<Expr>,
    /// What is done with each.
    pub body: Block,
    /// Where one record an iteration goes.
    pub results: Option<SlotId>,
    /// The last value of an iteration, for its record.
    pub value: Option<SlotId>,
    /// Slots bound in the body, cleared between iterations.
    pub binds: Vec<SlotId>,
}

/// How many at a time.
#[derive(Clone, Debug)]
pub enum Concurrency {
    /// One after the other, in order.
    Sequential,
    /// All at once.
    Unbounded,
    /// So many.
    AtMost(Expr),
}

/// `parallel`
#[derive(Clone, Debug)]
pub struct Parallel {
    /// Each with a frame of its own.
    pub branches: Vec<Block>,
    /// How many may fail.
    pub tolerate: Option<Expr>,
    /// What the branches bind for what follows: copied back when they are done.
    pub binds: Vec<SlotId>,
}

/// One assert of a group.
#[derive(Clone, Debug)]
pub struct Assert {
    /// Calls and commands in it; a definite failure of one is the assert's failure.
    pub before: Block,
    /// What must hold.
    pub condition: Expr,
    /// `because`
    pub because: Option<Expr>,
    /// Where.
    pub span: Span,
}

/// `fail_when`, `warn_when`
#[derive(Clone, Debug)]
pub struct FailWhen {
    /// Its place among those of its monitor, where its state is kept.
    pub index: usize,
    /// `warn_when`
    pub warns: bool,
    /// Calls in it; a failure of one is a bad sample.
    pub before: Block,
    /// The bad sign.
    pub condition: Expr,
    /// How long it must last.
    pub lasting: Lasting,
}

/// How long a sign must last.
#[derive(Clone, Debug)]
pub enum Lasting {
    /// The first counts.
    Once,
    /// `for D`
    For(Expr),
    /// `times N`
    Times(Expr),
}

/// An action written in rbk.
#[derive(Debug)]
pub struct UserAction {
    /// As it is called: `cloudrun.set_traffic`.
    pub name: Arc<str>,
    /// What it does to the world.
    pub effect: Effect,
    /// Its names; the parameters come first.
    pub frame: Vec<NameInfo>,
    /// How many parameters it has.
    pub params: u32,
    /// What it does; its result comes by `return`.
    pub body: Block,
    /// How it is taken back.
    pub undo: Option<Arc<Compensation>>,
    /// How to find out whether it happened.
    pub probe: Option<Block>,
    /// Its help.
    pub doc: Option<Arc<str>>,
    /// Where it is declared.
    pub span: Span,
}

/// A check with a name.
#[derive(Debug)]
pub struct UserCheck {
    /// Its name.
    pub name: Arc<str>,
    /// Its names; the parameters come first.
    pub frame: Vec<NameInfo>,
    /// How many parameters it has.
    pub params: u32,
    /// What it observes.
    pub body: Block,
    /// Its help.
    pub doc: Option<Arc<str>>,
    /// Where it is declared.
    pub span: Span,
}

/// Where the analysis gets the files that a runbook uses. It cannot open them itself.
pub trait Loader {
    /// The text of a file named relative to another one, whose [`Loaded::path`] is `from`.
    ///
    /// # Errors
    /// In words: not there, not readable, not UTF-8, outside the project.
    fn file(&self, from: &Path, path: &str) -> Result<Loaded, String>;

    /// The text of a module of the standard library: `std.gcp.cloudrun`.
    fn std(&self, name: &str) -> Option<&'static str>;

    /// Names of all modules of the standard library, for suggestions.
    fn std_names(&self) -> Vec<&'static str>;
}

/// A file that was found.
#[derive(Clone, Debug)]
pub struct Loaded {
    /// As it is shown, and what tells it from others: the path from the project's root.
    pub name: String,
    /// Where it lies.
    pub path: PathBuf,
    /// Its text.
    pub text: Arc<str>,
}
