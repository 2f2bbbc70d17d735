//! Types as they are written in declarations: `list<string>`, `{ name: string, share: percent }`, `T?`.

use std::sync::Arc;

use super::Type;
use super::types::RecordType;

/// Deeper than any type a person would write.
const MAX_DEPTH: u32 = 32;

impl Type {
    /// Reads a type. `named` says what other words mean; `record` and `{ …, … }` are open records.
    pub fn read(text: &str, named: &dyn Fn(&str) -> Option<Type>) -> Option<Type> {
        let mut reader = Reader { rest: text, named };
        let ty = reader.ty(MAX_DEPTH)?;
        reader.rest.trim().is_empty().then_some(ty)
    }
}

struct Reader<'a> {
    rest: &'a str,
    named: &'a dyn Fn(&str) -> Option<Type>,
}

impl<'a> Reader<'a> {
    fn ty(&mut self, depth: u32) -> Option<Type> {
        let depth = depth.checked_sub(1)?;
        let mut ty = if self.eat("{") { self.record(depth)? } else { self.name(depth)? };
        while self.eat("?") {
            ty = ty.optional();
        }
        Some(ty)
    }

    fn name(&mut self, depth: u32) -> Option<Type> {
        Some(match self.word() {
            "any" => Type::Any,
            "null" => Type::Null,
            "bool" => Type::Bool,
            "int" => Type::Int,
            "float" => Type::Float,
            "duration" => Type::Duration,
            "size" => Type::Size,
            "percent" => Type::Percent,
            "instant" => Type::Instant,
            "string" => Type::String,
            "command" => Type::Command,
            "sql" => Type::Sql,
            "url" => Type::Url,
            "record" => Type::any_record(),
            "secret" => self.ty(depth)?.secret(),
            "list" => {
                let item = if self.eat("<") { self.ty(depth)? } else { return Some(Type::list(Type::Any)) };
                if !self.eat(">") {
                    return None;
                }
                Type::list(item)
            }
            other => (self.named)(other)?,
        })
    }

    fn record(&mut self, depth: u32) -> Option<Type> {
        let mut record = RecordType::default();
        while !self.eat("}") {
            if self.eat("…") || self.eat("...") {
                record.open = true;
                return self.eat("}").then(|| Type::Record(Arc::new(record)));
            }
            let name = self.word();
            if name.is_empty() || !self.eat(":") {
                return None;
            }
            record.fields.push((Arc::from(name), self.ty(depth)?));
            if !self.eat(",") {
                return self.eat("}").then(|| Type::Record(Arc::new(record)));
            }
        }
        Some(Type::Record(Arc::new(record)))
    }

    fn eat(&mut self, token: &str) -> bool {
        let rest = self.rest.trim_start();
        match rest.strip_prefix(token) {
            Some(after) => {
                self.rest = after;
                true
            }
            None => false,
        }
    }

    fn word(&mut self) -> &'a str {
        let rest = self.rest.trim_start();
        let end = rest.find(|c: char| !c.is_alphanumeric() && c != '_').unwrap_or(rest.len());
        let (word, after) = rest.split_at(end);
        self.rest = after;
        word
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_what_it_writes() {
        let none = |_: &str| None;
        for text in
            ["int", "list<string?>", "{ a: int, b: list<{ c: duration }> }", "{ a: any, … }", "secret string", "record"]
        {
            assert_eq!(Type::read(text, &none).map(|ty| ty.to_string()).as_deref(), Some(text));
        }
        for wrong in ["", "strin", "list<int", "{ a }", "int int", "{ a: int,, }"] {
            assert_eq!(Type::read(wrong, &none), None, "{wrong}");
        }
        assert_eq!(Type::read(&"list<".repeat(100_000), &none), None);
        assert_eq!(
            Type::read("list<item>", &|word| (word == "item").then_some(Type::Int)),
            Some(Type::list(Type::Int))
        );
    }
}
