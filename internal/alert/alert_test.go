package alert

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
	"unicode/utf8"
)

var epoch = time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)

// counted notes what a Receiver counts.
type counted struct {
	mu            sync.Mutex
	notifications map[string]int
	alerts        map[bool]int
	leftOut       uint64
}

func (c *counted) Notification(result string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.notifications[result]++
}

func (c *counted) Alert(firing bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.alerts[firing]++
}

func (c *counted) LeftOut(n uint64) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.leftOut += n
}

// receiver is a Receiver with a clock and a log to look at.
type receiver struct {
	*Receiver
	t   *testing.T
	now time.Time
	log bytes.Buffer
	*counted
}

func newReceiver(t *testing.T, alter ...func(*Options)) *receiver {
	r := &receiver{t: t, now: epoch, counted: &counted{notifications: map[string]int{}, alerts: map[bool]int{}}}
	o := Options{
		Logger: slog.New(slog.NewTextHandler(&r.log, nil)), Console: true, Counts: r.counted,
		May: func(*http.Request) (int, string) { return 0, "" }, Now: func() time.Time { return r.now },
	}
	for _, f := range alter {
		f(&o)
	}
	r.Receiver = New(o)
	return r
}

// post sends a body and gives the status code.
func (r *receiver) post(body io.Reader, header ...string) int {
	r.t.Helper()
	req := httptest.NewRequest(http.MethodPost, "/api/v1/alerts/webhook", body)
	req.Header.Set("Content-Type", "application/json")
	for i := 0; i+1 < len(header); i += 2 {
		req.Header.Set(header[i], header[i+1])
	}
	rec := httptest.NewRecorder()
	r.ServeHTTP(rec, req)
	return rec.Code
}

// tells sends alerts and expects them to be taken.
func (r *receiver) tells(alerts ...map[string]any) {
	r.t.Helper()
	body, err := json.Marshal(map[string]any{"version": "4", "receiver": "webhook", "alerts": alerts})
	if err != nil {
		r.t.Fatal(err)
	}
	if code := r.post(bytes.NewReader(body)); code != http.StatusAccepted {
		r.t.Fatalf("answered %d", code)
	}
}

func firing(name string, since time.Time) map[string]any {
	return map[string]any{
		"status": "firing", "labels": map[string]string{"alertname": name, "cluster": "prod", "severity": "critical"},
		"annotations": map[string]string{"summary": name + " it is"}, "startsAt": since, "endsAt": time.Time{},
	}
}

func resolved(name string, since, until time.Time) map[string]any {
	a := firing(name, since)
	a["status"], a["endsAt"] = "resolved", until
	return a
}

// seen are the changes as words, oldest first.
func (r *receiver) seen() []string {
	list := []string{}
	for _, a := range r.Changes() {
		word := a.Labels["alertname"]
		if !a.Firing {
			word = "-" + word
		}
		list = append(list, word)
	}
	slices.Reverse(list)
	return list
}

func (r *receiver) expect(want string) {
	r.t.Helper()
	if got := strings.Join(r.seen(), " "); got != want {
		r.t.Errorf("changes %q, want %q", got, want)
	}
	if lines := strings.Count(r.log.String(), "\n"); lines != len(r.seen()) {
		r.t.Errorf("%d lines logged for %d changes:\n%s", lines, len(r.seen()), r.log.String())
	}
}

// What is told twice is one change, what comes late none, and what fires again a
// new one.
func TestChanges(t *testing.T) {
	a, b := epoch.Add(-10*time.Minute), epoch.Add(-5*time.Minute)
	for name, c := range map[string]struct {
		told []map[string]any
		want string
	}{
		"begins and ends":               {[]map[string]any{firing("A", a), resolved("A", a, b)}, "A -A"},
		"repeats":                       {[]map[string]any{firing("A", a), firing("A", a), resolved("A", a, b), resolved("A", a, b)}, "A -A"},
		"two alerts":                    {[]map[string]any{firing("A", a), firing("B", a), resolved("A", a, b)}, "A B -A"},
		"fires again":                   {[]map[string]any{firing("A", a), resolved("A", a, b), firing("A", b)}, "A -A A"},
		"the end was missed":            {[]map[string]any{firing("A", a), firing("A", b), resolved("A", b, epoch)}, "A -A"},
		"the beginning was missed":      {[]map[string]any{resolved("A", a, b)}, "-A"},
		"held up until after the end":   {[]map[string]any{firing("A", a), resolved("A", a, b), firing("A", a)}, "A -A"},
		"the end of an earlier time":    {[]map[string]any{firing("A", a), resolved("A", a, b), firing("A", b), resolved("A", a, b)}, "A -A A"},
		"another exporter began before": {[]map[string]any{firing("A", b), firing("A", a), resolved("A", b, epoch)}, "A -A"},
	} {
		t.Run(name, func(t *testing.T) {
			r := newReceiver(t)
			for _, one := range c.told {
				r.tells(one)
				r.now = r.now.Add(time.Second)
			}
			r.expect(c.want)
		})
	}
}

