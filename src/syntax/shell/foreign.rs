//! Arguments that another interpreter reads: a value in them would be read as its language, and no quoting of the
//! shell can prevent that. A table of the programs that runbooks use; an unknown program's arguments count as plain.

use super::interpreters::{FORM, INTERPRETERS, Interpreter, JSON, Program};
use super::wrappers::{base_name, innermost, positionals, skip_options};
use super::{SimpleCommand, Word};

/// A hole in an argument that is read as code or as a document.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ForeignHole {
    /// Index of the hole.
    pub hole: usize,
    /// The interpreter as the user wrote it: `psql -c`, `sh -c`, `jq`.
    pub interpreter: String,
    /// Ways out that fit, best first.
    pub remedies: &'static [Remedy],
}

/// A way to hand the value over without making it code.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Remedy {
    /// `on ssh(…) { $ … }` or `on docker(…)`, `on pod(…)`: the command is quoted for where it runs.
    On,
    /// `sql.*`, which binds values as parameters.
    Sql,
    /// `http.*` with `json:`, which encodes the body.
    HttpJson,
    /// `${json(x)}`, which writes the value as JSON.
    JsonFunction,
    /// `with NAME = x { … }`, and the interpreter's own way to read an environment variable.
    Environment,
    /// A further argument, which the program reads as data.
    Argument(&'static str),
    /// An expression of rbk instead of the other program.
    Rbk(&'static str),
}

impl Remedy {
    /// The advice, as a clause without a full stop.
    pub fn advice(self) -> &'static str {
        match self {
            Remedy::On => "run the command inside `on ssh(…) { … }`, `on docker(…) { … }` or `on pod(…) { … }`",
            Remedy::Sql => "use `sql.query` or `sql.exec`, which bind the value as a parameter",
            Remedy::HttpJson => "use `http.post(url, json: { … })`, which encodes the body",
            Remedy::JsonFunction => "write `${json(x)}`, which is the value as JSON",
            Remedy::Environment => "hand it over as an environment variable: `with NAME = x { … }`",
            Remedy::Argument(advice) | Remedy::Rbk(advice) => advice,
        }
    }
}

/// The holes of these commands that another interpreter would read, each once.
pub(super) fn find(commands: &[SimpleCommand]) -> Vec<ForeignHole> {
    let mut found = Vec::new();
    for command in commands {
        let words = command.innermost();
        let values = words.iter().any(|word| word.holes().next().is_some());
        if values {
            arguments(words, &mut found, 0);
        }
        stdin(command, commands, &mut found);
        if values {
            names(words, &mut found);
            documents(words, &mut found);
        }
    }
    let mut seen = Vec::new();
    found.retain(|foreign: &ForeignHole| {
        let first = !seen.contains(&foreign.hole);
        seen.push(foreign.hole);
        first
    });
    found
}

fn report(found: &mut Vec<ForeignHole>, word: &Word, interpreter: &str, remedies: &'static [Remedy]) {
    let interpreter = interpreter.trim_end();
    found.extend(word.holes().map(|hole| ForeignHole { hole, interpreter: interpreter.to_owned(), remedies }));
}

/// What the arguments of one command hold, and of the commands within them.
fn arguments(words: &[Word], found: &mut Vec<ForeignHole>, depth: usize) {
    let Some((program, rest)) = words.split_first() else { return };
    let Some(name) = base_name(program) else { return };
    // `find -exec`, `docker run IMAGE sh -c`: the inner command stands anywhere among the words.
    if depth == 0 {
        let container = matches!(name, "docker" | "podman" | "kubectl" | "docker-compose" | "nerdctl" | "oc");
        for (index, word) in rest.iter().enumerate() {
            let exec = matches!(word.literal(), Some("-exec" | "-execdir" | "-ok" | "-okdir"));
            if name == "find" && exec {
                arguments(innermost(rest.get(index + 1..).unwrap_or_default()), found, depth + 1);
            }
            if container
                && let Some(inner) = base_name(word)
                && let Some(row) = interpreter(inner)
                && let Program::Option { .. } = row.program
            {
                row.program_holes(inner, rest.get(index + 1..).unwrap_or_default(), found);
            }
        }
    }
    let Some(row) = interpreter(name) else { return };
    if name == "watch" && rest.iter().any(|word| matches!(word.literal(), Some("-x" | "--exec"))) {
        return arguments(innermost(skip_options(rest, row.values).1), found, depth + 1);
    }
    row.program_holes(name, rest, found);
}

