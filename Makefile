# make run          serve on 127.0.0.1:8443, built-in policy, certificate in memory
# make check        the tests that need only Rust and a C compiler
# make e2e          the other tests: a real control plane and real clients
# make test         check that the machine has what the tests need, run all tests
# make lint         check formatting, clippy warnings and dependencies
# make chain-table  print which AWS SDK uses which role, as a Markdown table
# make reader-table print which library that reads S3 uses which role; downloads 200 MB
# make bench        run the benchmarks
# make image        build the container image, IMAGE=<registry>/rolegate:<tag>
IMAGE ?= rolegate:0.1.0
CONTAINER_ENGINE ?= docker

.PHONY: run check e2e test lint chain-table reader-table bench image

run:
	cargo run --release --locked -- serve

# Of every package of the workspace all that `cargo test` runs, but the test
# targets whose name begins with e2; `make e2e` runs those. So a new target is
# in one of the two without being named here.
check:
	cargo test --locked --workspace --lib --bins --examples --test '[!e]*' --test 'e[!2]*'

e2e:
	tests/needs.sh
	cargo test --locked --workspace --test 'e2*'

test:
	tests/needs.sh
	$(MAKE) --no-print-directory check
	$(MAKE) --no-print-directory e2e

lint:
	cargo fmt --check
	cargo clippy --locked --workspace --all-targets -- -D warnings
	@if command -v cargo-deny >/dev/null; then \
	  cargo deny --locked check bans licenses sources; \
	else \
	  echo "cargo-deny is not installed, dependencies not checked: cargo install cargo-deny --locked"; \
	fi

chain-table:
	@cargo test --quiet --locked --test e2e -- --exact --nocapture chaining::matrix::every_sdk_ends_in_the_promised_role

reader-table:
	@cargo test --quiet --locked --test e2e -- --exact --ignored --nocapture chaining::readers::every_reader_ends_in_the_promised_role

bench:
	cargo bench --locked

image:
	$(CONTAINER_ENGINE) build -t $(IMAGE) .
