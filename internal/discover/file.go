package discover

import (
	"fmt"
	"os"
	"time"

	"github.com/etcd-monitor/etcd-monitor/internal/config"
)

// targets reads the file of targets, if it may have changed since.
func (s *Source) targets() Result {
	info, err := os.Stat(s.cluster.TargetsFile)
	if err == nil && s.unchanged(info) {
		return s.last
	}
	s.info, s.read = info, time.Now()
	endpoints, err := config.ReadTargets(s.cluster.TargetsFile, s.cluster.TLS.Enabled)
	if err != nil {
		s.last = Result{Err: err}
	} else {
		s.last = Result{Endpoints: endpoints}
	}
	return s.last
}

// unchanged reports whether the file is the one that was read. One that was
// written just before that may have been written again without its time showing
// it: such a time proves nothing.
func (s *Source) unchanged(info os.FileInfo) bool {
	return s.info != nil && os.SameFile(s.info, info) && s.info.Size() == info.Size() &&
		s.info.ModTime().Equal(info.ModTime()) && s.read.Sub(info.ModTime()) > fileInterval
}

// String says where the endpoints are looked for.
func (s *Source) String() string {
	if s.Kind() == File {
		return s.cluster.TargetsFile
	}
	return fmt.Sprintf("%s, %s", name(secureService, s.cluster.DNSSRV), name(plainService, s.cluster.DNSSRV))
}
