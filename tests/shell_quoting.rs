//! Holds the quoting of values against the real shells: whatever the value and wherever it stands, it arrives as
//! exactly itself, and nothing of it is run.
//!
//! A template is a command in which `§` marks the holes. Many cases share one process of the shell; only when the
//! output of a batch is wrong is each case run alone, to say which it was.

#![allow(clippy::unwrap_used, reason = "also the helpers of these tests may fail them")]

use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};

use proptest::prelude::*;
use rbk::syntax::shell::{Arg, Piece, Place, QuoteError, Script, lex, quote};

/// Shells, with whether they understand bash's own features.
const SHELLS: &[(&[&str], bool)] = &[(&["bash"], true), (&["bash", "--posix"], false), (&["sh"], false)];

/// Prints how many arguments there are, and each.
const PRELUDE: &str = "p() { printf '%s\\0' \"$#\" \"$@\"; }\nset -eu\nH=home; E=''; Z='ab}c'; set -- one two\n";

/// A command and what its arguments should be, with `§` for the values in order.
#[derive(Clone, Debug)]
struct Template {
    text: String,
    args: Vec<String>,
    bash: bool,
}

/// A template with values.
#[derive(Clone, Debug)]
struct Case {
    script: String,
    output: Vec<String>,
    bash: bool,
}

fn pieces(text: &str) -> Vec<Piece<'_>> {
    let mut pieces = Vec::new();
    for (index, part) in text.split('§').enumerate() {
        if index > 0 {
            pieces.push(Piece::Hole);
        }
        if !part.is_empty() {
            pieces.push(Piece::Text(part));
        }
    }
    pieces
}

fn fill(pieces: &[Piece<'_>], script: &Script, values: &[Arg<'_>]) -> Result<String, QuoteError> {
    let mut filled = String::new();
    let mut holes = 0;
    for piece in pieces {
        match piece {
            Piece::Text(text) => filled.push_str(text),
            Piece::Hole => {
                filled.push_str(&quote(&script.contexts[holes], values[holes % values.len()])?);
                holes += 1;
            }
        }
    }
    Ok(filled)
}

impl Template {
    fn new(text: &str, args: &[&str], bash: bool) -> Template {
        Template { text: text.to_owned(), args: args.iter().map(|arg| (*arg).to_owned()).collect(), bash }
    }

    /// The template with values, which repeat when there are more holes.
    fn with(&self, values: &[String]) -> Result<Case, QuoteError> {
        let pieces = pieces(&self.text);
        let script = lex(&pieces);
        assert!(script.problems.is_empty(), "{:?} in {}", script.problems, self.text);
        let args: Vec<Arg<'_>> = values.iter().map(|value| Arg::One(value)).collect();
        let filled = fill(&pieces, &script, &args)?;
        let mut next = values.iter().cycle();
        let mut output = vec![self.args.len().to_string()];
        for arg in &self.args {
            let mut parts = arg.split('§');
            let mut expected = parts.next().unwrap_or_default().to_owned();
            for part in parts {
                expected.push_str(next.next().unwrap());
                expected.push_str(part);
            }
            output.push(expected);
        }
        Ok(Case { script: filled, output, bash: self.bash })
    }
}

/// Runs a script from a file, as rbk does, in a folder where globs would match.
fn run(shell: &[&str], script: &str, folder: &Path) -> Vec<u8> {
    let file = folder.join("../script");
    fs::write(&file, script).unwrap();
    let output = Command::new(shell[0])
        .args(&shell[1..])
        .arg(&file)
        .current_dir(folder)
        .env_remove("Y")
        .stdin(Stdio::null())
        .stderr(Stdio::null())
        .output()
        .unwrap();
    output.stdout
}

fn folder() -> tempfile::TempDir {
    let dir = tempfile::tempdir().unwrap();
    let inner = dir.path().join("inner");
    fs::create_dir(&inner).unwrap();
    for name in ["a", "b", "x y", "-n", "EOF"] {
        fs::write(inner.join(name), "").unwrap();
    }
    dir
}

fn check(shells: &[(&[&str], bool)], cases: &[Case]) {
    let dir = folder();
    let inner = dir.path().join("inner");
    for (shell, bash) in shells {
        let cases: Vec<&Case> = cases.iter().filter(|case| *bash || !case.bash).collect();
        cases.chunks(500).for_each(|cases| check_batch(shell, cases, &inner));
    }
    let mut names: Vec<String> =
        fs::read_dir(&inner).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    assert_eq!(names, ["-n", "EOF", "a", "b", "x y"], "a value was run");
}