// An alert that Alertmanager took for ended because Prometheus was away comes
// back with the time when it began.
func TestFiresOnAfterAGap(t *testing.T) {
	r := newReceiver(t)
	since := epoch.Add(-time.Hour)
	r.tells(firing("A", since))
	r.tells(resolved("A", since, epoch))
	r.now = r.now.Add(2 * time.Minute)
	r.tells(firing("A", since))
	r.expect("A -A A")
	if f := r.Firing(); len(f) != 1 || !f[0].StartsAt.Equal(since) {
		t.Errorf("firing: %v", f)
	}
}

func TestWhatIsKept(t *testing.T) {
	r := newReceiver(t, func(o *Options) { o.Keep = 3 })
	for i := range 5 {
		r.tells(firing(fmt.Sprint("A", i), epoch.Add(time.Duration(i)*time.Second)))
	}
	if got := fmt.Sprint(r.seen()); got != "[A2 A3 A4]" {
		t.Errorf("kept %s", got)
	}
	if f := r.Firing(); len(f) != 5 || f[0].Labels["alertname"] != "A4" || f[4].Labels["alertname"] != "A0" {
		t.Errorf("firing: %v", f)
	}
	r.tells(resolved("A0", epoch, time.Time{}))
	last := r.Changes()[0]
	if last.Firing || !last.EndsAt.Equal(epoch) || last.Annotations["summary"] != "A0 it is" || last.Receiver != "webhook" || last.Cut {
		t.Errorf("the last change: %+v", last)
	}
}

// More alerts than can be known push out what ended, then what is oldest.
func TestForgets(t *testing.T) {
	r := newReceiver(t, func(o *Options) { o.Console = false })
	r.tells(resolved("ended", epoch, epoch))
	for i := range maxTracked {
		r.now = r.now.Add(time.Second)
		r.tells(firing(fmt.Sprint("A", i), epoch))
	}
	if f := r.Firing(); len(f) != maxTracked {
		t.Errorf("%d fire, want %d: an ended one goes first", len(f), maxTracked)
	}
	r.now = r.now.Add(time.Second)
	r.tells(firing("new", epoch))
	f := r.Firing()
	if len(f) != maxTracked || slices.ContainsFunc(f, func(a Alert) bool { return a.Labels["alertname"] == "A0" }) {
		t.Errorf("%d fire, the oldest is not gone", len(f))
	}
	if r.log.Len() > 0 {
		t.Errorf("logged with the console off: %s", r.log.String())
	}
}

// payload is what a real Alertmanager 0.34.2 sent.
func payload(t testing.TB) []byte {
	t.Helper()
	text, err := os.ReadFile("testdata/notification.json")
	if err != nil {
		t.Fatal(err)
	}
	return text
}

func TestRealNotification(t *testing.T) {
	r := newReceiver(t)
	if code := r.post(bytes.NewReader(payload(t))); code != http.StatusAccepted {
		t.Fatalf("answered %d", code)
	}
	r.expect("EtcdMemberDown -EtcdMemberDown")
	var sent struct {
		Alerts []struct {
			Fingerprint string
			Labels      map[string]string
		}
	}
	if err := json.Unmarshal(payload(t), &sent); err != nil {
		t.Fatal(err)
	}
	for _, a := range sent.Alerts {
		if got := fingerprint(a.Labels); got != a.Fingerprint {
			t.Errorf("fingerprint %s, Alertmanager's is %s", got, a.Fingerprint)
		}
	}
	for _, want := range []string{
		`level=WARN`, `msg="alert firing"`, `alertname=EtcdMemberDown`, `cluster=prod`, `member=m0`, `msg="alert resolved"`, `ends_at=`,
	} {
		if !strings.Contains(r.log.String(), want) {
			t.Errorf("no %s in the log:\n%s", want, r.log.String())
		}
	}
	if r.leftOut != 3 {
		t.Errorf("%d left out, the notification says 3", r.leftOut)
	}
}

