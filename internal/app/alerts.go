package app

import (
	"bytes"
	"crypto/subtle"
	"errors"
	"io"
	"net/http"
	"os"
	"strings"

	"github.com/etcd-monitor/etcd-monitor/internal/alert"
)

// Alerts says what is done with the alerts that Alertmanager sends here.
type Alerts struct {
	TokenFile string // with the token that Alertmanager has to show; "" for none
	Log       bool   // log when an alert begins and when it ends
	Keep      int    // changes that are remembered; 0: 1000
}

func (a *App) newReceiver() *alert.Receiver {
	return alert.New(alert.Options{
		Logger: a.opts.Logger, Console: a.opts.Alerts.Log, Keep: a.opts.Alerts.Keep,
		May: a.mayNotify, Counts: a.exporter.Notifications(),
	})
}

// mayNotify says who may send alerts: who shows the token, or whoever has shown
// the listener who he is; without either, this host.
func (a *App) mayNotify(r *http.Request) (code int, why string) {
	file := a.opts.Alerts.TokenFile
	switch {
	case a.server.Authenticates():
		return 0, ""
	case file == "" && a.mayChange(r):
		return 0, ""
	case file == "":
		return http.StatusForbidden, "without a token (alertmanager.webhook_token_file) or authentication (--web.config.file) only this host may do that"
	}
	token, err := readToken(file)
	if err != nil {
		a.opts.Logger.Error("token of Alertmanager cannot be read", "file", file, "err", err)
		return http.StatusServiceUnavailable, "the token to compare with cannot be read, see the log"
	}
	shown, ok := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer ")
	if !ok || subtle.ConstantTimeCompare([]byte(shown), token) != 1 {
		return http.StatusUnauthorized, "the token is missing, or another one"
	}
	return 0, ""
}

// readToken reads a file of one line, anew each time: tokens are replaced.
func readToken(name string) ([]byte, error) {
	f, err := os.Open(name)
	if err != nil {
		return nil, err
	}
	defer func() { _ = f.Close() }()
	text, err := io.ReadAll(io.LimitReader(f, 8<<10))
	if err != nil {
		return nil, err
	}
	token := bytes.TrimSpace(text)
	if len(token) == 0 {
		return nil, errors.New("it is empty")
	}
	return token, nil
}
