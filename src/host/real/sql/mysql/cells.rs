//! Values to MySQL and back. In its two protocols a value is text, or typed: the column says what it is.

use mysql_async::consts::{ColumnFlags, ColumnType};
use mysql_async::{Column, Value as Cell};

use super::super::decimal::{decimal, float};
use crate::value::{Value, display, json};

/// The character set that says: these are bytes and no text.
const BINARY: u16 = 63;

/// A value to be bound.
pub(super) fn bound(value: &Value) -> Cell {
    match value.exposed() {
        Value::Null | Value::Unknown(_) => Cell::NULL,
        Value::Bool(value) => Cell::Int(i64::from(*value)),
        Value::Int(n) | Value::Size(n) => Cell::Int(*n),
        Value::Float(x) | Value::Percent(x) => Cell::Double(*x),
        Value::Duration(nanoseconds) => {
            let micros = nanoseconds.unsigned_abs() / 1000;
            let part = |per: u64, of: u64| u8::try_from(micros / per % of).unwrap_or_default();
            let days = u32::try_from(micros / 86_400_000_000).unwrap_or(u32::MAX);
            let rest = u32::try_from(micros % 1_000_000).unwrap_or_default();
            Cell::Time(*nanoseconds < 0, days, part(3_600_000_000, 24), part(60_000_000, 60), part(1_000_000, 60), rest)
        }
        Value::Instant(at) => {
            let utc = at.to_zoned(jiff::tz::TimeZone::UTC);
            let small = |n: i8| u8::try_from(n).unwrap_or_default();
            Cell::Date(
                u16::try_from(utc.year()).unwrap_or_default(),
                small(utc.month()),
                small(utc.day()),
                small(utc.hour()),
                small(utc.minute()),
                small(utc.second()),
                u32::try_from(utc.subsec_nanosecond() / 1000).unwrap_or_default(),
            )
        }
        other => Cell::Bytes(display::exposed_text(other).into_bytes()),
    }
}

/// Bytes that a cell takes.
pub(super) fn size(cell: &Cell) -> usize {
    match cell {
        Cell::Bytes(bytes) => bytes.len() + 16,
        _ => 16,
    }
}

/// A cell as a value.
pub(super) fn value(cell: Cell, column: &Column) -> Value {
    match cell {
        Cell::NULL => Value::Null,
        Cell::Int(n) => whole(n, column),
        Cell::UInt(n) => i64::try_from(n).map_or_else(|_| Value::from(n.to_string()), |n| whole(n, column)),
        Cell::Float(x) => {
            // The shortest text of the number that it is, not that of the nearest double.
            let text = x.to_string();
            float(text.parse().unwrap_or(f64::NAN), &text)
        }
        Cell::Double(x) => float(x, &x.to_string()),
        Cell::Date(year, month, day, hour, minute, second, micro) => {
            let date = format!("{year:04}-{month:02}-{day:02}");
            if column.column_type() == ColumnType::MYSQL_TYPE_DATE {
                return Value::from(date);
            }
            let fraction =
                if micro == 0 { String::new() } else { format!(".{micro:06}").trim_end_matches('0').to_owned() };
            moment(format!("{date}T{hour:02}:{minute:02}:{second:02}{fraction}"), column)
        }
        Cell::Time(negative, days, hours, minutes, seconds, micros) => {
            let hours = i64::from(days) * 24 + i64::from(hours);
            let total = ((hours * 60 + i64::from(minutes)) * 60 + i64::from(seconds)) * 1_000_000 + i64::from(micros);
            Value::Duration(if negative { -total * 1000 } else { total * 1000 })
        }
        Cell::Bytes(bytes) => read(bytes, column),
    }
}

fn whole(n: i64, column: &Column) -> Value {
    // `BOOLEAN` is another word for `TINYINT(1)`.
    let is_bool = column.column_type() == ColumnType::MYSQL_TYPE_TINY && column.column_length() == 1;
    if is_bool && (n == 0 || n == 1) { Value::Bool(n == 1) } else { Value::Int(n) }
}

