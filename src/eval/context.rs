//! The evaluator.

use std::sync::Arc;

use super::access::{absent, member_of, part_of};
use super::budget::{Budget, MAX_CALLS, too_deep};
use super::error::{EvalError, EvalErrorKind};
use super::expr::{Argument, Expr, ExprKind, Part, RunField, SlotId, UserFunction};
use super::frame::{Frame, NULL};
use super::globals::Globals;
use super::{template, url};
use crate::functions::{self, Function};
use crate::source::Span;
use crate::syntax::tree::BinaryOp;
use crate::value::limits::{MAX_NESTING, nests_too_deep};
use crate::value::{Record, Type, Value, arithmetic, ops};

/// What `run` tells an expression.
pub trait RunInfo {
    /// The value of one of its fields.
    fn field(&self, field: RunField) -> Value;
}

/// Everything an expression can see while it is evaluated: one statement's worth.
pub struct Context<'a> {
    /// The names of the scope.
    pub frame: &'a mut Frame,
    /// The names of the program.
    pub globals: &'a Globals,
    /// The functions of the program.
    pub functions: &'a [UserFunction],
    /// `run`
    pub run: &'a dyn RunInfo,
    /// What is left of the work allowed.
    pub budget: Budget,
}

type Outcome = Result<Value, EvalError>;

impl<'a> Context<'a> {
    /// A context with a fresh budget.
    pub fn new(
        frame: &'a mut Frame,
        globals: &'a Globals,
        functions: &'a [UserFunction],
        run: &'a dyn RunInfo,
    ) -> Self {
        Self { frame, globals, functions, run, budget: Budget::default() }
    }

    /// The value of an expression.
    pub fn eval(&mut self, expr: &Expr) -> Result<Value, EvalError> {
        let outer = self.budget.enter();
        let outcome = self.value(expr);
        self.budget.leave(outer);
        outcome
    }

    /// Binds the value of an expression to a slot: `let x = …`, `x = …`. The same as `eval` and `set`,
    /// without moving the value more than once.
    pub fn assign(&mut self, slot: SlotId, expr: &Expr) -> Result<(), EvalError> {
        let outer = self.budget.enter();
        let outcome = self.value(expr);
        self.budget.leave(outer);
        if let Ok(Value::Int(n)) = outcome {
            self.frame.set_int(slot, n);
            return Ok(());
        }
        self.frame.set(slot, outcome?);
        Ok(())
    }

    /// Whether a condition holds; `None` if only a run will know. `place` is what asks: `` `when` ``.
    pub fn holds(&mut self, expr: &Expr, place: &str) -> Result<Option<bool>, EvalError> {
        let outcome = self.eval(expr);
        if let Ok(Value::Bool(holds)) = outcome {
            return Ok(Some(holds));
        }
        truth(&outcome?, expr.span, place)
    }

    /// The text of an expression for people: secrets masked, what is not known yet said to be so.
    pub fn shown(&mut self, expr: &Expr) -> Result<String, EvalError> {
        let outer = self.budget.enter();
        let outcome = match &expr.kind {
            ExprKind::Template(parts) | ExprKind::Url(parts) => template::shown(self, parts),
            _ => self.value(expr).map(|value| crate::value::display::text(&value)),
        };
        self.budget.leave(outer);
        outcome
    }

    pub(super) fn value(&mut self, expr: &Expr) -> Outcome {
        self.budget.step(expr.span)?;
        match &expr.kind {
            ExprKind::Const(value) => Ok(value.clone()),
            ExprKind::Slot(slot) => Ok(self.frame.read(*slot).clone()),
            ExprKind::Global(id) => Ok(self.globals.read(*id).clone()),
            ExprKind::Run(field) => Ok(self.run.field(*field)),
            ExprKind::Binary(op, _, left, right) => self.binary(*op, left, right, expr.span),
            other => {
                self.budget.deeper(expr.span)?;
                self.compound(other, expr.span)
            }
        }
    }

