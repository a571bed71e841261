# MetatronOS in one image: the web app and the four services built from source, on Debian with its own s6 and Redis.
# The base images are arguments, so that a mirror or a locally made base serves as well.
ARG DEBIAN=debian:bookworm-slim
ARG RUST=rust:1.95-bookworm
ARG NODE=node:20-bookworm-slim

FROM ${NODE} AS web
WORKDIR /src/web
COPY web/package.json web/package-lock.json ./
RUN --mount=type=cache,target=/root/.npm npm ci --ignore-scripts --no-audit --no-fund
COPY web ./
RUN npm run build

FROM ${RUST} AS services
RUN apt-get update -qq \
 && apt-get install -y -qq --no-install-recommends lld >/dev/null \
 && rm -rf /var/lib/apt/lists/*
WORKDIR /src
COPY Cargo.toml Cargo.lock ./
COPY .cargo .cargo
COPY .sqlx .sqlx
COPY common common
COPY migrations migrations
COPY services services
# Cargo's downloads and what it has compiled outlive the layer, so a small change is a small build.
RUN --mount=type=cache,target=/usr/local/cargo/registry --mount=type=cache,target=/src/target \
    SQLX_OFFLINE=true cargo build --release --locked --bins -p metatron-api -p metatron-shell-worker \
      -p metatron-pulse-worker -p metatron-scheduler -p metatron-store \
 && for name in api shell-worker pulse-worker scheduler migrate; do \
      install -D target/release/metatron-$name /out/metatron-$name; \
    done

FROM ${DEBIAN}
# No file may lend anybody another user's rights. apt stays: with the owner's word the AI installs packages through it.
RUN apt-get update -qq \
 && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends \
      bash ca-certificates curl execline openssl procps redis-server s6 tzdata util-linux >/dev/null \
 && rm -rf /var/lib/apt/lists/* /var/cache/apt /var/log/* \
 && find / -xdev -type f -perm /6000 -exec chmod ug-s {} +
COPY s6 /usr/share/metatron/s6
RUN /usr/share/metatron/s6/users && install -d -o agent -g agent -m 2770 /home/agent/work
COPY --from=web /src/web/dist /usr/share/metatron/web
COPY --from=services /out /usr/lib/metatron/bin

ENV PATH=/usr/lib/metatron/bin:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin \
    METATRON_LISTEN=0.0.0.0:7770
EXPOSE 7770
VOLUME ["/var/lib/metatron", "/etc/metatron/keys", "/home/agent/work"]
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=30s --timeout=5s --start-period=30s \
  CMD ["curl", "-fsS", "-o", "/dev/null", "http://127.0.0.1:7770/readyz"]
ENTRYPOINT ["/usr/share/metatron/s6/boot"]
