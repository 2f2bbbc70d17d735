//! Values as PostgreSQL sends them: the binary format of each type, as its `…_send` functions write it
//! (`src/backend/utils/adt/` of PostgreSQL).

use std::error::Error;
use std::fmt::Write as _;

use tokio_postgres::types::{FromSql, Kind, Type};

use super::super::decimal::{decimal, float};
use crate::value::{Record, Value, json};

/// A value as it came.
pub(super) struct Cell(pub(super) Value);

impl<'a> FromSql<'a> for Cell {
    fn from_sql(ty: &Type, raw: &'a [u8]) -> Result<Self, Box<dyn Error + Sync + Send>> {
        Ok(Self(value(ty, &mut Bytes(raw))?))
    }

    fn from_sql_null(_: &Type) -> Result<Self, Box<dyn Error + Sync + Send>> {
        Ok(Self(Value::Null))
    }

    fn accepts(_: &Type) -> bool {
        true
    }
}

/// What is left to be read.
struct Bytes<'a>(&'a [u8]);

impl<'a> Bytes<'a> {
    fn take(&mut self, count: usize) -> Result<&'a [u8], String> {
        let (taken, rest) = self.0.split_at_checked(count).ok_or("PostgreSQL sent less than it said")?;
        self.0 = rest;
        Ok(taken)
    }

    fn array<const N: usize>(&mut self) -> Result<[u8; N], String> {
        self.take(N)?.try_into().map_err(|_| "PostgreSQL sent less than it said".to_owned())
    }

    fn i16(&mut self) -> Result<i16, String> {
        Ok(i16::from_be_bytes(self.array()?))
    }

    fn i32(&mut self) -> Result<i32, String> {
        Ok(i32::from_be_bytes(self.array()?))
    }

    fn i64(&mut self) -> Result<i64, String> {
        Ok(i64::from_be_bytes(self.array()?))
    }

    /// A length, and so many bytes; `None` is NULL.
    fn field(&mut self) -> Result<Option<Bytes<'a>>, String> {
        match self.i32()? {
            length if length < 0 => Ok(None),
            length => Ok(Some(Bytes(self.take(usize::try_from(length).unwrap_or_default())?))),
        }
    }

    fn text(&mut self) -> Result<&'a str, String> {
        let all = self.take(self.0.len())?;
        std::str::from_utf8(all).map_err(|_| "the text is not UTF-8".to_owned())
    }
}

fn value(ty: &Type, raw: &mut Bytes<'_>) -> Result<Value, String> {
    match ty.kind() {
        Kind::Domain(inner) => return value(inner, raw),
        Kind::Enum(_) => return Ok(Value::from(raw.text()?)),
        Kind::Array(member) => return array(member, raw),
        Kind::Composite(fields) => {
            let count = raw.i32()?;
            let mut record = Vec::new();
            for field in fields.iter().take(usize::try_from(count).unwrap_or_default()) {
                raw.i32()?;
                record.push((field.name(), optional(field.type_(), raw)?));
            }
            return Ok(Value::Record(std::sync::Arc::new(Record::new(record))));
        }
        _ => {}
    }
    simple(ty, raw)
}

fn optional(ty: &Type, raw: &mut Bytes<'_>) -> Result<Value, String> {
    raw.field()?.map_or(Ok(Value::Null), |mut field| value(ty, &mut field))
}

