package config

import "time"

// clusterKeys are those of one cluster, below etcd and in each of clusters.
var clusterKeys = []key{
	{path: "name", kind: kindText, def: "default", check: clusterName, flag: "cluster.name", doc: "Name of the cluster, the value of the label `cluster`. Under `clusters` each needs its own."},
	{path: "endpoints", kind: kindList, def: "localhost:2379", flag: "endpoints", etcdctl: "ETCDCTL_ENDPOINTS", doc: "Endpoints: `host:port`, or a URL with http or https. One is enough, the others are found."},
	{path: "dns_srv", kind: kindText, check: domain, doc: "Domain whose SRV records `_etcd-client-ssl._tcp` and `_etcd-client._tcp` name the endpoints. Instead of `endpoints`."},
	{path: "file", kind: kindFile, doc: "File that names the endpoints, YAML or JSON in the form of Prometheus' file_sd; it is watched. Instead of `endpoints`."},
	{path: "metrics_urls", kind: kindList, check: each(webURL), flag: "metrics-urls", doc: "Where the members serve their own metrics, if not on the client port (etcd with --listen-client-http-urls). Then of all members: the client ports are not asked any more."},
	{path: "labels", kind: kindMap, check: labelPairs, doc: "Labels of the cluster: on its targets in `/sd`, and on `etcd_monitor_cluster_info`."},
	{path: "dial_timeout", kind: kindDuration, def: "5s", check: lasting(10*time.Millisecond, time.Minute), flag: "dial-timeout", doc: "Time to establish a connection."},
	{path: "discover_members", kind: kindBool, derived: "true; false with a password", flag: "discover-members", doc: "Also watch members that no endpoint leads to, at the URLs that they advertise."},
	{path: "db_quota_bytes", kind: kindSize, def: "0", flag: "db-quota-bytes", doc: "The members' --quota-backend-bytes, for etcd that does not tell it; 0 for not known."},
	{path: "tls", kind: kindSection, doc: "How to verify etcd, and how to show who we are. Files are read again at each handshake."},
	{path: "tls.enabled", kind: kindBool, derived: "true if another key of `tls` is given", doc: "Endpoints without a scheme are https. While false, the other keys do not count and their files are not opened."},
	{path: "tls.ca_file", kind: kindFile, flag: "cacert", etcdctl: "ETCDCTL_CACERT", doc: "File with the CAs to verify etcd with; else those of the system."},
	{path: "tls.cert_file", kind: kindFile, flag: "cert", etcdctl: "ETCDCTL_CERT", doc: "File with our client certificate."},
	{path: "tls.key_file", kind: kindFile, flag: "key", etcdctl: "ETCDCTL_KEY", doc: "File with the key of our client certificate."},
	{path: "tls.server_name", kind: kindText, check: domain, flag: "tls-server-name", doc: "Name to expect in etcd's certificate instead of the endpoint's host."},
	{path: "tls.insecure_skip_verify", kind: kindBool, def: "false", flag: "insecure-skip-tls-verify", doc: "Do not verify etcd's certificate."},
	{path: "auth", kind: kindSection, doc: "Login by password. A client certificate with the user's name is better: it works without a quorum."},
	{path: "auth.username", kind: kindText, flag: "username", etcdctl: "ETCDCTL_USER", doc: "User to log in to etcd as."},
	{path: "auth.password_file", kind: kindFile, flag: "password-file", doc: "File with the user's password, read again at each login."},
	{path: "auth.password", kind: kindSecret, etcdctl: "ETCDCTL_PASSWORD", doc: "The password itself. Instead of `password_file`."},
	{path: "thresholds", kind: kindSection, doc: "Limits of this cluster that differ from those of `monitoring.thresholds`, by the same keys."},
}

// ownThresholds are the limits of one cluster: they have no default of their
// own, and a flag is about all clusters.
func ownThresholds() []key {
	rows := thresholdKeys()
	for i := range rows {
		rows[i].def, rows[i].flag = "", ""
		rows[i].derived = "as in `monitoring.thresholds`"
	}
	return rows
}
