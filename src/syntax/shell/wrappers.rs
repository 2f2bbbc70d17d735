//! Programs that start another program: the one that matters is the inner one.

use super::Word;

/// One wrapper and how its own arguments end.
struct Wrapper {
    /// Its name, and the subcommands before the inner command.
    name: &'static [&'static str],
    /// Options whose value is the next word.
    values: &'static [&'static str],
    /// How many words of its own follow the options (`timeout 5s`, `docker exec CONTAINER`).
    own: usize,
    /// `NAME=value` words may stand before the command.
    assignments: bool,
}

const fn plain(name: &'static [&'static str], values: &'static [&'static str]) -> Wrapper {
    Wrapper { name, values, own: 0, assignments: false }
}

const fn own(name: &'static [&'static str], values: &'static [&'static str]) -> Wrapper {
    Wrapper { name, values, own: 1, assignments: false }
}

/// Options of `docker exec` and its like that take a value.
const EXEC: &[&str] = &["-e", "--env", "-u", "--user", "-w", "--workdir", "--env-file", "--detach-keys", "--index"];
/// Options before the subcommand of `docker compose`.
const COMPOSE: &[&str] = &["-f", "--file", "-p", "--project-name", "--profile", "--env-file", "--project-directory"];

const WRAPPERS: &[Wrapper] = &[
    // sudo(8), doas(1): options, then settings, then the command.
    Wrapper {
        name: &["sudo"],
        values: &[
            "-u", "--user", "-g", "--group", "-h", "--host", "-p", "--prompt", "-C", "-D", "-R", "-T", "-r", "-t",
        ],
        own: 0,
        assignments: true,
    },
    plain(&["doas"], &["-u", "-C"]),
    Wrapper { name: &["env"], values: &["-u", "--unset", "-C", "--chdir"], own: 0, assignments: true },
    own(&["timeout"], &["-s", "--signal", "-k", "--kill-after"]),
    plain(&["nohup"], &[]),
    plain(&["setsid"], &[]),
    plain(&["nice"], &["-n", "--adjustment"]),
    plain(&["ionice"], &["-c", "--class", "-n", "--classdata"]),
    plain(&["stdbuf"], &["-i", "-o", "-e"]),
    plain(&["time"], &["-o", "-f"]),
    own(&["flock"], &["-w", "--timeout", "-E"]),
    own(&["chroot"], &[]),
    // Shell builtins that run their arguments as a command.
    plain(&["exec"], &["-a"]),
    plain(&["command"], &[]),
    plain(&["builtin"], &[]),
    plain(&["xargs"], &["-I", "-n", "-P", "-L", "-d", "-E", "-s", "-a", "--max-args", "--max-procs", "--delimiter"]),
    // Runners of a project's own tools.
    plain(&["uv", "run"], &["--with", "--group", "--extra", "--python", "--project", "--directory"]),
    plain(&["poetry", "run"], &[]),
    plain(&["pipenv", "run"], &[]),
    plain(&["bundle", "exec"], &[]),
    plain(&["npx"], &["-p", "--package"]),
    own(&["docker", "exec"], EXEC),
    own(&["docker", "container", "exec"], EXEC),
    own(&["podman", "exec"], EXEC),
    own(&["docker", "compose", "exec"], EXEC),
    own(&["docker-compose", "exec"], EXEC),
    // `kubectl exec POD -- command`: the command stands behind `--` (older forms without it are deprecated).
    own(&["kubectl", "exec"], &["-n", "--namespace", "-c", "--container", "--context", "-f", "--filename"]),
    own(&["oc", "exec"], &["-n", "--namespace", "-c", "--container"]),
];

/// Options that may stand between a name and its subcommand, with a value of their own.
const GLOBAL: &[&str] = &["-n", "--namespace", "--context", "--kubeconfig", "--cluster", "-H", "--host"];

/// With which bytes their names begin: most programs are no wrappers.
const INITIALS: [bool; 256] = {
    let mut initials = [false; 256];
    let mut wrapper = 0;
    while wrapper < WRAPPERS.len() {
        initials[WRAPPERS[wrapper].name[0].as_bytes()[0] as usize] = true;
        wrapper += 1;
    }
    initials
};

/// The command that is run in the end: `psql …` of `sudo -u postgres psql …`.
pub(super) fn innermost(words: &[Word]) -> &[Word] {
    let mut words = words;
    // Each round takes at least the wrapper's name away.
    while let Some(inner) = unwrapped(words) {
        words = inner;
    }
    words
}

