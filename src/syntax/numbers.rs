//! What a number means: `42`, `4.5%`, `1h30m`, `512MiB`.
//!
//! The grammar takes digits and what sticks to them as one token; here it is told apart.

/// A number with its unit taken in.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Number {
    /// Without a unit.
    Int(i64),
    /// With a point or an exponent.
    Float(f64),
    /// In nanoseconds.
    Duration(i64),
    /// In bytes.
    Size(i64),
    /// As a ratio.
    Percent(f64),
}

/// Why a number cannot be read, and what was probably meant.
#[derive(Debug, PartialEq)]
pub(super) struct BadNumber {
    /// One sentence, lower case.
    pub(super) message: String,
    /// What to do.
    pub(super) help: Option<String>,
    /// The number as it should stand.
    pub(super) fix: Option<String>,
}

impl BadNumber {
    fn new(message: impl Into<String>) -> Self {
        Self { message: message.into(), help: None, fix: None }
    }

    fn help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }
}

/// Longest first where one begins another, largest first as they are written.
const DURATIONS: [(&str, i64); 5] = [
    ("d", 86_400_000_000_000),
    ("h", 3_600_000_000_000),
    ("m", 60_000_000_000),
    ("s", 1_000_000_000),
    ("ms", 1_000_000),
];

const SIZES: [(&str, i64); 11] = [
    ("B", 1),
    ("KB", 1_000),
    ("MB", 1_000_000),
    ("GB", 1_000_000_000),
    ("TB", 1_000_000_000_000),
    ("PB", 1_000_000_000_000_000),
    ("KiB", 1 << 10),
    ("MiB", 1 << 20),
    ("GiB", 1 << 30),
    ("TiB", 1 << 40),
    ("PiB", 1 << 50),
];

/// What people write for the units there are.
const SLIPS: [(&[&str], &str); 9] = [
    (&["sec", "secs", "second", "seconds"], "s"),
    (&["min", "mins", "minute", "minutes"], "m"),
    (&["hr", "hrs", "hour", "hours"], "h"),
    (&["day", "days"], "d"),
    (&["msec", "msecs", "millis", "milliseconds"], "ms"),
    (&["kb", "k", "kB", "Kb", "K"], "KB"),
    (&["mb", "Mb", "M", "MBs"], "MB"),
    (&["gb", "Gb", "G", "g", "GBs"], "GB"),
    (&["tb", "Tb", "T", "t"], "TB"),
];

/// Reads a number token.
pub(super) fn parse(text: &str) -> Result<Number, BadNumber> {
    let digits = digits_end(text);
    let rest = &text[digits..];
    match rest {
        "" => plain(text),
        "%" => percent(&text[..digits]),
        _ => with_unit(text, digits),
    }
}

/// The unit that was probably meant by `word`, if it is one or nearly one.
pub(super) fn unit_for(word: &str) -> Option<&'static str> {
    let known = DURATIONS.iter().chain(&SIZES).map(|(unit, _)| *unit).find(|unit| *unit == word);
    known.or_else(|| SLIPS.iter().find(|(slips, _)| slips.contains(&word)).map(|(_, unit)| *unit))
}

/// Where the digits (point and exponent included) end and the unit begins.
fn digits_end(text: &str) -> usize {
    let bytes = text.as_bytes();
    let mut at = 0;
    while at < bytes.len() && (bytes[at].is_ascii_digit() || matches!(bytes[at], b'_' | b'.')) {
        at += 1;
    }
    let sign = usize::from(matches!(bytes.get(at + 1), Some(b'+' | b'-')));
    if matches!(bytes.get(at), Some(b'e' | b'E')) && bytes.get(at + 1 + sign).is_some_and(u8::is_ascii_digit) {
        at += 1 + sign;
        while at < bytes.len() && bytes[at].is_ascii_digit() {
            at += 1;
        }
    }
    at
}

fn plain(text: &str) -> Result<Number, BadNumber> {
    if text.bytes().all(|byte| byte.is_ascii_digit()) {
        return text.parse().map(Number::Int).map_err(|_| too_large());
    }
    let clean = without_underscores(text)?;
    if clean.contains(['.', 'e', 'E']) {
        float(&clean).map(Number::Float)
    } else {
        clean.parse().map(Number::Int).map_err(|_| too_large())
    }
}

fn percent(digits: &str) -> Result<Number, BadNumber> {
    // Divided once, so that 5% is exactly the float 0.05.
    float(&without_underscores(digits)?).map(|value| Number::Percent(value / 100.0))
}

fn float(clean: &str) -> Result<f64, BadNumber> {
    let value: f64 = clean.parse().map_err(|_| BadNumber::new("a number has one decimal point"))?;
    if value.is_finite() { Ok(value) } else { Err(too_large()) }
}

fn without_underscores(text: &str) -> Result<String, BadNumber> {
    let between_digits = text
        .split('_')
        .all(|part| part.starts_with(|c: char| c.is_ascii_digit()) && part.ends_with(|c: char| c.is_ascii_digit()));
    if between_digits || !text.contains('_') {
        Ok(text.replace('_', ""))
    } else {
        Err(BadNumber::new("`_` may only stand between two digits").help("for example `1_000_000`"))
    }
}