/// Runs cases in one process.
fn check_batch(shell: &[&str], cases: &[&Case], inner: &Path) {
    let mut script = String::from(PRELUDE);
    let mut expected = Vec::new();
    for case in cases {
        script.push_str(&case.script);
        script.push('\n');
        for arg in &case.output {
            expected.extend_from_slice(arg.as_bytes());
            expected.push(0);
        }
    }
    if run(shell, &script, inner) != expected {
        for case in cases {
            let output = run(shell, &format!("{PRELUDE}{}\n", case.script), inner);
            let args: Vec<String> =
                output.split(|byte| *byte == 0).map(|arg| String::from_utf8_lossy(arg).into_owned()).collect();
            let mut wanted = case.output.clone();
            wanted.push(String::new());
            assert_eq!(args, wanted, "{shell:?} read it otherwise:\n{}", case.script);
        }
        panic!("{shell:?}: wrong only together");
    }
}

/// Values that break careless quoting.
fn hostile() -> Vec<String> {
    let mut values: Vec<String> = [
        "",
        " ",
        "  a  b ",
        "-n",
        "-e",
        "--",
        "~",
        "~root",
        "~/x",
        "*",
        "?",
        "[ab]",
        "a*",
        "{a,b}",
        "{1..3}",
        "!",
        "!!",
        "!a",
        "#",
        "# no",
        "a#b",
        "=",
        "A=b",
        "A=$(touch pwned)",
        "if",
        "then",
        "fi",
        "time",
        "{",
        "}",
        "[[",
        "]]",
        "case",
        "esac",
        "done",
        "function",
        "in",
        "$",
        "$H",
        "${H}",
        "$(touch pwned)",
        "`touch pwned`",
        "$((1+1))",
        "$[1+1]",
        "\\",
        "\\\\",
        "a\\",
        "\\\n",
        "\\a",
        "\\0",
        "\\x41",
        "%s",
        "%",
        "&",
        "a&",
        "&&",
        "|",
        ";",
        ";;",
        ";touch pwned;",
        "<",
        ">",
        "> pwned",
        "<(touch pwned)",
        "(",
        ")",
        ")touch pwned",
        "'",
        "''",
        "'''",
        "\"",
        "\"\"",
        "'\"'",
        "\"'\"",
        "it's",
        "it's \"x\"",
        "';touch pwned;'",
        "\";touch pwned;\"",
        "\n",
        "a\nb",
        "\n\n",
        "a\n",
        "\ta",
        "a\n\tb",
        "\t",
        "touch pwned",
        "\ntouch pwned\n",
        "EOF",
        "\nEOF\n",
        "EOF\ntouch pwned\n",
        "\tEOF",
        "EO",
        "OF",
        "E",
        "1",
        "0",
        "2",
        "9",
        "é",
        "日本",
        "🦀",
        "\u{a0}",
        "\u{101}",
        "\u{441}",
        "\r",
        "a\r\nb",
        "\u{1}",
        "\u{7f}",
        "\u{81}",
        "\u{88}",
        "a]b",
        "[!a]",
        "[[:alpha:]]",
        "@(a|b)",
        "a|b",
        "^a$",
        ".*",
        "x}y",
        "}",
        "\\}",
        "${",
        "${Y:-x}",
        "$'x'",
        "$\"x\"",
        "'}",
        "\"}",
        "`",
        "\\`",
        "\\$",
        "\\\"",
        "\\'",
        "a`b",
        ",",
        "..",
        "a,b",
        ":",
        "a:~",
        "+",
        "&>f",
        "2>&1",
        "-v x",
    ]
    .iter()
    .map(|value| (*value).to_owned())
    .collect();
    values.push("x'\"$\\`\n".repeat(200));
    let ascii: String = (1..128_u8).map(char::from).collect();
    values.push(ascii.chars().rev().collect());
    values.push(ascii);
    values
}

