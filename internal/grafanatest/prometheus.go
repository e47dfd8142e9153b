package grafanatest

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Prometheus is a server and what its scrape interval is, which Grafana is told
// in the data source.
type Prometheus struct {
	URL    string
	Scrape time.Duration
}

// Series is an answer to a query: values by time.
type Series struct {
	Labels map[string]string
	Points []Point
}

// Point is a value at a time. A native histogram is its count.
type Point struct {
	At    time.Time
	Value float64
}

// String is {label="value",...} as Prometheus writes it.
func (s Series) String() string {
	var labels []string
	for name, value := range s.Labels {
		labels = append(labels, fmt.Sprintf("%s=%q", name, value))
	}
	slices.Sort(labels)
	return "{" + strings.Join(labels, ",") + "}"
}

// Last is the value of the last point.
func (s Series) Last() float64 { return s.Points[len(s.Points)-1].Value }

// Instant asks for the values at one time.
func (p Prometheus) Instant(ctx context.Context, expr string, at time.Time) ([]Series, error) {
	return p.query(ctx, "query", url.Values{"query": {expr}, "time": {unix(at)}})
}

// Range asks for the values in a range.
func (p Prometheus) Range(ctx context.Context, expr string, from, to time.Time, step time.Duration) ([]Series, error) {
	return p.query(ctx, "query_range", url.Values{
		"query": {expr}, "start": {unix(from)}, "end": {unix(to)}, "step": {strconv.FormatFloat(step.Seconds(), 'f', -1, 64)},
	})
}

// LabelValues lists the values of a label of the series that are selected.
func (p Prometheus) LabelValues(ctx context.Context, label, selector string, from, to time.Time) ([]string, error) {
	var values []string
	err := p.get(ctx, "label/"+label+"/values", url.Values{"match[]": {selector}, "start": {unix(from)}, "end": {unix(to)}}, &values)
	return values, err
}

func unix(t time.Time) string { return strconv.FormatFloat(float64(t.UnixMilli())/1000, 'f', 3, 64) }

func (p Prometheus) query(ctx context.Context, what string, form url.Values) ([]Series, error) {
	var data struct {
		ResultType string
		Result     []struct {
			Metric     map[string]string
			Value      *sample
			Values     []sample
			Histogram  *histogram
			Histograms []histogram
		}
	}
	if err := p.get(ctx, what, form, &data); err != nil {
		return nil, fmt.Errorf("%s: %w", form.Get("query"), err)
	}
	var all []Series
	for _, r := range data.Result {
		s := Series{Labels: r.Metric}
		if r.Value != nil {
			r.Values = append(r.Values, *r.Value)
		}
		if r.Histogram != nil {
			r.Histograms = append(r.Histograms, *r.Histogram)
		}
		for _, v := range r.Values {
			s.Points = append(s.Points, Point(v))
		}
		for _, h := range r.Histograms {
			s.Points = append(s.Points, Point(h))
		}
		all = append(all, s)
	}
	return all, nil
}

// get asks the API. Prometheus' warnings are errors: they say that an answer is
// not what it seems.
func (p Prometheus) get(ctx context.Context, what string, form url.Values, data any) error {
	ctx, cancel := context.WithTimeout(ctx, 30*time.Second)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, p.URL+"/api/v1/"+what, strings.NewReader(form.Encode()))
	if strings.HasPrefix(what, "label/") {
		req, err = http.NewRequestWithContext(ctx, http.MethodGet, p.URL+"/api/v1/"+what+"?"+form.Encode(), nil)
	}
	if err != nil {
		return err
	}
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return err
	}
	defer func() { _ = resp.Body.Close() }()
	answer := struct {
		Status, Error string
		Warnings      []string
		Data          any
	}{Data: data}
	if err := json.NewDecoder(resp.Body).Decode(&answer); err != nil {
		return fmt.Errorf("%s: %w", resp.Status, err)
	}
	switch {
	case answer.Status != "success":
		return fmt.Errorf("%s: %s", resp.Status, answer.Error)
	case len(answer.Warnings) > 0:
		return fmt.Errorf("warnings: %q", answer.Warnings)
	}
	return nil
}

type sample Point

// UnmarshalJSON reads [seconds, "value"].
func (s *sample) UnmarshalJSON(text []byte) error {
	var seconds float64
	var value string
	if err := json.Unmarshal(text, &[]any{&seconds, &value}); err != nil {
		return err
	}
	v, err := strconv.ParseFloat(value, 64)
	*s = sample{time.UnixMilli(int64(seconds * 1000)), v}
	return err
}

type histogram Point

// UnmarshalJSON reads [seconds, {"count": "value", ...}].
func (h *histogram) UnmarshalJSON(text []byte) error {
	var seconds float64
	var value struct{ Count string }
	if err := json.Unmarshal(text, &[]any{&seconds, &value}); err != nil {
		return err
	}
	v, err := strconv.ParseFloat(value.Count, 64)
	*h = histogram{time.UnixMilli(int64(seconds * 1000)), v}
	return err
}