fn too_large() -> BadNumber {
    BadNumber::new("the number is too large").help("whole numbers go up to 9,223,372,036,854,775,807")
}

/// `1h30m`, `512MiB`: digits and unit, durations several times from large to small.
fn with_unit(text: &str, first: usize) -> Result<Number, BadNumber> {
    let mut total: i64 = 0;
    let mut last_unit: Option<usize> = None;
    let mut at = 0;
    let mut digits = first;
    loop {
        let number = without_underscores(&text[at..digits])?;
        let length = text[digits..].bytes().take_while(|byte| !byte.is_ascii_digit()).count();
        let unit = &text[digits..digits + length];
        let end = digits + length;
        if let Some((_, bytes)) = SIZES.iter().find(|(name, _)| *name == unit) {
            return if at == 0 && end == text.len() {
                scaled(&number, *bytes).map(Number::Size)
            } else {
                Err(mixed(text))
            };
        }
        let Some(index) = DURATIONS.iter().position(|(name, _)| *name == unit) else {
            return Err(unknown_unit(&text[..digits], unit, &text[end..]));
        };
        if last_unit.is_some_and(|last| last >= index) {
            return Err(BadNumber::new("the parts of a duration go from large to small, each unit once")
                .help("for example `1h30m` or `2d12h`"));
        }
        last_unit = Some(index);
        total = scaled(&number, DURATIONS[index].1)?.checked_add(total).ok_or_else(too_large)?;
        if end == text.len() {
            return Ok(Number::Duration(total));
        }
        at = end;
        digits = at + digits_end(&text[at..]);
        if digits == text.len() {
            return Err(BadNumber::new(format!("`{}` has no unit", &text[at..])).help("for example `1h30m`"));
        }
    }
}

/// `1.5` of something, exact where it is whole.
#[allow(clippy::cast_possible_truncation, clippy::cast_precision_loss)]
fn scaled(number: &str, by: i64) -> Result<i64, BadNumber> {
    if let Ok(whole) = number.parse::<i64>() {
        return whole.checked_mul(by).ok_or_else(too_large);
    }
    let value = float(number)? * by as f64;
    if value.abs() < 9.0e18 { Ok(value.round() as i64) } else { Err(too_large()) }
}

fn mixed(text: &str) -> BadNumber {
    BadNumber::new(format!("`{text}` mixes units that do not go together"))
}

fn unknown_unit(before: &str, unit: &str, after: &str) -> BadNumber {
    let bad = BadNumber::new(format!("there is no unit `{unit}`"));
    if unit == "T" && after.starts_with(|c: char| c.is_ascii_digit()) {
        return bad.help("a point in time is written time(\"2026-01-20T10:00:00Z\")");
    }
    if let Some(meant) = unit_for(unit) {
        let fix = format!("{before}{meant}{after}");
        return BadNumber { help: Some(format!("write `{fix}`")), fix: Some(fix), ..bad };
    }
    if matches!(unit, "w" | "week" | "weeks") {
        return bad.help("weeks are written in days: `7d`");
    }
    if before.ends_with(|c: char| c.is_ascii_digit()) && before == "0" && matches!(unit, "x" | "b" | "o") {
        return bad.help("numbers are written in decimal");
    }
    bad.help("durations: `ms s m h d`; sizes: `B KB MB GB TB KiB MiB GiB TiB`; `%`. A name does not begin with a digit")
}

#[cfg(test)]
mod tests {
    use super::{Number, parse};

    fn ok(text: &str) -> Number {
        parse(text).unwrap_or_else(|bad| panic!("{text}: {bad:?}"))
    }

    #[test]
    fn reads_plain_numbers() {
        assert_eq!(ok("0"), Number::Int(0));
        assert_eq!(ok("1_000"), Number::Int(1000));
        assert_eq!(ok("0.95"), Number::Float(0.95));
        assert_eq!(ok("1e-5"), Number::Float(1e-5));
        assert_eq!(ok("5%"), Number::Percent(0.05));
        assert_eq!(ok("4.5%"), Number::Percent(0.045));
    }

    #[test]
    fn reads_units() {
        assert_eq!(ok("500ms"), Number::Duration(500_000_000));
        assert_eq!(ok("1h30m"), Number::Duration(5_400_000_000_000));
        assert_eq!(ok("1.5s"), Number::Duration(1_500_000_000));
        assert_eq!(ok("2d"), Number::Duration(172_800_000_000_000));
        assert_eq!(ok("512MiB"), Number::Size(536_870_912));
        assert_eq!(ok("4GB"), Number::Size(4_000_000_000));
    }

    #[test]
    fn teaches_units() {
        for (text, fix) in
            [("5min", "5m"), ("10mins", "10m"), ("512mb", "512MB"), ("1h30min", "1h30m"), ("2hours", "2h")]
        {
            assert_eq!(parse(text).unwrap_err().fix.as_deref(), Some(fix), "{text}");
        }
    }

    #[test]
    fn refuses_without_panicking() {
        for text in [
            "1__0",
            "1_",
            "1.2.3",
            "99999999999999999999",
            "1e999",
            "30m1h",
            "1h30",
            "5GB3m",
            "1h1h",
            "0x1f",
            "9999999999999d",
        ] {
            assert!(parse(text).is_err(), "{text}");
        }
    }
}