/// At least one template for each place, and each way to get there.
fn templates() -> Vec<Template> {
    let both: &[(&str, &[&str])] = &[
        // Words.
        ("p §", &["§"]),
        ("p a§b", &["a§b"]),
        ("p --image=§", &["--image=§"]),
        ("p --image=§,x", &["--image=§,x"]),
        ("p § §x §", &["§", "§x", "§"]),
        ("p §§", &["§§"]),
        ("p $H§", &["home§"]),
        ("p §$H", &["§home"]),
        ("p x\\\n§", &["x§"]),
        ("p '['§']'", &["[§]"]),
        ("p \\\\§", &["\\§"]),
        ("p §>/dev/stdout", &["§"]),
        ("p \"a\"§'b'", &["a§b"]),
        ("p ''§", &["§"]),
        ("p §;:", &["§"]),
        ("p §&&:", &["§"]),
        ("p §|cat", &["§"]),
        ("(p §)", &["§"]),
        ("{ p §; }", &["§"]),
        ("! p §", &["§"]),
        ("if p §; then :; fi", &["§"]),
        ("for i in §; do p \"$i\"; done", &["§"]),
        ("for i in x§; do p \"$i\"; done", &["x§"]),
        ("case § in \"\") p '';; *) p §; esac", &["§"]),
        ("f() { p \"$1\"; }; f §", &["§"]),
        ("set -- §; p \"$@\"; set -- one two", &["§"]),
        // Assignments.
        ("X=§; p \"$X\"", &["§"]),
        ("X=a:§:~; p \"${X%:*}\"", &["a:§"]),
        ("X=§ sh -c 'printf \"%s\\0\" 1 \"$X\"'", &["§"]),
        ("export X=§; p \"$X\"", &["§"]),
        ("export X=\"§\"; p \"$X\"", &["§"]),
        // Double quotes.
        ("p \"§\"", &["§"]),
        ("p \"a § b\"", &["a § b"]),
        ("p \"§§\"", &["§§"]),
        ("p \"$H§\"", &["home§"]),
        ("p \"$H§§\"", &["home§§"]),
        ("p \"$1§\"", &["one§"]),
        ("p \"$#§\"", &["2§"]),
        ("p \"$H\\\n§\"", &["home§"]),
        ("p \"${H}§$H\"", &["home§home"]),
        ("p \"\\\\§\"", &["\\§"]),
        ("p \"\\\"§\\$\"", &["\"§$"]),
        ("p \"'§'\"", &["'§'"]),
        ("p \"$(printf %s x)§\"", &["x§"]),
        ("p \"$@§\"", &["one", "two§"]),
        ("p \"!§!\"", &["!§!"]),
        ("p \"\n§\n\"", &["\n§\n"]),
        // Single quotes.
        ("p '§'", &["§"]),
        ("p 'a § b'", &["a § b"]),
        ("p '\\§\\'", &["\\§\\"]),
        ("p '\"§\"$H'", &["\"§\"$H"]),
        ("p 'a\n§'", &["a\n§"]),
        // Substitutions.
        ("p \"$(printf '%sX' §)\"", &["§X"]),
        ("p \"$(printf '%sX' \"§\")\"", &["§X"]),
        ("p \"$(printf '%sX' '§')\"", &["§X"]),
        ("p \"a$(printf '%sX' \"b$(printf '%sY' c\"§\"d)\")e\"", &["abc§dYXe"]),
        ("p \"$(printf '%sX' § # it's § \"\n)\"", &["§X"]),
        ("p \"$(case x in x) printf '%sX' §;; esac)\"", &["§X"]),
        ("p \"$( (printf '%sX' §) )\"", &["§X"]),
        ("X=$(printf '%sX' §); p \"$X\"", &["§X"]),
        // Backticks.
        ("X=`printf '%sX' §`; p \"$X\"", &["§X"]),
        ("X=`printf '%sX' '§'`; p \"$X\"", &["§X"]),
        ("X=`printf '%sX' \"§\"`; p \"$X\"", &["§X"]),
        ("X=`printf '%sX' \"\\$H§\"`; p \"$X\"", &["home§X"]),
        ("X=`W=\\`printf '%sX' §\\`; printf '%sY' \"\\$W\"`; p \"$X\"", &["§XY"]),
        ("X=`printf '%sY' \"$(printf '%sX' '§')\"`; p \"$X\"", &["§XY"]),
        ("p \"$(W=`printf '%sX' §`; printf '%sY' \"$W\")\"", &["§XY"]),
        ("X=`cat <<EOF\n§\nEOF\necho X`; p \"$X\"", &["§\nX"]),
        ("X=`cat <<'EOF'\n§.\nEOF\necho X`; p \"$X\"", &["§.\nX"]),
        // Expansions.
        ("p ${Y:-§}", &["§"]),
        ("p ${Y-a§b}", &["a§b"]),
        ("p ${Y-\"§\"}", &["§"]),
        ("p ${Y-'§'}", &["§"]),
        ("p ${H:+§}", &["§"]),
        ("p ${Y:-${Y:-§}}", &["§"]),
        ("p ${Y:-§§}", &["§§"]),
        ("p ${H+$H§}x", &["home§x"]),
        ("p \"${Y:-$(printf '%sX' §)}\"", &["§X"]),
        ("X=${Y:-§}; p \"$X\"", &["§"]),
        ("X='-'§'-'; p ${X#-§}", &["-"]),
        ("X=a§b; p ${X%§b}", &["a"]),
        ("X=a§b; p ${X%%§\"b\"} # §", &["a"]),
        ("X=§b; p ${X#§}", &["b"]),
        // Heredocs.
        ("X=$(cat <<EOF\n§\nEOF\necho X); p \"$X\"", &["§\nX"]),
        ("X=$(cat <<EOF\na § b\nEOF\necho X); p \"$X\"", &["a § b\nX"]),
        ("X=$(cat <<EOF\nE§OF\nEOF\necho X); p \"$X\"", &["E§OF\nX"]),
        ("X=$(cat <<EOF\n§§\nEOF\necho X); p \"$X\"", &["§§\nX"]),
        ("X=$(cat <<EOF\nE§F§\nEOF\necho X); p \"$X\"", &["E§F§\nX"]),
        ("X=$(cat <<EOF\n§EOF\nEOF\necho X); p \"$X\"", &["§EOF\nX"]),
        ("X=$(cat <<EOF\n$H§\\\\§\nEOF\necho X); p \"$X\"", &["home§\\§\nX"]),
        ("X=$(cat <<EOF\n\"§\" '§'\nEOF\necho X); p \"$X\"", &["\"§\" '§'\nX"]),
        ("X=$(cat <<-EOF\n\t§\n\tx§\n\tEOF\necho X); p \"$X\"", &["§\nx§\nX"]),
        ("X=$(cat <<-EOF\n\t§ §\tx\n\tEOF\necho X); p \"$X\"", &["§ §\tx\nX"]),
        ("X=$(cat <<EOF\nx\\\n§\nEOF\necho X); p \"$X\"", &["x§\nX"]),
        ("X=$(cat <<A; cat <<B\n§\nA\n§\nB\necho X); p \"$X\"", &["§\n§\nX"]),
        ("X=$(cat <<'EOF'\n§\nEOF\necho X); p \"$X\"", &["§\nX"]),
        ("X=$(cat <<\"EOF\"\n$H§\\\n§ §\nEOF\necho X); p \"$X\"", &["$H§\\\n§ §\nX"]),
        ("X=$(cat <<-'EOF'\n\tx\n\t§.\tx\nEOF\necho X); p \"$X\"", &["x\n§.\tx\nX"]),
        ("X=$(cat <<EOF\na$(printf '%sX' §)b\nEOF\necho X); p \"$X\"", &["a§Xb\nX"]),
        ("X=$(cat <<EOF\na$(printf '%sX' \"b§\")b\nEOF\necho X); p \"$X\"", &["ab§Xb\nX"]),
        // Comments.
        ("p x # §\n", &["x"]),
        ("# § \np x", &["x"]),
        ("p \"$(echo x # §\n)\"", &["x"]),
        // Redirections and pipes.
        ("p § 2>/dev/null </dev/null", &["§"]),
        // Patterns.
        ("case \"$(printf '%sX' §)\" in §X) p yes;; *) p no;; esac", &["yes"]),
        ("case x§ in x§) p yes;; *) p no;; esac", &["yes"]),
        ("case x§ in a|x\"§\") p yes;; *) p no;; esac", &["yes"]),
    ];
    let bash: &[(&str, &[&str])] = &[
        ("p $'§'", &["§"]),
        ("p $'\\x4§\\n'", &["\u{4}§\n"]),
        ("p $'\\'§'", &["'§"]),
        ("p $\"§\"", &["§"]),
        ("p {a,§}", &["a", "§"]),
        ("X=(§ a§); p \"${X[@]}\"", &["§", "a§"]),
        ("X=(); X+=(§); p \"${X[@]}\"", &["§"]),
        ("X=a; X+=§; p \"$X\"", &["a§"]),
        ("[[ § == § ]] && p yes", &["yes"]),
        ("[[ x§ == x\"§\" ]] && p yes", &["yes"]),
        ("[[ x§ =~ ^x§$ ]] && p yes", &["yes"]),
        ("[[ x§ =~ ^(x\"§\"|b c)$ ]] && p yes", &["yes"]),
        ("if [[ -n x§ && ( x§ != y || § == z ) ]]; then p yes; fi", &["yes"]),
        ("IFS= read -r -d '' X < <(printf '%s\\0' §); p \"$X\"", &["§"]),
        ("p \"$(cat <<<§; echo X)\"", &["§\nX"]),
        ("p \"$(cat <<< \"a§\"; echo X)\"", &["a§\nX"]),
        ("time p §", &["§"]),
        ("function g { p \"$@\"; }; g §", &["§"]),
    ];
    let mut all: Vec<Template> = both.iter().map(|(text, args)| Template::new(text, args, false)).collect();
    all.extend(bash.iter().map(|(text, args)| Template::new(text, args, true)));
    all
}