/// A `TIMESTAMP` is an instant, since the connection's zone is UTC; a `DATETIME` has no zone.
fn moment(text: String, column: &Column) -> Value {
    if column.column_type() == ColumnType::MYSQL_TYPE_TIMESTAMP
        && let Ok(at) = format!("{text}Z").parse()
    {
        return Value::Instant(at);
    }
    Value::from(text)
}

fn read(bytes: Vec<u8>, column: &Column) -> Value {
    use ColumnType as T;
    let ty = column.column_type();
    if ty == T::MYSQL_TYPE_BIT {
        let number = bytes.iter().try_fold(0_i64, |all, byte| all.checked_mul(256)?.checked_add(i64::from(*byte)));
        return match number {
            Some(n @ (0 | 1)) if column.column_length() == 1 => Value::Bool(n == 1),
            Some(n) => Value::Int(n),
            None => Value::from(crate::value::hex(&bytes)),
        };
    }
    // Enums, sets, JSON and numbers are text whatever their character set says.
    let binary = column.character_set() == BINARY && column.flags().contains(ColumnFlags::BINARY_FLAG);
    let may_be_bytes = matches!(
        ty,
        T::MYSQL_TYPE_TINY_BLOB
            | T::MYSQL_TYPE_MEDIUM_BLOB
            | T::MYSQL_TYPE_LONG_BLOB
            | T::MYSQL_TYPE_BLOB
            | T::MYSQL_TYPE_VAR_STRING
            | T::MYSQL_TYPE_STRING
            | T::MYSQL_TYPE_GEOMETRY
    );
    if binary && may_be_bytes {
        return Value::from(crate::value::hex(&bytes));
    }
    let text = String::from_utf8_lossy(&bytes).into_owned();
    match ty {
        T::MYSQL_TYPE_TINY => text.parse().map_or_else(|_| Value::from(text), |n| whole(n, column)),
        T::MYSQL_TYPE_SHORT
        | T::MYSQL_TYPE_INT24
        | T::MYSQL_TYPE_LONG
        | T::MYSQL_TYPE_LONGLONG
        | T::MYSQL_TYPE_YEAR
        | T::MYSQL_TYPE_DECIMAL
        | T::MYSQL_TYPE_NEWDECIMAL => decimal(&text),
        T::MYSQL_TYPE_FLOAT | T::MYSQL_TYPE_DOUBLE => float(text.parse().unwrap_or(f64::NAN), &text),
        T::MYSQL_TYPE_JSON => json::parse(&text).unwrap_or_else(|_| Value::from(text)),
        T::MYSQL_TYPE_TIMESTAMP | T::MYSQL_TYPE_DATETIME => moment(without_zeros(&text.replacen(' ', "T", 1)), column),
        T::MYSQL_TYPE_TIME => time(&text).unwrap_or_else(|| Value::from(text)),
        _ => Value::from(text),
    }
}

/// `10:00:00.500000` as `10:00:00.5`: the same in both protocols.
fn without_zeros(text: &str) -> String {
    if text.contains('.') { text.trim_end_matches('0').trim_end_matches('.').to_owned() } else { text.to_owned() }
}

/// `-838:59:59.5`
fn time(text: &str) -> Option<Value> {
    let (sign, rest) = text.strip_prefix('-').map_or((1, text), |rest| (-1, rest));
    let (whole, fraction) = rest.split_once('.').unwrap_or((rest, ""));
    let mut parts = whole.split(':').map(str::parse::<i64>);
    let (hours, minutes, seconds) = (parts.next()?.ok()?, parts.next()?.ok()?, parts.next()?.ok()?);
    let micros: i64 = format!("{fraction:0<6}").get(..6)?.parse().ok()?;
    Some(Value::Duration(sign * (((hours * 60 + minutes) * 60 + seconds) * 1_000_000 + micros) * 1000))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_durations() {
        assert_eq!(time("-838:59:59.5").unwrap().inspect(), "-34d22h59m59.5s");
        assert_eq!(time("10:00:00").unwrap().inspect(), "10h");
        assert!(time("now").is_none());
        assert_eq!(bound(&Value::Duration(-90_500_000_000)), Cell::Time(true, 0, 0, 1, 30, 500_000));
    }
}
