//! Tests of what is found in a command; the shells themselves are asked in `tests/shell_quoting.rs`.

use super::{Arg, Context, Feature, Fragment, Piece, Place, QuoteError, Script, Word, lex, lost_setting, quote};

/// A command in which `§` marks the holes.
pub(super) fn script(text: &str) -> Script {
    let mut pieces = Vec::new();
    for (index, part) in text.split('§').enumerate() {
        if index > 0 {
            pieces.push(Piece::Hole);
        }
        if !part.is_empty() {
            pieces.push(Piece::Text(part));
        }
    }
    lex(&pieces)
}

fn places(text: &str) -> Vec<Place> {
    let script = script(text);
    assert!(script.problems.is_empty(), "{:?} in {text}", script.problems);
    script.contexts.into_iter().map(|context| context.place).collect()
}

#[test]
fn a_hole_is_where_it_stands() {
    use Place::{AnsiC, Assignment, Command, Comment, Expansion, Integer, OneWord, Pattern, Redirect, SingleQuoted};
    let joined = Place::Word { alone: false };
    let alone = Place::Word { alone: true };
    let quoted = Place::DoubleQuoted { after_name: false };
    assert_eq!(places("§ § a§"), [Command, alone.clone(), joined.clone()]);
    assert_eq!(places("a; § | § && ! §"), [Command, Command, Command]);
    assert_eq!(places("A=§ § >§ § 2>§"), [Assignment, Command, Redirect, alone.clone(), Redirect]);
    assert_eq!(places("p \"§\" '§' $'§'"), [quoted.clone(), SingleQuoted, AnsiC]);
    assert_eq!(places("p \"$A§$A.§\""), [Place::DoubleQuoted { after_name: true }, quoted.clone()]);
    assert_eq!(places("p \"$(p § \"§\" $(§))\" § # §"), [alone.clone(), quoted, Command, alone.clone(), Comment]);
    assert_eq!(places("p ${A:-§} ${A#§} $((§+1))"), [Expansion, Expansion, Place::Arithmetic]);
    assert_eq!(places("case § in §|a) § ;; esac"), [OneWord, Pattern, Command]);
    assert_eq!(places("for i in § a§; do § §; done"), [alone.clone(), joined, Command, alone.clone()]);
    assert_eq!(places("if §; then §; else § §; fi"), [Command, Command, Command, alone]);
    assert_eq!(places("[[ § == § && § -gt 3 ]]"), [OneWord, Pattern, Integer]);
}

#[test]
fn heredocs_know_their_end() {
    let contexts = script("cat <<A <<-'B'\nx $V§\nA\n\t§ y §\n\tB\np §").contexts;
    let Place::Heredoc(first) = &contexts[0].place else { panic!("{contexts:?}") };
    assert_eq!((first.delimiter.as_str(), first.before.as_str(), first.after_name), ("A", "x $V", true));
    let Place::HeredocVerbatim(second) = &contexts[1].place else { panic!("{contexts:?}") };
    assert_eq!((second.delimiter.as_str(), second.strip_tabs, second.hole_after), ("B", true, true));
    assert_eq!(contexts[3].place, Place::Word { alone: true });
}

#[test]
fn backticks_are_counted() {
    let levels = |text| script(text).contexts.into_iter().map(|context| context.backticks).collect::<Vec<_>>();
    assert_eq!(levels("X=`p § \\`p §\\` $(p §)` §"), [1, 2, 1, 0]);
}

#[test]
fn what_cannot_work_is_a_problem() {
    let problem = |text: &str| script(text).problems.first().map(|problem| problem.message.clone()).unwrap_or_default();
    for (text, message) in [
        ("p \"a", "this `\"` is not closed"),
        ("p 'a", "this `'` is not closed"),
        ("p $(a", "this `$(` is not closed"),
        ("p `a", "this backtick is not closed"),
        ("p ${A:-b", "this `${` is not closed"),
        ("(a", "this `(` is not closed"),
        ("a)", "this `)` closes nothing"),
        ("if a; then b", "`if` is not closed"),
        ("for i in a; do b; fi", "`fi` cannot close `for`"),
        ("case a in b) c", "this `case` is not closed"),
        ("cat <<E\na", "this heredoc does not end"),
        ("cat <<E", "the text of this heredoc is missing"),
        ("p \\§", "a `\\` directly before a value"),
        ("p \"\\§\"", "a `\\` directly before a value"),
        ("p $§", "a `$` directly before a value"),
        ("p ${§}", "a variable's name"),
        ("p ${A§}", "a variable's name"),
        ("§=1", "a variable's name"),
        ("A[§]=1", "an index is shell arithmetic"),
        ("p ${A[§]}", "an index is shell arithmetic"),
        ("p ${A/§/x}", "bash reads a value in this expansion differently"),
        ("p \"${A:-§}\"", "inside `\"${…}\"` no shell reads a value safely"),
        ("cat <<§\n§\n", "the word that ends a heredoc"),
        ("for § in a; do b; done", "a variable's name"),
        ("f§() { a; }", "a function's name"),
        ("p $((1§))", "in arithmetic a value is a number of its own"),
        ("n=§; p $((n+1))", "`n` holds a value"),
        ("n=§; [[ $n -gt 3 ]]", "`n` holds a value"),
        ("p \"`p §`\"", "shells do not agree on quotes in backticks"),
        ("a §(b)", "the shell cannot read a `(` here"),
        ("p $((a) | b)", "this `$((` is arithmetic"),
    ] {
        assert!(problem(text).starts_with(message), "{text}: {}", problem(text));
    }
}