/// The only refusals: what a verbatim heredoc cannot hold, and several lines within a substitution in a heredoc.
fn may_refuse(error: &QuoteError, template: &Template, value: &str) -> bool {
    match error {
        QuoteError::EndsHeredoc { delimiter } => {
            template.text.contains("<<")
                && value.lines().any(|line| line.contains(delimiter.as_str()) || delimiter.contains(line.trim()))
        }
        QuoteError::LikeDelimiter { .. } => template.text.contains("<<") && !value.is_ascii(),
        QuoteError::LosesTabs => template.text.contains("<<-'") && value.contains('\t'),
        QuoteError::Control => template.text.contains("<<") && value.contains(['\u{1}', '\u{7f}']),
        QuoteError::SeveralLines => template.text.contains("<<") && value.contains('\n'),
        QuoteError::Nul { .. } | QuoteError::List | QuoteError::NotInteger { .. } | QuoteError::Nowhere => false,
    }
}

#[test]
fn every_hostile_value_arrives_from_every_place() {
    // All pairs in all shells take a minute; by default each pair meets one of them.
    let all = std::env::var_os("RBK_TEST_ALL_SHELLS").is_some();
    let values = hostile();
    let mut cases: Vec<Vec<Case>> = SHELLS.iter().map(|_| Vec::new()).collect();
    for (row, template) in templates().iter().enumerate() {
        for (column, value) in values.iter().enumerate() {
            match template.with(std::slice::from_ref(value)) {
                Ok(case) => {
                    let turn = if template.bash { 0 } else { (row + column) % SHELLS.len() };
                    for (index, cases) in cases.iter_mut().enumerate() {
                        if all || index == turn {
                            cases.push(case.clone());
                        }
                    }
                }
                Err(error) => assert!(may_refuse(&error, template, value), "{error}: {value:?} in {}", template.text),
            }
        }
    }
    std::thread::scope(|scope| {
        for (shell, cases) in SHELLS.iter().zip(&cases) {
            scope.spawn(move || check(std::slice::from_ref(shell), cases));
        }
    });
}