/// `--option=…`
fn is_set_by(word: &str, option: &str) -> bool {
    word.strip_prefix(option).is_some_and(|rest| rest.starts_with('='))
}

/// With which bytes their names begin: most programs are none of them.
const INITIALS: [bool; 256] = {
    let mut initials = [false; 256];
    let mut row = 0;
    while row < INTERPRETERS.len() {
        let names = INTERPRETERS[row].names;
        let mut name = 0;
        while name < names.len() {
            initials[names[name].as_bytes()[0] as usize] = true;
            name += 1;
        }
        row += 1;
    }
    initials
};

fn interpreter(name: &str) -> Option<&'static Interpreter> {
    // `python3.12`
    let name = if name.starts_with("python") { name.split('.').next().unwrap_or(name) } else { name };
    let known = name.bytes().next().is_some_and(|first| INITIALS[usize::from(first)]);
    if known { INTERPRETERS.iter().find(|row| row.names.contains(&name)) } else { None }
}

impl Interpreter {
    fn program_holes(&self, name: &str, words: &[Word], found: &mut Vec<ForeignHole>) {
        match &self.program {
            Program::Option { short, long, leading } => {
                self.options(name, words, short, long, *leading, found);
            }
            Program::First { options, long, files } => {
                let given = self.options(name, words, options, long, false, found);
                let file = words.iter().any(|word| {
                    files.iter().any(|option| word.prefix() == *option || is_set_by(word.prefix(), option))
                });
                if !given && !file {
                    let words = self.without_pairs(words);
                    let positionals = positionals(&words, self.values);
                    let mut positionals = positionals.into_iter().filter(|word| {
                        name != "yq" || !matches!(word.literal(), Some("e" | "eval" | "ea" | "eval-all"))
                    });
                    if let Some(program) = positionals.next() {
                        report(found, program, name, self.remedies);
                    }
                }
            }
            Program::Behind { skip } => {
                let (_, mut rest) = skip_options(words, self.values);
                for _ in 0..*skip {
                    (_, rest) = skip_options(rest.get(1..).unwrap_or_default(), self.values);
                }
                for word in rest {
                    report(found, word, name, self.remedies);
                }
            }
            Program::After(markers) => {
                for pair in words.windows(2) {
                    if let [marker, program] = pair
                        && marker.literal().is_some_and(|text| markers.contains(&text))
                    {
                        report(found, program, &format!("{name} {}", marker.text()), self.remedies);
                    }
                }
            }
        }
    }

    /// jq's options with two values: a name, and data.
    fn without_pairs(&self, words: &[Word]) -> Vec<Word> {
        let mut kept = Vec::new();
        let mut rest = words.iter();
        while let Some(word) = rest.next() {
            match word.literal() {
                Some("--arg" | "--argjson" | "--slurpfile" | "--rawfile") if self.names.contains(&"jq") => {
                    rest.next();
                    rest.next();
                }
                _ => kept.push(word.clone()),
            }
        }
        kept
    }

    /// Looks for the program among the options; whether there was one.
    fn options(
        &self,
        name: &str,
        words: &[Word],
        short: &str,
        long: &[&str],
        leading: bool,
        found: &mut Vec<ForeignHole>,
    ) -> bool {
        let mut any = false;
        let mut rest = words;
        while let Some((word, behind)) = rest.split_first() {
            rest = behind;
            let prefix = word.prefix();
            let literal = word.literal();
            if literal == Some("--") || (leading && !prefix.starts_with(['-', '+'])) {
                break;
            }
            if let Some(option) = long.iter().find(|option| literal == Some(**option)) {
                any = true;
                if let Some((program, behind)) = rest.split_first() {
                    report(found, program, &format!("{name} {option}"), self.remedies);
                    rest = behind;
                }
                continue;
            }
            if let Some(option) = long.iter().find(|option| is_set_by(prefix, option)) {
                any = true;
                report(found, word, &format!("{name} {option}"), self.remedies);
                continue;
            }
            if literal.is_some_and(|option| self.values.contains(&option)) {
                rest = rest.get(1..).unwrap_or_default();
                if leading && literal == Some("-m") {
                    break;
                }
                continue;
            }
            let Some(letters) = prefix.strip_prefix('-').filter(|letters| !letters.starts_with('-')) else { continue };
            let Some((joined, letter)) = short_option(letters, short, literal.is_some()) else {
                // `-euo pipefail`: the last of joined letters takes the next word.
                let takes_value = self.values.iter().any(|option| option.len() == 2 && letters.ends_with(&option[1..]));
                if literal.is_some() && letters.len() > 1 && takes_value && leading {
                    rest = rest.get(1..).unwrap_or_default();
                }
                continue;
            };
            any = true;
            let shown = format!("{name} -{letter}");
            if joined {
                report(found, word, &shown, self.remedies);
            } else if let Some((program, behind)) = rest.split_first() {
                report(found, program, &shown, self.remedies);
                rest = behind;
            }
        }
        any
    }

