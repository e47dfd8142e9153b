package app

import (
	"bytes"
	_ "embed"
	"errors"
	"html/template"
	"io/fs"
	"net/http"
	"strings"

	"github.com/etcd-monitor/etcd-monitor/dashboards"
)

//go:embed dashboards.html.tmpl
var dashboardsText string

var dashboardsTemplate = template.Must(template.New("dashboards").Parse(dashboardsText))

// dashboardList is a page with the dashboards for Grafana, which takes them from
// there or is given what is downloaded.
func (a *App) dashboardList(w http.ResponseWriter, _ *http.Request) {
	all, err := dashboards.All()
	var buf bytes.Buffer
	if err == nil {
		err = dashboardsTemplate.Execute(&buf, all)
	}
	if err != nil {
		a.opts.Logger.Error("list of dashboards", "err", err)
		http.Error(w, "the list cannot be shown; the log says why", http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.Header().Set("Content-Security-Policy", pagePolicy)
	_, _ = w.Write(buf.Bytes())
}

// dashboard is one of them.
func (a *App) dashboard(w http.ResponseWriter, r *http.Request) {
	name, isJSON := strings.CutSuffix(r.PathValue("file"), ".json")
	text, err := dashboards.JSON(name, "")
	switch {
	case !isJSON || errors.Is(err, fs.ErrNotExist):
		http.NotFound(w, r)
	case err != nil:
		a.opts.Logger.Error("dashboard", "name", name, "err", err)
		http.Error(w, "the dashboard cannot be shown; the log says why", http.StatusInternalServerError)
	default:
		w.Header().Set("Content-Type", "application/json")
		_, _ = w.Write(text)
	}
}