/// What the wrapper starts that these words call, if they call one.
fn unwrapped(words: &[Word]) -> Option<&[Word]> {
    let (program, rest) = words.split_first()?;
    let program = base_name(program)?;
    let initial = program.as_bytes().first()?;
    if !INITIALS[usize::from(*initial)] {
        return None;
    }
    WRAPPERS.iter().find_map(|wrapper| {
        let (name, subcommands) = wrapper.name.split_first()?;
        if *name == program { wrapper.inner(name, subcommands, rest) } else { None }
    })
}

/// The name of a program without its folder.
pub fn base_name(word: &Word) -> Option<&str> {
    let name = word.literal()?;
    // A name without a folder is far the most frequent.
    let folder = name.bytes().rposition(|byte| byte == b'/').map_or(0, |slash| slash + 1);
    name.get(folder..)
}

impl Wrapper {
    fn inner<'w>(&self, name: &str, subcommands: &[&str], words: &'w [Word]) -> Option<&'w [Word]> {
        let mut rest = words;
        for subcommand in subcommands {
            let globals = if name == "kubectl" || name == "oc" { GLOBAL } else { COMPOSE };
            (_, rest) = skip_options(rest, globals);
            let (word, behind) = rest.split_first()?;
            if word.literal()? != *subcommand {
                return None;
            }
            rest = behind;
        }
        let mut ended;
        (ended, rest) = skip_options(rest, self.values);
        for _ in 0..self.own {
            if !ended {
                rest = rest.get(1..)?;
            }
            // Options may stand behind the name of a container too.
            let (end, behind) = skip_options(rest, self.values);
            ended |= end;
            rest = behind;
        }
        if self.assignments {
            let set = rest.iter().take_while(|word| word.prefix().contains('=')).count();
            rest = rest.get(set..)?;
        }
        (!rest.is_empty()).then_some(rest)
    }
}

/// Skips options; whether `--` ended them, and what follows.
pub(super) fn skip_options<'w>(words: &'w [Word], values: &[&str]) -> (bool, &'w [Word]) {
    let mut rest = words;
    while let Some((word, behind)) = rest.split_first() {
        let prefix = word.prefix();
        if word.literal() == Some("--") {
            return (true, behind);
        }
        if !prefix.starts_with('-') || word.literal() == Some("-") {
            break;
        }
        let takes_value = word.literal().is_some_and(|option| values.contains(&option));
        rest = behind.get(usize::from(takes_value)..).unwrap_or_default();
    }
    (false, rest)
}

/// The words that are neither options nor their values.
pub fn positionals<'w>(words: &'w [Word], values: &[&str]) -> Vec<&'w Word> {
    let mut found = Vec::new();
    let mut rest = words;
    loop {
        let (ended, behind) = skip_options(rest, values);
        if ended {
            found.extend(behind);
            return found;
        }
        let Some((word, behind)) = behind.split_first() else { return found };
        found.push(word);
        rest = behind;
    }
}

#[cfg(test)]
mod tests {
    use super::super::{Piece, Word, lex};
    use super::innermost;

    fn inner(text: &str) -> String {
        let script = lex(&[Piece::Text(text)]);
        let command = script.commands.last().unwrap();
        innermost(&command.words).iter().map(Word::text).collect::<Vec<_>>().join(" ")
    }

    #[test]
    fn wrappers_are_looked_through() {
        assert_eq!(inner("sudo -u postgres psql -c x"), "psql -c x");
        assert_eq!(inner("sudo PGUSER=a timeout -k 1 5s nice -n 3 psql"), "psql");
        assert_eq!(inner("env -u A B=c /bin/sh -c x"), "/bin/sh -c x");
        assert_eq!(inner("docker exec -it -e A=b pg psql -c x"), "psql -c x");
        assert_eq!(inner("docker compose -f a.yml exec -T pg sh -c x"), "sh -c x");
        assert_eq!(inner("docker-compose exec pg psql"), "psql");
        assert_eq!(inner("kubectl -n shop exec -it api-0 -c app -- sh -c x"), "sh -c x");
        assert_eq!(inner("kubectl exec api-0 -n shop -- sh"), "sh");
        assert_eq!(inner("find . | xargs -0 -n 1 sh -c x"), "sh -c x");
        assert_eq!(inner("kubectl get pods"), "kubectl get pods");
        assert_eq!(inner("sudo"), "sudo");
    }
}
