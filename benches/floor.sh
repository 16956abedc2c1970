#!/bin/sh
# Compares `rolegate serve` with two floors, over HTTPS on loopback:
#
#   floor  rolegate's own server around a reviewer that decides nothing, with
#          the same log line (examples/floor.rs): what deciding costs
#   plain  an empty handler on axum and tokio-rustls, without caps, deadlines,
#          metrics and log (examples/plain_floor.rs): what being rolegate costs
#
# and with the plain one a second time as `quiet`, with `--log-level warn`, so
# without a line a review.
#
#   benches/floor.sh [-s SECONDS] [-p PAIRS] [-c CONNECTIONS] [-f FLOOR] [REVIEW]...
#
#   -s SECONDS      how long a run lasts [3]
#   -p PAIRS        how often each pair is compared [5]
#   -c CONNECTIONS  kept-alive connections, one request at a time on each; may be
#                   a list such as "4 16" [4]
#   -f FLOOR        floor or plain [both]
#   REVIEW          what is sent [driver refused mutate]:
#     pod      /validate/enforce, a tenant's pod of 5 KiB, which is allowed
#     driver   /validate/enforce, an EMR driver as a real API server sent it,
#              14.7 kB, which is allowed
#     refused  /validate/enforce, a tenant's pod of 10 kB with a job's service
#              account, which is refused
#     mutate   /mutate, the same driver, which gets its profile; the floors let
#              it through without a patch
#
# The sides run in turn, every second round backwards, and what is printed is the
# median of each side and the median of the ratios within a round: runs side by
# side share whatever else the machine was doing. Quote the ratios, and those of
# cpu_us (the server's processor time a review) before those of throughput where
# the machine is not quiet. Logs go to a file. FLOOR_PORT and the port after it
# are used [18443].
set -eu
usage() { sed -n '2,/^set -eu/{/^#/s/^# \{0,1\}//p;}' "$0"; }
seconds=3 pairs=5 connections=4 floors='floor plain'
while getopts s:p:c:f:h option; do
    case $option in
        s) seconds=$OPTARG ;;
        p) pairs=$OPTARG ;;
        c) connections=$OPTARG ;;
        f) floors=$OPTARG ;;
        h) usage; exit 0 ;;
        *) usage >&2; exit 2 ;;
    esac
done
shift $((OPTIND - 1))
case $floors in
    'floor plain') sides='floor rolegate plain quiet' ;;
    floor) sides='floor rolegate' ;;
    plain) sides='rolegate plain quiet' ;;
    *) echo "the floor is floor or plain, not $floors" >&2; exit 2 ;;
esac
test $# -gt 0 || set -- driver refused mutate
cd "$(dirname "$0")/.."
port=${FLOOR_PORT:-18443}
case=tests/cases/chain-profile/driver-without-the-required-profile
account=emr-containers-sa-spark-driver-111122223333-2hiamcixdm9axe98

# Sets what is sent where, under which policy, and what rolegate must decide.
review() {
    path='/validate/enforce?timeout=3s' policy='' expected=allow
    case $1 in
        pod) send='' ;;
        driver) send='--review benches/driver.json' ;;
        refused) send="--bytes 10000 --account $account" expected=deny ;;
        mutate) path='/mutate?timeout=3s' policy="--policy $case/policy.yaml"
            send='--review benches/driver.json' expected=patch ;;
        *) echo "there is no review $1" >&2; exit 2 ;;
    esac
}
for name; do review "$name"; done

cargo build --release --bin rolegate --example floor --example plain_floor --example load
target=${CARGO_TARGET_DIR:-target}/release
scratch=$(mktemp -d)
trap 'test ! -s "$scratch/pid" || kill "$(cat "$scratch/pid")" 2>/dev/null || true; rm -rf "$scratch"' EXIT

