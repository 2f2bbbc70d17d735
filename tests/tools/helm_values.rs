//! The values of a release, put together as helm does: files in their order, then `--set-json`, `--set`, `--set-string`
//! and `--set-file`, whatever order they were given in (helm.sh/docs/helm/helm_upgrade, .../using_helm).

use serde_json::{Map, Value};

use crate::call::{Failure, Given, failed};

/// What `upgrade` was given.
pub(crate) fn given(given: &Given) -> Result<Map<String, Value>, Failure> {
    let mut values = Map::new();
    for file in given.all("--values").iter().flat_map(|files| files.split(',')) {
        merge(&mut values, from_file(file)?);
    }
    for (option, how) in
        [("--set-json", How::Json), ("--set", How::Typed), ("--set-string", How::Text), ("--set-file", How::File)]
    {
        for text in given.all(option) {
            set(&mut values, text, how)
                .map_err(|why| failed(1, format!("Error: failed parsing {option} data: {why}")))?;
        }
    }
    Ok(values)
}

/// With the old ones beneath them, as `--reuse-values` has it: what is null now takes one away.
pub(crate) fn over(mut new: Map<String, Value>, old: &Map<String, Value>) -> Map<String, Value> {
    for (name, value) in old {
        match (new.get_mut(name), value) {
            (Some(Value::Null), _) => drop(new.shift_remove(name)),
            (None, _) => drop(new.insert(name.clone(), value.clone())),
            (Some(Value::Object(now)), Value::Object(before)) => *now = over(std::mem::take(now), before),
            (Some(_), _) => {}
        }
    }
    new
}

fn from_file(file: &str) -> Result<Map<String, Value>, Failure> {
    let text = std::fs::read_to_string(file).map_err(|error| match error.kind() {
        std::io::ErrorKind::NotFound => failed(1, format!("Error: open {file}: no such file or directory")),
        _ => failed(1, format!("Error: read {file}: {error}")),
    })?;
    let wrong = |why: String| failed(1, format!("Error: failed to parse {file}: {why}"));
    match serde_saphyr::from_str::<Value>(&text) {
        _ if text.trim().is_empty() => Ok(Map::new()),
        Ok(Value::Object(values)) => Ok(values),
        Ok(Value::Null) => Ok(Map::new()),
        Ok(_) => Err(wrong(
            "error unmarshaling JSON: while decoding JSON: json: cannot unmarshal into Go value of type \
             map[string]interface {}"
                .to_owned(),
        )),
        Err(error) => Err(wrong(format!("error converting YAML to JSON: yaml: {error}"))),
    }
}

/// Tables are merged, all else is taken from the later one.
fn merge(into: &mut Map<String, Value>, later: Map<String, Value>) {
    for (name, value) in later {
        match (into.get_mut(&name), value) {
            (Some(Value::Object(before)), Value::Object(now)) => merge(before, now),
            (_, value) => drop(into.insert(name, value)),
        }
    }
}

#[derive(Clone, Copy, PartialEq)]
enum How {
    Json,
    Typed,
    Text,
    File,
}

/// `a.b=1,c[0]=x,d={y,z}`; a backslash takes the meaning from what follows it.
fn set(values: &mut Map<String, Value>, text: &str, how: How) -> Result<(), String> {
    let mut rest = text;
    while !rest.is_empty() {
        let (path, after) = key(rest)?;
        let (value, after) = match how {
            How::Json => json(after)?,
            _ => plain(after, how)?,
        };
        let mut at = Value::Object(std::mem::take(values));
        put(&mut at, &path, value)?;
        let Value::Object(back) = at else { unreachable!() };
        *values = back;
        rest = after;
    }
    Ok(())
}

enum Part {
    Name(String),
    At(usize),
}

