module github.com/etcd-monitor/etcd-monitor/tools/grafana

go 1.26

require github.com/grafana/grafana-foundation-sdk/go v0.0.12