/// Escapes text once more, as backticks need it.
fn in_backticks(text: &str) -> String {
    text.chars().flat_map(|c| matches!(c, '\\' | '$' | '`').then_some('\\').into_iter().chain([c])).collect()
}

/// A word around a hole, wrapped again and again; each number is a choice. What it comes to is in `args`.
fn nested(choices: &[u8]) -> Template {
    const LEAVES: &[(&str, &str, bool)] = &[
        ("§", "§", false),
        ("a§b", "a§b", false),
        ("\"§\"", "§", false),
        ("\"x § y\"", "x § y", false),
        ("'§'", "§", false),
        ("'l§ r'", "l§ r", false),
        ("\"$H§\"", "home§", false),
        ("\"$H§§\"", "home§§", false),
        ("${Y:-§}", "§", false),
        ("${Y:-a§'§'}", "a§§", false),
        ("${Y:-$H§\" it\"}", "home§ it", false),
        ("${Y-\"§\"}", "§", false),
        ("${H+§}§", "§§", false),
        ("§\"§\"'§'", "§§§", false),
        ("\\\\\"\\\\§\"'\\'", "\\\\§\\", false),
        ("$'§\\n'", "§\n", true),
        ("\"$(cat <<EOF\n§\nEOF\necho X)\"", "§\nX", false),
        ("\"$(cat <<'#END'\n§\n#END\necho X)\"", "§\nX", false),
        ("\"$(cat <<-'#END'\n\t.§\n\t#END\necho X)\"", ".§\nX", false),
    ];
    let mut choices = choices.iter().map(|choice| usize::from(*choice));
    let leaf = LEAVES[choices.next().unwrap_or(0) % LEAVES.len()];
    let (mut text, mut value, mut bash) = (leaf.0.to_owned(), leaf.1.to_owned(), leaf.2);
    for choice in choices {
        let inner = format!("printf '%sX' {text}");
        let one_line = !text.contains('\n') && !text.contains('`') && !text.contains("${");
        let simple = !text.contains("<<");
        let ticks = text.contains('`');
        text = match choice % 17 {
            0 => format!("\"$({inner})\""),
            1 => format!("\"pre $({inner})\"' post'"),
            2 => format!("\"$(printf '%sX' - >/dev/null; {inner})\""),
            3 if !ticks && simple => format!("\"$(W=`{}`; printf %s \"$W\")\"", in_backticks(&inner)),
            4 => format!("\"${{Y:-$({inner})}}\""),
            5 if one_line && simple => format!("\"$(cat <<E\n$({inner})\nE\n)\""),
            6 => format!("\"$( ( {inner} ) | cat)\""),
            7 => format!("\"$(if :; then {inner}; fi)\""),
            8 => format!("\"$(case x in (y) ;; x) {inner};; esac)\""),
            9 => format!("\"$(f() {{ printf '%sX' \"$1\"; }}; f {text})\""),
            10 => format!("\"$(V={text}; printf '%sX' \"$V\")\""),
            11 => format!("\"$(for i in {text}; do printf '%sX' \"$i\"; done)\""),
            12 => format!("\"$({inner} # it's § \"`\n)\""),
            13 => format!("\"$(sh -c 'printf \"%sX\" \"$1\"' sh {text})\""),
            14 => format!("\"$(V={text} sh -c 'printf \"%sX\" \"$V\"')\""),
            15 => {
                bash = true;
                format!("\"$(cat < <({inner}))\"")
            }
            16 => {
                bash = true;
                format!("\"$([[ {text} == {text} ]] && {{ {inner}; }})\"")
            }
            _ => continue,
        };
        value = match choice % 17 {
            1 => format!("pre {value}X post"),
            _ => format!("{value}X"),
        };
    }
    Template { text: format!("p {text}"), args: vec![value], bash }
}

