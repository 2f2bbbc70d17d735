//! What Prometheus' text format says, and what is computed from it: sums, shares, quantiles of histograms.

use super::text::text;
use super::{Function, Run, optional, param};
use crate::value::{Record, Value};

const SAMPLES: &str = "list<{ name: string, labels: record, value: float }>";

pub(super) static ALL: &[Function] = &[
    Function {
        name: "parse_metrics",
        method: false,
        summary: "The samples of a text in Prometheus' format",
        params: &[param("text", "string")],
        returns: SAMPLES,
        examples: &[("parse_metrics('up{job=\"shop\"} 1').map(one => one.labels.job)", "[\"shop\"]")],
        run: Run::Plain(|args| parse_metrics(text(args, 0))),
    },
    Function {
        name: "metric",
        method: true,
        summary: "The sum of the samples of a name, of those with these labels",
        params: &[param("samples", SAMPLES), param("name", "string"), optional("labels", "record")],
        returns: "float",
        examples: &[("parse_metrics(\"up{a=\\\"1\\\"} 2\\nup{a=\\\"2\\\"} 3\").metric(\"up\")", "5.0")],
        run: Run::Plain(|args| sum(&samples(&args[0]), text(args, 1), args.get(2)).map(Value::Float)),
    },
    Function {
        name: "ratio",
        method: true,
        summary: "What share the samples of one name are of those of another; 0% of nothing",
        params: &[
            param("samples", SAMPLES),
            param("part", "string"),
            param("whole", "string"),
            optional("labels", "record"),
        ],
        returns: "percent",
        examples: &[("parse_metrics(\"errors 1\\nrequests 20\").ratio(\"errors\", \"requests\")", "5%")],
        run: Run::Plain(|args| {
            let samples = samples(&args[0]);
            let part = sum(&samples, text(args, 1), args.get(3))?;
            let whole = sum(&samples, text(args, 2), args.get(3))?;
            Ok(Value::Percent(if whole == 0.0 { 0.0 } else { part / whole }))
        }),
    },
    Function {
        name: "quantile",
        method: true,
        summary: "A quantile of a histogram: a duration if its name ends in `_seconds`, a size if in `_bytes`",
        params: &[
            param("samples", SAMPLES),
            param("q", "float"),
            param("name", "string"),
            optional("labels", "record"),
        ],
        returns: "any",
        examples: &[(
            "parse_metrics('t_seconds_bucket{le=\"1\"} 9' + \"\\n\" + 't_seconds_bucket{le=\"+Inf\"} 10').quantile(0.45, \"t_seconds\")",
            "500ms",
        )],
        run: Run::Plain(|args| {
            let q = match &args[1] {
                Value::Float(q) | Value::Percent(q) if (0.0..=1.0).contains(q) => *q,
                Value::Int(q @ (0 | 1)) => {
                    if *q == 0 {
                        0.0
                    } else {
                        1.0
                    }
                }
                _ => return Err("a quantile is a number from 0 to 1: 0.95".to_owned()),
            };
            let name = text(args, 2);
            let found = quantile(q, &buckets(&samples(&args[0]), name, args.get(3))?).ok_or_else(|| {
                format!("histogram `{name}` has counted nothing\nask for it when something came: when …")
            })?;
            #[expect(clippy::cast_possible_truncation, reason = "it is bounded before")]
            let whole = |scale: f64| (found * scale).clamp(-9e18, 9e18).round() as i64;
            Ok(match name {
                name if name.ends_with("_seconds") => Value::Duration(whole(1e9)),
                name if name.ends_with("_bytes") => Value::Size(whole(1.0)),
                _ => Value::Float(found),
            })
        }),
    },
];

/// The samples of a text in Prometheus' format.
///
/// # Errors
/// The line that is none.
pub fn parse_metrics(text: &str) -> Result<Value, String> {
    Ok(Value::list(parse(text)?.iter().map(Sample::to_value)))
}

/// What was added between two readings: of what only counts up, the difference; of everything else, what is now. What
/// counts less than before was started anew in between.
///
/// # Errors
/// The line that is no sample.
pub fn increase(before: &str, now: &str) -> Result<Value, String> {
    let earlier = parse(before)?;
    let counts_up = counters(now);
    let since = |sample: Sample| {
        let base = ["_bucket", "_count", "_sum"].iter().find_map(|end| sample.name.strip_suffix(end));
        if !counts_up.iter().any(|name| *name == sample.name || Some(*name) == base) {
            return sample;
        }
        let known = earlier.iter().find(|one| one.name == sample.name && one.labels == sample.labels);
        let begun = known.map_or(0.0, |one| one.value);
        Sample { value: if sample.value >= begun { sample.value - begun } else { sample.value }, ..sample }
    };
    Ok(Value::list(parse(now)?.into_iter().map(|sample| since(sample).to_value())))
}

/// The names whose type is one that only counts up.
fn counters(text: &str) -> Vec<&str> {
    let types = text.lines().filter_map(|line| line.trim().strip_prefix("# TYPE ")?.split_once(' '));
    types.filter(|(_, ty)| matches!(ty.trim(), "counter" | "histogram" | "summary")).map(|(name, _)| name).collect()
}