    /// Whether, with these arguments, the program comes from standard input.
    fn reads_stdin(&self, name: &str, words: &[Word]) -> bool {
        let Some(allowed) = self.stdin else { return false };
        if words.iter().any(|word| word.literal() == Some("-s")) && self.names.contains(&"sh") {
            return true;
        }
        let mut ignored = Vec::new();
        if let Program::Option { short, long, leading } = &self.program
            && self.options(name, words, short, long, *leading, &mut ignored)
        {
            return false;
        }
        let files = words.iter().any(|word| matches!(word.prefix(), "-f" | "-m" | "--file"));
        let positionals = positionals(words, self.values);
        let positionals =
            positionals.iter().filter(|word| word.literal() != Some("-") && !word.prefix().starts_with('+'));
        !files && positionals.count() <= allowed
    }
}

/// Finds one of the letters `short` in joined letters (`lc` of `-lc`): whether the program is joined to it too, and
/// the letter. A letter with something behind it counts only as the first, where nothing else can be meant.
fn short_option(letters: &str, short: &str, complete: bool) -> Option<(bool, char)> {
    let first = letters.chars().next()?;
    if short.contains(first) && !(complete && letters.chars().count() == 1) {
        return Some((true, first));
    }
    let last = letters.chars().last()?;
    let flags = letters.chars().all(|c| c.is_ascii_alphanumeric());
    // `-Atc${x}`: the value is joined to a few letters.
    let few = complete || letters.len() <= 4;
    (flags && few && short.contains(last)).then_some((!complete, last))
}

/// A program fed to an interpreter by a heredoc, by `<<<`, or by `echo … |`.
fn stdin(command: &SimpleCommand, commands: &[SimpleCommand], found: &mut Vec<ForeignHole>) {
    let mut words = command.innermost();
    let mut reader = None;
    // `ssh host bash -s`: the shell behind the host is what reads.
    while let Some((program, rest)) = words.split_first() {
        let Some(name) = base_name(program) else { break };
        let Some(row) = interpreter(name) else { break };
        if row.reads_stdin(name, rest) {
            reader = Some((name, row));
            break;
        }
        if name != "ssh" {
            break;
        }
        let (_, behind_options) = skip_options(rest, row.values);
        words = innermost(behind_options.get(1..).unwrap_or_default());
    }
    let Some((name, row)) = reader else { return };
    for redirect in &command.redirects {
        let shown = format!("{name} {}", redirect.operator);
        match redirect.operator.as_str() {
            "<<" | "<<-" => found.extend(redirect.body_holes.iter().map(|hole| ForeignHole {
                hole: *hole,
                interpreter: shown.clone(),
                remedies: row.remedies,
            })),
            "<<<" => report(found, &redirect.target, &shown, row.remedies),
            _ => {}
        }
    }
    let Some(writer) = command.input_from.and_then(|index| commands.get(index)) else { return };
    match writer.words.first().and_then(base_name) {
        Some("echo" | "printf") => {
            for word in &writer.words {
                report(found, word, &format!("| {name}"), row.remedies);
            }
        }
        Some("cat") => {
            let bodies = writer.redirects.iter().flat_map(|redirect| &redirect.body_holes);
            found.extend(bodies.map(|hole| ForeignHole {
                hole: *hole,
                interpreter: format!("| {name}"),
                remedies: row.remedies,
            }));
        }
        _ => {}
    }
}

