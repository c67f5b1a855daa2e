# syntax=docker/dockerfile:1

# What runs in production: one binary with its pages and assets inside, without the sandbox, without a shell, not as root.
#
#   docker build -t signup-gateway .
#   docker run -p 8080:8080 --env-file production.env signup-gateway
#
# With a bill of materials and a record of how it was built, for the registry:
#
#   docker buildx build --sbom=true --provenance=mode=max --push -t registry.example/signup-gateway:0.1.0 \
#     --build-arg REVISION=$(git rev-parse HEAD) --build-arg SOURCE_DATE_EPOCH=$(git log -1 --format=%ct) .

FROM rust:1.95-bookworm AS chef
RUN cargo install --locked cargo-chef --version 0.1.78
# The same source makes the same program wherever it is built: messages of panics name no folder of the builder.
ENV RUSTFLAGS="--remap-path-prefix=/build=. --remap-path-prefix=/usr/local/cargo=cargo" \
    CFLAGS="-ffile-prefix-map=/build=. -ffile-prefix-map=/usr/local/cargo=cargo"
WORKDIR /build

FROM chef AS plan
COPY . .
RUN cargo chef prepare --recipe-path recipe.json

FROM chef AS build
# The dependencies are a layer of their own: it changes with Cargo.lock alone.
COPY --from=plan /build/recipe.json recipe.json
RUN cargo chef cook --release --locked --no-default-features --features otlp --recipe-path recipe.json
COPY . .
RUN cargo build --release --locked --no-default-features --features otlp

# glibc, libgcc, CA certificates (the platform's trust store, which the HTTP client reads) and nothing else.
FROM gcr.io/distroless/cc-debian12:nonroot
ARG REVISION=unknown
LABEL org.opencontainers.image.title="signup-gateway" \
      org.opencontainers.image.description="A server-rendered sign-up gateway between marketing links and a studio's account API" \
      org.opencontainers.image.version="0.1.0" \
      org.opencontainers.image.revision="$REVISION" \
      org.opencontainers.image.licenses="MIT OR Apache-2.0" \
      org.opencontainers.image.base.name="gcr.io/distroless/cc-debian12:nonroot"
COPY --from=build /build/target/release/signup-gateway /usr/local/bin/signup-gateway
ENV SIGNUP_ENV=production \
    SIGNUP__SERVER__BIND=0.0.0.0:8080 \
    SIGNUP__SERVER__ADMIN_BIND=0.0.0.0:9090
# By number: Kubernetes cannot tell that a name is not root (runAsNonRoot).
USER 65532:65532
EXPOSE 8080 9090
# The lame-duck time plus the drain timeout must fit into the time the orchestrator grants after this signal.
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=10s --timeout=5s --start-period=10s --retries=3 CMD ["/usr/local/bin/signup-gateway", "healthcheck"]
ENTRYPOINT ["/usr/local/bin/signup-gateway"]