fn simple(ty: &Type, raw: &mut Bytes<'_>) -> Result<Value, String> {
    Ok(match *ty {
        Type::BOOL => Value::Bool(raw.take(1)? != [0]),
        Type::INT2 => Value::Int(raw.i16()?.into()),
        Type::INT4 => Value::Int(raw.i32()?.into()),
        Type::INT8 => Value::Int(raw.i64()?),
        Type::OID | Type::XID | Type::CID | Type::REGCLASS | Type::REGTYPE | Type::REGPROC | Type::REGROLE => {
            Value::Int(u32::from_be_bytes(raw.array()?).into())
        }
        Type::XID8 => decimal(&u64::from_be_bytes(raw.array()?).to_string()),
        Type::FLOAT4 => {
            // The shortest text of the number that it is, not that of the nearest double.
            let text = f32::from_be_bytes(raw.array()?).to_string();
            float(text.parse().unwrap_or(f64::NAN), &text)
        }
        Type::FLOAT8 => {
            let x = f64::from_be_bytes(raw.array()?);
            float(x, &x.to_string())
        }
        Type::NUMERIC => decimal(&numeric(raw)?),
        Type::BYTEA => Value::from(crate::value::hex(raw.take(raw.0.len())?)),
        Type::CHAR => Value::from(char::from(raw.array::<1>()?[0]).to_string()),
        Type::UUID => uuid(&crate::value::hex(&raw.array::<16>()?)),
        Type::JSON => json::parse(raw.text()?)?,
        Type::JSONB => {
            raw.take(1)?;
            json::parse(raw.text()?)?
        }
        Type::DATE => days(raw.i32()?),
        Type::TIME => Value::from(time_of_day(raw.i64()?)),
        Type::TIMETZ => {
            let time = time_of_day(raw.i64()?);
            let west = raw.i32()?;
            let sign = if west > 0 { '-' } else { '+' };
            let (hours, minutes) = (west.abs() / 3600, west.abs() / 60 % 60);
            Value::from(format!("{time}{sign}{hours:02}:{minutes:02}"))
        }
        Type::TIMESTAMP => {
            moment(raw.i64()?, |at| Value::from(at.to_zoned(jiff::tz::TimeZone::UTC).datetime().to_string()))
        }
        Type::TIMESTAMPTZ => moment(raw.i64()?, Value::Instant),
        Type::INTERVAL => interval(raw.i64()?, raw.i32()?, raw.i32()?),
        Type::INET | Type::CIDR => Value::from(network(ty, raw)?),
        Type::MACADDR | Type::MACADDR8 => {
            let parts: Vec<String> = raw.take(raw.0.len())?.iter().map(|byte| format!("{byte:02x}")).collect();
            Value::from(parts.join(":"))
        }
        Type::BIT | Type::VARBIT => {
            let count = usize::try_from(raw.i32()?).unwrap_or_default();
            let bytes = raw.take(count.div_ceil(8))?;
            let bit = |at: usize| if bytes[at / 8] >> (7 - at % 8) & 1 == 1 { '1' } else { '0' };
            Value::from((0..count).map(bit).collect::<String>())
        }
        Type::PG_LSN => {
            let at = u64::from_be_bytes(raw.array()?);
            Value::from(format!("{:X}/{:X}", at >> 32, at & 0xffff_ffff))
        }
        Type::VOID => Value::Null,
        Type::RECORD => record(raw)?,
        Type::TEXT | Type::VARCHAR | Type::BPCHAR | Type::NAME | Type::UNKNOWN | Type::XML | Type::CSTRING => {
            Value::from(raw.text()?)
        }
        _ if ty.name() == "citext" => Value::from(raw.text()?),
        _ => return Err(format!("PostgreSQL sends {} in a form of its own", ty.name())),
    })
}

fn array(member: &Type, raw: &mut Bytes<'_>) -> Result<Value, String> {
    let dimensions = usize::try_from(raw.i32()?).unwrap_or_default();
    raw.take(8)?;
    let mut lengths = Vec::new();
    for _ in 0..dimensions {
        lengths.push(usize::try_from(raw.i32()?).unwrap_or_default());
        raw.i32()?;
    }
    if lengths.is_empty() {
        return Ok(Value::list([]));
    }
    level(member, raw, &lengths)
}

fn level(member: &Type, raw: &mut Bytes<'_>, lengths: &[usize]) -> Result<Value, String> {
    let Some((length, inner)) = lengths.split_first() else { return optional(member, raw) };
    let mut items = Vec::new();
    for _ in 0..*length {
        items.push(if inner.is_empty() { optional(member, raw)? } else { level(member, raw, inner)? });
    }
    Ok(Value::list(items))
}

/// A row without names: a list, as far as its types are built in.
fn record(raw: &mut Bytes<'_>) -> Result<Value, String> {
    let count = raw.i32()?;
    let mut items = Vec::new();
    for _ in 0..count {
        let oid = u32::from_be_bytes(raw.array()?);
        let ty = Type::from_oid(oid).ok_or("PostgreSQL sends a row without the names of its types")?;
        items.push(optional(&ty, raw)?);
    }
    Ok(Value::list(items))
}

/// `numeric_send`: groups of four digits, the place of the first group, the sign, and how many digits are shown
/// behind the point.
fn numeric(raw: &mut Bytes<'_>) -> Result<String, String> {
    let count = raw.i16()?;
    let weight = raw.i16()?;
    let sign = u16::from_be_bytes(raw.array()?);
    let scale = usize::try_from(raw.i16()?).unwrap_or_default();
    let mut groups = Vec::new();
    for _ in 0..count {
        groups.push(raw.i16()?);
    }
    match sign {
        0xC000 => return Ok("NaN".to_owned()),
        0xD000 => return Ok("Infinity".to_owned()),
        0xF000 => return Ok("-Infinity".to_owned()),
        _ => {}
    }
    let group = |place: i32| {
        let at = i32::from(weight) - place;
        usize::try_from(at).ok().and_then(|at| groups.get(at)).copied().unwrap_or(0)
    };
    let digits = |places: &mut dyn Iterator<Item = i32>| {
        places.fold(String::new(), |mut text, place| {
            let _ = write!(text, "{:04}", group(place));
            text
        })
    };
    let whole = digits(&mut (0..=i32::from(weight).max(0)).rev());
    let whole = whole.trim_start_matches('0');
    let mut text = String::from(if sign == 0x4000 { "-" } else { "" });
    text.push_str(if whole.is_empty() { "0" } else { whole });
    if scale > 0 {
        let places = i32::try_from(scale.div_ceil(4)).unwrap_or_default();
        let fraction = digits(&mut (1..=places).map(|place| -place));
        text.push('.');
        text.push_str(fraction.get(..scale).unwrap_or(&fraction));
    }
    Ok(text)
}