    /// Out of the way of the simple forms, whose frames on the stack stay small so.
    #[inline(never)]
    fn compound(&mut self, kind: &ExprKind, span: Span) -> Outcome {
        match kind {
            ExprKind::Const(_) | ExprKind::Slot(_) | ExprKind::Global(_) | ExprKind::Run(_) | ExprKind::Binary(..) => {
                Ok(Value::Null)
            }
            ExprKind::Template(parts) => template::text(self, parts, span),
            ExprKind::Script(parts) => template::script(self, parts),
            ExprKind::Sql(parts) => template::sql(self, parts),
            ExprKind::Url(parts) => url::address(self, parts, span),
            ExprKind::List(items) => self.list(items, span),
            ExprKind::Record(fields) => self.record(fields, span),
            ExprKind::Unary(op, operand) => {
                let value = self.value(operand)?;
                ops::unary(*op, &value).map_err(|error| EvalError::from_op(span, error))
            }
            ExprKind::Member { object, name, name_span, optional } => {
                if let Some(whole) = self.peek(object) {
                    return member_of(whole, object, name, *name_span, *optional);
                }
                let whole = self.value(object)?;
                member_of(&whole, object, name, *name_span, *optional)
            }
            ExprKind::Index(object, at) => {
                let at = self.value(at)?;
                if let Some(whole) = self.peek(object) {
                    return part_of(whole, object, &at, span);
                }
                let whole = self.value(object)?;
                part_of(&whole, object, &at, span)
            }
            ExprKind::Call { function, args } => self.call(function, args, span),
            ExprKind::UserFn { function, args } => self.user_function(*function, args, span),
            ExprKind::If { condition, then, otherwise } => self.choose(condition, then, otherwise),
            ExprKind::Try { body, otherwise } => match self.value(body) {
                Err(error) if error.kind != EvalErrorKind::Limit => match otherwise {
                    Some(otherwise) => self.value(otherwise),
                    None => Ok(Value::Null),
                },
                outcome => outcome,
            },
        }
    }

    /// The value of a name or literal without a copy.
    #[inline]
    pub(super) fn peek<'s>(&'s self, expr: &'s Expr) -> Option<&'s Value> {
        match &expr.kind {
            ExprKind::Slot(slot) => Some(self.frame.read(*slot)),
            ExprKind::Const(value) => Some(value),
            ExprKind::Global(id) => Some(self.globals.read(*id)),
            _ => None,
        }
    }

    #[inline]
    fn binary(&mut self, op: BinaryOp, left: &Expr, right: &Expr, span: Span) -> Outcome {
        if matches!(op, BinaryOp::And | BinaryOp::Or | BinaryOp::Coalesce) {
            return self.lazy(op, left, right);
        }
        // A side that is only looked up is compared where it lies; it cannot fail, so the other may go first.
        match (self.peek(left), self.peek(right)) {
            (Some(a), Some(b)) => match quick(op, a, b) {
                Some(value) => Ok(value),
                None => combine(op, a, b, span),
            },
            (None, Some(_)) => {
                self.budget.deeper(span)?;
                let a = self.value(left);
                let b = self.peek(right).unwrap_or(&NULL);
                if let Ok(a) = &a
                    && let Some(value) = quick(op, a, b)
                {
                    return Ok(value);
                }
                combine(op, &a?, b, span)
            }
            (Some(_), None) => {
                self.budget.deeper(span)?;
                let b = self.value(right);
                let a = self.peek(left).unwrap_or(&NULL);
                if let Ok(b) = &b
                    && let Some(value) = quick(op, a, b)
                {
                    return Ok(value);
                }
                combine(op, a, &b?, span)
            }
            (None, None) => {
                self.budget.deeper(span)?;
                let a = self.value(left)?;
                let b = self.value(right)?;
                combine(op, &a, &b, span)
            }
        }
    }

    #[inline(never)]
    fn lazy(&mut self, op: BinaryOp, left: &Expr, right: &Expr) -> Outcome {
        if op == BinaryOp::Coalesce { self.coalesce(left, right) } else { self.logic(op, left, right) }
    }

    /// `and` and `or` look at the right side only if the left one does not decide.
    fn logic(&mut self, op: BinaryOp, left: &Expr, right: &Expr) -> Outcome {
        let place = if op == BinaryOp::And { "`and`" } else { "`or`" };
        self.budget.deeper(left.span)?;
        let decisive = op == BinaryOp::Or;
        let value = self.value(left)?;
        match truth(&value, left.span, place)? {
            Some(decided) if decided == decisive => Ok(Value::Bool(decisive)),
            Some(_) => {
                let value = self.value(right)?;
                let unknown = Value::Unknown(Type::Bool);
                Ok(truth(&value, right.span, place)?.map_or(unknown, Value::Bool))
            }
            // Perhaps it is never asked; then what is wrong with it does not matter.
            None => match self.value(right) {
                Err(error) if error.kind == EvalErrorKind::Limit => Err(error),
                Ok(value) if matches!(value.exposed(), Value::Bool(b) if *b == decisive) => Ok(Value::Bool(decisive)),
                _ => Ok(Value::Unknown(Type::Bool)),
            },
        }
    }

    /// `a ?? b`: b where a is null, or a part that is not there.
    fn coalesce(&mut self, left: &Expr, right: &Expr) -> Outcome {
        self.budget.deeper(left.span)?;
        match self.value(left) {
            Ok(value) => match value.exposed() {
                Value::Null => self.value(right),
                Value::Unknown(Type::Optional(_) | Type::Any | Type::Null) => {
                    let Value::Unknown(ty) = value.exposed() else { return Ok(value) };
                    let other = self.value(right).map_or(Type::Any, |value| value.type_of());
                    Ok(Value::Unknown(if *ty == Type::Null { other } else { ty.required().join(&other) }))
                }
                _ => Ok(value),
            },
            Err(error) if error.kind == EvalErrorKind::Missing && absent(left, error.span) => self.value(right),
            Err(error) => Err(error),
        }
    }

