# Builds rolegate as one static binary in an empty image.
#
# glibc is linked statically, as it was for all published measurements.
# aws-lc-sys and mimalloc need a C compiler, but neither cmake nor clang; the
# base image has gcc and the static part of libc. --target limits RUSTFLAGS to
# rolegate: build scripts and procedural macros are built without them.
# To build for both architectures:
#   docker buildx build --platform linux/amd64,linux/arm64 -t <registry>/rolegate:0.1.0 .
FROM rust:1.95-slim-bookworm AS build
ARG TARGETARCH
WORKDIR /src
# .dockerignore limits what is copied. Tests and benchmarks are not built, but
# Cargo.toml may name them.
COPY . .
# The cache mounts keep crates and build output between builds, so the binary
# must be copied out of them in the same step.
RUN --mount=type=cache,id=rolegate-registry,target=/usr/local/cargo/registry \
    --mount=type=cache,id=rolegate-target-$TARGETARCH,target=/src/target \
    target="$(uname -m)-unknown-linux-gnu" \
 && RUSTFLAGS="-C target-feature=+crt-static" \
    cargo build --release --locked --bin rolegate --target "$target" \
 && cp "target/$target/release/rolegate" /rolegate

FROM scratch
LABEL org.opencontainers.image.title="rolegate" \
      org.opencontainers.image.description="Kubernetes admission controller that stops Amazon EMR on EKS tenants and jobs from using another job's IAM role" \
      org.opencontainers.image.licenses="Apache-2.0"
COPY LICENSE /LICENSE
COPY --from=build /rolegate /rolegate
# A numeric user: the image has no /etc/passwd, and Kubernetes' runAsNonRoot must
# be able to check that the user is not 0.
USER 65532:65532
EXPOSE 8443 8081
ENTRYPOINT ["/rolegate"]
CMD ["serve"]
