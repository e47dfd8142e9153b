package main

import (
	"errors"
	"fmt"
	"os"
	"strings"
	"time"

	"github.com/alecthomas/kingpin/v2"

	"github.com/etcd-monitor/etcd-monitor/internal/config"
)

// clusterFlags say which cluster to watch and how to get in.
type clusterFlags struct {
	name, endpoints       *flag[string]
	dialTimeout           *flag[time.Duration]
	cacert, cert, key     *flag[string]
	serverName            *flag[string]
	insecure              *switchFlag
	username              *flag[string]
	passwordFile          *flag[string]
	discover              *switchFlag
	quota                 *flag[int64]
	maxLatency, maxDBSize *flag[float64]
	minAvailable          *flag[int64]
	maxLeaderChanges      *flag[float64]
}

func addClusterFlags(cmd *kingpin.CmdClause) *clusterFlags {
	return &clusterFlags{
		name:             addFlag(cmd, "cluster.name", "default", "Name of the cluster, the value of the label cluster.", clusterName),
		endpoints:        addFlag(cmd, "endpoints", "localhost:2379", "Endpoints of the cluster, separated by commas. One is enough: the others are found. (Else: ETCDCTL_ENDPOINTS.)", text),
		dialTimeout:      addFlag(cmd, "dial-timeout", "5s", "Time to establish a connection.", atMost(time.Minute, duration(10*time.Millisecond))),
		cacert:           addFlag(cmd, "cacert", "", "File with the CAs to verify etcd with. Read again at each handshake. (Else: ETCDCTL_CACERT.)", file),
		cert:             addFlag(cmd, "cert", "", "File with our client certificate. Read again at each handshake. (Else: ETCDCTL_CERT.)", file),
		key:              addFlag(cmd, "key", "", "File with the key of our client certificate. (Else: ETCDCTL_KEY.)", file),
		serverName:       addFlag(cmd, "tls-server-name", "", "Name to expect in etcd's certificate instead of the endpoint's host.", text),
		insecure:         boolFlag(cmd, "insecure-skip-tls-verify", "Do not verify etcd's certificate.", false),
		username:         addFlag(cmd, "username", "", "User to log in to etcd as. A client certificate with the user's name is better: it works without a quorum. (Else: ETCDCTL_USER.)", text),
		passwordFile:     addFlag(cmd, "password-file", "", "File with the user's password. Read again at each login. (Else: ETCDCTL_PASSWORD, or ETCDCTL_USER as user:password.)", file),
		discover:         boolFlag(cmd, "discover-members", "Also watch members that no endpoint leads to, at the URLs that they advertise. Off by default with a password.", true),
		quota:            addFlag(cmd, "db-quota-bytes", "0", "The members' --quota-backend-bytes, for etcd that does not tell it.", whole(0, 1<<50)),
		maxLatency:       addFlag(cmd, "max-latency-ms", "100", "Threshold for alerts: latency in milliseconds.", positive),
		maxDBSize:        addFlag(cmd, "max-db-size-mb", "8192", "Threshold for alerts: database size in MiB.", positive),
		minAvailable:     addFlag(cmd, "min-available-nodes", "2", "Threshold for alerts: members that must be up, at most the number of voters.", whole(1, 1000)),
		maxLeaderChanges: addFlag(cmd, "max-leader-changes", "3", "Threshold for alerts: leader changes per hour.", positive),
	}
}

// config is the cluster that the flags, else etcdctl's environment, describe.
func (f *clusterFlags) config() (config.Cluster, error) {
	c := config.Cluster{
		Name: f.name.value, DialTimeout: f.dialTimeout.value, QuotaBytes: f.quota.value,
		TLS: config.TLS{ServerName: f.serverName.value, InsecureSkipVerify: f.insecure.value},
	}
	var err error
	origin := "--endpoints"
	endpoints := f.endpoints.value
	if e := os.Getenv("ETCDCTL_ENDPOINTS"); e != "" && !f.endpoints.set() {
		endpoints, origin = e, "ETCDCTL_ENDPOINTS"
	}
	for _, file := range []struct {
		flag *flag[string]
		env  string
		to   *string
	}{
		{f.cacert, "ETCDCTL_CACERT", &c.TLS.CAFile},
		{f.cert, "ETCDCTL_CERT", &c.TLS.CertFile},
		{f.key, "ETCDCTL_KEY", &c.TLS.KeyFile},
	} {
		if *file.to, err = fileOrEnv(file.flag, file.env); err != nil {
			return c, err
		}
	}
	secure := c.TLS.CAFile != "" || c.TLS.CertFile != "" || c.TLS.InsecureSkipVerify
	if c.Endpoints, err = config.ParseEndpoints([]string{endpoints}, secure); err != nil {
		return c, fmt.Errorf("%s: %w", origin, err)
	}
	f.auth(&c.Auth)
	c.DiscoverMembers = f.discover.value
	if c.Auth.Enabled() && !f.discover.set() {
		c.DiscoverMembers = false
	}
	c.Thresholds = config.DefaultThresholds()
	c.Thresholds["max_latency_seconds"] = f.maxLatency.value / 1000
	c.Thresholds["max_db_size_bytes"] = f.maxDBSize.value * (1 << 20)
	c.Thresholds["min_available_nodes"] = float64(f.minAvailable.value)
	c.Thresholds["max_leader_changes_per_hour"] = f.maxLeaderChanges.value
	return c, checkCluster(c)
}

// checkCluster says in flags what does not go together.
func checkCluster(c config.Cluster) error {
	switch {
	case c.TLS.CertFile != "" && c.TLS.KeyFile == "":
		return errors.New("--cert: needs --key")
	case c.TLS.CertFile == "" && c.TLS.KeyFile != "":
		return errors.New("--key: needs --cert")
	case c.TLS.InsecureSkipVerify && c.TLS.CAFile != "":
		return errors.New("--insecure-skip-tls-verify: excludes --cacert")
	case c.Auth.Username == "" && c.Auth.PasswordFile != "":
		return errors.New("--password-file: needs --username")
	case c.Auth.Username != "" && c.Auth.Password == "" && c.Auth.PasswordFile == "":
		return errors.New("--username: needs --password-file or ETCDCTL_PASSWORD")
	}
	return c.Validate()
}

func fileOrEnv(f *flag[string], env string) (string, error) {
	name := os.Getenv(env)
	if f.set() || name == "" {
		return f.value, nil
	}
	if _, err := file(name); err != nil {
		return "", fmt.Errorf("%s: %s: %w", env, name, err)
	}
	return name, nil
}

// auth takes the login from the flags, else from the environment as etcdctl
// does: user:password, or user and password apart.
func (f *clusterFlags) auth(a *config.Auth) {
	a.Username, a.PasswordFile = f.username.value, f.passwordFile.value
	if a.Username != "" || a.PasswordFile != "" {
		if a.PasswordFile == "" {
			a.Password = config.Secret(os.Getenv("ETCDCTL_PASSWORD"))
		}
		return
	}
	user, password, both := strings.Cut(os.Getenv("ETCDCTL_USER"), ":")
	if !both {
		password = os.Getenv("ETCDCTL_PASSWORD")
	}
	if user != "" {
		a.Username, a.Password = user, config.Secret(password)
	}
}

func clusterName(s string) (string, error) {
	if s == "" || len(s) > 128 || strings.ContainsFunc(s, func(r rune) bool { return r < ' ' || r == 0x7f || r == 0xfffd }) {
		return "", fmt.Errorf("%q is not a name of 1 to 128 printable characters", s)
	}
	return s, nil
}