// A body that is none is refused for good; one that is in part counts for its
// rest.
func TestHostileBodies(t *testing.T) {
	deep := strings.Repeat(`{"a":`, 100_000) + "1" + strings.Repeat("}", 100_000)
	wide := `{"alerts":[` + strings.Repeat(`{"status":"firing","labels":{"alertname":"A","x":"`+strings.Repeat("y", 100_000)+`"}},`, 40) + `{}]}`
	good := `{"status":"firing","labels":{"alertname":"A"},"startsAt":"2026-01-01T00:00:00Z"}`
	for name, c := range map[string]struct {
		body string
		code int
		want string // the changes
		left uint64
	}{
		"empty":           {"", 400, "", 0},
		"no JSON":         {"alerts=1", 400, "", 0},
		"a list":          {"[]", 400, "", 0},
		"null":            {"null", 400, "", 0},
		"no alerts":       {`{"version":"4"}`, 400, "", 0},
		"deep":            {deep, 400, "", 0},
		"deep in place":   {`{"x":` + deep + `}`, 400, "", 0},
		"too large":       {`{"alerts":[],"x":"` + strings.Repeat("x", maxBody) + `"}`, 413, "", 0},
		"cut off":         {`{"alerts":[` + good, 400, "", 0},
		"none":            {`{"alerts":[]}`, 202, "", 0},
		"another version": {`{"version":"5","alerts":[` + good + `]}`, 202, "A", 0},
		"truncated":       {`{"truncatedAlerts":7,"alerts":[` + good + `]}`, 202, "A", 7},
		"negative":        {`{"truncatedAlerts":-7,"alerts":[` + good + `]}`, 400, "", 0},
		"twice in one":    {`{"alerts":[` + good + `,` + good + `]}`, 202, "A", 0},
		"one of them":     {`{"alerts":[null,{},1,"x",{"status":"odd","labels":{"alertname":"B"}},{"status":"firing","labels":{"alertname":""}},` + good + `]}`, 202, "A", 6},
		"a bad time":      {`{"alerts":[{"status":"firing","labels":{"alertname":"B"},"startsAt":"yesterday"},` + good + `]}`, 202, "A", 1},
		"wrong types":     {`{"alerts":[{"status":"firing","labels":{"alertname":1}},{"status":"firing","labels":["alertname"]},` + good + `]}`, 202, "A", 2},
		"the far future":  {`{"alerts":[{"status":"firing","labels":{"alertname":"A"},"startsAt":"9999-12-31T23:59:59Z","endsAt":"0001-01-01T00:00:00Z"}]}`, 202, "A", 0},
		"large labels":    {wide, 202, "A", 1},
		"invalid UTF-8":   {"{\"alerts\":[{\"status\":\"firing\",\"labels\":{\"alertname\":\"A\",\"x\\ud800\":\"\xff\xfe\"}}]}", 202, "A", 0},
	} {
		t.Run(name, func(t *testing.T) {
			r := newReceiver(t)
			if code := r.post(strings.NewReader(c.body)); code != c.code {
				t.Errorf("answered %d, want %d", code, c.code)
			}
			if got := strings.Join(r.seen(), " "); got != c.want {
				t.Errorf("changes %q, want %q", got, c.want)
			}
			if r.leftOut != c.left {
				t.Errorf("left out %d, want %d", r.leftOut, c.left)
			}
			checkKept(t, r.Receiver)
		})
	}
}

// checkKept looks at what must hold whatever was sent.
func checkKept(t *testing.T, r *Receiver) {
	t.Helper()
	for _, a := range append(r.Changes(), r.Firing()...) {
		size := len(a.Generator) + len(a.Receiver)
		for _, m := range []map[string]string{a.Labels, a.Annotations} {
			for k, v := range m {
				size += len(k) + len(v)
				if len(k) > maxNameBytes || len(v) > maxValueBytes || !utf8.ValidString(k) || !utf8.ValidString(v) {
					t.Errorf("kept %.50q: %.50q of %d bytes", k, v, len(v))
				}
			}
		}
		if size > maxAlertBytes {
			t.Errorf("kept %d bytes of an alert", size)
		}
		if a.Labels["alertname"] == "" || len(a.Fingerprint) != 16 || a.Firing != a.EndsAt.IsZero() {
			t.Errorf("kept %+v", a)
		}
	}
}

