//! Ending on the far side what was begun there: a second channel finds it by its mark, and signals it there.
//!
//! Ending the program that leads there ends nothing: sshd, docker and kubectl let the command go on. So its
//! environment there carries a mark, and what has the mark, or is in a session with something that had it, is asked to
//! end, and killed when its time is over. It is found through `/proc`.

use std::time::Duration;

use crate::host::LeftRunning;

/// How long killed ones may take to be gone.
pub(super) const LAST: Duration = Duration::from_secs(2);

/// Waits `grace` tenths of a second between asking and killing, and tells how many would not go: `left=0`.
const SCRIPT: &str = r#"
rbk_marked() { grep -lszxF -e "$rbk_m" /proc/[0-9]*/environ 2>/dev/null; }
rbk_stat() { rbk_l=; IFS= read -r rbk_l 2>/dev/null <"$1/stat" || return 1; rbk_l=${rbk_l##*) }; }
rbk_all=
rbk_add() {
    for rbk_e in $(rbk_marked); do
        rbk_stat "${rbk_e%/environ}" || continue
        set -- $rbk_l
        case "$4:$rbk_all " in 0:*|1:*|*" $4 "*) ;; *) rbk_all="$rbk_all $4" ;; esac
    done
}
rbk_alive() {
    rbk_marked | while IFS= read -r rbk_e; do rbk_e=${rbk_e%/environ}; echo "${rbk_e#/proc/}"; done
    [ -n "$rbk_all" ] || return 0
    for rbk_d in /proc/[0-9]*; do
        rbk_stat "$rbk_d" || continue
        set -- $rbk_l
        case "$1:$rbk_all " in Z:*|X:*) ;; *" $4 "*) echo "${rbk_d#/proc/}" ;; esac
    done
}
if ! [ -r /proc/self/environ ] || ! command -v grep >/dev/null 2>&1; then rbk_now=; echo left=unknown; else rbk_now=all; fi
rbk_t=0 rbk_asked=" "
while [ -n "$rbk_now" ]; do
    rbk_add
    rbk_now=$(rbk_alive)
    if [ -z "$rbk_now" ]; then echo left=0; break; fi
    if [ "$rbk_t" -ge "$rbk_last" ]; then set -- $rbk_now; echo "left=$#"; break; fi
    for rbk_p in $rbk_now; do
        if [ "$rbk_t" -ge "$rbk_grace" ]; then kill -KILL "$rbk_p" 2>/dev/null
        else case $rbk_asked in *" $rbk_p "*) ;; *) kill -TERM "$rbk_p" 2>/dev/null; rbk_asked="$rbk_asked$rbk_p " ;; esac
        fi
    done
    sleep 0.1 2>/dev/null || sleep 1
    rbk_t=$((rbk_t + 1))
done
"#;

/// The script that ends what has this variable with this value: a mark or a key, both of letters, digits, `-` and `:`.
pub(super) fn script(variable: &str, value: &str, grace: Duration) -> String {
    let tenths = |time: Duration| time.as_millis().div_ceil(100);
    let (grace, last) = (tenths(grace), tenths(grace + LAST));
    format!("rbk_m={}; rbk_grace={grace}; rbk_last={last}{SCRIPT}", setting(variable, value))
}

/// The script that lists it: one line each, `4711 psql -f migrate.sql`.
pub(super) fn listing(variable: &str, value: &str) -> String {
    let setting = setting(variable, value);
    format!(
        "for rbk_e in $(grep -lszxF -e {setting} /proc/[0-9]*/environ 2>/dev/null); do \
         rbk_e=${{rbk_e%/environ}}; printf '%s %s\\n' \"${{rbk_e#/proc/}}\" \
         \"$(tr '\\0\\n' '  ' 2>/dev/null <\"$rbk_e/cmdline\" | head -c 200)\"; done"
    )
}

/// What [`listing`] wrote.
pub(super) fn listed(stdout: &str) -> Vec<LeftRunning> {
    let one = |line: &str| {
        let (pid, command) = line.trim_end().split_once(' ')?;
        Some(LeftRunning { pid: pid.parse().ok()?, command: command.to_owned() })
    };
    stdout.lines().filter_map(one).collect()
}

fn setting(variable: &str, value: &str) -> String {
    format!("'{variable}={}'", value.replace('\'', "'\\''"))
}

/// How many are left, by what the script wrote; `None` if nobody can know.
pub(super) fn left(stdout: &str) -> Option<usize> {
    stdout.lines().rev().find_map(|line| line.trim().strip_prefix("left="))?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::super::words::THERE;
    use super::*;

    #[test]
    fn what_the_script_writes_is_read() {
        assert_eq!(
            (left("left=0\n"), left("left=12\n"), left("left=unknown\n"), left("")),
            (Some(0), Some(12), None, None)
        );
    }

    #[test]
    fn ends_those_with_the_mark_and_those_beside_them() {
        for shell in [&["sh"][..], &["bash", "--posix"]] {
            let mark = format!("t-{}-{}", std::process::id(), shell.len());
            // One leaves its session, one its environment, one does not listen.
            let work = "setsid sleep 60 & env -i sleep 60 & (trap '' TERM; while :; do sleep 0.05; done) & wait";
            let mut child =
                std::process::Command::new("setsid").args(["sh", "-c", work]).env(THERE, &mark).spawn().unwrap();
            while !std::fs::read_to_string(format!("/proc/{}/task/{0}/children", child.id()))
                .is_ok_and(|children| children.split_whitespace().count() >= 3)
            {
                std::thread::yield_now();
            }
            let list = listing(THERE, &mark);
            let out = std::process::Command::new(shell[0]).args(&shell[1..]).args(["-c", &list]).output().unwrap();
            let found = listed(&String::from_utf8_lossy(&out.stdout));
            assert!(
                found.iter().any(|one| one.pid == child.id() && one.command.starts_with("sh -c setsid")),
                "{found:?}"
            );
            let script = script(THERE, &mark, Duration::from_millis(200));
            let out = std::process::Command::new(shell[0]).args(&shell[1..]).args(["-c", &script]).output().unwrap();
            assert_eq!(String::from_utf8_lossy(&out.stdout), "left=0\n", "{}", String::from_utf8_lossy(&out.stderr));
            assert!(!child.wait().unwrap().success());
        }
    }
}
