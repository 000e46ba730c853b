# A static binary in an empty image: docker build -t streamfall . && docker run --rm -i streamfall < proxy.log
FROM rust:1.95-alpine3.22 AS build
# Alpine keeps no old versions: a pin would break the build with the next one.
# hadolint ignore=DL3018
RUN apk add --no-cache build-base tzdata
WORKDIR /src
COPY . .
RUN cargo build --release --locked --bin streamfall

FROM scratch
# For --timezone.
COPY --from=build /usr/share/zoneinfo /usr/share/zoneinfo
COPY --from=build /src/target/release/streamfall /streamfall
USER 65534:65534
WORKDIR /logs
ENTRYPOINT ["/streamfall"]
