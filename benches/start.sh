#!/bin/sh
# Prints how long `rolegate serve` takes from its start to /readyz = 200, without
# a cluster and with the default flags, and how big the binary is.
#
#   benches/start.sh [runs] [flags of `rolegate serve`]...
#
# The median of 50 runs unless told otherwise; `rolegate --version` beside it,
# which is what starting the process alone costs. Goals, on a quiet machine:
# ready in 30 ms, and 12 MB.
set -eu
case ${1:-} in -h | --help) sed -n '2,/^set -eu/{/^#/s/^# \{0,1\}//p;}' "$0"; exit 0 ;; esac
runs=${1:-50}
test $# = 0 || shift
cd "$(dirname "$0")/.."
cargo build --release --example start
# Alone, as it ships: beside an example it is built with the features of the
# tests' dependencies too.
cargo build --release --bin rolegate
target=${CARGO_TARGET_DIR:-target}/release
echo "ready    $("$target/examples/start" --runs "$runs" -- "$target/rolegate" serve --cluster off "$@")"
echo "version  $("$target/examples/start" --runs "$runs" --exit -- "$target/rolegate" --version)"
echo "binary   $(wc -c <"$target/rolegate" | awk '{ printf "%.2f MB", $1 / 1e6 }')"