fn value() -> impl Strategy<Value = String> {
    const ATOMS: &[&str] = &[
        "'",
        "\"",
        "\\",
        "$",
        "`",
        "\n",
        "\t",
        " ",
        "*",
        "?",
        "[",
        "]",
        "{",
        "}",
        ",",
        "..",
        "~",
        "!",
        "#",
        "&",
        "|",
        ";",
        "<",
        ">",
        "(",
        ")",
        "=",
        "-",
        "a",
        "E",
        "EOF",
        "#END",
        "0",
        "_",
        "é",
        "🦀",
        "\u{101}",
        "\u{1}",
        "\u{7f}",
        "$H",
        "${H}",
        "$(touch pwned)",
        "`touch pwned`",
        "\ntouch pwned\n",
        "\\\n",
        "\r",
        "/",
        ":",
        "%",
        "^",
        "+",
        "@",
    ];
    prop_oneof![
        2 => proptest::sample::select(hostile()),
        3 => proptest::collection::vec(proptest::sample::select(ATOMS), 0..8).prop_map(|atoms| atoms.concat()),
        1 => "[^\\x00]{0,12}",
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 8, max_shrink_iters: 300, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn values_arrive_through_any_nesting(
        rows in proptest::collection::vec((proptest::collection::vec(any::<u8>(), 1..6), value()), 60),
    ) {
        let mut cases = Vec::new();
        for (choices, value) in &rows {
            // A value for all holes: which hole comes first in the text and in the result would differ otherwise.
            match nested(choices).with(std::slice::from_ref(value)) {
                Ok(case) => cases.push(case),
                Err(error) => prop_assert!(may_refuse(&error, &nested(choices), value), "{error}: {value:?}"),
            }
        }
        check(SHELLS, &cases);
    }
}

/// Scraps of which commands are made, some of them closing what others open.
const SCRAPS: &[&str] = &[
    "p ",
    "p ",
    "§",
    "§",
    "§",
    "§",
    " ",
    "\"",
    "\"",
    "'",
    "'",
    "\\",
    "$",
    "`",
    "$(",
    "$(",
    ")",
    ")",
    "${Y:-",
    "${H#",
    "}",
    "$((",
    "))",
    "((",
    "<<E\n",
    "<<'E'\n",
    "<<-E\n",
    "\nE\n",
    "\nE\n",
    "\tE\n",
    "# ",
    "\n",
    ";",
    "&&",
    "|",
    "case x in ",
    "x) ",
    ";;",
    " esac",
    "[[ ",
    " ]]",
    " =~ ",
    " == ",
    " -eq ",
    "$'",
    "{ ",
    "; }",
    "if ",
    "; then ",
    "; fi",
    "<(",
    "$H",
    "x",
    "1",
    "+",
    "=",
    "X=",
    "(",
    "*",
    "~",
    "{a,",
    "!",
    "for i in ",
    "; do ",
    "; done",
    "f() ",
    ">/dev/null ",
    "<<<",
    "\\\n",
    "\t",
];

/// Closes what a run of scraps left open, so that more of them can be read.
fn closed(scraps: &[&str]) -> String {
    let mut closers = Vec::new();
    for scrap in scraps {
        match *scrap {
            "\"" | "'" | "`" if closers.last() == Some(scrap) => drop(closers.pop()),
            "\"" | "'" | "`" => closers.push(*scrap),
            "$(" | "<(" => closers.push(")"),
            "${Y:-" | "${H#" | "{a," => closers.push("}"),
            "$((" | "((" => closers.push("))"),
            "$'" => closers.push("'"),
            "{ " => closers.push("; }"),
            "[[ " => closers.push(" ]]"),
            "case x in " => closers.push(" esac"),
            "if " => closers.push("; fi"),
            "for i in " => closers.push("; done"),
            "<<E\n" | "<<'E'\n" | "<<-E\n" => closers.push("\nE\n"),
            other if closers.last() == Some(&other) => drop(closers.pop()),
            _ => {}
        }
    }
    let mut text = scraps.concat();
    closers.iter().rev().for_each(|closer| text.push_str(closer));
    text
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, failure_persistence: None, ..ProptestConfig::default() })]

    /// However a command is put together: where a value is let in, none of it is run.
    #[test]
    fn no_value_is_run_in_any_command(
        scraps in proptest::collection::vec(proptest::sample::select(SCRAPS), 1..14),
        tail in proptest::sample::select(&["", "\n", " touch pwned\n", ")", "'", "\""][..]),
    ) {
        let text = closed(&scraps);
        let pieces = pieces(&text);
        let script = lex(&pieces);
        let holes = script.contexts.len();
        if script.problems.is_empty() {
            let unsaid = script.contexts.iter().any(|context| context.place == Place::Nowhere);
            prop_assert!(!unsaid, "a hole that is refused without a word in {text}");
        }
        if script.problems.is_empty() && script.foreign.is_empty() && holes > 0 {
            let canaries = [
                format!("$(touch pwned){tail}"),
                format!("`touch pwned`{tail}"),
                format!("';touch pwned;'{tail}"),
                format!("\";touch pwned;\"{tail}"),
                format!(";touch pwned;{tail}"),
                format!(")\ntouch pwned\n{tail}"),
                format!("E\n\tE\ntouch pwned\n{tail}"),
                format!("}}\n;touch pwned;{tail}"),
                format!("a[$(touch pwned)]{tail}"),
                format!("<(touch pwned){tail}"),
                "-1".to_owned(),
            ];
            let dir = folder();
            let inner = dir.path().join("inner");
            for canary in &canaries {
                let Ok(filled) = fill(&pieces, &script, &[Arg::One(canary)]) else { continue };
                let bash = !script.bashisms.is_empty();
                for (shell, _) in SHELLS.iter().filter(|(_, knows)| *knows || !bash) {
                    run(shell, &format!("{PRELUDE}{filled}\n"), &inner);
                    prop_assert!(!inner.join("pwned").exists(), "{shell:?} ran {canary:?}:\n{filled}\n({text})");
                }
            }
        }
    }

    /// Words that are started without a shell are those that the shell would have made of them.
    #[test]
    fn direct_words_are_the_shells(
        scraps in proptest::collection::vec(
            proptest::sample::select(&[
                " ", " ", "a", "b c", "'x y'", "\"x y\"", "\\ ", "\\\\", "\\a", "\"\\a\\\"\\$\"", "''", "\"\"", "{", "}", ",", "..",
                "~", "=", ":", "#", "$", "*", "!", "^", "%", "-", "+", "@", "/", "\\\n", "[", "]", "é", "'$H'", "1", "\t",
                "$H", ";", ">", "\"'\"", "'\"'",
            ][..]),
            0..12,
        ),
    ) {
        let text = format!("p {}", scraps.concat());
        let script = lex(&[Piece::Text(&text)]);
        if let Some(words) = script.direct() {
            let args: Vec<String> = words.iter().skip(1).map(|word| word.literal().unwrap().to_owned()).collect();
            let mut output = vec![args.len().to_string()];
            output.extend(args);
            check(SHELLS, &[Case { script: text, output, bash: false }]);
        }
    }
}

