//! A command that waits for somebody at a keyboard, or never ends.

use crate::diag::Diagnostic;
use crate::lint::rule::rule;
use crate::lint::subject::{CommandSite, Subject};
use crate::lint::words::{has_flag, has_option, program};
use crate::syntax::shell::{SimpleCommand, Word, positionals};
use crate::syntax::tree::StmtKind;

rule!("RBK0332" "interactive-command" Warning, check);

fn check(subject: &Subject<'_>, found: &mut Vec<Diagnostic>) {
    for (site, command) in subject.simple_commands() {
        // A process of its own is meant to go on; `timeout` ends what would not end.
        let goes_on = subject.from(site.site).any(|stmt| matches!(stmt.kind, StmtKind::Background(_)));
        if goes_on || command.words.iter().any(|word| word.literal() == Some("timeout")) {
            continue;
        }
        let Some((name, words)) = program(command) else { continue };
        let call = Call { words, has_input: CommandSite::has_input(command) };
        let habit = HABITS.iter().find(|habit| habit.names.contains(&name) && habit.fits(&call));
        let Some((why, help)) = habit.map(|habit| (habit.why, habit.help)).or_else(|| terminal(command)) else {
            continue;
        };
        let message = format!("`{name}` {why}, and nobody is at the keyboard of a command");
        found.push(RULE.at(site.span_of(command), message, "hangs, or fails at once").help(help));
    }
}

/// What a program is given.
struct Call<'c> {
    words: &'c [Word],
    /// It reads a pipe or a file.
    has_input: bool,
}

impl Call<'_> {
    fn has(&self, options: &[&str]) -> bool {
        has_option(self.words, options)
    }

    /// How many words are neither options nor their values.
    fn count(&self, values: &[&str]) -> usize {
        positionals(self.words, values).len()
    }
}

/// What programs do when they are not told otherwise.
struct Habit {
    names: &'static [&'static str],
    /// Their subcommands that do it; none for all of them.
    verbs: &'static [&'static str],
    /// Options before the subcommand whose value is the next word.
    values: &'static [&'static str],
    /// Whether they do it, given this.
    waits: fn(&Call<'_>) -> bool,
    why: &'static str,
    help: &'static str,
}

impl Habit {
    fn fits(&self, call: &Call<'_>) -> bool {
        let words = positionals(call.words, self.values);
        let verb = words.first().and_then(|word| word.literal()).unwrap_or_default();
        (self.verbs.is_empty() || self.verbs.contains(&verb)) && (self.waits)(call)
    }
}

const KUBE: &[&str] = &["-n", "--namespace", "--context", "-H"];
const SSH: &[&str] = &[
    "-p", "-i", "-o", "-l", "-F", "-J", "-L", "-R", "-D", "-b", "-c", "-e", "-m", "-O", "-Q", "-S", "-w", "-W", "-E",
    "-B", "-I",
];

