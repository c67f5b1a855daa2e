# syntax=docker/dockerfile:1

# What runs in production: one binary with its pages and assets inside, without the sandbox, without a shell, not as root.
#
#   docker build -t signup-gateway .
#   docker run -p 8080:8080 --env-file production.env signup-gateway

FROM rust:1.95-bookworm AS chef
RUN cargo install --locked cargo-chef --version 0.1.78
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
LABEL org.opencontainers.image.title="signup-gateway" \
      org.opencontainers.image.description="A server-rendered sign-up gateway between marketing links and a studio's account API" \
      org.opencontainers.image.licenses="MIT OR Apache-2.0"
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
