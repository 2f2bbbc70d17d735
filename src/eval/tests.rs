//! Helpers for the tests of this floor, and the tests of the evaluator itself.

use std::sync::Arc;

use super::expr::{Argument, Part, RunField, UserFunction};
use super::{Budget, Context, EvalError, EvalErrorKind, Expr, ExprKind, Frame, Globals, RunInfo};
use crate::functions::{find, find_method};
use crate::source::{FileId, Span};
use crate::syntax::tree::{BinaryOp, UnaryOp};
use crate::value::display::{SHORT, inspect};
use crate::value::{Record, Type, Value};

struct FixedRun;

impl RunInfo for FixedRun {
    fn field(&self, field: RunField) -> Value {
        match field {
            RunField::Attempt => Value::Int(1),
            RunField::Elapsed => Value::Duration(0),
            RunField::Started => Value::Instant(jiff::Timestamp::UNIX_EPOCH),
            RunField::Id | RunField::Dir | RunField::Actor => Value::from("x"),
        }
    }
}

pub(super) fn span() -> Span {
    Span::new(FileId(0), 0, 1)
}

/// A span of its own, so that places can be told apart.
fn at(n: u32) -> Span {
    Span::new(FileId(0), n, n + 1)
}

pub(super) fn expr(kind: ExprKind) -> Expr {
    Expr { kind, span: span() }
}

pub(super) fn constant(value: Value) -> Expr {
    expr(ExprKind::Const(value))
}

pub(super) fn slot(id: u32) -> Expr {
    Expr { kind: ExprKind::Slot(id), span: at(100 + id) }
}

pub(super) fn binary(op: BinaryOp, left: Expr, right: Expr) -> Expr {
    expr(ExprKind::Binary(op, span(), Box::new(left), Box::new(right)))
}

pub(super) fn member(object: Expr, name: &str) -> Expr {
    let start = object.span.end + 10;
    Expr {
        kind: ExprKind::Member { object: Box::new(object), name: name.into(), name_span: at(start), optional: false },
        span: Span::new(FileId(0), 0, start + 1),
    }
}

pub(super) fn text_part(text: &str) -> Part {
    Part::Text(Arc::from(text))
}