fn uuid(hex: &str) -> Value {
    let part = |from: usize, to: usize| hex.get(from..to).unwrap_or_default();
    Value::from([part(0, 8), part(8, 12), part(12, 16), part(16, 20), part(20, 32)].join("-"))
}

/// From 1970 to 2000, where PostgreSQL begins to count, in microseconds.
const EPOCH: i64 = 946_684_800_000_000;

fn days(since: i32) -> Value {
    match since {
        i32::MAX => Value::from("infinity"),
        i32::MIN => Value::from("-infinity"),
        since => match jiff::civil::date(2000, 1, 1)
            .checked_add(jiff::Span::new().days(since.clamp(-4_000_000, 4_000_000)))
        {
            Ok(date) => Value::from(date.to_string()),
            Err(_) => Value::from(format!("{since} days after 2000-01-01")),
        },
    }
}

fn moment(since: i64, found: impl Fn(jiff::Timestamp) -> Value) -> Value {
    match since {
        i64::MAX => Value::from("infinity"),
        i64::MIN => Value::from("-infinity"),
        since => match since.checked_add(EPOCH).map(jiff::Timestamp::from_microsecond) {
            Some(Ok(at)) => found(at),
            _ => Value::from(format!("{since} microseconds after 2000-01-01")),
        },
    }
}

fn time_of_day(microseconds: i64) -> String {
    let (seconds, rest) = (microseconds / 1_000_000, microseconds % 1_000_000);
    let whole = format!("{:02}:{:02}:{:02}", seconds / 3600, seconds / 60 % 60, seconds % 60);
    if rest == 0 { whole } else { format!("{whole}.{rest:06}").trim_end_matches('0').to_owned() }
}

/// A duration, unless it has months, which are longer and shorter: then as ISO 8601 writes it.
fn interval(microseconds: i64, days: i32, months: i32) -> Value {
    let day = i64::from(days).checked_mul(86_400_000_000);
    let total = day.and_then(|days| days.checked_add(microseconds)).and_then(|all| all.checked_mul(1000));
    if let (0, Some(nanoseconds)) = (months, total) {
        return Value::Duration(nanoseconds);
    }
    let seconds = microseconds / 1_000_000;
    let mut text = String::from("P");
    for (count, unit) in [(months / 12, 'Y'), (months % 12, 'M'), (days, 'D')] {
        if count != 0 {
            let _ = write!(text, "{count}{unit}");
        }
    }
    if microseconds != 0 {
        text.push('T');
        for (count, unit) in [(seconds / 3600, 'H'), (seconds / 60 % 60, 'M')] {
            if count != 0 {
                let _ = write!(text, "{count}{unit}");
            }
        }
        let (whole, rest) = (seconds % 60, microseconds % 1_000_000);
        if rest != 0 {
            let sign = if whole == 0 && rest < 0 { "-" } else { "" };
            let fraction = format!("{:06}", rest.abs());
            let _ = write!(text, "{sign}{whole}.{}S", fraction.trim_end_matches('0'));
        } else if whole != 0 {
            let _ = write!(text, "{whole}S");
        }
    }
    Value::from(text)
}

/// `inet_send`: family, bits of the mask, whether it is a network, length, address.
fn network(ty: &Type, raw: &mut Bytes<'_>) -> Result<String, String> {
    let [_, bits, _, length] = raw.array()?;
    let (address, all): (std::net::IpAddr, u8) = match length {
        4 => (raw.array::<4>()?.into(), 32),
        _ => (raw.array::<16>()?.into(), 128),
    };
    Ok(if bits == all && *ty == Type::INET { address.to_string() } else { format!("{address}/{bits}") })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nonsense_is_no_panic() {
        for ty in [
            Type::NUMERIC,
            Type::INT8,
            Type::INT4_ARRAY,
            Type::INET,
            Type::VARBIT,
            Type::UUID,
            Type::RECORD,
            Type::JSONB,
        ] {
            for length in 0..40 {
                for byte in [0, 1, 0x7f, 0xff] {
                    let _ = value(&ty, &mut Bytes(&vec![byte; length]));
                }
            }
        }
    }

    #[test]
    fn intervals() {
        let shown = |microseconds, days, months| interval(microseconds, days, months).to_text();
        assert_eq!(shown(1_500_000, 1, 0), "1d1.5s");
        assert_eq!(shown(0, 3, 14), "P1Y2M3D");
        assert_eq!(shown(3_661_500_000, 0, 1), "P1MT1H1M1.5S");
        assert_eq!(shown(-500_000, 0, -1), "P-1MT-0.5S");
    }
}
