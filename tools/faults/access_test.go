package faults

import (
	"strings"
	"time"

	"github.com/etcd-monitor/etcd-monitor/internal/etcdtest"
)

func encrypted() etcdtest.Options {
	return etcdtest.Options{Members: 3, TLS: etcdtest.TLS{Client: true, ClientAuth: true}}
}

// credentials are flags for a cluster with TLS.
func credentials(r *rig) []string {
	return []string{
		"--endpoints=" + strings.Join(r.Endpoints(), ","), "--cacert=" + r.CA().File,
		"--cert=" + r.ClientCert().CertFile, "--key=" + r.ClientCert().KeyFile,
	}
}

// access: what keeps the exporter out, or soon will.
func access() []*scenario {
	expiring := encrypted()
	expiring.TLS.ServerNotAfter = time.Now().Add(7 * 24 * time.Hour)
	expired := encrypted()
	expired.TLS.ServerNotAfter = time.Now().Add(-time.Hour)
	return []*scenario{
		{
			name: "certificate near its end", fault: "the members' certificate has a week left, ours a day", cluster: expiring, noQuiet: true,
			exporters: func(r *rig) [][]string { return [][]string{credentials(r)} },
			inject:    func(*rig) {},
			must:      []string{"EtcdCertificateExpiring/warning", "EtcdCertificateExpiring/critical"},
		},
		{
			name: "certificate expired", fault: "the members' certificate is over", cluster: expired, noQuiet: true,
			exporters: func(r *rig) [][]string { return [][]string{credentials(r)} },
			inject:    func(*rig) {},
			must:      []string{"EtcdClusterUnreachable/critical", "EtcdCertificateExpiring/critical"},
			may:       []string{"EtcdCertificateExpiring/warning", "EtcdMonitorScrapeErrors/warning"},
		},
		{
			name: "wrong CA", fault: "the exporter trusts another CA", cluster: encrypted(), noQuiet: true,
			exporters: func(r *rig) [][]string {
				ca, err := etcdtest.NewCA(r.TempDir(), "other")
				etcdtest.OK(r, err)
				flags := credentials(r)
				flags[1] = "--cacert=" + ca.File
				return [][]string{flags}
			},
			inject: func(*rig) {},
			must:   []string{"EtcdClusterUnreachable/critical"},
			may:    []string{"EtcdCertificateExpiring/critical", "EtcdCertificateExpiring/warning", "EtcdMonitorScrapeErrors/warning"},
		},
		{
			name: "no password", fault: "etcd asks for a login, the exporter has none", cluster: etcdtest.Options{Members: 3}, noQuiet: true,
			exporters: func(r *rig) [][]string {
				etcdtest.OK(r, r.EnableAuth(r.ctx, etcdtest.Auth{RootPassword: "root"}))
				return [][]string{{"--endpoints=" + strings.Join(r.Endpoints(), ",")}}
			},
			inject: func(*rig) {},
			must:   []string{"EtcdMonitorScrapeErrors/warning"},
		},
	}
}

// blind: when it is the watcher that fails.
func blind() []*scenario {
	return []*scenario{
		{
			name: "exporter killed", fault: "the exporter is killed", cluster: three(), quick: true,
			inject: func(r *rig) { etcdtest.OK(r, r.exporters[0].kill()) },
			must:   []string{"EtcdMonitorDown/critical"},
			// The members were scraped through it. Alertmanager mutes those.
			may: []string{"EtcdClusterNoLongerObserved/warning", "EtcdServerClusterUnreachable/critical", "EtcdServerMemberDown/warning"},
		},
		{
			name: "targets lost", fault: "Prometheus loses all its targets", cluster: three(),
			inject: func(r *rig) { r.prom.lost.Store(true) },
			must:   []string{"EtcdMonitorDown/critical", "EtcdClusterNoLongerObserved/warning", "EtcdServerClusterUnreachable/critical"},
		},
		{
			name: "endpoint blackholed", fault: "clients are not let through to one member", cluster: etcdtest.Options{Members: 3, ClientProxied: true},
			inject: func(r *rig) { etcdtest.OK(r, r.BlackholeClient(r.follower())) },
			heal: func(r *rig) {
				for i := range r.Members() {
					etcdtest.OK(r, r.HealClient(i))
				}
			},
			must: memberGone, may: []string{"EtcdMonitorScrapeSlow/info"},
		},
		{
			name: "name lost", fault: "one of the endpoints does not resolve, its member is found otherwise", cluster: three(),
			exporters: func(r *rig) [][]string {
				return [][]string{{"--endpoints=" + strings.Join(r.Endpoints()[:2], ",") + ",nowhere.invalid:2379"}}
			},
			inject: func(*rig) {}, heal: func(*rig) {},
		},
	}
}

// nothing: what must not be taken for a fault.
func nothing() []*scenario {
	return []*scenario{
		{
			name: "fresh start", fault: "nothing; a cluster is a minute old", cluster: three(),
			inject: func(*rig) {}, heal: func(*rig) {}, hold: time.Minute,
		},
	}
}