/// One line of the format.
#[derive(Clone, Debug, PartialEq)]
struct Sample {
    name: String,
    labels: Vec<(String, String)>,
    value: f64,
}

impl Sample {
    fn to_value(&self) -> Value {
        let labels = self.labels.iter().map(|(name, value)| (name.as_str(), Value::from(value.as_str())));
        Value::record([
            ("name", Value::from(self.name.as_str())),
            ("labels", Value::record(labels)),
            ("value", Value::Float(self.value)),
        ])
    }
}

/// The samples of a text in the exposition format 0.0.4, or in `OpenMetrics` as far as that says the same.
fn parse(text: &str) -> Result<Vec<Sample>, String> {
    let lines = text.lines().enumerate().map(|(at, line)| (at + 1, line.trim()));
    let lines = lines.filter(|(_, line)| !line.is_empty() && !line.starts_with('#'));
    let read = lines.map(|(at, line)| {
        sample(line).ok_or_else(|| {
            let line: String = line.chars().take(80).collect();
            format!("line {at} is no sample of Prometheus' format: {line}")
        })
    });
    read.collect()
}

fn sample(line: &str) -> Option<Sample> {
    let end = line.find(|c: char| c == '{' || c.is_whitespace())?;
    let (name, rest) = line.split_at(end);
    let is_name = name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_' || c == ':' || c == '.');
    if !is_name || name.is_empty() || name.starts_with(|c: char| c.is_ascii_digit()) {
        return None;
    }
    let (labels, rest) = match rest.strip_prefix('{') {
        Some(inside) => labels(inside)?,
        None => (Vec::new(), rest),
    };
    let value = rest.split_whitespace().next()?.parse().ok()?;
    Some(Sample { name: name.to_owned(), labels, value })
}

/// What stands between `{` and `}`, and what comes after that.
fn labels(mut rest: &str) -> Option<(Vec<(String, String)>, &str)> {
    let mut labels = Vec::new();
    loop {
        rest = rest.trim_start_matches([' ', '\t', ',']);
        if let Some(after) = rest.strip_prefix('}') {
            return Some((labels, after));
        }
        let (name, after) = rest.split_once('=')?;
        let mut chars = after.trim_start().strip_prefix('"')?.chars();
        let mut value = String::new();
        loop {
            match chars.next()? {
                '"' => break,
                '\\' => match chars.next()? {
                    'n' => value.push('\n'),
                    other => value.push(other),
                },
                other => value.push(other),
            }
        }
        rest = chars.as_str();
        labels.push((name.trim().to_owned(), value));
    }
}

fn samples(value: &Value) -> Vec<Sample> {
    let Value::List(items) = value else { return Vec::new() };
    let one = |item: &Value| {
        let Value::Record(record) = item else { return None };
        let labels = match record.get("labels") {
            Some(Value::Record(labels)) => {
                labels.iter().map(|(name, value)| (name.to_string(), value.to_text())).collect()
            }
            _ => Vec::new(),
        };
        let value = match record.get("value")? {
            Value::Float(value) => *value,
            _ => return None,
        };
        Some(Sample { name: record.get("name")?.to_text(), labels, value })
    };
    items.iter().filter_map(one).collect()
}

/// The labels that are asked for.
fn wanted(labels: Option<&Value>) -> Option<&Record> {
    match labels {
        Some(Value::Record(labels)) => Some(labels),
        _ => None,
    }
}

fn matches(sample: &Sample, labels: Option<&Value>) -> bool {
    let has = |name: &str, value: &Value| {
        let found = sample.labels.iter().find(|(known, _)| known == name);
        found.map_or("", |(_, value)| value) == value.to_text()
    };
    wanted(labels).is_none_or(|labels| labels.iter().all(|(name, value)| has(name, value)))
}

fn sum(samples: &[Sample], name: &str, labels: Option<&Value>) -> Result<f64, String> {
    let mut of_name = samples.iter().filter(|sample| sample.name == name).peekable();
    if of_name.peek().is_none() {
        return Err(format!("there is no metric `{name}`\nthose that there are: .map(one => one.name).unique()"));
    }
    Ok(of_name.filter(|sample| matches(sample, labels)).map(|sample| sample.value).sum())
}

/// The upper bounds of a histogram with how many came to them, all its series together, in order.
fn buckets(samples: &[Sample], name: &str, labels: Option<&Value>) -> Result<Vec<(f64, f64)>, String> {
    let full = format!("{name}_bucket");
    let mut buckets: Vec<(f64, f64)> = Vec::new();
    for sample in samples.iter().filter(|sample| sample.name == full && matches(sample, labels)) {
        let Some(bound) = sample.labels.iter().find(|(name, _)| name == "le").and_then(|(_, le)| le.parse().ok())
        else {
            continue;
        };
        match buckets.iter_mut().find(|(known, _)| known.total_cmp(&bound).is_eq()) {
            Some((_, count)) => *count += sample.value,
            None => buckets.push((bound, sample.value)),
        }
    }
    if buckets.is_empty() {
        return Err(format!("there is no histogram `{name}`\nits samples are called `{full}`"));
    }
    buckets.sort_by(|a, b| a.0.total_cmp(&b.0));
    Ok(buckets)
}

