// Command dashboard-schema judges dashboards by the types that Grafana generates
// from its own schemas: a field that Grafana does not know, or one of the wrong
// type, is an error. It stands in for an import where there is no Grafana, and is
// a module of its own because those types are large.
//
//	dashboard-schema FILE...
package main

import (
	"encoding/json"
	"fmt"
	"os"

	"github.com/grafana/grafana-foundation-sdk/go/bargauge"
	"github.com/grafana/grafana-foundation-sdk/go/cog"
	"github.com/grafana/grafana-foundation-sdk/go/dashboard"
	"github.com/grafana/grafana-foundation-sdk/go/heatmap"
	"github.com/grafana/grafana-foundation-sdk/go/prometheus"
	"github.com/grafana/grafana-foundation-sdk/go/stat"
	"github.com/grafana/grafana-foundation-sdk/go/statetimeline"
	"github.com/grafana/grafana-foundation-sdk/go/table"
	"github.com/grafana/grafana-foundation-sdk/go/timeseries"
)

func main() {
	register()
	failed := len(os.Args) < 2
	for _, file := range os.Args[1:] {
		if err := judge(file); err != nil {
			fmt.Fprintf(os.Stderr, "%s: %v\n", file, err)
			failed = true
		}
	}
	if failed {
		os.Exit(1)
	}
}

// register makes known what the panels and queries that we use may say. There
// are forty more, which would take a minute to compile; of their options nothing
// would be known, so our own checks refuse them.
func register() {
	runtime := cog.NewRuntime()
	runtime.RegisterPanelcfgVariant(bargauge.VariantConfig())
	runtime.RegisterPanelcfgVariant(heatmap.VariantConfig())
	runtime.RegisterPanelcfgVariant(stat.VariantConfig())
	runtime.RegisterPanelcfgVariant(statetimeline.VariantConfig())
	runtime.RegisterPanelcfgVariant(table.VariantConfig())
	runtime.RegisterPanelcfgVariant(timeseries.VariantConfig())
	runtime.RegisterDataqueryVariant(prometheus.VariantConfig())
}

func judge(file string) error {
	text, err := os.ReadFile(file)
	if err != nil {
		return err
	}
	var whole map[string]any
	if err := json.Unmarshal(text, &whole); err != nil {
		return err
	}
	if err := known(whole); err != nil {
		return err
	}
	text, err = json.Marshal(whole)
	if err != nil {
		return err
	}
	var d dashboard.Dashboard
	return d.UnmarshalJSONStrict(text)
}

// prometheusAnnotation are what the Prometheus data source reads in an
// annotation. The schema has only what all data sources have in common.
var prometheusAnnotation = []string{"step", "tagKeys", "titleFormat", "textFormat", "useValueForTime"}

// known takes out what the schema leaves to the Prometheus data source.
func known(dashboard map[string]any) error {
	annotations, _ := dashboard["annotations"].(map[string]any)
	list, ok := annotations["list"].([]any)
	if !ok {
		return fmt.Errorf("annotations.list is not a list")
	}
	for _, a := range list {
		for _, field := range prometheusAnnotation {
			delete(a.(map[string]any), field)
		}
	}
	return nil
}