const HABITS: &[Habit] = &[
    Habit {
        names: &["vi", "vim", "nvim", "nano", "emacs", "visudo"],
        verbs: &[],
        values: &[],
        waits: |call| !call.has(&["-c", "--version", "--batch", "-es"]),
        why: "opens an editor",
        help: "write the file: file.write(path, content); or ask a person: manual \"…\"",
    },
    Habit {
        names: &["top", "htop", "less", "more"],
        verbs: &[],
        values: &[],
        waits: |call| !has_flag(call.words, 'b'),
        why: "shows a page and waits",
        help: "leave it out: the output is shown and kept anyway; of `top` write: reads $ top -b -n 1",
    },
    Habit {
        names: &["watch"],
        verbs: &[],
        values: &[],
        waits: |_| true,
        why: "goes on for ever",
        help: "write: check \"…\" within 2m every 5s { … }, or monitor \"…\" for 10m every 30s { … }",
    },
    Habit {
        names: &["tail", "journalctl"],
        verbs: &[],
        values: &[],
        waits: |call| call.has(&["-F", "--follow"]) || has_flag(call.words, 'f'),
        why: "goes on for ever",
        help: "leave out `-f`; to wait for a line write a check with `within`",
    },
    Habit {
        names: &["kubectl", "oc", "docker", "podman"],
        verbs: &["logs"],
        values: KUBE,
        waits: |call| call.has(&["-f", "--follow"]),
        why: "goes on for ever",
        help: "leave out `-f`, and bound it: --since=10m, --tail=100",
    },
    Habit {
        names: &["kubectl", "oc"],
        verbs: &["edit"],
        values: KUBE,
        waits: |_| true,
        why: "opens an editor",
        help: "write what is to change: kubectl patch …, or kubectl apply -f …",
    },
    Habit {
        names: &["psql"],
        verbs: &[],
        values: &[],
        waits: |call| {
            let told = ["-c", "--command", "-f", "--file", "-l", "--list", "-V", "--version"];
            !call.has_input && !call.has(&told) && !"cfl".chars().any(|flag| has_flag(call.words, flag))
        },
        why: "asks for statements",
        help: "give it some: psql -c \"…\", or psql -f file.sql",
    },
    Habit {
        names: &["mysql", "mariadb"],
        verbs: &[],
        values: &[],
        waits: |call| !call.has_input && !call.has(&["--execute", "-V", "--version"]) && !has_flag(call.words, 'e'),
        why: "asks for statements",
        help: "give it some: mysql -e \"…\"",
    },
    Habit {
        names: &["mongosh", "mongo"],
        verbs: &[],
        values: &[],
        waits: |call| !call.has_input && !call.has(&["--eval", "--file", "-f", "--version"]) && call.count(&[]) < 2,
        why: "asks for commands",
        help: "give it some: mongosh --eval \"…\"",
    },
    Habit {
        names: &["redis-cli"],
        verbs: &[],
        values: &[],
        waits: |call| {
            let values = ["-h", "-p", "-a", "-n", "-u", "--user", "--pass"];
            !call.has_input && call.count(&values) == 0 && !call.has(&["--scan", "--version", "--bigkeys", "-v"])
        },
        why: "asks for commands",
        help: "give it one: redis-cli PING",
    },
    Habit {
        names: &["ssh"],
        verbs: &[],
        values: SSH,
        waits: |call| {
            let goes_off = has_flag(call.words, 'N') || has_flag(call.words, 'f');
            let no_shell = goes_off || call.has(&["-O", "-Q", "-V", "-W", "-G"]);
            !call.has_input && !no_shell && call.count(SSH) < 2
        },
        why: "opens a shell",
        help: "give it the command: ssh host command",
    },
    Habit {
        names: &["su"],
        verbs: &[],
        values: &["-s", "--shell", "-g", "-G"],
        waits: |call| !call.has_input && !call.has(&["--command"]) && !has_flag(call.words, 'c'),
        why: "opens a shell",
        help: "give it the command: sudo -u postgres psql …",
    },
    Habit {
        names: &["bash", "sh", "zsh", "dash", "python", "python3", "node", "irb"],
        verbs: &[],
        values: &[],
        waits: |call| !call.has_input && call.words.is_empty(),
        why: "asks for commands",
        help: "give it a script: bash script.sh, or bash -c \"…\"",
    },
    Habit {
        names: &["git"],
        verbs: &["commit"],
        values: &["-C", "-c"],
        waits: |call| {
            !call.has(&["-m", "--message", "-F", "--file", "--no-edit", "-C"]) && !has_flag(call.words, 'm')
        },
        why: "opens an editor",
        help: "give the message: git commit -m \"…\"",
    },
    Habit {
        names: &["git"],
        verbs: &["rebase", "add"],
        values: &["-C", "-c"],
        waits: |call| call.has(&["-i", "--interactive", "-p", "--patch"]),
        why: "asks what to do",
        help: "leave out `-i`, and say what to do",
    },
    Habit {
        names: &["crontab"],
        verbs: &[],
        values: &[],
        waits: |call| call.has(&["-e"]),
        why: "opens an editor",
        help: "install a file: crontab file",
    },
    Habit {
        names: &["passwd"],
        verbs: &[],
        values: &[],
        waits: |call| {
            !call.has_input && !call.has(&["-l", "-u", "-S", "-d", "-e", "--status", "--lock", "--unlock", "--delete"])
        },
        why: "asks for a password",
        help: "give it on standard input: sh(\"chpasswd\", stdin: …)",
    },
    Habit {
        names: &["apt", "apt-get", "yum", "dnf"],
        verbs: &["install", "remove", "upgrade", "purge", "dist-upgrade", "full-upgrade", "autoremove"],
        values: &["-o", "-t"],
        waits: |call| {
            !call.has_input
                && !call.has(&["--yes", "--assume-yes", "--assumeyes", "-qq", "-s", "--simulate", "--dry-run"])
                && !has_flag(call.words, 'y')
        },
        why: "asks whether to go on",
        help: "say so: apt-get install -y …",
    },
    Habit {
        names: &["terraform", "tofu"],
        verbs: &["apply", "destroy"],
        values: &[],
        // A plan that was made before is applied without a question.
        waits: |call| {
            let told = ["-auto-approve", "--auto-approve", "-input=false"];
            !call.has_input && !call.has(&told) && call.count(&["-var", "-var-file", "-target"]) < 2
        },
        why: "asks whether to go on",
        help: "apply a plan that was looked at: terraform apply plan.out, or say -auto-approve",
    },
    Habit {
        names: &["gcloud"],
        verbs: &[],
        values: &["--project", "--region", "--zone"],
        waits: |call| {
            let words = positionals(call.words, &["--project", "--region", "--zone"]);
            let deletes = words.iter().take(5).any(|word| word.literal() == Some("delete"));
            deletes && !call.has(&["-q", "--quiet"])
        },
        why: "asks whether to go on",
        help: "say so: gcloud --quiet …",
    },
    Habit {
        names: &["aws"],
        verbs: &["configure"],
        values: &["--profile"],
        waits: |call| call.count(&["--profile"]) < 2,
        why: "asks for keys",
        help: "let the operator log in before, or set one value: aws configure set NAME VALUE",
    },
    Habit {
        names: &["read"],
        verbs: &[],
        values: &[],
        waits: |call| !call.has_input && has_flag(call.words, 'p'),
        why: "asks a question",
        help: "ask in the runbook: let answer = ask(\"…\"), or confirm \"…\"",
    },
];