/// Builtins whose arguments are variables: bash evaluates an index in such a name (`x[$(…)]`), and with some options
/// the value as well.
fn names(words: &[Word], found: &mut Vec<ForeignHole>) {
    const ADVICE: &[Remedy] = &[Remedy::Rbk("write the variable's name itself, and set it as `NAME=${x}` on its own")];
    let Some((program, rest)) = words.split_first() else { return };
    let Some(name) = program.literal() else { return };
    match name {
        "declare" | "typeset" | "local" | "export" | "readonly" => {
            let evaluates = rest.iter().any(|word| {
                word.literal()
                    .is_some_and(|option| option.starts_with(['-', '+']) && option.contains(['a', 'A', 'i', 'n']))
            });
            for word in rest {
                // Behind a name and `=` the value is only stored, as long as it does not look like a list: which only
                // an array takes, so that only `export` and `readonly`, which rarely meet one, are let through.
                let named = word.prefix().contains('=') && !word.prefix().contains('[');
                if !named || evaluates {
                    report(found, word, name, ADVICE);
                }
            }
        }
        "read" | "unset" | "mapfile" | "readarray" | "getopts" | "wait" => {
            for word in rest {
                report(found, word, name, ADVICE);
            }
        }
        "printf" if rest.first().and_then(Word::literal) == Some("-v") => {
            if let Some(word) = rest.get(1) {
                report(found, word, "printf -v", ADVICE);
            }
        }
        "test" | "[" => {
            for pair in rest.windows(2) {
                if let [option, word] = pair
                    && matches!(option.literal(), Some("-v" | "-R"))
                {
                    report(found, word, &format!("{name} -v"), ADVICE);
                }
            }
        }
        _ => {}
    }
}

/// Values within a JSON document or a form that is written as an argument.
fn documents(words: &[Word], found: &mut Vec<ForeignHole>) {
    const DATA: &[&str] = &["-d", "--data", "--data-raw", "--data-binary", "--data-ascii", "--json"];
    let Some((program, rest)) = words.split_first() else { return };
    let name = base_name(program).unwrap_or_default();
    for (index, word) in rest.iter().enumerate().filter(|(_, word)| word.holes().next().is_some()) {
        let option =
            index.checked_sub(1).and_then(|before| rest.get(before)).and_then(Word::literal).unwrap_or_default();
        let prefix = word.prefix();
        let joined = DATA.iter().filter(|data| prefix.starts_with(**data)).max_by_key(|data| data.len());
        let (option, body) = match joined {
            Some(data) if name == "curl" => (*data, word.without_prefix(data.len())),
            _ => (option, word.clone()),
        };
        let text = body.text();
        let text = text.trim_start_matches('=').trim_start();
        if looks_like_json(text) {
            report(found, word, &format!("{name} {option}"), JSON);
        } else if name == "curl" && DATA.contains(&option) && looks_like_form(&body) {
            report(found, word, &format!("{name} {option}"), FORM);
        }
    }
}

/// `{"a": …`, `[{"a"…`, also with the value as the name.
fn looks_like_json(text: &str) -> bool {
    let text = text.trim_start_matches('[').trim_start();
    let Some(behind) = text.strip_prefix('{') else { return text.starts_with('"') && text.ends_with("\"]") };
    behind.trim_start().starts_with('"')
}

/// `name=…&name=…` around a hole.
fn looks_like_form(body: &Word) -> bool {
    let prefix = body.prefix();
    let name = prefix.split('=').next().unwrap_or_default();
    let named = prefix.contains('=') && name.chars().all(|c| c.is_ascii_alphanumeric() || "_-.[]%".contains(c));
    named && !prefix.starts_with('@') || body.text().contains('&')
}

#[cfg(test)]
mod tests {
    use super::super::tests::script;

    fn interpreter(text: &str) -> String {
        script(text).foreign.first().map(|foreign| foreign.interpreter.clone()).unwrap_or_default()
    }