# Starts a side, loads it over $2 connections, stops it. Prints one line of results.
measure() {
    side=$1
    set -- "$2" --listen "127.0.0.1:$port"
    clients=$1
    shift
    if [ "$side" != plain ]; then
        # shellcheck disable=SC2086 # one option and its value, or none
        set -- "$@" --health-listen "127.0.0.1:$((port + 1))" --cluster off --drain-delay 0s $policy
    fi
    case $side in
        rolegate) set -- "$target/rolegate" serve "$@" ;;
        quiet) set -- "$target/rolegate" serve --log-level warn "$@" ;;
        floor) set -- "$target/examples/floor" "$@" ;;
        plain) set -- "$target/examples/plain_floor" "$@" ;;
    esac
    "$@" 2>"$scratch/log" &
    server=$!
    echo "$server" >"$scratch/pid"
    # shellcheck disable=SC2086 # likewise
    "$target/examples/load" --address "127.0.0.1:$port" --connections "$clients" \
        --seconds "$seconds" --pid "$server" --path "$path" $send || { cat "$scratch/log" >&2; exit 1; }
    kill "$server"
    wait "$server" 2>/dev/null || test "$side $?" = 'plain 143' # which knows no signals
    : >"$scratch/pid"
    # A line that was never written would flatter the server, and so would
    # another decision than the one that is meant.
    case $side in
        plain | quiet) lines=none ;;
        floor) lines='decision="allow"' ;;
        rolegate) lines="decision=\"$expected\"" ;;
    esac
    if ! grep reviewed "$scratch/log" | awk -v lines="$lines" '
        index($0, lines) { good++ }
        END { exit lines == "none" ? NR > 0 : NR == 0 || good != NR }'; then
        echo "$side: the log has not the lines that it should have" >&2
        exit 1
    fi
}

echo "$sides" >"$scratch/results"
for name; do
    review "$name"
    for clients in $connections; do
        pair=0
        while [ "$pair" -lt "$pairs" ]; do
            turn=
            for side in $sides; do
                if [ $((pair % 2)) = 0 ]; then turn="$turn $side"; else turn="$side $turn"; fi
            done
            for side in $turn; do
                line=$(measure "$side" "$clients")
                echo "$name $clients $pair $side $line" >>"$scratch/results"
            done
            pair=$((pair + 1))
        done
    done
done

awk '
function median(list, count,   i, j, t) {
    for (i = 2; i <= count; i++)
        for (j = i; j > 1 && list[j] < list[j - 1]; j--) { t = list[j]; list[j] = list[j - 1]; list[j - 1] = t }
    return count % 2 ? list[(count + 1) / 2] : (list[count / 2] + list[count / 2 + 1]) / 2
}
NR == 1 { sides = split($0, side, " "); next }
{
    if (!(($1, $2) in seen)) { seen[$1, $2] = 1; runs++; review[runs] = $1; clients[runs] = $2 }
    if ($3 + 1 > pairs) pairs = $3 + 1
    for (i = 5; i <= NF; i++) { split($i, kv, "="); value[$1, $2, $3, $4, kv[1]] = kv[2] }
}
END {
    whats = split("throughput cpu_us p50_us p99_us idle_kib loaded_kib", what, " ")
    ratios = split("rolegate/floor rolegate/plain quiet/plain", ratio, " ")
    for (r = 1; r <= runs; r++) {
        printf "\n%-12s", review[r]
        for (s = 1; s <= sides; s++) printf "%10s", side[s]
        for (q = 1; q <= ratios; q++) {
            split(ratio[q], ab, "/")
            shown[q] = (review[r], clients[r], 0, ab[1], "cpu_us") in value && (review[r], clients[r], 0, ab[2], "cpu_us") in value
            if (shown[q]) printf "%16s", ratio[q]
        }
        printf "   over %s connections\n", clients[r]
        for (n = 1; n <= whats; n++) {
            printf "%-12s", what[n]
            for (s = 1; s <= sides; s++) {
                for (p = 0; p < pairs; p++) a[p + 1] = value[review[r], clients[r], p, side[s], what[n]]
                printf (n == 2 ? "%10.1f" : "%10.0f"), median(a, pairs)
            }
            for (q = 1; q <= ratios; q++) if (shown[q]) {
                split(ratio[q], ab, "/")
                for (p = 0; p < pairs; p++) {
                    b = value[review[r], clients[r], p, ab[2], what[n]]
                    a[p + 1] = b ? value[review[r], clients[r], p, ab[1], what[n]] / b : 0
                }
                printf "%16.3f", median(a, pairs)
            }
            printf "\n"
        }
    }
}' "$scratch/results"
