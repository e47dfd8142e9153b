package main

// benchmark shows the last results that benchmarks pushed through a Pushgateway,
// and what they were before.
func benchmark() *dashboard {
	d := newDashboard("benchmark", "etcd / Benchmark", "The last result of each benchmark that was pushed, whether it kept its objectives, how it compares with those before, and whether it still runs.")
	d.Time = timeRange{"now-7d", "now"}
	d.Refresh = "1m"
	d.choose("cluster", "Cluster", "label_values(etcd_monitor_benchmark_last_run_timestamp_seconds, cluster)", ".+")
	d.choose("type", "Type", `label_values(etcd_monitor_benchmark_last_run_timestamp_seconds{cluster=~"$cluster"}, type)`, ".+")
	d.marks(annotation{
		Name: "Runs", IconColor: "green", TagKeys: "cluster,type", TitleFormat: "Benchmark ended", TextFormat: "{{cluster}} {{type}}",
		Expr: runs.gauge(perRun, "etcd_monitor_benchmark_last_run_timestamp_seconds") + " * 1000", UseValueForTime: true,
	}, leaderChanged)
	d.row("Did the last runs keep their objectives?", runCounts()...)
	d.row("Does it get better or worse?", runTrends()...)
	return d
}

const (
	runs   scope  = `cluster=~"$cluster",type=~"$type"`
	perRun string = "cluster, type"
)

// age is how long ago the last run was, and overdue that it is more than twice
// what lies between runs.
func age() string {
	return "time()\n-\n" + runs.gauge(perRun, "etcd_monitor_benchmark_last_run_timestamp_seconds")
}

func overdue() string {
	return age() + "\n> 2 * " + runs.gauge(perRun, "etcd_monitor_benchmark_expected_interval_seconds")
}

func runCounts() []*panel {
	r := runs
	met := most("min", perRun, r.of("etcd_monitor_benchmark_slo_met"))
	total := "count(" + r.gauge(perRun, "etcd_monitor_benchmark_last_run_timestamp_seconds") + ")"
	orNone := func(query string) string { return "count(" + query + ")\nor\n0 * " + total }
	return []*panel{
		stat("Benchmarks", "Clusters and types of load that a result was pushed for.", now("benchmarks", total)).
			colors("blue").empty(noRuns).size(6, 4),
		stat("Objectives missed", "Benchmarks whose last good run missed an objective.", now("missed", orNone(met+" == 0"))).
			colors("green", 1, "red").runbooks("EtcdBenchmarkSLOViolated").empty(noRuns).size(6, 4),
		stat("Failed", "Benchmarks whose last run did not end well. The figures are those of the run before.",
			now("failed", orNone(r.gauge(perRun, "etcd_monitor_benchmark_last_run_success")+" == 0"))).
			colors("green", 1, "red").empty(noRuns).size(6, 4),
		stat("Overdue", "Benchmarks that did not run for twice the time between their runs: their figures are stale.", now("overdue", orNone(overdue()))).
			colors("green", 1, "orange").runbooks("EtcdBenchmarkStale").empty(noRuns).size(6, 4),
		runTable(),
		bars("Latency of the last run", "Operations of the last good run by how long they took.", buckets()...).
			unit("short").colors("blue").size(12, 9).empty(noRuns),
		bars("Errors of the last run", "By gRPC code.",
			now("{{cluster}} {{type}}: {{code}}", r.gauge("cluster, type, code", "etcd_monitor_benchmark_errors"))).
			unit("short").colors("green", 1, "red").size(12, 9).empty("No errors"),
	}
}

// buckets are a query each: Prometheus would sort them by their names.
func buckets() []target {
	var all []target
	for _, b := range []string{"<1ms", "1-5ms", "5-10ms", "10-50ms", "50-100ms", "100-500ms", ">500ms"} {
		all = append(all, now("{{cluster}} {{type}}: "+b, runs.gauge(perRun, "etcd_monitor_benchmark_latency_operations", `bucket="`+b+`"`)))
	}
	return all
}

// noRuns is why there may be nothing.
const noRuns = "No results: etcd-monitor benchmark pushes them through a Pushgateway"

