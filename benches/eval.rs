//! How fast expressions are: a loop of three small ones a million times over, and one over a list.

#![allow(missing_docs)]

use std::hint::black_box;

use criterion::{Criterion, criterion_group, criterion_main};
use rbk::eval::expr::{Argument, RunField};
use rbk::eval::{Budget, Context, Expr, ExprKind, Frame, Globals, RunInfo};
use rbk::functions::{find, find_method};
use rbk::source::{FileId, Span};
use rbk::syntax::tree::BinaryOp;
use rbk::value::Value;

struct NoRun;

impl RunInfo for NoRun {
    fn field(&self, _: RunField) -> Value {
        Value::Null
    }
}

const SPAN: Span = Span::new(FileId(0), 0, 1);

fn expr(kind: ExprKind) -> Expr {
    Expr { kind, span: SPAN }
}

fn int(n: i64) -> Expr {
    expr(ExprKind::Const(Value::Int(n)))
}

fn slot(id: u32) -> Expr {
    expr(ExprKind::Slot(id))
}

fn binary(op: BinaryOp, left: Expr, right: Expr) -> Expr {
    expr(ExprKind::Binary(op, SPAN, Box::new(left), Box::new(right)))
}

fn method(name: &str, args: Vec<Argument>) -> Expr {
    let function = find_method(name).or_else(|| find(name)).unwrap_or_else(|| panic!("no {name}"));
    expr(ExprKind::Call { function, args })
}

fn lambda(param: u32, body: Expr) -> Argument {
    Argument::Lambda { params: vec![param], body: Box::new(body) }
}

/// `while i < n { sum = sum + i * i mod 7; i = i + 1 }`, as the runner would drive it.
fn sum_of_squares(n: i64) -> Value {
    let (sum, i) = (0, 1);
    let condition = binary(BinaryOp::Less, slot(i), int(n));
    let square = binary(BinaryOp::Multiply, slot(i), slot(i));
    let step = binary(BinaryOp::Add, slot(sum), binary(BinaryOp::Modulo, square, int(7)));
    let next = binary(BinaryOp::Add, slot(i), int(1));
    let (mut frame, globals) = (Frame::new(2), Globals::new(0));
    frame.set(sum, Value::Int(0));
    frame.set(i, Value::Int(0));
    let mut context = Context::new(&mut frame, &globals, &[], &NoRun);
    loop {
        context.budget = Budget::default();
        match context.holds(&condition, "`while`") {
            Ok(Some(true)) => {}
            _ => return context.frame.read(sum).clone(),
        }
        if context.assign(sum, &step).and_then(|()| context.assign(i, &next)).is_err() {
            return Value::Null;
        }
    }
}

/// `range(0, n).map(x => x * x).filter(x => x mod 2 == 0).sum`
fn over_a_list(n: i64) -> Value {
    let range = method("range", vec![Argument::Value(int(0)), Argument::Value(int(n))]);
    let squares = method("map", vec![Argument::Value(range), lambda(0, binary(BinaryOp::Multiply, slot(0), slot(0)))]);
    let even = binary(BinaryOp::Equal, binary(BinaryOp::Modulo, slot(1), int(2)), int(0));
    let kept = method("filter", vec![Argument::Value(squares), lambda(1, even)]);
    let sum = expr(ExprKind::Member { object: Box::new(kept), name: "sum".into(), name_span: SPAN, optional: false });
    let (mut frame, globals) = (Frame::new(2), Globals::new(0));
    Context::new(&mut frame, &globals, &[], &NoRun).eval(&sum).unwrap_or(Value::Null)
}

fn benches(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("eval");
    group.sample_size(20);
    group.bench_function("sum + i * i mod 7, a million times", |bencher| {
        bencher.iter(|| black_box(sum_of_squares(black_box(1_000_000))));
    });
    group.bench_function("map, filter and sum of 100,000 items", |bencher| {
        bencher.iter(|| black_box(over_a_list(black_box(100_000))));
    });
    group.finish();
}

criterion_group!(all, benches);
criterion_main!(all);
