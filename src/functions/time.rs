//! Instants: reading, writing, and what the calendar of a place makes of them.

use jiff::Timestamp;
use jiff::tz::TimeZone;

use super::text::{int, text};
use super::units::read;
use super::{Function, Run, optional, param};
use crate::value::{Record, Type, Value};

pub(super) static ALL: &[Function] = &[
    Function {
        name: "time",
        method: false,
        summary: "An instant written as RFC 3339",
        params: &[param("text", "string")],
        returns: "instant",
        examples: &[("time(\"2026-01-20T10:00:00-05:00\")", "time(\"2026-01-20T15:00:00Z\")")],
        run: Run::Plain(|args| read(args, &Type::Instant)),
    },
    Function {
        name: "from_unix",
        method: false,
        summary: "The instant so many seconds after 1970 began",
        params: &[param("seconds", "int")],
        returns: "instant",
        examples: &[("from_unix(0)", "time(\"1970-01-01T00:00:00Z\")")],
        run: Run::Plain(|args| {
            Timestamp::from_second(int(args, 0))
                .map(Value::Instant)
                .map_err(|_| "this is no instant of our calendar\nmilliseconds are divided by 1000 first".to_owned())
        }),
    },
    Function {
        name: "format_time",
        method: false,
        summary: "An instant as `strftime` writes it, in UTC or in a zone",
        params: &[param("instant", "instant"), param("format", "string"), optional("zone", "string")],
        returns: "string",
        examples: &[
            ("format_time(time(\"2026-01-20T15:00:00Z\"), \"%Y-%m-%d %H:%M\")", "\"2026-01-20 15:00\""),
            ("format_time(time(\"2026-01-20T15:00:00Z\"), \"%H:%M\", \"America/New_York\")", "\"10:00\""),
        ],
        run: Run::Plain(|args| {
            let zone = if args.len() > 2 { zone(text(args, 2))? } else { TimeZone::UTC };
            let format = text(args, 1);
            if format.len() > 1024 {
                return Err("this format is too long".to_owned());
            }
            jiff::fmt::strtime::format(format, &instant(args).to_zoned(zone))
                .map(Value::from)
                .map_err(|error| format!("this format cannot be used: {error}"))
        }),
    },
    Function {
        name: "in_zone",
        method: true,
        summary: "What calendar and clock of a place show; as text RFC 3339 with the offset there",
        params: &[param("instant", "instant"), param("zone", "string")],
        returns: "{ year: int, month: int, day: int, hour: int, minute: int, second: int, weekday: string, \
                  date: string, time: string, zone: string, … }",
        examples: &[
            ("time(\"2026-01-20T15:00:00Z\").in_zone(\"America/New_York\").hour", "10"),
            ("time(\"2026-01-20T15:00:00Z\").in_zone(\"America/New_York\").weekday", "\"Tue\""),
        ],
        run: Run::Plain(|args| {
            let local = instant(args).to_zoned(zone(text(args, 1))?);
            let n = |n: i8| Value::Int(i64::from(n));
            let record = Record::new([
                ("year", Value::Int(i64::from(local.year()))),
                ("month", n(local.month())),
                ("day", n(local.day())),
                ("hour", n(local.hour())),
                ("minute", n(local.minute())),
                ("second", n(local.second())),
                ("weekday", Value::from(weekday(&local))),
                ("date", Value::from(local.date().to_string())),
                ("time", Value::from(local.strftime("%H:%M").to_string())),
                ("zone", Value::from(text(args, 1))),
            ]);
            let written = local.strftime("%Y-%m-%dT%H:%M:%S%:z").to_string();
            Ok(Value::Record(std::sync::Arc::new(record.with_text(written))))
        }),
    },
    Function {
        name: "weekday",
        method: true,
        summary: "The day of the week in UTC: `Mon` to `Sun`",
        params: &[param("instant", "instant")],
        returns: "string",
        examples: &[("time(\"2026-01-20T15:00:00Z\").weekday", "\"Tue\"")],
        run: Run::Plain(|args| Ok(Value::from(weekday(&instant(args).to_zoned(TimeZone::UTC))))),
    },
    Function {
        name: "date",
        method: true,
        summary: "The date in UTC",
        params: &[param("instant", "instant")],
        returns: "string",
        examples: &[("time(\"2026-01-20T15:00:00Z\").date", "\"2026-01-20\"")],
        run: Run::Plain(|args| Ok(Value::from(instant(args).to_zoned(TimeZone::UTC).date().to_string()))),
    },
    Function {
        name: "hour",
        method: true,
        summary: "The hour of the day in UTC",
        params: &[param("instant", "instant")],
        returns: "int",
        examples: &[("time(\"2026-01-20T15:00:00Z\").hour", "15")],
        run: Run::Plain(|args| Ok(Value::Int(i64::from(instant(args).to_zoned(TimeZone::UTC).hour())))),
    },
    Function {
        name: "unix",
        method: true,
        summary: "Whole seconds since 1970 began",
        params: &[param("instant", "instant")],
        returns: "int",
        examples: &[("time(\"1970-01-01T00:01:00Z\").unix", "60")],
        run: Run::Plain(|args| Ok(Value::Int(instant(args).as_second()))),
    },
];

/// The instant of an argument that was checked to be one.
fn instant(args: &[Value]) -> Timestamp {
    match args.first() {
        Some(Value::Instant(instant)) => *instant,
        _ => Timestamp::UNIX_EPOCH,
    }
}

fn weekday(local: &jiff::Zoned) -> String {
    local.strftime("%a").to_string()
}

fn zone(name: &str) -> Result<TimeZone, String> {
    TimeZone::get(name).map_err(|_| {
        let shown = crate::value::display::quoted(name, 40);
        format!("there is no time zone {shown}\nzones are named like `Europe/London`, `America/New_York`, `UTC`")
    })
}

#[cfg(test)]
mod tests {
    use crate::functions::call::tests::shown;
    use crate::functions::member;
    use crate::value::{Value, display};

    #[test]
    fn reads_and_writes() {
        let noon = Value::Instant("2026-01-20T15:00:00Z".parse().unwrap());
        assert_eq!(shown("time", false, &[Value::from("2026-01-20T10:00:00-05:00")]), "2026-01-20T15:00:00Z");
        assert!(shown("time", false, &[Value::from("noon")]).contains("\"noon\" is not an instant"));
        assert_eq!(shown("format_time", false, &[noon.clone(), Value::from("%H:%M")]), "\"15:00\"");
        assert!(shown("format_time", false, &[noon.clone(), Value::from("%Q%")]).starts_with("error: this format"));
        assert_eq!(shown("weekday", true, std::slice::from_ref(&noon)), "\"Tue\"");
        assert!(shown("in_zone", true, &[noon, Value::from("Narnia")]).contains("no time zone \"Narnia\""));
    }

    #[test]
    fn a_place_has_its_own_clock() {
        let noon = Value::Instant("2026-01-20T15:00:00Z".parse().unwrap());
        let function = crate::functions::find_method("in_zone").unwrap();
        let there =
            crate::functions::call(function, &[noon, Value::from("America/New_York")], &mut |_| Err(String::new()));
        let there = there.unwrap();
        assert_eq!(display::text(&there), "2026-01-20T10:00:00-05:00");
        assert_eq!(display::text(&member(&there, "hour").unwrap()), "10");
    }
}
