#!/bin/sh
# Sends `rolegate serve` what it must withstand, over HTTPS on loopback, all from one
# address, and prints a line for each: requests answered, refused (429), lost and
# turned away (not accepted after the stop), the time of an answer with its
# connection, and the server's memory (RSS and PSS).
#
#   benches/burst.sh [-b BINARY] [SCENE]...
#
#   -b BINARY  a rolegate to measure instead of this tree's, such as an older one
#   SCENE      [all]
#     fresh    400, 800 and 1,000 clients, a connection for each request
#     kept     the same, on connections that are kept
#     stalled  100 clients beside 600, and 1,000 beside 4,000, connections that do
#              nothing: no handshake, no request, half a request
#     open     4,000 connections that have had an answer, or none, and stay open
#     stop     32,000 requests of 400 clients, and SIGTERM in the middle
#
# No line may have lost requests, but for `open`: there are fewer places than
# connections, so that idle ones are closed. BURST_PORT and the port after it are
# used [18543]. Clients and server share the processors, so quote no time without
# the machine.
set -eu
usage() { sed -n '2,/^set -eu/{/^#/s/^# \{0,1\}//p;}' "$0"; }
binary=
while getopts b:h option; do
    case $option in
        b) binary=$OPTARG ;;
        h) usage; exit 0 ;;
        *) usage >&2; exit 2 ;;
    esac
done
shift $((OPTIND - 1))
test $# -gt 0 || set -- fresh kept stalled open stop
cd "$(dirname "$0")/.."
port=${BURST_PORT:-18543}
cargo build --release --example burst
if [ -z "$binary" ]; then
    # Alone, as it ships: beside an example it is built with the features of the
    # tests' dependencies too.
    cargo build --release --bin rolegate
    binary=${CARGO_TARGET_DIR:-target}/release/rolegate
fi
client=${CARGO_TARGET_DIR:-target}/release/examples/burst
ulimit -n "$(ulimit -H -n)"
scratch=$(mktemp -d)
server=
trap 'test -z "$server" || kill "$server" 2>/dev/null; rm -rf "$scratch"' EXIT

# A server of its own for each line. It may have been told to stop by the client.
try() {
    "$binary" serve --cluster off --log-level warn --drain-delay "${delay:-0s}" \
        --listen "127.0.0.1:$port" --health-listen "127.0.0.1:$((port + 1))" 2>"$scratch/log" &
    server=$!
    printf '%s: ' "$*"
    "$client" --address "127.0.0.1:$port" --pid "$server" "$@" || cat "$scratch/log" >&2
    kill "$server" 2>/dev/null || true
    wait "$server" || echo "the server ended with $?"
    server=
}

for scene; do
    case $scene in
        fresh) for clients in 400 800 1000; do try --clients $clients --requests 30 --fresh; done ;;
        kept) for clients in 400 800 1000; do try --clients $clients --requests 30; done ;;
        stalled)
            for stall in tcp tls half; do
                try --clients 100 --requests 20 --fresh --stalled 600 --stall $stall
                try --clients 1000 --requests 5 --fresh --stalled 4000 --stall $stall
            done ;;
        open)
            try --clients 1 --requests 1 --hold 3000
            try --clients 1 --requests 1 --hold 4000
            try --clients 1 --requests 1 --stalled 4000 ;;
        stop)
            for delay in 0s 1s; do
                try --clients 400 --requests 80 --stop-after 16000 --fresh
                try --clients 400 --requests 80 --stop-after 16000
            done
            delay= ;;
        *) echo "there is no scene $scene" >&2; exit 2 ;;
    esac
done
