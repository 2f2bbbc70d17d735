//! The units runbooks are written in: how a duration and a size are read and written.
//!
//! What is written can be read again and is the same to the last nanosecond and byte.

/// Units of time with their length in nanoseconds, longest first, as they stand in `1h30m`.
pub const DURATION_UNITS: &[(&str, i64)] = &[
    ("w", 604_800_000_000_000),
    ("d", 86_400_000_000_000),
    ("h", 3_600_000_000_000),
    ("m", 60_000_000_000),
    ("s", 1_000_000_000),
    ("ms", 1_000_000),
    ("us", 1_000),
    ("ns", 1),
];

/// Units of data with their length in bytes: those of 1024 with an `i`, those of 1000 without.
pub const SIZE_UNITS: &[(&str, i64)] = &[
    ("PiB", 1 << 50),
    ("TiB", 1 << 40),
    ("GiB", 1 << 30),
    ("MiB", 1 << 20),
    ("KiB", 1 << 10),
    ("PB", 1_000_000_000_000_000),
    ("TB", 1_000_000_000_000),
    ("GB", 1_000_000_000),
    ("MB", 1_000_000),
    ("KB", 1_000),
    ("kB", 1_000),
    ("B", 1),
];

/// Reads `1h30m`, `1.5s`, `-2d` as nanoseconds: units from long to short, each at most once.
pub fn parse_duration(text: &str) -> Option<i64> {
    let (negative, mut rest) = sign(text);
    if rest.is_empty() {
        return None;
    }
    let mut total: i128 = 0;
    let mut shorter_than = i64::MAX;
    while !rest.is_empty() {
        let (amount, unit, after) = quantity(rest, DURATION_UNITS)?;
        if unit >= shorter_than {
            return None;
        }
        shorter_than = unit;
        total = total.checked_add(amount)?;
        rest = after;
    }
    i64::try_from(if negative { -total } else { total }).ok()
}

/// Reads `512MiB`, `1.5GB`, `10B` as bytes.
pub fn parse_size(text: &str) -> Option<i64> {
    let (negative, rest) = sign(text);
    let (amount, _, after) = quantity(rest, SIZE_UNITS)?;
    if !after.is_empty() {
        return None;
    }
    i64::try_from(if negative { -amount } else { amount }).ok()
}

/// Reads `5%`, `0.1%` as a ratio.
pub fn parse_percent(text: &str) -> Option<f64> {
    let number = text.strip_suffix('%')?;
    let digits = number.strip_prefix('-').unwrap_or(number);
    if !digits.starts_with(|c: char| c.is_ascii_digit()) || !digits.bytes().all(|b| b.is_ascii_digit() || b == b'.') {
        return None;
    }
    // Moving the point in the text, so that `0.1%` is exactly what `0.001` is.
    format!("{number}e-2").parse::<f64>().ok().filter(|n| n.is_finite())
}

/// Writes nanoseconds as `1h30m`, `1m2.5s`, `84.2ms`.
pub fn duration_text(nanoseconds: i64) -> String {
    let mut out = String::new();
    if nanoseconds < 0 {
        out.push('-');
    }
    let mut rest = nanoseconds.unsigned_abs();
    if rest == 0 {
        return "0s".to_owned();
    }
    let second = 1_000_000_000;
    if rest < second {
        let (unit, length) = DURATION_UNITS[5..]
            .iter()
            .map(|&(unit, length)| (unit, length.unsigned_abs()))
            .find(|&(_, length)| rest >= length)
            .unwrap_or(("ns", 1));
        push_exact(&mut out, rest, length);
        out.push_str(unit);
        return out;
    }
    for &(unit, length) in &DURATION_UNITS[1..4] {
        let length = length.unsigned_abs();
        if rest >= length {
            out.push_str(&(rest / length).to_string());
            out.push_str(unit);
            rest %= length;
        }
    }
    if rest > 0 {
        push_exact(&mut out, rest, second);
        out.push('s');
    }
    out
}

/// Writes bytes as `512MiB`, `4GB`, `1.5KiB`: the shortest text that is exact.
pub fn size_text(bytes: i64) -> String {
    let amount = bytes.unsigned_abs();
    let written = |&(unit, length): &(&str, i64)| {
        let length = length.unsigned_abs();
        // A fraction of a binary unit is exact only sometimes; of a decimal one always.
        let short = u128::from(amount) * 1000 % u128::from(length) == 0;
        (amount >= length && (short || length.is_multiple_of(1000))).then(|| {
            let mut out = String::from(if bytes < 0 { "-" } else { "" });
            push_exact(&mut out, amount, length);
            out.push_str(unit);
            out
        })
    };
    // Plain bytes are hard to read: they win only by being much shorter.
    let cost = |text: &String| text.len() + if text.contains(['K', 'k', 'M', 'G', 'T', 'P']) { 0 } else { 2 };
    let shortest = SIZE_UNITS.iter().filter_map(written).min_by_key(cost);
    shortest.unwrap_or_else(|| format!("{bytes}B"))
}

