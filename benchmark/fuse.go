package benchmark

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/etcd-monitor/etcd-monitor/internal/cluster"
)

// blown says what the fuse is for, if that is the case. quotas are those that are
// known.
func (f Fuse) blown(v cluster.Verdict, quotas map[cluster.ID]float64) error {
	for _, m := range v.Members {
		if f.Alarm {
			for alarm, on := range m.Alarms {
				if on {
					return fmt.Errorf("alarm %s on member %s", alarm, m.Label)
				}
			}
		}
		quota := quotas[m.ID]
		if f.QuotaShare <= 0 || quota <= 0 || m.Status == nil || !m.Status.DBSize.OK {
			continue
		}
		if share := float64(m.Status.DBSize.V) / quota; share > f.QuotaShare {
			return fmt.Errorf("the database of member %s is at %.0f %% of its quota, the limit is %.0f %%",
				m.Label, 100*share, 100*f.QuotaShare)
		}
	}
	return nil
}

// quotas are those that members tell in Status, which those before 3.6.6 do not,
// else in their own metrics, else as configured. Members without one are those
// of whom it is not known.
func (s *server) quotas(v cluster.Verdict, configured int64) map[cluster.ID]float64 {
	quotas := map[cluster.ID]float64{}
	for _, m := range v.Members {
		if m.Status == nil {
			continue
		}
		if m.Status.Quota.OK {
			quotas[m.ID] = m.Status.Quota.V
		} else if q, ok := s.client.MetricsQuota(m.ID); ok {
			quotas[m.ID] = q
		} else if configured > 0 {
			quotas[m.ID] = float64(configured)
		}
	}
	return quotas
}

// quotaPatience is how long a run waits for metrics that tell a quota.
const quotaPatience = 2 * time.Second

// learnQuotas gives members the time to tell in their metrics what they do not in
// Status, which the look before has asked for.
func (s *server) learnQuotas(ctx context.Context, v cluster.Verdict) {
	ctx, cancel := context.WithTimeout(ctx, quotaPatience)
	defer cancel()
	if s.named && len(untold(v, s.quotas(v, 0))) > 0 {
		s.snapshot(ctx) // tells whose metrics are at which of the metrics URLs
		s.client.RefreshQuotas(ctx)
	}
	for ctx.Err() == nil && len(untold(v, s.quotas(v, 0))) > 0 {
		pause(ctx, 20*time.Millisecond)
	}
}

// untold are the members that answer and whose quota is not known.
func untold(v cluster.Verdict, quotas map[cluster.ID]float64) []string {
	var labels []string
	for _, m := range v.Members {
		if _, ok := quotas[m.ID]; !ok && m.Status != nil {
			labels = append(labels, m.Label)
		}
	}
	return labels
}

// warnUntold tells that the fuse cannot do all that it was asked to.
func (c Config) warnUntold(v cluster.Verdict, quotas map[cluster.ID]float64) {
	if labels := untold(v, quotas); c.Fuse.QuotaShare > 0 && len(labels) > 0 {
		c.Logger.Warn("the fuse does not know the quota of members, set db_quota_bytes (--db-quota-bytes)",
			"members", strings.Join(labels, ","))
	}
}

// fuseError ends a run for the cluster's sake.
type fuseError struct{ error }

func (e fuseError) Error() string { return "stopped by the fuse: " + e.error.Error() }

func (e fuseError) Unwrap() error { return e.error }
