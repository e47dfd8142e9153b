package dashboards

import (
	"bytes"
	"testing"

	"go.yaml.in/yaml/v4"
)

// TestProvisioning: the files say what Grafana reads there, and agree with the
// shipped scrape configuration.
func TestProvisioning(t *testing.T) {
	var sources struct {
		APIVersion  int `yaml:"apiVersion"`
		Datasources []struct {
			Name, Type, Access, URL string
			IsDefault               bool `yaml:"isDefault"`
			JSONData                struct {
				HTTPMethod   string `yaml:"httpMethod"`
				TimeInterval string `yaml:"timeInterval"`
			} `yaml:"jsonData"`
		}
	}
	strict(t, "../deploy/grafana/provisioning/datasources/prometheus.yml", &sources)
	var scrape struct {
		Global struct {
			Interval string `yaml:"scrape_interval"`
		}
	}
	if err := yaml.Unmarshal([]byte(text(t, "../deploy/prometheus/exporter.yml")), &scrape); err != nil {
		t.Fatal(err)
	}
	if s := sources.Datasources; sources.APIVersion != 1 || len(s) != 1 || s[0].Type != "prometheus" || s[0].JSONData.TimeInterval != scrape.Global.Interval {
		t.Errorf("data sources: %+v, and Prometheus scrapes every %s", sources, scrape.Global.Interval)
	}
	var providers struct {
		APIVersion int `yaml:"apiVersion"`
		Providers  []struct {
			Name, Folder, Type    string
			AllowUIUpdates        bool `yaml:"allowUiUpdates"`
			UpdateIntervalSeconds int  `yaml:"updateIntervalSeconds"`
			Options               struct{ Path string }
		}
	}
	strict(t, "../deploy/grafana/provisioning/dashboards/etcd-monitor.yml", &providers)
	if p := providers.Providers; providers.APIVersion != 1 || len(p) != 1 || p[0].Type != "file" || p[0].Options.Path == "" {
		t.Errorf("providers: %+v", providers)
	}
}

func strict(t *testing.T, file string, into any) {
	t.Helper()
	dec := yaml.NewDecoder(bytes.NewReader([]byte(text(t, file))))
	dec.KnownFields(true)
	if err := dec.Decode(into); err != nil {
		t.Errorf("%s: %v", file, err)
	}
}
