# make run          serve on 127.0.0.1:8443, built-in policy, certificate in memory
# make test         check that the machine has what the tests need, run all tests
# make lint         check formatting, clippy warnings and dependencies
# make chain-table  print which AWS SDK uses which role, as a Markdown table
# make bench        run the benchmarks
# make image        build the container image, IMAGE=<registry>/rolegate:<tag>
IMAGE ?= rolegate:0.1.0
CONTAINER_ENGINE ?= docker

.PHONY: run test lint chain-table bench image

run:
	cargo run --release --locked -- serve

test:
	tests/needs.sh
	cargo test --locked

lint:
	cargo fmt --check
	cargo clippy --locked --all-targets -- -D warnings
	@if command -v cargo-deny >/dev/null; then \
	  cargo deny --locked check bans licenses sources; \
	else \
	  echo "cargo-deny is not installed, dependencies not checked: cargo install cargo-deny --locked"; \
	fi

chain-table:
	@cargo test --quiet --locked --test e2e -- --exact --nocapture chaining::matrix::every_sdk_ends_in_the_promised_role

bench:
	cargo bench --locked

image:
	$(CONTAINER_ENGINE) build -t $(IMAGE) .
