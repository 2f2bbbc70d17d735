#!/usr/bin/env bash
# Times `rbk lint` and `rbk fmt --check` as whole processes, on made-up runbooks:
#
#   cargo build --release && benches/lint.sh [RUNS]
#
# 1,000 runbooks of 100 lines, and one of 10,000 steps: the median of RUNS (5), in milliseconds, on the
# clock on the wall and on the processor. `taskset` leaves one core, to show what the second one is worth.
set -euo pipefail
cd "$(dirname "$0")/.."

runs=${1:-5}
rbk=$(realpath "${RBK:-${CARGO_TARGET_DIR:-target}/release/rbk}")
[[ -x $rbk ]] || { echo "there is no $rbk: cargo build --release" >&2; exit 2; }
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# step NUMBER: ten lines, as they are found in real runbooks.
step() {
    cat <<END
step "Scale out service $1" timeout 10m {
    let before_$1 = reads \$ kubectl get deploy svc-$1 -o "jsonpath={.spec.replicas}"
    \$ kubectl scale deploy/svc-$1 --replicas=\${size}
} undo {
    \$ kubectl scale deploy/svc-$1 --replicas=\${before_$1.stdout}
}
check "service $1 answers" within 2m every 5s {
    let answer_$1 = http.get("http://svc-$1.internal:8080/health", timeout: 3s)
    assert answer_$1.status == 200 and answer_$1.json.status == "ok" because "service $1 is in use"
}
END
}

runbook() {
    printf 'runbook "Scale %s" {\n    owner = "@platform"\n    needs = ["kubectl"]\n}\n' "$1"
    printf '## How many of each.\nparam size: int = 6\n\n'
    local number
    for ((number = 0; number < $2; number++)); do step "$number"; done
    printf 'finally {\n    note "${outcome.status}"\n}\n'
}

# Steps of one command: a source of ten lines a step would be over the limit of its size.
long() {
    local number
    for ((number = 0; number < $1; number++)); do
        printf 'step "Touch %s" irreversible "an empty file" {\n    $ touch file-%s\n}\n' "$number" "$number"
    done
}

mkdir "$work/many"
runbook many 9 >"$work/many/0.rbk"
for ((number = 1; number < 1000; number++)); do cp "$work/many/0.rbk" "$work/many/$number.rbk"; done
long 10000 >"$work/long.rbk"
printf 'a runbook of %s lines and %s bytes, 1,000 times; one of %s lines\n' \
    "$(wc -l <"$work/many/0.rbk")" "$(wc -c <"$work/many/0.rbk")" "$(wc -l <"$work/long.rbk")"

# row TITLE COMMAND…: the medians of its times.
row() {
    local title=$1 run
    shift
    : >"$work/times"
    TIMEFORMAT='%R %U %S'
    for ((run = 0; run < runs; run++)); do
        { time "$@" >/dev/null 2>"$work/said"; } 2>>"$work/times" || { cat "$work/said"; exit 1; }
    done
    awk -v title="$title" '{ wall[NR] = $1; work[NR] = $2 + $3 }
        END { asort_(wall); asort_(work); m = int((NR + 1) / 2)
              printf "  %-34s %7.0f ms on the wall %7.0f ms of work\n", title, wall[m] * 1000, work[m] * 1000 }
        function asort_(a,   i, j, t) { for (i = 2; i <= NR; i++) for (j = i; j > 1 && a[j - 1] > a[j]; j--) { t = a[j]; a[j] = a[j - 1]; a[j - 1] = t } }' "$work/times"
}

lint=("$rbk" lint --no-shellcheck --quiet)
row "1,000 runbooks" "${lint[@]}" "$work/many"
! command -v taskset >/dev/null || row "1,000 runbooks, on one core" taskset -c 0 "${lint[@]}" "$work/many"
row "one runbook of 10,000 steps" "${lint[@]}" "$work/long.rbk"
# What is timed is the look at each file: none of them is to be written.
"$rbk" fmt "$work" 2>/dev/null
row "format check of 1,000 runbooks" "$rbk" fmt --check "$work/many"
row "format check of 10,000 steps" "$rbk" fmt --check "$work/long.rbk"
