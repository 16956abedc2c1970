#!/bin/sh
# Compares `rolegate serve` with the floor (the same server around a reviewer
# that decides nothing), in turn, on this machine, over loopback. Both write
# one log line per review to a file.
#
#   benches/floor.sh [seconds per run] [pairs] [door]
#
# The door (webhook endpoint) is `validate` (a tenant creates a pod) or `mutate`
# (an EMR driver that gets its chained profile, as a real API server sent it; the
# floor allows it without a patch).
#
# Prints the median of each side, and the median of the ratios of the pairs: the
# two runs of a pair are affected alike by other load on the machine.
set -eu
seconds=${1:-4}
pairs=${2:-5}
door=${3:-validate}
port=${FLOOR_PORT:-18443} # and the next port
cd "$(dirname "$0")/.."
case=tests/cases/chain-profile/driver-without-the-required-profile
case $door in
    validate) path='/validate/enforce?timeout=3s' policy='' review='' ;;
    mutate) path='/mutate?timeout=3s' policy="--policy $case/policy.yaml" review="--review benches/driver.json" ;;
    *) echo "the door is validate or mutate, not $door" >&2; exit 2 ;;
esac
cargo build --release --bin rolegate --example floor --example load
target=${CARGO_TARGET_DIR:-target}/release
scratch=$(mktemp -d)
trap 'test ! -s "$scratch/pid" || kill "$(cat "$scratch/pid")" 2>/dev/null || true; rm -rf "$scratch"' EXIT

# Starts "$@", measures it and stops it. Prints one line of results.
measure() {
    connections=$1
    shift
    : >"$scratch/log" # otherwise "serving" of the previous run is found
    # shellcheck disable=SC2086 # one option and its value, or none
    "$@" --listen "127.0.0.1:$port" --health-listen "127.0.0.1:$((port + 1))" --cluster off $policy \
        --drain-delay 0s 2>"$scratch/log" &
    server=$!
    echo "$server" >"$scratch/pid"
    tries=0
    until grep -q serving "$scratch/log"; do
        tries=$((tries + 1))
        test "$tries" -lt 100 || { cat "$scratch/log" >&2; exit 1; }
        sleep 0.05
    done
    # shellcheck disable=SC2086 # one option and its value, or none
    "$target/examples/load" --address "127.0.0.1:$port" --connections "$connections" \
        --seconds "$seconds" --pid "$server" --path "$path" $review
    kill "$server"
    wait "$server"
    : >"$scratch/pid"
    # A run that writes no log lines would make the server look faster than it is.
    reviewed=$(grep -c reviewed "$scratch/log")
    test "$reviewed" -gt 0 || { echo "no log lines were written" >&2; exit 1; }
}

for connections in 4 16; do
    pair=0
    while [ "$pair" -lt "$pairs" ]; do
        echo "rolegate $pair $(measure "$connections" "$target/rolegate" serve)" >>"$scratch/results"
        echo "floor $pair $(measure "$connections" "$target/examples/floor")" >>"$scratch/results"
        pair=$((pair + 1))
    done
done

awk '
function median(list, count,   i, j, t) {
    for (i = 2; i <= count; i++)
        for (j = i; j > 1 && list[j] < list[j - 1]; j--) { t = list[j]; list[j] = list[j - 1]; list[j - 1] = t }
    return count % 2 ? list[(count + 1) / 2] : (list[count / 2] + list[count / 2 + 1]) / 2
}
{
    for (i = 3; i <= NF; i++) { split($i, kv, "="); field[kv[1]] = kv[2] }
    c = field["connections"]
    seen[c] = 1
    for (name in field) value[$1, c, $2, name] = field[name]
    if ($2 + 1 > pairs) pairs = $2 + 1
}
END {
    printf "%-12s %-14s %12s %12s %8s\n", "connections", "what", "rolegate", "floor", "ratio"
    split("throughput p50_us p99_us idle_kib loaded_kib", names, " ")
    for (k = 1; k <= 2; k++) {
        c = k == 1 ? 4 : 16
        if (!(c in seen)) continue
        for (n = 1; n <= 5; n++) {
            for (p = 0; p < pairs; p++) {
                a[p + 1] = value["rolegate", c, p, names[n]]
                b[p + 1] = value["floor", c, p, names[n]]
                r[p + 1] = b[p + 1] ? a[p + 1] / b[p + 1] : 0
            }
            printf "%-12s %-14s %12.0f %12.0f %8.3f\n", c, names[n], median(a, pairs), median(b, pairs), median(r, pairs)
        }
    }
}' "$scratch/results"
