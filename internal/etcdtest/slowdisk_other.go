//go:build !linux

package etcdtest

import (
	"errors"
	"time"
)

// disk cannot be held up here.
type disk struct{}

func (*disk) slow(time.Duration) error { return errors.ErrUnsupported }