    fn list(&mut self, items: &[Expr], span: Span) -> Outcome {
        let mut values = Vec::with_capacity(items.len());
        for item in items {
            values.push(self.value(item)?);
        }
        if nests_too_deep(&values) {
            return Err(too_nested(span));
        }
        Ok(Value::List(Arc::new(values)))
    }

    fn record(&mut self, fields: &[(Arc<str>, Expr)], span: Span) -> Outcome {
        let mut values = Vec::with_capacity(fields.len());
        for (name, field) in fields {
            values.push((Arc::clone(name), self.value(field)?));
        }
        if nests_too_deep(values.iter().map(|(_, value)| value)) {
            return Err(too_nested(span));
        }
        Ok(Value::Record(Arc::new(Record::new(values))))
    }

    fn choose(&mut self, condition: &Expr, then: &Expr, otherwise: &Expr) -> Outcome {
        let value = self.value(condition)?;
        match truth(&value, condition.span, "`if`")? {
            Some(true) => self.value(then),
            Some(false) => self.value(otherwise),
            // Only one of them will be asked; what is wrong with the other does not matter.
            None => match (self.value(then), self.value(otherwise)) {
                (Ok(a), Ok(b)) => Ok(Value::Unknown(a.type_of().join(&b.type_of()))),
                (Ok(one), Err(_)) | (Err(_), Ok(one)) => Ok(Value::Unknown(one.type_of())),
                (Err(error), Err(_)) => Err(error),
            },
        }
    }

    fn call(&mut self, function: &'static Function, args: &[Argument], span: Span) -> Outcome {
        let mut values = Vec::with_capacity(args.len());
        let mut lambda = None;
        for arg in args {
            match arg {
                Argument::Value(arg) => values.push(self.value(arg)?),
                Argument::Lambda { params, body } => lambda = Some((params, body)),
            }
        }
        // A builtin passes on only a text; what went wrong within the function keeps its place here.
        let mut inner = None;
        let result = functions::call(function, &values, &mut |given| {
            let Some((params, body)) = lambda else {
                return Err(format!("`{}` needs a function: `x => …`", function.name));
            };
            for (slot, value) in params.iter().zip(given) {
                self.frame.set(*slot, value.clone());
            }
            self.value(body).map_err(|error| {
                inner = Some(error);
                String::new()
            })
        });
        result.map_err(|message| inner.unwrap_or_else(|| EvalError::from_function(span, &message)))
    }

    fn user_function(&mut self, index: u32, args: &[Expr], span: Span) -> Outcome {
        let Some(function) = self.functions.get(index as usize) else { return Ok(Value::Null) };
        if self.budget.calls >= MAX_CALLS {
            return Err(too_deep(span));
        }
        let mut frame = Frame::new(function.frame_size.max(function.params));
        for (slot, arg) in (0..function.params).zip(args) {
            frame.set(slot, self.value(arg)?);
        }
        std::mem::swap(self.frame, &mut frame);
        self.budget.calls += 1;
        let outcome = self.value(&function.body);
        self.budget.calls -= 1;
        std::mem::swap(self.frame, &mut frame);
        outcome
    }

    /// The value of a hole in a text.
    pub(super) fn with_hole<T>(&mut self, hole: &Expr, use_it: impl FnOnce(&Value) -> T) -> Result<T, EvalError> {
        if let Some(value) = self.peek(hole) {
            return Ok(use_it(value));
        }
        self.value(hole).map(|value| use_it(&value))
    }
}

fn too_nested(span: Span) -> EvalError {
    EvalError::new(span, format!("lists and records cannot be nested deeper than {MAX_NESTING} levels"))
}

/// Whole numbers are most of what is counted with: for them nothing is called, and no value is moved
/// (a value read whole right after it was written in parts would wait for that).
#[inline]
fn quick(op: BinaryOp, left: &Value, right: &Value) -> Option<Value> {
    match (left, right) {
        (Value::Int(a), Value::Int(b)) => arithmetic::quick(op, *a, *b),
        _ => None,
    }
}

#[inline(never)]
fn combine(op: BinaryOp, left: &Value, right: &Value, span: Span) -> Outcome {
    ops::binary(op, left, right).map_err(|error| EvalError::from_op(span, error))
}

fn truth(value: &Value, span: Span, place: &str) -> Result<Option<bool>, EvalError> {
    match value.exposed() {
        Value::Bool(value) => Ok(Some(*value)),
        Value::Unknown(_) => Ok(None),
        other => Err(EvalError::from_op(span, ops::not_a_bool(place, other.kind()))),
    }
}

/// The pieces of a text, for those who read it.
pub(super) fn literal_length(parts: &[Part]) -> usize {
    parts
        .iter()
        .map(|part| match part {
            Part::Text(text) => text.len(),
            Part::Hole(_) => 16,
        })
        .sum()
}
