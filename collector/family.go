package collector

import (
	dto "github.com/prometheus/client_model/go"
)

// family is one metric as it is declared.
type family struct {
	name, help string
	kind       dto.MetricType
	labels     []string // the first is cluster, unless the metric is about the exporter
}

func gauge(name, help string, labels ...string) *family {
	return &family{name, help, dto.MetricType_GAUGE, labels}
}

func counter(name, help string, labels ...string) *family {
	return &family{name, help, dto.MetricType_COUNTER, labels}
}
