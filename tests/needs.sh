#!/usr/bin/env bash
# What the tests need on this machine, for `make e2e` and `make test`; `make check`
# takes Rust and the C compiler. Names everything that is missing at once, with
# what to install; exits 1 if anything is.
set -uo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.." || exit 1

missing=()
need() { missing+=("$1"$'\n'"      $2"); }

# at_least HAVE WANT: compares version numbers
at_least() { [ -n "$1" ] && [ "$(printf '%s\n%s\n' "$2" "$1" | sort -V | head -n 1)" = "$2" ]; }
# Prints the first version number of the input.
number() { grep -oE '[0-9]+(\.[0-9]+)*' | head -n 1; }

rust=$(rustc --version 2>/dev/null | number)
{ at_least "$rust" 1.95 && command -v cargo >/dev/null; } ||
  need "Rust 1.95 or newer with cargo (found: ${rust:-none})" "https://rustup.rs, then: rustup toolchain install 1.95.0"

go=$(go env GOVERSION 2>/dev/null | number)
at_least "$go" 1.26 ||
  need "Go 1.26 or newer (found: ${go:-none}): needed to build the control plane of the end-to-end tests" "https://go.dev/dl"

java=$(java -version 2>&1 | head -n 1 | grep version | number)
at_least "$java" 17 ||
  need "Java 17 or newer (found: ${java:-none}): needed by the Spark client that submits a job" "apt-get install openjdk-17-jdk-headless (or default-jdk-headless)"
command -v javac >/dev/null ||
  need "javac (a JDK, not only a JRE): needed to build a client of the AWS SDK for Java" "apt-get install openjdk-17-jdk-headless (or default-jdk-headless)"
command -v mvn >/dev/null || need "Maven: needed to fetch the AWS SDK for Java" "apt-get install maven"

node=$(node --version 2>/dev/null | number)
at_least "$node" 18 ||
  need "Node.js 18 or newer (found: ${node:-none}): needed to run a client of the AWS SDK for JavaScript" "apt-get install nodejs"
command -v npm >/dev/null || need "npm: needed to fetch the AWS SDK for JavaScript" "apt-get install npm"

python=$(python3 --version 2>/dev/null | number)
if ! at_least "$python" 3.10; then
  need "Python 3.10 or newer (found: ${python:-none}): needed for pyspark, pyarrow, boto3, the AWS CLI, moto, cfn-lint and parliament" "apt-get install python3 python3-venv"
elif ! python3 -c 'import venv, ensurepip' 2>/dev/null; then
  need "Python's venv and ensurepip modules" "apt-get install python3-venv"
fi

command -v openssl >/dev/null || need "openssl: needed by certs/dev.sh" "apt-get install openssl"
command -v "${CC:-cc}" >/dev/null || need "a C compiler (${CC:-cc}): needed to build aws-lc-sys" "apt-get install gcc libc6-dev"

if [ ${#missing[@]} -gt 0 ]; then
  echo "The tests need the following, which this machine does not have:" >&2
  printf '  - %s\n' "${missing[@]}" >&2
  exit 1
fi