/// A case with the same argument in every hole.
fn case(text: &str, value: Arg<'_>, output: Vec<String>, bash: bool) -> Case {
    let pieces = pieces(text);
    let script = lex(&pieces);
    assert!(script.problems.is_empty(), "{:?} in {text}", script.problems);
    Case { script: fill(&pieces, &script, &[value]).unwrap(), output, bash }
}

#[test]
fn a_list_is_its_elements() {
    let values = hostile();
    let mut cases = Vec::new();
    for list in values.chunks(7).chain([&[][..], &[String::new()][..]]) {
        let many = Arg::Many(list);
        let counted = |before: &[&str], after: &[&str]| {
            let words = before.iter().map(|word| (*word).to_owned()).chain(list.iter().cloned());
            let words: Vec<String> = words.chain(after.iter().map(|word| (*word).to_owned())).collect();
            [vec![words.len().to_string()], words].concat()
        };
        let each: Vec<String> = list.iter().flat_map(|value| ["1".to_owned(), value.clone()]).collect();
        let joined: String = list.iter().flat_map(|value| [value.as_str(), "X"]).collect();
        cases.push(case("p §", many, counted(&[], &[]), false));
        cases.push(case("p a § b", many, counted(&["a"], &["b"]), false));
        cases.push(case("set -- §; p x \"$@\"; set -- one two", many, counted(&["x"], &[]), false));
        cases.push(case("for i in §; do p \"$i\"; done", many, each, false));
        cases.push(case("X=(§); p \"${X[@]}\"", many, counted(&[], &[]), true));
        if !list.is_empty() {
            cases.push(case("p \"$(printf '%sX' §)\"", many, vec!["1".to_owned(), joined], false));
        }
    }
    check(SHELLS, &cases);
}