// What does not fit is marked, and what tells alerts apart is kept first.
func TestCut(t *testing.T) {
	labels := map[string]string{"alertname": "A", "cluster": "c", "zone": "z"}
	for i := range 1000 {
		labels[fmt.Sprintf("a%03d", i)] = strings.Repeat("ä", 50)
	}
	r := newReceiver(t)
	r.tells(map[string]any{"status": "firing", "labels": labels, "annotations": map[string]string{"summary": "s"}})
	a := r.Changes()[0]
	if !a.Cut || a.Labels["alertname"] != "A" || a.Labels["cluster"] != "c" || len(a.Labels) > 200 {
		t.Errorf("cut %v, %d labels", a.Cut, len(a.Labels))
	}
	checkKept(t, r.Receiver)
}

func TestRequests(t *testing.T) {
	body := func() io.Reader { return strings.NewReader(`{"alerts":[]}`) }
	for name, c := range map[string]struct {
		may    int
		header []string
		code   int
		result string
	}{
		"welcome":         {0, nil, 202, accepted},
		"with a charset":  {0, []string{"Content-Type", "application/json; charset=utf-8"}, 202, accepted},
		"a form":          {0, []string{"Content-Type", "application/x-www-form-urlencoded"}, 415, malformed},
		"compressed":      {0, []string{"Content-Encoding", "gzip"}, 415, malformed},
		"a stranger":      {403, nil, 403, refused},
		"no token":        {401, nil, 401, refused},
		"nobody can tell": {503, nil, 503, busy},
	} {
		t.Run(name, func(t *testing.T) {
			r := newReceiver(t, func(o *Options) { o.May = func(*http.Request) (int, string) { return c.may, "no" } })
			for range 3 {
				if code := r.post(body(), c.header...); code != c.code {
					t.Errorf("answered %d, want %d", code, c.code)
				}
			}
			if r.notifications[c.result] != 3 {
				t.Errorf("counted %v", r.notifications)
			}
			if lines := strings.Count(r.log.String(), "\n"); c.code != 202 && lines != 1 {
				t.Errorf("%d lines in the log about refusals within a minute", lines)
			}
		})
	}
}

// stalled is a body that does not end until it is told to.
type stalled struct{ begun, end chan struct{} }

func (s stalled) Read([]byte) (int, error) {
	s.begun <- struct{}{}
	<-s.end
	return 0, io.ErrUnexpectedEOF
}

// When too many bring notifications at a time, the next is asked to come again.
func TestBusy(t *testing.T) {
	r := newReceiver(t)
	s := stalled{make(chan struct{}), make(chan struct{})}
	var wg sync.WaitGroup
	for range maxRequests {
		wg.Go(func() {
			if code := r.post(s); code != http.StatusBadRequest {
				t.Errorf("answered %d, want 400", code)
			}
		})
	}
	for range maxRequests {
		<-s.begun
	}
	if code := r.post(strings.NewReader(`{"alerts":[]}`)); code != http.StatusServiceUnavailable {
		t.Errorf("answered %d, want 503: Alertmanager tries again after no other", code)
	}
	close(s.end)
	wg.Wait()
	if code := r.post(strings.NewReader(`{"alerts":[]}`)); code != http.StatusAccepted {
		t.Errorf("answered %d when it is quiet again", code)
	}
}

// Whatever comes, nothing breaks, and what is kept is bounded and printable.
func FuzzNotification(f *testing.F) {
	f.Add(payload(f))
	f.Add([]byte(`{"alerts":[{"status":"firing","labels":{"alertname":"A"}}]}`))
	f.Add([]byte(`{"truncatedAlerts":18446744073709551615,"alerts":[null,{"status":"resolved","labels":{"alertname":"\ud800"}}]}`))
	f.Fuzz(func(t *testing.T, body []byte) {
		r := newReceiver(t)
		switch code := r.post(bytes.NewReader(body)); code {
		case http.StatusAccepted, http.StatusBadRequest:
		default:
			t.Errorf("answered %d", code)
		}
		checkKept(t, r.Receiver)
	})
}
