#!/usr/bin/env bash
# Times HTTP requests against a local nginx, beside hurl where that is installed:
#
#   cargo build --release && benches/http.sh [RUNS]        RBK=path/to/rbk benches/http.sh
#
# 1,000 requests one after the other, each with an assert on a field of its JSON; then 10,000, a hundred at a time (hurl:
# as many files, by `--parallel`). Each row is run RUNS times (5), its candidates in turn. The median is shown in
# milliseconds, and the most memory that a run had. nginx serves one file, without a log, on a free port of 127.0.0.1.
set -euo pipefail
cd "$(dirname "$0")/.."

runs=${1:-5}
rbk=${RBK:-${CARGO_TARGET_DIR:-target}/release/rbk}
[[ -x $rbk ]] || { echo "there is no $rbk: cargo build --release" >&2; exit 2; }
for program in nginx python3; do
    command -v "$program" >/dev/null || [[ -x /usr/sbin/$program ]] || { echo "install $program first" >&2; exit 2; }
done
made=$(mktemp -d)
export XDG_STATE_HOME=$made/state PATH=$PATH:/usr/sbin

# ---------------------------------------------------------------- the server

port=$(python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')
mkdir "$made/site"
echo '{"status":"ok","version":"v2","checks":{"database":"up","cache":"up"}}' >"$made/site/health.json"
cat >"$made/nginx.conf" <<EOF
daemon off;
worker_processes 1;
pid $made/nginx.pid;
error_log $made/nginx.log;
events { worker_connections 2048; }
http {
    access_log off;
    keepalive_requests 1000000;
    types { application/json json; }
    client_body_temp_path $made; proxy_temp_path $made; fastcgi_temp_path $made; uwsgi_temp_path $made; scgi_temp_path $made;
    server { listen 127.0.0.1:$port; root $made/site; }
}
EOF
nginx -e "$made/nginx.log" -c "$made/nginx.conf" &
server=$!
trap 'kill "$server" 2>/dev/null; wait "$server" 2>/dev/null || true; rm -rf "$made"' EXIT
url=http://127.0.0.1:$port/health.json
until (exec 3<>"/dev/tcp/127.0.0.1/$port") 2>/dev/null; do
    kill -0 "$server" || { cat "$made/nginx.log" >&2; exit 2; }
    sleep 0.05
done

# ---------------------------------------------------------------- what is asked

cat >"$made/sequential.rbk" <<EOF
check "a thousand answers" {
    for n in range(1, 1001) {
        assert http.get("$url").json.status == "ok"
    }
}
EOF
cat >"$made/parallel.rbk" <<EOF
check "ten thousand answers" {
    for n in range(1, 10001) parallel 100 {
        assert http.get("$url").json.status == "ok"
    }
}
EOF
hurls=$made/hurls
mkdir "$hurls"
one() { printf 'GET %s\nHTTP 200\n[Asserts]\njsonpath "$.status" == "ok"\n' "$url"; }
if command -v hurl >/dev/null; then
    for ((i = 0; i < 1000; i++)); do one; echo; done >"$made/sequential.hurl"
    one >"$made/one.hurl"
    for ((i = 0; i < 10000; i++)); do ln "$made/one.hurl" "$hurls/$i.hurl"; done
fi

# ---------------------------------------------------------------- the clock

# Wall time, processor time and the most memory of one run, in µs, µs and KiB.
measure='
import os, resource, subprocess, sys, time
begun = time.perf_counter()
done = subprocess.run(sys.argv[2:], stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
took = time.perf_counter() - begun
if done.returncode:
    sys.exit(f"{sys.argv[1]} failed: {done.stderr.decode()[-2000:]}")
used = resource.getrusage(resource.RUSAGE_CHILDREN)
print(f"{took * 1e6:.0f} {(used.ru_utime + used.ru_stime) * 1e6:.0f} {used.ru_maxrss}")
'

# row TITLE LABEL COMMAND… [-- LABEL COMMAND…]
row() {
    local title=$1 run words label
    shift
    rm -f "$made"/times.*
    for ((run = 0; run < runs; run++)); do
        words=("$@")
        while ((${#words[@]})); do
            label=${words[0]}
            local command=()
            words=("${words[@]:1}")
            while ((${#words[@]})) && [[ ${words[0]} != -- ]]; do
                command+=("${words[0]}")
                words=("${words[@]:1}")
            done
            words=("${words[@]:1}")
            ! command -v "${command[0]}" >/dev/null || python3 -c "$measure" "$label" "${command[@]}" >>"$made/times.$label"
        done
    done
    printf '%s\n' "$title"
    for label in rbk hurl; do
        [[ -s $made/times.$label ]] || { printf '  %-8s is not installed\n' "$label"; continue; }
        sort -n "$made/times.$label" | awk -v label="$label" '
            { wall[NR] = $1; cpu[NR] = $2; if ($3 > most) most = $3 }
            END { at = int((NR + 1) / 2); printf "  %-8s %8.1f ms %8.1f ms of processor time %8.1f MiB\n", label, wall[at] / 1000, cpu[at] / 1000, most / 1024 }'
    done
}

row "1,000 requests, one after the other" \
    rbk "$rbk" check "$made/sequential.rbk" -- \
    hurl hurl "$made/sequential.hurl"
row "10,000 requests, a hundred at a time" \
    rbk "$rbk" check "$made/parallel.rbk" -- \
    hurl hurl --parallel --jobs 100 --test "$hurls"