#[test]
fn deep_nesting_is_refused_rather_than_followed() {
    for opener in ["$(", "\"$(", "${A:-", "(", "$((", "case x in x) "] {
        let script = script(&opener.repeat(5000));
        assert!(!script.problems.is_empty(), "{opener}");
    }
}

fn texts(words: &[Word]) -> Vec<String> {
    words.iter().map(Word::text).collect()
}

#[test]
fn a_command_without_shell_syntax_is_direct() {
    let direct = |text: &str| script(text).direct().map(texts);
    let words = |words: &[&str]| Some(words.iter().map(|word| (*word).to_owned()).collect::<Vec<_>>());
    assert_eq!(direct("gcloud run --image=§ 'a b' \"c\"\\ d x=~ \n"), None);
    assert_eq!(
        direct(" gcloud run --image=§ 'a b' \"c\"\\ d '' \n"),
        words(&["gcloud", "run", "--image=", "a b", "c d", ""])
    );
    assert_eq!(direct("a \\\n  b"), words(&["a", "b"]));
    assert_eq!(
        direct("find . -exec rm {} + --format '{{.Names}}' {{.ID}} a#b c$"),
        words(&["find", ".", "-exec", "rm", "{}", "+", "--format", "{{.Names}}", "{{.ID}}", "a#b", "c$",])
    );
    assert_eq!(direct("§ a"), words(&["", "a"]));
    for shell in [
        "a $B",
        "a *",
        "a ?",
        "a [b]",
        "a ~",
        "a b=~/c",
        "a {b,c}",
        "a {1..3}",
        "A=b c",
        "A=b",
        "a | b",
        "a; b",
        "a;",
        "a &",
        "a > b",
        "a 2>&1",
        "a <<E\nb\nE",
        "a # b",
        "a\nb",
        "if a",
        "! a",
        "time a",
        "cd a",
        "export A",
        ". a",
        "exit 1",
        ": a",
        "a $(b)",
        "a `b`",
        "a $'b'",
        "a \"$B\"",
        "a <(b)",
        "(a)",
        "{ a; }",
        "[ -f a ]",
        "[[ a ]]",
        "a \"b",
        "source a",
    ] {
        assert_eq!(direct(shell), None, "{shell}");
    }
}

#[test]
fn commands_are_found_at_any_depth() {
    let script = script("A=§ a $(b § \"$(c)\") | if d; then e <(f $V); fi; for i in 1; do g; done");
    let names: Vec<String> = script.commands.iter().map(|command| command.words[0].text()).collect();
    assert_eq!(names, ["c", "b", "a", "d", "f", "e", "g"]);
    let substituted: Vec<bool> = script.commands.iter().map(|command| command.substituted).collect();
    assert_eq!(substituted, [true, true, false, false, true, false, false]);
    assert_eq!(script.commands[2].assignments[0].value.fragments, [Fragment::Hole(0)]);
    assert_eq!(script.commands[3].input_from, Some(2));
    assert_eq!(script.variables, ["V"]);
}

#[test]
fn a_group_feeds_what_reads_its_pipe() {
    let script = script("(a; b) | c");
    assert_eq!(script.commands[2].input_from, Some(1));
}

#[test]
fn variables_are_listed_once() {
    assert_eq!(script("p $A \"$B ${A:-$C}\" $((D+1)) $1").variables, ["A", "B", "C", "D", "1"]);
}

