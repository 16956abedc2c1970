# rolegate as one static file in an empty image.
#
# glibc, linked statically: what all numbers were measured with. aws-lc-sys and
# mimalloc need a C compiler, and neither cmake nor clang; the base image has gcc
# and libc's static half. --target, so that the flag is for rolegate and not for
# the macros that build it. For both architectures:
#   docker buildx build --platform linux/amd64,linux/arm64 -t <registry>/rolegate:0.1.0 .
FROM rust:1.95-slim-bookworm AS build
ARG TARGETARCH
WORKDIR /src
# What .dockerignore lets through. Tests and benchmarks are not built, but
# Cargo.toml may name them.
COPY . .
# The cache mounts keep crates and objects between builds; the binary has to
# leave them in the same step.
RUN --mount=type=cache,id=rolegate-registry,target=/usr/local/cargo/registry \
    --mount=type=cache,id=rolegate-target-$TARGETARCH,target=/src/target \
    target="$(uname -m)-unknown-linux-gnu" \
 && RUSTFLAGS="-C target-feature=+crt-static" \
    cargo build --release --locked --bin rolegate --target "$target" \
 && cp "target/$target/release/rolegate" /rolegate

FROM scratch
LABEL org.opencontainers.image.title="rolegate" \
      org.opencontainers.image.description="Admission controller that keeps Amazon EMR on EKS jobs' IAM roles to themselves" \
      org.opencontainers.image.licenses="Apache-2.0"
COPY LICENSE /LICENSE
COPY --from=build /rolegate /rolegate
# By number: the image has no /etc/passwd, and Kubernetes' runAsNonRoot must be
# able to see that it is not 0.
USER 65532:65532
EXPOSE 8443 8081
ENTRYPOINT ["/rolegate"]
CMD ["serve"]
