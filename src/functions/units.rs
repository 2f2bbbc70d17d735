//! Numbers into durations, sizes and percentages, and back.

use super::number::number;
use super::text::text;
use super::{Function, Run, param};
use crate::value::arithmetic::{to_float, to_int};
use crate::value::{Type, Value, convert};

macro_rules! make {
    ($name:literal, $summary:literal, $returns:literal, $unit:expr, $make:expr, $examples:expr) => {
        Function {
            name: $name,
            method: false,
            summary: $summary,
            params: &[param("n", "float")],
            returns: $returns,
            examples: $examples,
            run: Run::Plain(|args| whole(&args[0], $unit).map($make)),
        }
    };
}

macro_rules! take {
    ($name:literal, $summary:literal, $of:literal, $unit:expr, $examples:expr) => {
        Function {
            name: $name,
            method: true,
            summary: $summary,
            params: &[param($of, $of)],
            returns: "float",
            examples: $examples,
            run: Run::Plain(|args| Ok(Value::Float(amount(&args[0]) / to_float($unit)))),
        }
    };
}

const MS: i64 = 1_000_000;
const SECOND: i64 = 1_000 * MS;

pub(super) static ALL: &[Function] = &[
    make!("milliseconds", "So many milliseconds", "duration", MS, Value::Duration, &[("milliseconds(1500)", "1.5s")]),
    make!("seconds", "So many seconds", "duration", SECOND, Value::Duration, &[("seconds(90)", "1m30s")]),
    make!("minutes", "So many minutes", "duration", 60 * SECOND, Value::Duration, &[("minutes(1.5)", "1m30s")]),
    make!("hours", "So many hours", "duration", 3600 * SECOND, Value::Duration, &[("hours(36)", "1d12h")]),
    make!("days", "So many days of 24 hours", "duration", 86_400 * SECOND, Value::Duration, &[("days(2)", "2d")]),
    make!("bytes", "So many bytes", "size", 1, Value::Size, &[("bytes(1048576)", "1MiB")]),
    Function {
        name: "percent",
        method: false,
        summary: "So many percent: `percent(5)` is 5%",
        params: &[param("n", "float")],
        returns: "percent",
        examples: &[("percent(5)", "5%"), ("percent(12.5)", "12.5%")],
        run: Run::Plain(|args| Ok(Value::Percent(number(&args[0]) / 100.0))),
    },
    Function {
        name: "duration",
        method: false,
        summary: "A duration written as text",
        params: &[param("text", "string")],
        returns: "duration",
        examples: &[("duration(\"1h30m\")", "1h30m")],
        run: Run::Plain(|args| read(args, &Type::Duration)),
    },
    Function {
        name: "size",
        method: false,
        summary: "A size written as text",
        params: &[param("text", "string")],
        returns: "size",
        examples: &[("size(\"512MiB\")", "512MiB")],
        run: Run::Plain(|args| read(args, &Type::Size)),
    },
    take!("milliseconds", "How many milliseconds it lasts", "duration", MS, &[("1.5s.milliseconds", "1500")]),
    take!("seconds", "How many seconds it lasts", "duration", SECOND, &[("1m30s.seconds", "90")]),
    take!("minutes", "How many minutes it lasts", "duration", 60 * SECOND, &[("90s.minutes", "1.5")]),
    take!("hours", "How many hours it lasts", "duration", 3600 * SECOND, &[("90m.hours", "1.5")]),
    take!("days", "How many days of 24 hours it lasts", "duration", 86_400 * SECOND, &[("36h.days", "1.5")]),
    Function {
        name: "bytes",
        method: true,
        summary: "How many bytes it has",
        params: &[param("size", "size")],
        returns: "int",
        examples: &[("1KiB.bytes", "1024")],
        run: Run::Plain(|args| match args[0] {
            Value::Size(bytes) => Ok(Value::Int(bytes)),
            _ => Ok(Value::Null),
        }),
    },
    take!("kib", "How many units of 1024 bytes it has", "size", 1 << 10, &[("1MiB.kib", "1024")]),
    take!("mib", "How many units of 1024 KiB it has", "size", 1 << 20, &[("1GiB.mib", "1024")]),
    take!("gib", "How many units of 1024 MiB it has", "size", 1 << 30, &[("1536MiB.gib", "1.5")]),
    Function {
        name: "percent",
        method: true,
        summary: "How many percent it is: of 5% it is 5",
        params: &[param("percent", "percent")],
        returns: "float",
        examples: &[("5%.percent", "5")],
        run: Run::Plain(|args| {
            let Value::Percent(ratio) = args[0] else { return Ok(Value::Null) };
            // 0.07 times 100 is not quite 7.
            let exact = ratio * 100.0;
            Ok(Value::Float(format!("{exact:.12e}").parse().unwrap_or(exact)))
        }),
    },
];

fn whole(value: &Value, unit: i64) -> Result<i64, String> {
    let amount = match value {
        Value::Int(n) => n.checked_mul(unit),
        other => to_int(number(other) * to_float(unit)),
    };
    amount.ok_or_else(|| format!("{} is too large", value.brief()))
}

fn amount(value: &Value) -> f64 {
    match value {
        Value::Duration(n) | Value::Size(n) => to_float(*n),
        _ => f64::NAN,
    }
}

pub(super) fn read(args: &[Value], ty: &Type) -> Result<Value, String> {
    convert::parse_as(text(args, 0), ty).map_err(|error| match error.help {
        Some(help) => format!("{}\n{help}", error.message),
        None => error.message,
    })
}

#[cfg(test)]
mod tests {
    use crate::functions::call::tests::shown;
    use crate::value::Value;

    #[test]
    fn goes_there_and_back() {
        assert_eq!(shown("seconds", false, &[Value::Float(1.5)]), "1.5s");
        assert_eq!(shown("days", false, &[Value::Int(i64::MAX)]), "error: 9223372036854775807 (an int) is too large");
        assert_eq!(shown("seconds", true, &[Value::Duration(90_000_000_000)]), "90");
        assert_eq!(shown("percent", true, &[Value::Percent(0.07)]), "7");
        assert_eq!(shown("percent", false, &[Value::Int(5)]), "5%");
        assert_eq!(shown("bytes", true, &[Value::Size(1024)]), "1024");
        assert_eq!(shown("size", false, &[Value::from("4GB")]), "4GB");
        assert!(shown("duration", false, &[Value::from("4")]).contains("write it like `4m`"));
    }
}
