//! Random programs that are valid, in a random layout: what is left to chance is drawn from bytes, so that a
//! failing one shrinks.

/// Draws a program.
pub(crate) struct Generator<'b> {
    bytes: &'b [u8],
    out: String,
    names: usize,
}

/// How deep statements and expressions may go.
const DEPTH: usize = 3;

pub(crate) fn program(bytes: &[u8]) -> String {
    let mut generator = Generator { bytes, out: String::new(), names: 0 };
    generator.program();
    generator.out
}

impl Generator<'_> {
    /// A number below `n`; zero when the bytes are at an end.
    fn draw(&mut self, n: usize) -> usize {
        let Some((first, rest)) = self.bytes.split_first() else { return 0 };
        self.bytes = rest;
        usize::from(*first) % n
    }

    fn is(&mut self) -> bool {
        self.draw(2) == 1
    }

    /// One in so many times.
    fn rarely(&mut self, times: usize) -> bool {
        self.draw(times) == times - 1
    }

    fn put(&mut self, text: &str) {
        self.out.push_str(text);
    }

    fn pick(&mut self, texts: &[&str]) {
        let at = self.draw(texts.len());
        self.put(texts[at]);
    }

    // -- blanks

    /// Where blanks may stand.
    fn s(&mut self) {
        self.pick(&["", "", "", " ", "  ", "\t"]);
    }

    /// Where blanks must stand.
    fn blank(&mut self) {
        self.pick(&[" ", " ", " ", "  ", "\t", "     "]);
    }

    fn comment(&mut self) {
        self.pick(&["# c", "#c", "#  two words  ", "## doc", "# ünï", "#", "# a, b; { ( ["]);
        let name = self.names;
        self.names += 1;
        self.put(&format!("{name}"));
        self.pick(&["", "", "  "]);
    }

    /// Where lines may end.
    fn gap(&mut self) {
        match self.draw(8) {
            5 => {
                self.put("\n");
                self.s();
            }
            6 => {
                self.put("\n\n\n   ");
            }
            7 => {
                for _ in 0..=self.draw(3) {
                    self.blank();
                    self.comment();
                    self.pick(&["\n", "\n\n", "\n    "]);
                }
            }
            _ => self.s(),
        }
    }

    /// Between two statements.
    fn line_end(&mut self) {
        self.s();
        match self.draw(6) {
            0..=2 => self.put("\n"),
            3 => {
                self.blank();
                self.comment();
                self.put("\n");
            }
            4 => self.put("\n\n\n"),
            _ => {
                self.put("\n");
                self.s();
                self.comment();
                self.put("\n");
            }
        }
        self.pick(&["", "", "    ", "\t", "        "]);
    }

    // -- statements

    fn program(&mut self) {
        if self.is() {
            self.line_end();
        }
        let count = 1 + self.draw(5);
        for _ in 0..count {
            if self.rarely(3) {
                self.declaration();
            } else {
                self.statement(0);
            }
            self.line_end();
        }
        if self.is() {
            self.comment();
        }
    }

    fn name(&mut self) {
        self.pick(&["a", "b", "xs", "name", "step", "long_name_of_something", "note", "value_1"]);
    }

    fn declaration(&mut self) {
        match self.draw(8) {
            0 => {
                self.put("runbook");
                self.blank();
                self.string();
                self.entries();
            }
            1 => {
                self.put("env e");
                if self.is() {
                    self.put(" extends  f");
                }
                self.entries();
            }
            2 => self.pick(&["use std.a.b", "use  std.a as  c", "use \"./x.rbk\"", "use './x.rbk'as y"]),
            3 => {
                self.put("param p");
                self.s();
                self.put(":");
                self.s();
                self.kind(0);
                if self.is() {
                    self.put(" =");
                    self.s();
                    self.expr(1);
                }
                self.pick(&["", " matching \"x\"", "  one_of [1, 2]"]);
            }
            4 => {
                self.put("secret s from env_var(");
                self.gap();
                self.put("\"X\"");
                self.gap();
                self.put(")");
            }
            5 => {
                self.put("action f");
                self.params();
                self.pick(&["", " changes", " reads", " -> int reads", " destroys -> { a: int }"]);
                self.block(1);
                self.clauses(1);
            }
            6 => {
                self.put("fn f");
                self.params();
                self.s();
                self.put("=");
                self.gap();
                self.expr(0);
            }
            _ => {
                self.put("test \"t\" {\n");
                for _ in 0..self.draw(4) {
                    match self.draw(5) {
                        0 => self.put("given env 'e'"),
                        1 => {
                            self.put("given  x =");
                            self.expr(1);
                        }
                        2 => {
                            self.put("mock  http.get \"*\" ");
                            self.record(1);
                        }
                        3 => self.put("expect   not called  command \"x\""),
                        _ => {
                            self.put("expect ");
                            self.expr(1);
                        }
                    }
                    self.line_end();
                }
                self.put("}");
            }
        }
    }

    fn entries(&mut self) {
        self.gap();
        self.put("{");
        self.gap();
        for index in 0..self.draw(4) {
            if index > 0 {
                self.s();
                self.pick(&["\n", ",", ";", "\n\n\n", " # x\n"]);
                self.gap();
            }
            self.name();
            self.s();
            self.put("=");
            self.s();
            self.expr(1);
        }
        self.gap();
        self.put("}");
    }

    fn params(&mut self) {
        self.put("(");
        self.gap();
        for index in 0..self.draw(4) {
            if index > 0 {
                self.gap();
                self.put(",");
                self.gap();
            }
            self.name();
            if self.is() {
                self.put(":");
                self.s();
                self.kind(1);
            }
            if self.rarely(3) {
                self.put(" =");
                self.s();
                self.expr(2);
            }
        }
        self.gap();
        self.put(")");
    }

    /// A type.
    fn kind(&mut self, depth: usize) {
        match self.draw(if depth < 2 { 5 } else { 2 }) {
            0 => self.put("string"),
            1 => self.put("int?"),
            2 => {
                self.put("list<");
                self.s();
                self.kind(depth + 1);
                self.s();
                self.put(">");
            }
            3 => {
                self.put("list<list<int>?>");
            }
            _ => {
                self.put("{");
                self.gap();
                for index in 0..=self.draw(2) {
                    if index > 0 {
                        self.put(",");
                        self.gap();
                    }
                    self.put("k:");
                    self.s();
                    self.kind(depth + 1);
                }
                self.gap();
                self.put("}");
            }
        }
    }

    fn block(&mut self, depth: usize) {
        self.gap();
        self.bare_block(depth);
    }

    /// One that must begin on the line of what stands before it.
    fn bare_block(&mut self, depth: usize) {
        self.s();
        if self.rarely(4) {
            // On one line.
            self.pick(&["{ }", "{}", "{ note 'x' }", "{a()}", "{ a(); b(1,2) }", "{ if a { b() } }"]);
            return;
        }
        self.put("{");
        self.line_end();
        for _ in 0..self.draw(4) {
            self.statement(depth + 1);
            self.line_end();
        }
        self.put("}");
    }

    fn modifiers(&mut self) {
        for word in ["when", "timeout", "retry", "within", "every"] {
            if self.rarely(6) {
                self.blank();
                self.put(word);
                self.blank();
                self.head_value();
                if word == "retry" && self.is() {
                    self.put(" after  5s");
                }
            }
        }
        if self.rarely(8) {
            self.put("  danger 'what is lost'");
        }
    }

    fn clauses(&mut self, depth: usize) {
        if self.rarely(4) {
            self.s();
            self.put("undo");
            if self.rarely(3) {
                self.put(" timeout 5m");
            }
            self.bare_block(depth);
        }
        match self.draw(8) {
            5 => self.put("  on_fail  rollback"),
            6 => {
                self.put(" on_fail");
                self.bare_block(depth);
            }
            7 => {
                self.put(" on_fail rollback");
                self.bare_block(depth);
            }
            _ => {}
        }
    }

    fn statement(&mut self, depth: usize) {
        if depth >= DEPTH {
            return self.simple();
        }
        match self.draw(16) {
            0..=5 => self.simple(),
            6 | 7 => {
                self.pick(&["step", "phase", "check", "monitor"]);
                self.s();
                self.string();
                self.modifiers();
                self.block(depth);
                self.clauses(depth);
            }
            8 => {
                self.put("if ");
                self.head_value();
                self.block(depth);
                while self.rarely(3) {
                    self.gap();
                    self.put("else if ");
                    self.head_value();
                    self.block(depth);
                }
                if self.is() {
                    self.gap();
                    self.put("else");
                    self.block(depth);
                }
            }
            9 => {
                self.put("for x in ");
                self.head_value();
                self.pick(&["", " parallel", "  parallel 3 tolerate 10%", " tolerate  1"]);
                self.block(depth);
            }
            10 => {
                self.put("with  A=");
                self.head_value();
                if self.is() {
                    self.put(",");
                    self.gap();
                    self.put("B = ");
                    self.head_value();
                }
                self.block(depth);
            }
            11 => {
                self.put("choose 'q'");
                self.gap();
                self.put("{");
                self.gap();
                for _ in 0..self.draw(3) {
                    self.put("\"x\"");
                    self.bare_block(depth + 1);
                    self.gap();
                }
                self.put("}");
            }
            12 => {
                self.put("checklist \"l\"");
                self.gap();
                self.put("{");
                self.gap();
                for _ in 0..self.draw(3) {
                    self.string();
                    self.pick(&["\n", ",", ", \n\n\n"]);
                    self.gap();
                }
                self.put("}");
                self.clauses(depth);
            }
            13 => {
                self.put("background \"b\" timeout 5m");
                self.block(depth);
                if self.is() {
                    self.put(" ready within 5s");
                    self.bare_block(depth);
                }
            }
            14 => {
                self.pick(&["finally", "parallel", "parallel  tolerate 2", "on ssh( 'x' )"]);
                self.block(depth);
            }
            _ => {
                self.put("let r");
                self.blank();
                self.put("= check 'c'");
                self.modifiers();
                self.block(depth);
            }
        }
    }

    fn simple(&mut self) {
        match self.draw(14) {
            0 => self.command(),
            1 => {
                self.pick(&["let out  = ", "out=", "let o = try ", "let r = reads  ", "let  s= try reads "]);
                self.command();
            }
            2 => {
                self.put("let");
                self.blank();
                self.name();
                if self.rarely(4) {
                    self.put(" : ");
                    self.kind(1);
                }
                self.s();
                self.put("=");
                self.s();
                self.expr(0);
            }
            3 => {
                self.put("v");
                self.s();
                self.put("= ");
                self.expr(0);
            }
            4 => {
                self.put("assert");
                self.blank();
                self.expr(0);
                if self.is() {
                    self.gap();
                    self.put(" because ");
                    self.string();
                }
            }
            5 => {
                self.pick(&["note ", "warn\t", "fail ", "return  ", "wait "]);
                self.expr(1);
            }
            6 => {
                self.put("fail_when ");
                self.expr(1);
                self.pick(&["", " for  5m", "  times 3"]);
            }
            7 => self.pick(&["break", "stop", "undo", "skip", "retry", "continue", "rollback"]),
            8 => {
                self.put("confirm 'sure?'");
                self.modifiers();
            }
            9 => {
                self.put("approve 'x'  by 2  of [ '@a' , '@b' ]");
                self.modifiers();
            }
            10 => {
                self.put("call \"./x.rbk\" with ");
                self.record(1);
            }
            11 => {
                self.put("check  healthy");
                self.args(1);
                self.modifiers();
            }
            12 => {
                self.put("manual 'm' ");
                self.text_block("");
            }
            _ => {
                self.put("f");
                self.args(0);
                self.tight(1);
            }
        }
    }

    // -- text

    fn string(&mut self) {
        self.pick(&[
            "\"a\"",
            "'b'",
            "\"with ${x} in it\"",
            "\"ünï # no comment\"",
            "\"a longer text that takes some room on its line, so that lines are wide\"",
            "\"${f( 1,2 )}\"",
            "\"${f(1, # c\n  2)}\"",
            "\"\\n\\\"\"",
            "\"\"",
        ]);
    }

    fn command(&mut self) {
        match self.draw(8) {
            0 => self.put("$ ls   -la | head"),
            1 => self.put("$echo '# no' a#b"),
            2 => {
                self.put("$ kubectl get \\\n");
                self.pick(&["", "  ", "\t", "          "]);
                self.put("-o json");
            }
            3 => {
                self.put("$ echo \"a \\\n");
                self.pick(&["", "  ", "\t"]);
                self.put("b\" \\\n   c");
            }
            4 => self.put("$ echo ${x} ${f(1,\n   2)} $(a b)"),
            _ => {
                self.put("$  ");
                self.text_block("echo a\n");
            }
        }
    }

    fn text_block(&mut self, line: &str) {
        self.put("\"\"\"");
        self.pick(&["\n", "\n", "  \n", "first"]);
        if self.out.ends_with("first") {
            self.put("\n");
        }
        self.pick(&["", "  ", "     "]);
        self.put(line);
        for _ in 0..self.draw(6) {
            self.pick(&["", "  ", "    ", "      ", "\t", "\t  "]);
            self.pick(&["a", "cat <<EOF", "EOF", "b  ", "", "${x}", "x ${f(1,\n 2)} y", "if a; then # c", "\"q\" '"]);
            self.put("\n");
        }
        self.pick(&["", "  ", "      ", "end"]);
        self.put("\"\"\"");
    }

    // -- expressions

    fn expr(&mut self, depth: usize) {
        self.operand(depth);
        if depth > DEPTH {
            return;
        }
        while self.rarely(4) {
            self.blank();
            self.gap();
            self.pick(&["and", "or", "+", "-", "*", "mod", "==", "<=", "??", "in", "contains"]);
            self.blank();
            self.operand(depth + 1);
        }
    }

    /// Before a block, where `{` would be taken for the block's.
    fn head_value(&mut self) {
        self.name();
        self.tight(2);
        while self.rarely(4) {
            self.blank();
            self.gap();
            self.pick(&["and ", "or ", "== ", "+ "]);
            self.name();
        }
    }

    fn operand(&mut self, depth: usize) {
        if depth > DEPTH {
            return self.atom();
        }
        match self.draw(18) {
            0..=6 => {
                self.atom();
            }
            7 => {
                self.pick(&["not ", "-", "not\t"]);
                self.operand(depth + 1);
            }
            8 => {
                self.put("(");
                self.gap();
                self.expr(depth + 1);
                self.gap();
                self.put(")");
            }
            9 | 10 => {
                self.put("f");
                self.args(depth + 1);
                self.tight(depth + 1);
            }
            11 => self.list(depth + 1),
            12 => self.record(depth + 1),
            13 => {
                self.pick(&["x=>", "( a , b )=> ", "() => ", "x   =>\t"]);
                self.operand(depth + 1);
            }
            14 => {
                self.put("if ");
                self.head_value();
                self.s();
                self.put("{");
                self.gap();
                self.expr(depth + 2);
                self.gap();
                self.put("}");
                self.gap();
                self.put("else");
                self.s();
                self.put("{");
                self.gap();
                self.expr(depth + 2);
                self.gap();
                self.put("}");
            }
            15 => {
                self.put("try ");
                self.operand(depth + 1);
                if self.is() {
                    self.gap();
                    self.put(" else ");
                    self.operand(depth + 1);
                }
            }
            16 => self.text_block(""),
            _ => {
                self.name();
                self.tight(depth + 1);
            }
        }
    }

    fn atom(&mut self) {
        match self.draw(3) {
            0 => self.pick(&["1", "1h30m", "5%", "512MiB", "4.5e-3", "null", "true", "1_000", "90s"]),
            1 => self.name(),
            _ => self.string(),
        }
    }

    /// What sticks to an operand.
    fn tight(&mut self, depth: usize) {
        while self.rarely(3) {
            match self.draw(4) {
                0 => {
                    self.put("[");
                    self.gap();
                    self.expr(depth + 1);
                    self.gap();
                    self.put("]");
                }
                1 => self.args(depth + 1),
                _ => {
                    self.gap();
                    self.pick(&[".a", ".status", "?.first"]);
                    if self.is() {
                        self.args(depth + 1);
                    }
                }
            }
        }
    }

    /// Parts, commas between them and perhaps one behind the last.
    fn parts(&mut self, signs: (&str, &str), part: impl Fn(&mut Self)) {
        self.put(signs.0);
        self.gap();
        let count = self.draw(4);
        for index in 0..count {
            if index > 0 {
                self.gap();
                self.put(",");
                self.gap();
            }
            part(self);
        }
        if count > 0 && self.rarely(3) {
            self.s();
            self.put(",");
        }
        self.gap();
        self.put(signs.1);
    }

    fn args(&mut self, depth: usize) {
        self.parts(("(", ")"), |generator| {
            if generator.rarely(3) {
                generator.put("json:");
                generator.gap();
            }
            generator.expr(depth + 1);
        });
    }

    fn list(&mut self, depth: usize) {
        self.parts(("[", "]"), |generator| generator.expr(depth + 1));
    }

    fn record(&mut self, depth: usize) {
        self.parts(("{", "}"), |generator| {
            generator.pick(&["k:", "\"a b\":", "step :"]);
            generator.gap();
            generator.expr(depth + 1);
        });
    }
}
