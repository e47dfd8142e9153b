//go:build !unix

package etcdtest

import (
	"errors"
	"os"
	"runtime"
	"syscall"
)

func childAttr() *syscall.SysProcAttr { return nil }

func freeze(*os.Process) error {
	return errors.New("processes cannot be frozen on " + runtime.GOOS)
}

func thaw(*os.Process) error {
	return errors.New("processes cannot be thawed on " + runtime.GOOS)
}

func terminate(p *os.Process) error { return p.Kill() }