/// Writes a ratio as `5%`, with at most six digits that say something.
pub fn percent_text(ratio: f64) -> String {
    let percent = ratio * 100.0;
    if !percent.is_finite() {
        return format!("{percent}%");
    }
    let rounded: f64 = format!("{percent:.5e}").parse().unwrap_or(percent);
    // `-0` is nothing anybody wrote.
    format!("{}%", if rounded == 0.0 { 0.0 } else { rounded })
}

fn sign(text: &str) -> (bool, &str) {
    text.strip_prefix('-').map_or((false, text), |rest| (true, rest))
}

/// One `1.5h` at the beginning: what it amounts to, the length of its unit, and what follows.
fn quantity<'a>(text: &'a str, units: &[(&str, i64)]) -> Option<(i128, i64, &'a str)> {
    let digits = text.bytes().take_while(u8::is_ascii_digit).count();
    if digits == 0 || digits > 19 {
        return None;
    }
    let whole: i128 = text[..digits].parse().ok()?;
    let mut rest = &text[digits..];
    let mut fraction = "";
    if let Some(behind) = rest.strip_prefix('.') {
        let digits = behind.bytes().take_while(u8::is_ascii_digit).count();
        if digits == 0 || digits > 18 {
            return None;
        }
        (fraction, rest) = behind.split_at(digits);
    }
    let letters = rest.bytes().take_while(u8::is_ascii_alphabetic).count();
    let (name, after) = rest.split_at(letters);
    let &(_, length) = units.iter().find(|(unit, _)| *unit == name)?;
    let mut amount = whole * i128::from(length);
    if !fraction.is_empty() {
        let scale = 10_i128.pow(u32::try_from(fraction.len()).ok()?);
        let part = fraction.parse::<i128>().ok()? * i128::from(length);
        // Half a nanosecond is not a length of time.
        if part % scale != 0 {
            return None;
        }
        amount += part / scale;
    }
    Some((amount, length, after))
}

/// `amount / unit` as a decimal without loss; every unit in use divides a power of ten or was checked.
fn push_exact(out: &mut String, amount: u64, unit: u64) {
    out.push_str(&(amount / unit).to_string());
    let mut rest = u128::from(amount % unit);
    if rest == 0 {
        return;
    }
    out.push('.');
    while rest > 0 {
        rest *= 10;
        out.push_str(&(rest / u128::from(unit)).to_string());
        rest %= u128::from(unit);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn reads_durations() {
        let second = 1_000_000_000;
        assert_eq!(parse_duration("1h30m"), Some(5400 * second));
        assert_eq!(parse_duration("500ms"), Some(second / 2));
        assert_eq!(parse_duration("1.5s"), Some(second * 3 / 2));
        assert_eq!(parse_duration("2d"), Some(172_800 * second));
        assert_eq!(parse_duration("-5m"), Some(-300 * second));
        for wrong in ["", "5", "m", "5 m", "30m1h", "1h1h", "5x", "1.h", "0.5ns", "-", "99999999999999w"] {
            assert_eq!(parse_duration(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn reads_sizes_and_shares() {
        assert_eq!(parse_size("512MiB"), Some(512 << 20));
        assert_eq!(parse_size("4GB"), Some(4_000_000_000));
        assert_eq!(parse_size("1.5KiB"), Some(1536));
        for wrong in ["", "4", "4gb", "4GB4MB", "0.5B", "GB"] {
            assert_eq!(parse_size(wrong), None, "{wrong}");
        }
        assert_eq!(parse_percent("5%"), Some(0.05));
        assert_eq!(parse_percent("0.1%"), Some(0.001));
        for wrong in ["5", "%", "inf%", "1e3%", "+5%", "5 %"] {
            assert_eq!(parse_percent(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn writes_them_as_people_do() {
        let duration = |text| duration_text(parse_duration(text).unwrap());
        assert_eq!(duration("90m"), "1h30m");
        assert_eq!(duration("84ms"), "84ms");
        assert_eq!(duration("62.5s"), "1m2.5s");
        assert_eq!(duration("1w"), "7d");
        assert_eq!(duration_text(0), "0s");
        let size = |text| size_text(parse_size(text).unwrap());
        assert_eq!(size("512MiB"), "512MiB");
        assert_eq!(size("4GB"), "4GB");
        assert_eq!(size("1536B"), "1.5KiB");
        assert_eq!(size("1234567B"), "1.234567MB");
        assert_eq!(size("999B"), "999B");
        assert_eq!(size("0B"), "0B");
        assert_eq!(percent_text(0.07), "7%");
        assert_eq!(percent_text(0.061_333_333_333), "6.13333%");
        assert_eq!(percent_text(-0.0), "0%");
    }

    proptest! {
        #[test]
        fn a_duration_survives_being_written(n: i64) {
            prop_assert_eq!(parse_duration(&duration_text(n)), Some(n));
        }

        #[test]
        fn a_size_survives_being_written(n: i64) {
            prop_assert_eq!(parse_size(&size_text(n)), Some(n));
        }

        #[test]
        fn no_text_is_too_strange(text in ".{0,40}") {
            let _ = (parse_duration(&text), parse_size(&text), parse_percent(&text));
        }
    }
}
