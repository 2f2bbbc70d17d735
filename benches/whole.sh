#!/usr/bin/env bash
# Times whole processes, from start to end, against loops that people write today:
#
#   cargo build --release && benches/whole.sh [RUNS]
#
# Each row is run RUNS times (5), its candidates in turn, so that a busy moment of the machine
# hits all of them alike. The median is shown, in milliseconds. Who is not installed is left out.
# "rbk" keeps its record on the disk of the temporary folder, as it does for a user; "memory" is rbk without one.
set -euo pipefail
cd "$(dirname "$0")/.."

runs=${1:-5}
rbk=${RBK:-${CARGO_TARGET_DIR:-target}/release/rbk}
[[ -x $rbk ]] || { echo "there is no $rbk: cargo build --release" >&2; exit 2; }
times=$(mktemp -d) made=$(mktemp -d)
trap 'rm -rf "$times" "$made"' EXIT
export XDG_STATE_HOME=$made
printf 'echo:\n    @/bin/echo hello\n' >"$made/echo.just"
{
    printf 'programs:\n'
    for ((i = 0; i < 1000; i++)); do printf '    @/bin/true\n'; done
} >"$made/programs.just"

# once LABEL COMMAND…: one run, its milliseconds added to the label's.
once() {
    local label=$1 begun=${EPOCHREALTIME/[.,]/} ended
    shift
    "$@" >/dev/null 2>&1 || { echo "$label failed: $*" >&2; exit 1; }
    ended=${EPOCHREALTIME/[.,]/}
    echo $(((ended - begun) / 100)) >>"$times/$label"
}

# row TITLE LABEL PROGRAM ARGUMENT …: a program, what it is given, and again.
row() {
    local title=$1 run at candidates=()
    shift
    rm -f "$times"/*
    for ((run = 0; run < runs; run++)); do
        at=("$@")
        while ((${#at[@]})); do
            case ${at[0]} in
                rbk) once rbk "$rbk" run "${at[1]}" ;;
                memory) once memory "$rbk" run --journal :memory: "${at[1]}" ;;
                just) ! command -v just >/dev/null || once just just --justfile "${at[1]}" ;;
                python) ! command -v python3 >/dev/null || once python python3 -c "${at[1]}" ;;
                *) ! command -v "${at[0]}" >/dev/null || once "${at[0]}" "${at[0]}" -c "${at[1]}" ;;
            esac
            ((run)) || candidates+=("${at[0]}")
            at=("${at[@]:2}")
        done
    done
    printf '%s\n' "$title"
    for label in "${candidates[@]}"; do
        [[ -s $times/$label ]] || continue
        printf '  %-8s %8s ms\n' "$label" "$(sort -n "$times/$label" | awk '{ t[NR] = $1 } END { printf "%.1f", t[int((NR + 1) / 2)] / 10 }')"
    done
}

row "one echo" \
    rbk benches/echo.rbk \
    memory benches/echo.rbk \
    just "$made/echo.just" \
    dash '/bin/echo hello' \
    bash '/bin/echo hello' \
    python 'import subprocess; subprocess.run(["/bin/echo", "hello"])'

row "1,000 × /bin/true" \
    rbk benches/programs.rbk \
    memory benches/programs.rbk \
    just "$made/programs.just" \
    dash 'i=0; while [ $i -lt 1000 ]; do /bin/true; i=$((i+1)); done' \
    bash 'for ((i = 0; i < 1000; i++)); do /bin/true; done' \
    python 'import subprocess
for i in range(1000): subprocess.run(["/bin/true"])'

row "the sum of i * i mod 7, for i to 1,000,000" \
    rbk benches/sum.rbk \
    dash 's=0; i=1; while [ $i -le 1000000 ]; do s=$((s + i * i % 7)); i=$((i+1)); done; echo $s' \
    bash 's=0; for ((i = 1; i <= 1000000; i++)); do ((s += i * i % 7)); done; echo $s' \
    python 's = 0
for i in range(1, 1000001): s += i * i % 7
print(s)'