/// `docker exec -it`, `kubectl run -it`: a terminal is asked for, and there is none.
fn terminal(command: &SimpleCommand) -> Option<(&'static str, &'static str)> {
    const KNOWN: &[&str] = &["docker", "podman", "kubectl", "oc", "docker-compose"];
    let words = &command.words;
    let at = words.iter().position(|word| word.literal().is_some_and(|name| KNOWN.contains(&name)))?;
    let own = || words[at..].iter().take_while(|word| word.literal() != Some("--")).filter_map(Word::literal);
    let asks = own().any(|text| matches!(text, "-it" | "-ti" | "--tty"));
    let runs = own().take(7).any(|text| matches!(text, "exec" | "run" | "attach"));
    let why = ("asks for a terminal (`-it`)", "leave out `-it`; what reads a pipe needs `-i` alone");
    (asks && runs).then_some(why)
}

#[cfg(test)]
mod tests {
    use super::{Call, CommandSite, HABITS, program, terminal};
    use crate::syntax::shell::{Piece, lex};

    fn waits(text: &str) -> bool {
        lex(&[Piece::Text(text)]).commands.iter().any(|command| {
            let Some((name, words)) = program(command) else { return false };
            let call = Call { words, has_input: CommandSite::has_input(command) };
            HABITS.iter().any(|habit| habit.names.contains(&name) && habit.fits(&call)) || terminal(command).is_some()
        })
    }

    #[test]
    fn what_waits_is_known() {
        for text in [
            "vim a", "psql shop", "sudo -u postgres psql", "ssh web-1", "docker exec -it a sh -c b", "kubectl edit deploy a",
            "kubectl -n a logs -f b", "tail -f a", "git commit", "apt-get install a", "terraform apply", "watch ls",
            "gcloud run services delete a", "bash", "crontab -e", "ls | less", "read -p x y",
        ] {
            assert!(waits(text), "{text}");
        }
        for text in [
            "psql -c a", "psql -tAc a b", "echo a | psql b", "psql b <a.sql", "ssh web-1 uptime", "ssh -fN -L 1:a:2 b",
            "docker exec a sh -c b", "kubectl logs a --tail=10", "tail -n 5 a", "git commit -am x", "apt-get -y install a",
            "terraform apply plan.out", "terraform apply -auto-approve", "bash a.sh", "crontab a", "redis-cli PING",
            "apt-get update", "gcloud -q run services delete a", "su - a -c b", "while read -r a; do b; done",
        ] {
            assert!(!waits(text), "{text}");
        }
    }
}
