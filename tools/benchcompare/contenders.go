package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os/exec"
	"strconv"
	"strings"
	"time"

	"github.com/etcd-monitor/etcd-monitor/benchmark"
	"github.com/etcd-monitor/etcd-monitor/internal/etcdtest"
)

// readKey is what etcd's benchmark reads; it reads one key.
const readKey = "benchcompare/key"

func prepare(ctx context.Context, c *etcdtest.Cluster) error {
	cl, err := c.Dial(ctx)
	if err != nil {
		return err
	}
	defer func() { _ = cl.Close() }()
	_, err = cl.Put(ctx, readKey, strings.Repeat("v", 256))
	return err
}

// etcdBenchmark runs etcd's. Its CPU is that of the whole process, which starts
// in some hundredths of a second.
func etcdBenchmark(ctx context.Context, o options, load string, endpoints []string) (measured, error) {
	args := []string{"--endpoints=" + hosts(endpoints), "--conns=10", "--clients=100"}
	total := "--total=" + strconv.Itoa(o.ops)
	switch load {
	case "put":
		args = append(args, "put", total, "--key-size=32", "--val-size=256", "--sequential-keys", "--key-space-size="+strconv.Itoa(o.ops))
	case "linearizable read":
		args = append(args, "range", readKey, total, "--consistency=l")
	default:
		args = append(args, "range", readKey, total, "--consistency=s")
	}
	cmd := exec.CommandContext(ctx, o.theirs, args...)
	out, err := cmd.CombinedOutput()
	if err != nil {
		return measured{}, fmt.Errorf("%w: %s", err, out)
	}
	text := string(out)
	if strings.Contains(text, "Error distribution") {
		return measured{}, errors.New(text)
	}
	_, rest, found := strings.Cut(text, "Requests/sec:")
	if !found {
		return measured{}, fmt.Errorf("no rate in %s", text)
	}
	rate, err := strconv.ParseFloat(strings.TrimSpace(strings.SplitN(rest, "\n", 2)[0]), 64)
	if err != nil {
		return measured{}, fmt.Errorf("rate: %w", err)
	}
	cpu := cmd.ProcessState.UserTime() + cmd.ProcessState.SystemTime()
	return measured{perOp: perOp(cpu, o.ops), rate: rate}, nil
}

// etcdMonitor runs ours. It tells its CPU itself, without what comes before and
// after the measurement.
func etcdMonitor(ctx context.Context, o options, engine, load string, endpoints []string) (measured, error) {
	args := []string{"benchmark", "write"}
	switch load {
	case "linearizable read":
		args = []string{"benchmark", "read", "--key-space=1"}
	case "serializable read":
		args = []string{"benchmark", "read", "--key-space=1", "--serializable"}
	}
	args = append(args, "--endpoints="+hosts(endpoints), "--engine="+engine, "--ops="+strconv.Itoa(o.ops), "--format=json",
		"--fuse-quota-share=0")
	cmd := exec.CommandContext(ctx, o.ours, args...)
	var out, errs bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &errs
	if err := cmd.Run(); err != nil {
		return measured{}, fmt.Errorf("%w: %s", err, errs.String())
	}
	r, err := benchmark.ReadReport(&out)
	if err != nil {
		return measured{}, err
	}
	if r.Operations.Succeeded != int64(o.ops) || r.Server.Client.CPUSeconds == nil {
		return measured{}, fmt.Errorf("%+v, CPU %v", r.Operations, r.Server.Client.CPUSeconds)
	}
	cpu := time.Duration(*r.Server.Client.CPUSeconds * float64(time.Second))
	return measured{perOp: perOp(cpu, o.ops), rate: r.Throughput}, nil
}

func perOp(cpu time.Duration, ops int) float64 {
	return float64(cpu.Nanoseconds()) / 1e3 / float64(ops)
}

// hosts are endpoints as etcd's benchmark wants them.
func hosts(endpoints []string) string {
	return strings.ReplaceAll(strings.Join(endpoints, ","), "http://", "")
}