/// As `histogram_quantile` of Prometheus has it: linear within a bucket, from 0 in the first; in the last, which has
/// no end, its beginning.
fn quantile(q: f64, buckets: &[(f64, f64)]) -> Option<f64> {
    let total = buckets.last()?.1;
    if total.is_nan() || total <= 0.0 {
        return None;
    }
    let rank = q * total;
    let at = buckets.iter().position(|(_, count)| *count >= rank).unwrap_or(buckets.len() - 1);
    let (end, count) = buckets[at];
    let (begin, before) = if at == 0 { (0.0, 0.0) } else { buckets[at - 1] };
    if end.is_infinite() {
        return Some(begin);
    }
    if at == 0 && end <= 0.0 {
        return Some(end);
    }
    let inside = count - before;
    Some(if inside > 0.0 { begin + (end - begin) * (rank - before) / inside } else { end })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::functions::call::tests::shown;

    const TEXT: &str = "# HELP http_requests_total Requests.
# TYPE http_requests_total counter
http_requests_total{method=\"post\",code=\"200\"} 1027 1395066363000
http_requests_total{method=\"post\",code=\"500\",} 3

odd{path=\"C:\\\\DIR\\\\FILE.TXT\",error=\"Cannot find:\\n\\\"FILE\\\" \u{e9}}\"} 1.458255915e9
nothing NaN
endless{a=\"\"} -Inf
# TYPE t_seconds histogram
t_seconds_bucket{le=\"0.1\"} 50
t_seconds_bucket{le=\"0.5\"} 90
t_seconds_bucket{le=\"1\"} 100
t_seconds_bucket{le=\"+Inf\"} 100
";

    #[test]
    fn the_text_format() {
        let read = parse(TEXT).unwrap();
        assert_eq!(read.len(), 9);
        assert_eq!((read[0].value, read[1].labels.len()), (1027.0, 2));
        let odd: Vec<&str> = read[2].labels.iter().map(|(_, value)| value.as_str()).collect();
        assert_eq!(odd, ["C:\\DIR\\FILE.TXT", "Cannot find:\n\"FILE\" \u{e9}}"]);
        assert!(read[3].value.is_nan() && read[4].value == f64::NEG_INFINITY);
        for bad in ["a", "a{", "a{b=\"c} 1", "a{b} 1", "1a 2", "a x", "{a=\"b\"} 1"] {
            assert!(parse(bad).unwrap_err().starts_with("line 1 is no sample"), "{bad}");
        }
        assert!(parse("<html>").is_err());
    }

    fn of(method: &str, args: &[Value]) -> String {
        let samples = Value::list(parse(TEXT).unwrap().iter().map(Sample::to_value));
        shown(method, true, &[&[samples], args].concat())
    }

    #[test]
    fn sums_and_shares() {
        let name = Value::from("http_requests_total");
        assert_eq!(of("metric", std::slice::from_ref(&name)), "1030");
        let failed = Value::record([("code", Value::from("500"))]);
        assert_eq!(of("metric", &[name.clone(), failed]), "3");
        assert!(of("metric", &[Value::from("no")]).contains("there is no metric `no`"));
        assert_eq!(of("ratio", &[name.clone(), name]), "100%");
    }

    #[test]
    fn what_came_between_two_readings() {
        let text = |requests: u32, bucket: u32, gauge: u32| {
            format!(
                "# TYPE r counter\nr{{a=\"1\"}} {requests}\nr{{a=\"2\"}} 5\n# TYPE h histogram\nh_bucket{{le=\"1\"}} {bucket}\n# TYPE g gauge\ng {gauge}\n"
            )
        };
        let values = |before: &str, now: &str| {
            let found = samples(&increase(before, now).unwrap());
            found.iter().map(|sample| sample.value).collect::<Vec<_>>()
        };
        assert_eq!(values(&text(10, 3, 7), &text(14, 9, 5)), [4.0, 0.0, 6.0, 5.0]);
        assert_eq!(values(&text(10, 3, 7), &text(2, 1, 5)), [2.0, 0.0, 1.0, 5.0], "started anew");
        assert_eq!(values("", &text(2, 1, 5)), [2.0, 5.0, 1.0, 5.0]);
    }

    /// Compared with what `histogram_quantile` gives for these buckets.
    #[test]
    fn quantiles() {
        let at = |q: f64| of("quantile", &[Value::Float(q), Value::from("t_seconds")]);
        assert_eq!([at(0.5), at(0.7), at(0.95), at(1.0), at(0.0)], ["100ms", "300ms", "750ms", "1s", "0s"]);
        assert!(at(1.5).contains("0 to 1"));
        assert_eq!(quantile(0.9, &[(1.0, 1.0), (f64::INFINITY, 10.0)]), Some(1.0), "beyond the last bound");
        assert_eq!(quantile(0.9, &[(1.0, 0.0), (f64::INFINITY, 0.0)]), None);
        assert!(of("quantile", &[Value::Float(0.5), Value::from("x")]).contains("`x_bucket`"));
    }
}
