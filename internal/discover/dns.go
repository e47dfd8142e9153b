package discover

import (
	"context"
	"errors"
	"fmt"
	"net"
	"slices"
	"strconv"
	"strings"

	"github.com/etcd-monitor/etcd-monitor/internal/config"
)

// The services that etcd's documents name, for clients with TLS and without.
const (
	secureService = "etcd-client-ssl"
	plainService  = "etcd-client"
)

func name(service, domain string) string { return "_" + service + "._tcp." + domain }

// records asks for SRV records: those of TLS, and only if there are none those
// without. Where TLS is configured, nothing goes out in the clear because a
// record is missing.
func (s *Source) records(ctx context.Context) Result {
	endpoints, err := s.lookup(ctx, secureService, "https")
	if err == nil && len(endpoints) == 0 && !s.cluster.TLS.Enabled {
		endpoints, err = s.lookup(ctx, plainService, "http")
	}
	switch {
	case err != nil:
	case len(endpoints) == 0 && s.cluster.TLS.Enabled:
		err = fmt.Errorf("no SRV records %s, and TLS is configured", name(secureService, s.cluster.DNSSRV))
	case len(endpoints) == 0:
		err = fmt.Errorf("no SRV records %s or %s", name(secureService, s.cluster.DNSSRV), name(plainService, s.cluster.DNSSRV))
	case len(endpoints) > maxEndpoints:
		err = fmt.Errorf("%d SRV records: more than %d cannot be a cluster", len(endpoints), maxEndpoints)
	}
	if err != nil {
		return Result{Err: err}
	}
	return Result{Endpoints: endpoints}
}

// lookup gives the endpoints that a service's records name, none if it has none.
func (s *Source) lookup(ctx context.Context, service, scheme string) ([]string, error) {
	_, records, err := s.resolver.LookupSRV(ctx, service, "tcp", s.cluster.DNSSRV)
	if missing, ok := errors.AsType[*net.DNSError](err); ok && missing.IsNotFound {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("SRV records %s: %w", name(service, s.cluster.DNSSRV), err)
	}
	var list []string
	for _, r := range records {
		host := strings.TrimSuffix(r.Target, ".")
		if host == "" {
			continue // how DNS says that there is no such service
		}
		list = append(list, scheme+"://"+net.JoinHostPort(host, strconv.Itoa(int(r.Port))))
	}
	if len(list) == 0 {
		return nil, nil
	}
	endpoints, err := config.ParseEndpoints(list, false)
	if err != nil {
		return nil, fmt.Errorf("SRV records %s: %w", name(service, s.cluster.DNSSRV), err)
	}
	slices.Sort(endpoints) // their order says nothing, and must not look like a change
	return endpoints, nil
}