    #[test]
    fn values_in_programs_are_found() {
        for (text, shown) in [
            ("sh -c \"echo §\"", "sh -c"),
            ("/bin/bash -lc 'echo §'", "bash -c"),
            ("bash -euo pipefail -c §", "bash -c"),
            ("eval echo §", "eval"),
            ("ssh -p 22 host systemctl restart §", "ssh"),
            ("ssh host \"systemctl restart §\"", "ssh"),
            ("psql -U a -c \"SELECT '§'\"", "psql -c"),
            ("psql -Atc§", "psql -c"),
            ("psql db --command=\"x§\"", "psql --command"),
            ("psql \"-cSELECT §\"", "psql -c"),
            ("mysql -u root -e 'x §'", "mysql -e"),
            ("sqlite3 a.db \"SELECT §\"", "sqlite3"),
            ("redis-cli -h a eval \"x §\" 0", "redis-cli eval"),
            ("mongosh --eval \"db.x(§)\"", "mongosh --eval"),
            ("python3.12 -c \"print(§)\"", "python3.12 -c"),
            ("node -e \"§\"", "node -e"),
            ("node -p \"§\"", "node -p"),
            ("perl -ne \"print §\"", "perl -e"),
            ("ruby -e \"§\"", "ruby -e"),
            ("php -r \"§\"", "php -r"),
            ("awk -F: \"/§/ {print}\" f", "awk"),
            ("sed -i \"s/a/§/\" f", "sed"),
            ("sed -n -e \"s/a/§/\" f", "sed -e"),
            ("a | jq -r \".items[] | select(.name == \\\"§\\\")\"", "jq"),
            ("jq --arg n § '.a' && jq \".§\"", "jq"),
            ("yq e \".a = §\" f", "yq"),
            ("xargs -0 -n 1 sh -c \"echo §\"", "sh -c"),
            ("su - postgres -c \"x §\"", "su -c"),
            ("sudo -u postgres psql -c \"x §\"", "psql -c"),
            ("env A=b timeout 5s nice nohup sh -c §", "sh -c"),
            ("docker exec -it pg psql -U x -c \"x §\"", "psql -c"),
            ("docker run --rm -v a:b image sh -c \"x §\"", "sh -c"),
            ("docker-compose exec -T pg sh -c §", "sh -c"),
            ("kubectl exec -n a api-0 -- sh -c \"x §\"", "sh -c"),
            ("watch -n 5 kubectl get §", "watch"),
            ("find . -name a -exec sh -c \"x §\" ;", "sh -c"),
            ("curl -X POST -d '{\"a\": \"§\"}' url", "curl -d"),
            ("curl --data-raw \"{\\\"a\\\": §}\" url", "curl --data-raw"),
            ("curl -d'{\"a\": §}' url", "curl -d"),
            ("curl -d \"a=b&c=§\" url", "curl -d"),
            ("kubectl patch deploy a -p '{\"spec\": §}'", "kubectl -p"),
            ("psql <<E\nSELECT §\nE\n", "psql <<"),
            ("bash <<'E'\necho §\nE\n", "bash <<"),
            ("ssh host bash -s <<E\necho §\nE\n", "bash <<"),
            ("python3 - <<< \"print(§)\"", "python3 <<<"),
            ("echo \"SELECT §\" | psql db", "| psql"),
            ("cat <<E | mysql db\nSELECT §\nE\n", "| mysql"),
            ("declare -a A=§", "declare"),
            ("export §", "export"),
            ("printf -v § x", "printf -v"),
            ("read -r §", "read"),
            ("let A=§", "let"),
            ("trap §", "trap"),
            ("sh -c \"echo ${A:-§}\"", "sh -c"),
        ] {
            let text = text.replace(" ;", " \\;");
            let found = script(&text);
            let refused =
                found.problems.iter().any(|problem| problem.message.contains("no shell reads a value safely"));
            assert!(interpreter(&text) == shown || refused, "{text}: {:?}", found.foreign);
        }
    }

    #[test]
    fn values_that_stay_data_are_left_alone() {
        for text in [
            "sh script.sh -c §",
            "sh -c 'echo \"$1\"' sh §",
            "bash -x script.sh §",
            "ssh -i § -p § §",
            "ssh deploy@§",
            "psql -h § -U § -d § -f § -v name=§",
            "mysql -h § -u §",
            "sqlite3 §",
            "redis-cli -h § set key §",
            "python3 script.py -c §",
            "python3 -m http.server §",
            "awk -v a=§ -f prog.awk §",
            "awk '{print}' §",
            "sed -e 's/a/b/' §",
            "sed -f prog.sed §",
            "sed 's/a/b/' §",
            "jq --arg a § --argjson b § '.a' §",
            "jq .a §",
            "curl -d § url",
            "curl -d @§ url",
            "curl --data-urlencode a=§ -H \"A: §\" \"https://x/§\"",
            "kubectl exec -n § § -- ls §",
            "docker run -e A=§ image:§ ls",
            "docker ps --filter name=§ --format '{{.Names}}'",
            "find § -name § -exec rm {} +",
            "gcloud run deploy § --image=§",
            "sudo systemctl restart §",
            "cat <<E > f\n§\nE\n",
            "echo § | cat",
            "export A=§",
            "kubectl apply -f - <<E\nname: §\nE\n",
        ] {
            assert_eq!(interpreter(text), "", "{text}");
        }
    }
}