/// The path before `=`, and what follows it.
fn key(text: &str) -> Result<(Vec<Part>, &str), String> {
    let (mut path, mut name) = (Vec::new(), String::new());
    let mut chars = text.char_indices();
    while let Some((at, c)) = chars.next() {
        match c {
            '\\' => name.extend(chars.next().map(|(_, c)| c)),
            '.' => flush(&mut path, &mut name),
            '[' => {
                flush(&mut path, &mut name);
                let number: String = chars.by_ref().map(|(_, c)| c).take_while(|c| *c != ']').collect();
                path.push(Part::At(number.parse().map_err(|_| format!("error parsing index: {number:?}"))?));
            }
            '=' => {
                flush(&mut path, &mut name);
                return Ok((path, &text[at + 1..]));
            }
            ',' => break,
            c => name.push(c),
        }
    }
    Err(format!("key {:?} has no value", name))
}

fn flush(path: &mut Vec<Part>, name: &mut String) {
    if !name.is_empty() {
        path.push(Part::Name(std::mem::take(name)));
    }
}

/// One value, up to the comma that ends it.
fn plain(text: &str, how: How) -> Result<(Value, &str), String> {
    if let Some(list) = text.strip_prefix('{').filter(|_| how != How::File) {
        let mut items = Vec::new();
        let mut rest = list;
        loop {
            let (item, end) = word(rest, ",}");
            let next = &rest[end..];
            if !item.is_empty() || next.starts_with(',') {
                items.push(typed(item, how)?);
            }
            match next.chars().next() {
                Some(',') => rest = &next[1..],
                Some(_) => return Ok((Value::Array(items), next[1..].strip_prefix(',').unwrap_or(&next[1..]))),
                None => return Err("list must terminate with '}'".to_owned()),
            }
        }
    }
    let (value, end) = word(text, ",");
    Ok((typed(value, how)?, text[end..].strip_prefix(',').unwrap_or_default()))
}

/// A text without its backslashes up to one of these characters, and where that stands.
fn word(text: &str, ends: &str) -> (String, usize) {
    let (mut word, mut chars) = (String::new(), text.char_indices());
    while let Some((at, c)) = chars.next() {
        match c {
            '\\' => word.extend(chars.next().map(|(_, c)| c)),
            c if ends.contains(c) => return (word, at),
            c => word.push(c),
        }
    }
    (word, text.len())
}

fn typed(text: String, how: How) -> Result<Value, String> {
    Ok(match (how, text.as_str()) {
        (How::File, file) => {
            std::fs::read_to_string(file).map_err(|_| format!("open {file}: no such file or directory"))?.into()
        }
        (How::Text | How::Json, _) => text.into(),
        (_, "true") => true.into(),
        (_, "false") => false.into(),
        (_, "null") => Value::Null,
        (_, "0") => 0.into(),
        // What begins with a zero is no number, so that a short hash or a code stays as it is.
        (_, number) if !number.starts_with('0') => {
            number.parse::<i64>().map_or_else(|_| text.clone().into(), Value::from)
        }
        _ => text.into(),
    })
}

fn json(text: &str) -> Result<(Value, &str), String> {
    let mut stream = serde_json::Deserializer::from_str(text).into_iter::<Value>();
    let value = stream.next().ok_or("unexpected end of JSON input")?.map_err(|error| error.to_string())?;
    let rest = &text[stream.byte_offset()..];
    match rest.strip_prefix(',') {
        Some(next) => Ok((value, next)),
        None if rest.is_empty() => Ok((value, "")),
        None => Err(format!("invalid character {:?} after the value", rest.chars().next().unwrap_or_default())),
    }
}

fn put(at: &mut Value, path: &[Part], value: Value) -> Result<(), String> {
    let Some((first, rest)) = path.split_first() else {
        *at = value;
        return Ok(());
    };
    match first {
        Part::Name(name) => {
            if !at.is_object() {
                *at = Value::Object(Map::new());
            }
            put(&mut at[name.as_str()], rest, value)
        }
        Part::At(index) => {
            if *index > 65_536 {
                return Err(format!("index of {index} is greater than maximum supported index of 65536"));
            }
            if !at.is_array() {
                *at = Value::Array(Vec::new());
            }
            let list = at.as_array_mut().unwrap();
            while list.len() <= *index {
                list.push(Value::Null);
            }
            put(&mut list[*index], rest, value)
        }
    }
}
