//! The lowered form of an expression: names are slots, calls of actions are gone
//! (they are statements that bind a slot), every function is the one it means.

use std::sync::Arc;

use crate::functions::Function;
use crate::source::Span;
use crate::syntax::shell;
use crate::syntax::tree::{BinaryOp, UnaryOp};
use crate::value::Value;

/// A place in a frame.
pub type SlotId = u32;
/// A place among the globals of a program: parameters, secrets, environments, top-level `let`s.
pub type GlobalId = u32;

/// A lowered expression.
#[derive(Clone, Debug)]
pub struct Expr {
    /// Which.
    pub kind: ExprKind,
    /// Where it was written.
    pub span: Span,
}

/// The forms of a lowered expression.
#[derive(Clone, Debug)]
pub enum ExprKind {
    /// A literal, or what folding made of one
    Const(Value),
    /// A name of the frame; unbound reads as `null`
    Slot(SlotId),
    /// A name of the program
    Global(GlobalId),
    /// `run.id` and its like
    Run(RunField),
    /// `"… ${x} …"`
    Template(Vec<Part>),
    /// The same where an address is expected
    Url(Vec<Part>),
    /// A literal where a command is wanted: every value quoted for its place
    Script(Vec<ScriptPart>),
    /// A literal where a statement of SQL is wanted: every value bound, none of them text
    Sql(Vec<Part>),
    /// `[a, b]`
    List(Vec<Expr>),
    /// `{ a: 1 }`
    Record(Vec<(Arc<str>, Expr)>),
    /// `not x`, `-x`
    Unary(UnaryOp, Box<Expr>),
    /// `a + b`, `a and b`, `a ?? b` (the last three look at the right side only when needed); the operator's span
    Binary(BinaryOp, Span, Box<Expr>, Box<Expr>),
    /// `a.b`, `a?.b`
    Member {
        /// Before the dot
        object: Box<Expr>,
        /// Behind it
        name: Arc<str>,
        /// Its span
        name_span: Span,
        /// `?.`
        optional: bool,
    },
    /// `a[i]`
    Index(Box<Expr>, Box<Expr>),
    /// A builtin function, or a method with its receiver as the first argument
    Call {
        /// Which
        function: &'static Function,
        /// With what, in the order of its parameters, one for each that was given
        args: Vec<Argument>,
    },
    /// A function of the runbook
    UserFn {
        /// Its index among the functions of the program
        function: u32,
        /// One for each parameter
        args: Vec<Expr>,
    },
    /// `if c { a } else { b }`
    If {
        /// The condition
        condition: Box<Expr>,
        /// When it holds
        then: Box<Expr>,
        /// When not
        otherwise: Box<Expr>,
    },
    /// `try a else b`, where `a` calls no action
    Try {
        /// What may fail
        body: Box<Expr>,
        /// What it is then; `null` if not said
        otherwise: Option<Box<Expr>>,
    },
}

/// What may be given to a builtin.
#[derive(Clone, Debug)]
pub enum Argument {
    /// A value
    Value(Expr),
    /// `x => expr`: its parameters are slots of the frame around it, so it captures nothing.
    Lambda {
        /// Where its arguments are put
        params: Vec<SlotId>,
        /// Its value
        body: Box<Expr>,
    },
}

/// A piece of a text.
#[derive(Clone, Debug)]
pub enum Part {
    /// As it stands
    Text(Arc<str>),
    /// A value put in its place
    Hole(Expr),
}

/// A piece of a script.
#[derive(Clone, Debug)]
pub enum ScriptPart {
    /// As it stands
    Text(Arc<str>),
    /// A value, quoted for its place
    Hole(shell::Context, Expr),
    /// `raw(…)`: put in as it is
    Raw(Expr),
}

/// The fields of `run`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RunField {
    /// `run.id`
    Id,
    /// `run.dir`
    Dir,
    /// `run.actor`
    Actor,
    /// `run.started`
    Started,
    /// `run.elapsed`
    Elapsed,
    /// `run.attempt`, from 1
    Attempt,
}

/// A function of the runbook, lowered.
#[derive(Clone, Debug)]
pub struct UserFunction {
    /// Its name, for messages.
    pub name: Arc<str>,
    /// How many parameters: the first slots of its frame.
    pub params: u32,
    /// How many slots its frame has.
    pub frame_size: u32,
    /// Its value.
    pub body: Expr,
}

impl Expr {
    /// Calls `visit` with each expression directly inside.
    pub fn for_each_child<'e>(&'e self, visit: &mut dyn FnMut(&'e Expr)) {
        match &self.kind {
            ExprKind::Const(_) | ExprKind::Slot(_) | ExprKind::Global(_) | ExprKind::Run(_) => {}
            ExprKind::Template(parts) | ExprKind::Url(parts) | ExprKind::Sql(parts) => {
                for part in parts {
                    if let Part::Hole(hole) = part {
                        visit(hole);
                    }
                }
            }
            ExprKind::Script(parts) => {
                for part in parts {
                    if let ScriptPart::Hole(_, hole) | ScriptPart::Raw(hole) = part {
                        visit(hole);
                    }
                }
            }
            ExprKind::List(items) => items.iter().for_each(visit),
            ExprKind::Record(fields) => fields.iter().for_each(|(_, value)| visit(value)),
            ExprKind::Unary(_, operand) => visit(operand),
            ExprKind::Binary(_, _, left, right) | ExprKind::Index(left, right) => {
                visit(left);
                visit(right);
            }
            ExprKind::Member { object, .. } => visit(object),
            ExprKind::Call { args, .. } => {
                for arg in args {
                    match arg {
                        Argument::Value(value) => visit(value),
                        Argument::Lambda { body, .. } => visit(body),
                    }
                }
            }
            ExprKind::UserFn { args, .. } => args.iter().for_each(visit),
            ExprKind::If { condition, then, otherwise } => {
                visit(condition);
                visit(then);
                visit(otherwise);
            }
            ExprKind::Try { body, otherwise } => {
                visit(body);
                if let Some(otherwise) = otherwise {
                    visit(otherwise);
                }
            }
        }
    }
}

impl Expr {
    /// `null`, standing for what could not be lowered.
    pub const fn null(span: Span) -> Self {
        Self { kind: ExprKind::Const(Value::Null), span }
    }
}
