# Packs what `make crossbuild` left in .build; nothing is compiled here, so that
# the image holds the same binary as the release archive.
FROM gcr.io/distroless/static-debian13:nonroot@sha256:f7f8f729987ad0fdf6b05eeeae94b26e6a0f613bdf46feea7fc40f7bd72953e6
ARG OS=linux
ARG ARCH=amd64

LABEL org.opencontainers.image.title="etcd-monitor" \
      org.opencontainers.image.description="Prometheus exporter and operations tool for etcd clusters" \
      org.opencontainers.image.source="https://github.com/etcd-monitor/etcd-monitor" \
      org.opencontainers.image.licenses="Apache-2.0"

COPY .build/${OS}-${ARCH}/etcd-monitor /bin/etcd-monitor
COPY LICENSE /LICENSE

# By number: Kubernetes' runAsNonRoot cannot check a name.
USER 65532:65532
EXPOSE 8080
ENTRYPOINT ["/bin/etcd-monitor"]