#[test]
fn integers_are_computed_with() {
    let mut cases = Vec::new();
    for number in [0, 1, -1, 7, -42, 1_000_000_007, i64::MAX, i64::MIN] {
        let text = number.to_string();
        let one = |number: i64| vec!["1".to_owned(), number.to_string()];
        cases.push(case("p $((§))", Arg::One(&text), one(number), false));
        cases.push(case("p \"$((3-§))\"", Arg::One(&text), one(3_i64.wrapping_sub(number)), false));
        cases.push(case("p $(( 2 * ( 1 + § ) ))", Arg::One(&text), one(number.wrapping_add(1).wrapping_mul(2)), false));
        cases.push(case("p $(cat <<E\n$((§-1))\nE\n)", Arg::One(&text), one(number.wrapping_sub(1)), false));
        let sign = vec!["1".to_owned(), if number < 0 { "below" } else { "not" }.to_owned()];
        cases.push(case("if ((§<0)); then p below; else p not; fi", Arg::One(&text), sign.clone(), true));
        if number != i64::MIN {
            cases.push(case("if [[ § -lt 0 ]]; then p below; else p not; fi", Arg::One(&text), sign, true));
        }
    }
    check(SHELLS, &cases);
}

#[test]
fn a_redirection_writes_the_file_of_that_name() {
    for value in hostile() {
        let name = value.as_str();
        // `>&1` and `/dev/…` have a meaning of their own, a long name is none.
        if name.is_empty() || name.contains('/') || name.len() > 200 || name == "." || name == ".." {
            continue;
        }
        let dir = folder();
        let inner = dir.path().join("inner");
        let case = case("printf x > §", Arg::One(name), Vec::new(), false);
        run(&["bash"], &case.script, &inner);
        assert_eq!(fs::read(inner.join(name)).unwrap(), b"x", "{name:?}");
    }
}

/// A value in the place of a program is that program and nothing else: no keyword, assignment, alias or builtin syntax.
#[test]
fn a_command_name_is_a_name() {
    for value in hostile() {
        if value.is_empty() || value.contains('/') || value.len() > 200 || value == "." || value == ".." {
            continue;
        }
        let dir = folder();
        let inner = dir.path().join("inner");
        let program = inner.join(&value);
        fs::write(&program, "#!/bin/sh\nprintf '%s' ran\n").unwrap();
        let script = case("§ </dev/null", Arg::One(&value), Vec::new(), false).script;
        Command::new("chmod").arg("+x").arg("--").arg(&program).status().unwrap();
        for (shell, _) in SHELLS {
            let output = run(shell, &format!("PATH=.\n{script}\n"), &inner);
            // A builtin comes before a program of its name, and bash takes `%…` for one of its jobs, quoted or not.
            if !["!", ":", "[", "time"].contains(&value.as_str()) && !value.starts_with('%') {
                assert_eq!(String::from_utf8_lossy(&output), "ran", "{shell:?} {value:?}\n{script}");
            }
        }
    }
}
