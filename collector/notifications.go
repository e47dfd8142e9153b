package collector

import "github.com/prometheus/client_golang/prometheus"

var (
	notificationsTotal = counter("etcd_monitor_alert_notifications_total",
		"Requests of Alertmanager to /api/v1/alerts/webhook, by how they ended: accepted, refused (credentials), malformed, too_large, busy (Alertmanager tries again).",
		"result")
	alertsTotal = counter("etcd_monitor_alerts_received_total",
		"Alerts in the notifications that were accepted, repeats included, by what was said of them: firing, resolved.",
		"status")
	alertsLeftOut = counter("etcd_monitor_alerts_left_out_total",
		"Alerts of accepted notifications that did not arrive: Alertmanager left them out of a long one, or they made no sense.")
)

var notificationFamilies = []*family{notificationsTotal, alertsTotal, alertsLeftOut}

// Notifications counts what Alertmanager sends here.
type Notifications struct {
	requests, alerts *prometheus.CounterVec
	leftOut          prometheus.Counter
}

// newNotifications registers counters that start at 0.
func newNotifications(r prometheus.Registerer) *Notifications {
	n := &Notifications{
		requests: prometheus.NewCounterVec(prometheus.CounterOpts{Name: notificationsTotal.name, Help: notificationsTotal.help}, notificationsTotal.labels),
		alerts:   prometheus.NewCounterVec(prometheus.CounterOpts{Name: alertsTotal.name, Help: alertsTotal.help}, alertsTotal.labels),
		leftOut:  prometheus.NewCounter(prometheus.CounterOpts{Name: alertsLeftOut.name, Help: alertsLeftOut.help}),
	}
	r.MustRegister(n.requests, n.alerts, n.leftOut)
	for _, result := range []string{"accepted", "refused", "malformed", "too_large", "busy"} {
		n.requests.WithLabelValues(result)
	}
	for _, status := range []string{"firing", "resolved"} {
		n.alerts.WithLabelValues(status)
	}
	return n
}

// Notification counts a request by how it ended.
func (n *Notifications) Notification(result string) { n.requests.WithLabelValues(result).Inc() }

// Alert counts an alert that was taken.
func (n *Notifications) Alert(firing bool) {
	status := "resolved"
	if firing {
		status = "firing"
	}
	n.alerts.WithLabelValues(status).Inc()
}

// LeftOut counts alerts that did not arrive.
func (n *Notifications) LeftOut(count uint64) { n.leftOut.Add(float64(count)) }
