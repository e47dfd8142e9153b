// Package collector is the exporter: it turns what is known of the clusters
// into metric families.
//
// The collectors are rows of one table (see table.go), each with its metrics
// and a function that reads a [View]. They judge nothing and ask nobody: all
// that a scrape shows was observed in one round and judged in package cluster.
// What is not known has no series.
//
// Families are built directly instead of through prometheus.Collector: names
// and labels are fixed, values come as one snapshot, and a hundred members cost
// a quarter of what constant metrics do. What lives between scrapes, the
// histograms of the probes, is client_golang's own.
package collector
