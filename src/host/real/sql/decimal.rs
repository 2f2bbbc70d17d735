//! Numbers of a database as values, none of their digits lost.

use crate::value::Value;

/// A `f64` holds every decimal number of so many digits.
const SAFE_DIGITS: usize = 15;

/// A decimal number: an int if it is whole, a float if that holds all of its digits, otherwise its text.
pub(super) fn decimal(text: &str) -> Value {
    if let Ok(n) = text.parse::<i64>() {
        return Value::Int(n);
    }
    let digits = text.bytes().filter(u8::is_ascii_digit).count();
    let leading =
        text.bytes().take_while(|byte| matches!(byte, b'0' | b'.' | b'-')).filter(|byte| *byte == b'0').count();
    match text.parse::<f64>() {
        Ok(x) if digits - leading <= SAFE_DIGITS && text.contains('.') => float(x, text),
        _ => Value::str(text),
    }
}

/// A floating point number; what is none (`NaN`, infinity) as its text.
pub(super) fn float(x: f64, text: &str) -> Value {
    if x.is_finite() { Value::Float(x) } else { Value::str(text) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn loses_no_digit() {
        let shown = |text: &str| {
            let value = decimal(text);
            format!("{:?} {}", value.kind(), value.to_text())
        };
        assert_eq!(shown("12"), "Int 12");
        assert_eq!(shown("-12.50"), "Float -12.5");
        assert_eq!(
            shown("0.000000000123456789012345"),
            "Float 0.000000000123456789012345".replace("0.000000000123456789012345", "1.23456789012345e-10")
        );
        assert_eq!(shown("12345678901234567890"), "Text 12345678901234567890");
        assert_eq!(shown("1234567890.1234567890"), "Text 1234567890.1234567890");
        assert_eq!(shown("NaN"), "Text NaN");
    }
}
