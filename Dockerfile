# syntax=docker/dockerfile:1

FROM golang:1.26 AS build
WORKDIR /src
COPY go.mod go.sum ./
RUN --mount=type=cache,target=/go/pkg/mod go mod download
COPY . .
ARG VERSION=
# The binary is static and holds the time zones, so that it needs nothing around it.
RUN --mount=type=cache,target=/go/pkg/mod --mount=type=cache,target=/root/.cache/go-build \
    CGO_ENABLED=0 go build -trimpath -ldflags "-s -w ${VERSION:+-X main.version=${VERSION}}" \
    -o /leadrouter ./cmd/leadrouter

# static has CA certificates for TLS to Kafka and Redis, a nonroot user, and no shell.
FROM gcr.io/distroless/static-debian12:nonroot
COPY --from=build /leadrouter /leadrouter
USER nonroot:nonroot
EXPOSE 9100
ENTRYPOINT ["/leadrouter"]
CMD ["--help"]