func runTable() *panel {
	r := runs
	latency := func(title, metric string) column {
		return column{title: title, query: r.gauge(perRun, metric), unit: "s", width: 100}
	}
	return table("Last results", "A row per cluster and type of load. Latency is from the moment that an operation was due, so a server that stalls cannot hide it.",
		[]column{{title: "Cluster", label: "cluster"}, {title: "Type", label: "type", width: 100}},
		column{title: "Ended well", query: r.gauge(perRun, "etcd_monitor_benchmark_last_run_success"), words: upWords, width: 100},
		column{title: "Objectives", query: most("min", perRun, r.of("etcd_monitor_benchmark_slo_met")), words: says(1, "kept", "green", 0, "MISSED", "red"), width: 100},
		column{title: "Throughput", query: r.gauge(perRun, "etcd_monitor_benchmark_throughput_ops_per_second"), unit: "ops", width: 120},
		latency("p50", "etcd_monitor_benchmark_latency_p50_seconds"),
		latency("p95", "etcd_monitor_benchmark_latency_p95_seconds"),
		latency("p99", "etcd_monitor_benchmark_latency_p99_seconds"),
		latency("Longest", "etcd_monitor_benchmark_latency_max_seconds"),
		column{title: "Succeeded", query: r.gauge(perRun, "etcd_monitor_benchmark_operations", `result="success"`), unit: "short", width: 110},
		column{title: "Failed", query: r.gauge(perRun, "etcd_monitor_benchmark_operations", `result="failure"`), whole: true, steps: steps("green", 1, "red"), width: 80},
		column{title: "Ended", query: r.gauge(perRun, "etcd_monitor_benchmark_last_run_timestamp_seconds") + " * 1000", unit: "dateTimeFromNow", width: 140},
	).size(24, 7).sorted("Cluster", false).empty(noRuns)
}

func runTrends() []*panel {
	r := runs
	// Objectives differ by type of load, so each has its own.
	objective := func(slo string) target {
		t := q("{{cluster}} {{type}} {{slo}}", r.gauge("cluster, type, slo", "etcd_monitor_benchmark_slo_target", `slo=~"`+slo+`"`))
		t.RefID = "Objective"
		return t
	}
	dashed := []property{
		{"custom.lineStyle", map[string]any{"fill": "dash", "dash": []int{8, 6}}},
		{"custom.fillOpacity", 0},
	}
	line := func(p *panel) *panel { return p.custom("lineInterpolation", "stepAfter").empty(noRuns).size(12, 8) }
	return []*panel{
		line(graph("Throughput", "Operations per second of each run. Dashed: what it should reach.",
			q("{{cluster}} {{type}}", r.gauge(perRun, "etcd_monitor_benchmark_throughput_ops_per_second")), objective("read_throughput|write_throughput"))).
			unit("ops").override("byFrameRefID", "Objective", dashed...).runbooks("EtcdBenchmarkSLOViolated"),
		line(graph("Latency, p99", "From the moment that an operation was due. Dashed: what it should stay below.",
			q("{{cluster}} {{type}}", r.gauge(perRun, "etcd_monitor_benchmark_latency_p99_seconds")), objective("p99_latency"))).
			unit("s").logarithmic().override("byFrameRefID", "Objective", dashed...).runbooks("EtcdBenchmarkSLOViolated"),
		line(graph("Latency, p50 and p95", "From the moment that an operation was due.",
			q("{{cluster}} {{type}} p50", r.gauge(perRun, "etcd_monitor_benchmark_latency_p50_seconds")),
			q("{{cluster}} {{type}} p95", r.gauge(perRun, "etcd_monitor_benchmark_latency_p95_seconds")))).unit("s").logarithmic(),
		line(graph("Age of the results", "Since the last run ended. Dashed: twice the time between runs, from where on the figures are stale.",
			q("{{cluster}} {{type}}", age()), func() target {
				t := q("{{cluster}} {{type}} limit", "2 * "+r.gauge(perRun, "etcd_monitor_benchmark_expected_interval_seconds"))
				t.RefID = "Objective"
				return t
			}())).unit("dtdurations").override("byFrameRefID", "Objective", dashed...).custom("lineInterpolation", "linear").
			runbooks("EtcdBenchmarkStale"),
	}
}
