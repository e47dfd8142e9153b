package collector

import "github.com/etcd-monitor/etcd-monitor/internal/cluster"

var certificateNotAfter = gauge("etcd_monitor_certificate_not_after_timestamp_seconds",
	"When the certificate expires, Unix time. kind: server and server_chain, as the endpoint showed them in its last handshake, believed or not; client and ca, as they are in our files.",
	"cluster", "endpoint", "file", "kind", "subject")

var certificateFamilies = []*family{certificateNotAfter}

func collectCertificates(s *sink, view *View) {
	for _, c := range view.Certificates {
		s.add(certificateNotAfter, unix(c.NotAfter),
			cluster.SafeEndpoint(c.Endpoint), c.File, c.Kind, c.Subject)
	}
}