pub(super) fn evaluate_with<T>(slots: &[Value], run: impl FnOnce(&mut Context<'_>) -> T) -> T {
    let mut frame = Frame::new(0);
    for (id, value) in (0..).zip(slots) {
        frame.set(id, value.clone());
    }
    let globals = Globals::new(0);
    run(&mut Context::new(&mut frame, &globals, &[], &FixedRun))
}

pub(super) fn evaluate(kind: &ExprKind, slots: &[Value]) -> Result<Value, EvalError> {
    evaluate_with(slots, |context| context.eval(&expr(kind.clone())))
}

fn shown(expr: &Expr, slots: &[Value]) -> String {
    match evaluate_with(slots, |context| context.eval(expr)) {
        Ok(value) => inspect(&value, SHORT),
        Err(error) => format!("error: {}", error.message),
    }
}

fn int(n: i64) -> Expr {
    constant(Value::Int(n))
}

fn call(name: &str, args: Vec<Expr>, lambda: Option<(Vec<u32>, Expr)>) -> Expr {
    let function = if lambda.is_some() { find_method(name) } else { find(name).or_else(|| find_method(name)) };
    let mut arguments: Vec<_> = args.into_iter().map(Argument::Value).collect();
    arguments.extend(lambda.map(|(params, body)| Argument::Lambda { params, body: Box::new(body) }));
    expr(ExprKind::Call { function: function.unwrap(), args: arguments })
}

fn list(items: &[i64]) -> Value {
    Value::list(items.iter().copied().map(Value::Int))
}

fn fails() -> Expr {
    binary(BinaryOp::Divide, int(1), int(0))
}

#[test]
fn computes() {
    let sum = binary(BinaryOp::Add, slot(0), binary(BinaryOp::Multiply, int(2), slot(1)));
    assert_eq!(shown(&sum, &[Value::Int(1), Value::Int(3)]), "7");
    assert_eq!(shown(&expr(ExprKind::Unary(UnaryOp::Negate, Box::new(slot(0)))), &[Value::Duration(1)]), "-1ns");
    assert_eq!(shown(&expr(ExprKind::List(vec![int(1), slot(9)])), &[]), "[1, null]");
    assert_eq!(shown(&expr(ExprKind::Run(RunField::Attempt)), &[]), "1");
    let record = expr(ExprKind::Record(vec![("a".into(), int(1)), ("b".into(), int(2))]));
    assert_eq!(shown(&member(record, "b"), &[]), "2");
}

#[test]
fn logic_is_lazy() {
    let truth = |value| constant(Value::Bool(value));
    let later = || constant(Value::Unknown(Type::Bool));
    assert_eq!(shown(&binary(BinaryOp::And, truth(false), fails()), &[]), "false");
    assert_eq!(shown(&binary(BinaryOp::Or, truth(true), fails()), &[]), "true");
    assert_eq!(shown(&binary(BinaryOp::And, truth(true), fails()), &[]), "error: division by zero");
    assert_eq!(shown(&binary(BinaryOp::And, int(1), fails()), &[]), "error: `and` needs a bool, this is an int");
    assert_eq!(shown(&binary(BinaryOp::And, later(), truth(false)), &[]), "false");
    assert_eq!(shown(&binary(BinaryOp::And, later(), fails()), &[]), crate::value::display::LATER);
    assert_eq!(shown(&binary(BinaryOp::Coalesce, int(1), fails()), &[]), "1");
    assert_eq!(shown(&binary(BinaryOp::Coalesce, slot(3), int(2)), &[]), "2");
}

#[test]
fn a_default_stands_in_for_what_is_absent() {
    let data = Value::record([("a", Value::Null), ("xs", list(&[]))]);
    let or = |left| shown(&binary(BinaryOp::Coalesce, left, int(7)), std::slice::from_ref(&data));
    assert_eq!(or(member(slot(0), "b")), "7");
    assert_eq!(or(member(member(slot(0), "b"), "c")), "7");
    assert_eq!(or(member(member(slot(0), "a"), "c")), "7");
    assert_eq!(or(expr(ExprKind::Index(Box::new(member(slot(0), "xs")), Box::new(int(0))))), "7");
    assert_eq!(or(call("trim", vec![member(slot(0), "b")], None)), "7");
    // What goes wrong on the way stays wrong.
    assert_eq!(or(fails()), "error: division by zero");
    assert!(or(binary(BinaryOp::Add, member(slot(0), "b"), int(1))).starts_with("error: the record has no field"));
    let inner = member(call("json", vec![member(slot(0), "b")], None), "c");
    assert!(or(inner).starts_with("error: the record has no field `b`"));
}

#[test]
fn errors_are_placed() {
    let null = Value::record([("a", Value::Null)]);
    let chain = member(member(slot(0), "a"), "b");
    let error = evaluate_with(&[null], |context| context.eval(&chain)).unwrap_err();
    assert_eq!(error.message, "`a` is null: it has no `b`");
    assert_eq!(error.kind, EvalErrorKind::Missing);
    let ExprKind::Member { object, .. } = &chain.kind else { unreachable!() };
    assert_eq!(error.span, object.span);
    let safe =
        expr(ExprKind::Member { object: Box::new(slot(5)), name: "x".into(), name_span: span(), optional: true });
    assert_eq!(shown(&safe, &[]), "null");
}

#[test]
fn texts_are_as_secret_as_what_they_hold() {
    let text = expr(ExprKind::Template(vec![text_part("a "), Part::Hole(slot(0)), text_part(".")]));
    assert_eq!(shown(&text, &[Value::Duration(5_400_000_000_000)]), "\"a 1h30m.\"");
    assert_eq!(shown(&text, &[Value::from("x").tainted(true)]), "•••");
    assert_eq!(shown(&text, &[Value::list([Value::from("x").tainted(true)])]), "•••");
    assert_eq!(shown(&text, &[Value::Unknown(Type::Int)]), crate::value::display::LATER);
    let people = |value: Value| evaluate_with(&[value], |context| context.shown(&text)).unwrap();
    assert_eq!(people(Value::from("x").tainted(true)), "a •••.");
    assert_eq!(people(Value::Unknown(Type::Int)), "a ‹known when it runs›.");
}

#[test]
fn functions_are_applied() {
    let doubled = call("map", vec![slot(0)], Some((vec![1], binary(BinaryOp::Multiply, slot(1), int(2)))));
    assert_eq!(shown(&doubled, &[list(&[1, 2])]), "[2, 4]");
    let total = member(doubled, "sum");
    assert_eq!(shown(&total, &[list(&[1, 2])]), "6");
    let wrong = call("map", vec![slot(0)], Some((vec![1], fails())));
    assert_eq!(shown(&wrong, &[list(&[1, 2])]), "error: division by zero");
    let bare = expr(ExprKind::Call { function: find_method("map").unwrap(), args: vec![Argument::Value(slot(0))] });
    assert_eq!(shown(&bare, &[list(&[1])]), "error: `map` needs a function: `x => …`");
}

#[test]
fn what_a_function_sees_of_a_secret_list_is_secret() {
    let hidden = list(&[1, 2]).tainted(true);
    let quoting = call("map", vec![slot(0)], Some((vec![1], call("time", vec![slot(1)], None))));
    assert!(!shown(&quoting, &[Value::list([Value::from("hunter2")]).tainted(true)]).contains("hunter2"));
    let doubled = call("map", vec![slot(0)], Some((vec![1], binary(BinaryOp::Multiply, slot(1), int(2)))));
    assert_eq!(shown(&doubled, std::slice::from_ref(&hidden)), "•••");
    let any = call("any", vec![slot(0)], Some((vec![1], binary(BinaryOp::Greater, slot(1), int(1)))));
    assert_eq!(shown(&any, &[hidden]), "true");
}

#[test]
fn an_unknown_condition_leaves_both_ways_open() {
    let choice = |then, otherwise| {
        expr(ExprKind::If {
            condition: Box::new(constant(Value::Unknown(Type::Bool))),
            then: Box::new(then),
            otherwise: Box::new(otherwise),
        })
    };
    let value = |expr: Expr| evaluate_with(&[], |context| context.eval(&expr));
    assert!(matches!(value(choice(int(1), constant(Value::Float(0.5)))), Ok(Value::Unknown(Type::Float))));
    assert!(matches!(value(choice(int(1), fails())), Ok(Value::Unknown(Type::Int))));
    assert!(value(choice(fails(), fails())).is_err());
}

#[test]
fn try_catches_what_went_wrong() {
    let tried =
        |otherwise: Option<Expr>| expr(ExprKind::Try { body: Box::new(fails()), otherwise: otherwise.map(Box::new) });
    assert_eq!(shown(&tried(None), &[]), "null");
    assert_eq!(shown(&tried(Some(int(3))), &[]), "3");
}

fn with_functions<T>(bodies: Vec<Expr>, run: impl FnOnce(&mut Context<'_>) -> T) -> T {
    let functions: Vec<_> =
        bodies.into_iter().map(|body| UserFunction { name: "f".into(), params: 1, frame_size: 1, body }).collect();
    let (mut frame, globals) = (Frame::new(1), Globals::new(0));
    run(&mut Context::new(&mut frame, &globals, &functions, &FixedRun))
}

fn user(arg: Expr) -> Expr {
    expr(ExprKind::UserFn { function: 0, args: vec![arg] })
}

#[test]
fn own_functions_have_their_own_names() {
    // f(n) = if n > 0 { n + f(n - 1) } else { 0 }
    let body = expr(ExprKind::If {
        condition: Box::new(binary(BinaryOp::Greater, slot(0), int(0))),
        then: Box::new(binary(BinaryOp::Add, slot(0), user(binary(BinaryOp::Subtract, slot(0), int(1))))),
        otherwise: Box::new(int(0)),
    });
    with_functions(vec![body], |context| {
        context.frame.set(0, Value::Int(99));
        assert!(matches!(context.eval(&user(int(100))), Ok(Value::Int(5050))));
        assert!(matches!(context.frame.read(0), Value::Int(99)));
        let error = context.eval(&user(int(100_000))).unwrap_err();
        assert_eq!((error.kind, error.message.as_str()), (EvalErrorKind::Limit, "this is nested too deep to compute"));
        assert!(matches!(context.frame.read(0), Value::Int(99)));
    });
}

#[test]
fn nothing_catches_a_limit() {
    let forever = user(slot(0));
    let tried = expr(ExprKind::Try { body: Box::new(forever.clone()), otherwise: None });
    with_functions(vec![forever], |context| {
        assert_eq!(context.eval(&tried).unwrap_err().kind, EvalErrorKind::Limit);
    });
}

#[test]
fn work_is_bounded() {
    let body = binary(BinaryOp::Add, slot(1), int(1));
    let long = call("map", vec![call("range", vec![int(0), int(1000)], None)], Some((vec![1], body)));
    evaluate_with(&[], |context| {
        context.budget = Budget::new(500);
        let error = context.eval(&long).unwrap_err();
        assert_eq!(
            (error.kind, error.message.as_str()),
            (EvalErrorKind::Limit, "this takes too many steps to compute")
        );
    });
}

#[test]
fn depth_is_bounded() {
    let deep = (0..20_000).fold(int(1), |inner, _| binary(BinaryOp::Add, inner, int(1)));
    let outcome = evaluate_with(&[], |context| context.eval(&deep));
    assert_eq!(outcome.unwrap_err().kind, EvalErrorKind::Limit);
    // Dropping it would be as deep; no such tree comes out of the parser.
    std::mem::forget(deep);
}

#[test]
fn a_long_sum_is_no_depth() {
    let sum = (0..150).fold(int(0), |inner, n| binary(BinaryOp::Add, inner, int(n)));
    assert_eq!(shown(&sum, &[]), "11175");
}

#[test]
fn a_text_is_read_as_json() {
    let answer = Record::new([("status", Value::Int(200))]).with_text("<html>502</html>");
    let broken = member(slot(0), "json");
    let or = binary(BinaryOp::Coalesce, broken, int(1));
    assert_eq!(
        shown(&or, &[Value::Record(Arc::new(answer))]),
        "error: this is not JSON, it begins with \"<html>502</html>\""
    );
}

#[test]
fn values_do_not_nest_for_ever() {
    let wrap = expr(ExprKind::List(vec![slot(1)]));
    let deep = call("fold", vec![call("range", vec![int(0), int(100_000)], None), int(0)], Some((vec![1, 2], wrap)));
    assert_eq!(shown(&deep, &[]), "error: lists and records cannot be nested deeper than 100 levels");
}