#[test]
fn bashisms_are_listed() {
    let features = |text: &str| script(text).bashisms.into_iter().map(|found| found.feature).collect::<Vec<_>>();
    assert_eq!(features("a; b | c > d 2>&1; p ${A:-b} ${A#c} $((1))"), []);
    for (text, feature) in [
        ("[[ a ]]", Feature::DoubleBracket),
        ("((1))", Feature::ArithmeticCommand),
        ("A=(b c)", Feature::Array),
        ("p ${A[1]}", Feature::Array),
        ("A+=b", Feature::Append),
        ("a <<< b", Feature::HereString),
        ("a <(b)", Feature::ProcessSubstitution),
        ("p ${A/b/c}", Feature::Expansion),
        ("p ${A:1}", Feature::Expansion),
        ("p ${!A}", Feature::Expansion),
        ("a &> b", Feature::RedirectBoth),
        ("a |& b", Feature::PipeBoth),
        ("function a { b; }", Feature::FunctionKeyword),
        ("p $'a'", Feature::AnsiCQuote),
        ("p {a,b}", Feature::BraceExpansion),
        ("source a", Feature::Builtin("source")),
        ("case a in b) c ;& esac", Feature::FallThrough),
    ] {
        assert_eq!(features(text), [feature], "{text}");
    }
}

#[test]
fn settings_that_are_lost_are_told() {
    use super::LostSetting::{Directory, Variable};
    let lost = |text: &str| lost_setting(&script(text));
    assert!(matches!(lost("cd infra"), Some(Directory { folder: Some(folder), .. }) if folder == "infra"));
    assert!(matches!(lost("cd §"), Some(Directory { folder: None, .. })));
    assert!(matches!(lost("export A=§"), Some(Variable { name: Some(name), .. }) if name == "A"));
    assert!(matches!(lost("A=$(b)"), Some(Variable { .. })));
    assert_eq!(lost("cd infra && terraform plan"), None);
    assert_eq!(lost("cd infra\nterraform plan"), None);
    assert_eq!(lost("terraform plan"), None);
}

fn at(place: Place) -> Context {
    Context { place, backticks: 0, one_line: false }
}

#[test]
fn quoting_is_as_little_as_will_do() {
    let one = |place, text| quote(&at(place), Arg::One(text)).unwrap();
    assert_eq!(one(Place::Word { alone: true }, "app:1.2/x"), "app:1.2/x");
    assert_eq!(one(Place::Word { alone: true }, "a b"), "'a b'");
    assert_eq!(one(Place::Word { alone: true }, ""), "''");
    assert_eq!(one(Place::Word { alone: false }, "2"), "'2'");
    assert_eq!(one(Place::Command, "if"), "'if'");
    assert_eq!(one(Place::SingleQuoted, "it's"), r"it'\''s");
    assert_eq!(one(Place::DoubleQuoted { after_name: false }, "a\"$`\\"), "a\\\"\\$\\`\\\\");
    assert_eq!(one(Place::Comment, "a\nb"), "a b");
    assert_eq!(one(Place::Arithmetic, "-5"), "(-5)");
    assert_eq!(one(Place::Arithmetic, "010"), "10");
    assert_eq!(one(Place::Integer, "-5"), "-5");
}

#[test]
fn lists_are_words_of_their_own() {
    let list = ["a b".to_owned(), String::new(), "c".to_owned()];
    let word = at(Place::Word { alone: true });
    assert_eq!(quote(&word, Arg::Many(&list)).unwrap(), "'a b' '' c");
    assert_eq!(quote(&word, Arg::Many(&[])).unwrap(), "");
    for place in [Place::Word { alone: false }, Place::Command, Place::SingleQuoted, Place::Assignment] {
        assert_eq!(quote(&at(place), Arg::Many(&list)), Err(QuoteError::List));
    }
}

#[test]
fn what_cannot_be_quoted_is_refused() {
    let refused = |place, text| quote(&at(place), Arg::One(text)).unwrap_err();
    assert_eq!(refused(Place::Word { alone: true }, "a\0"), QuoteError::Nul { offset: 1 });
    for text in ["", "a", "1.5", "+1", "a[$(b)]", "--1", "- 1", "9223372036854775808"] {
        assert!(matches!(refused(Place::Arithmetic, text), QuoteError::NotInteger { .. }), "{text}");
    }
    let context = &script("cat <<'EOF'\n§\nEOF").contexts[0];
    assert!(matches!(quote(context, Arg::One("a\nEOF")), Err(QuoteError::EndsHeredoc { .. })));
    assert_eq!(quote(context, Arg::One("a EOF")).unwrap(), "a EOF");
}
