package benchmark

import (
	"sync"
	"time"

	"github.com/HdrHistogram/hdrhistogram-go"
)

// Latencies are recorded in units of 100 ns, up to an hour, to three digits.
// What takes longer counts as an hour; the exact largest value is kept beside.
const (
	unitOfLatency = 100 * time.Nanosecond
	mostLatency   = int64(time.Hour / unitOfLatency)
	fineDigits    = 3
	coarseDigits  = 2 // of time slices, of which there are many
)

// sample is a distribution of bounded size.
type sample struct {
	hist     *hdrhistogram.Histogram
	sum      float64       // seconds
	min, max time.Duration // exact; of no meaning when empty
	buckets  [numBuckets]int64
}

func newSample(digits int) *sample {
	return &sample{hist: hdrhistogram.New(1, mostLatency, digits)}
}

func (s *sample) add(d time.Duration) {
	d = max(d, 0)
	if n := s.hist.TotalCount(); n == 0 || d < s.min {
		s.min = d
	}
	s.max = max(s.max, d)
	s.sum += d.Seconds()
	bucket := 0
	for bucket < len(bounds) && d >= bounds[bucket].below {
		bucket++
	}
	s.buckets[bucket]++
	_ = s.hist.RecordValue(min(int64(d/unitOfLatency), mostLatency)) // is in range
}

func (s *sample) merge(o *sample) {
	if o.count() == 0 {
		return
	}
	if s.count() == 0 || o.min < s.min {
		s.min = o.min
	}
	s.max = max(s.max, o.max)
	s.sum += o.sum
	for i, n := range o.buckets {
		s.buckets[i] += n
	}
	s.hist.Merge(o.hist)
}

func (s *sample) reset() {
	s.hist.Reset()
	s.sum, s.min, s.max, s.buckets = 0, 0, 0, [numBuckets]int64{}
}

func (s *sample) count() int64 { return s.hist.TotalCount() }

// failure tells failed operations apart.
type failure struct {
	kind int
	code string
}

// wrongAnswer is the code of answers that came, and were wrong.
const wrongAnswer = "WrongAnswer"

// failed counts operations that failed alike; text is that of the first.
type failed struct {
	count int64
	text  string
}

// recorder collects what the connections of one endpoint measure. There are
// several per endpoint so that they are not in each other's way.
type recorder struct {
	endpoint string

	mu       sync.Mutex // guards what follows
	latency  []*sample  // by kind; from when an operation was due
	service  []*sample  // by kind; from when it began. Nil in a closed loop, where that is the same
	slip     *sample    // from when it was due to when it began; likewise
	failures map[failure]*failed
	slice    *slice
	spare    *slice
}

// slice is what happened in a tenth of a second.
type slice struct {
	latency *sample
	failed  int64
}

func newSlice() *slice { return &slice{latency: newSample(coarseDigits)} }

func newRecorder(endpoint string, kinds int, open bool) *recorder {
	r := &recorder{endpoint: endpoint, failures: map[failure]*failed{}, slice: newSlice(), spare: newSlice()}
	for range kinds {
		r.latency = append(r.latency, newSample(fineDigits))
		if open {
			r.service = append(r.service, newSample(fineDigits))
		}
	}
	if open {
		r.slip = newSample(coarseDigits)
	}
	return r
}

// ok records an operation that succeeded. The caller holds the lock.
func (r *recorder) ok(kind int, due, sent, ended int64) {
	latency := time.Duration(ended - due)
	r.latency[kind].add(latency)
	r.slice.latency.add(latency)
	if r.service != nil {
		r.service[kind].add(time.Duration(ended - sent))
		r.slip.add(time.Duration(sent - due))
	}
}

// fail records one that did not. The caller holds the lock.
func (r *recorder) fail(kind int, code, text string) {
	r.slice.failed++
	f := r.failures[failure{kind, code}]
	if f == nil {
		f = &failed{text: text}
		r.failures[failure{kind, code}] = f
	}
	f.count++
}

// takeSlice returns what happened since it was last called. It is valid until
// the next call.
func (r *recorder) takeSlice() *slice {
	r.mu.Lock()
	defer r.mu.Unlock()
	taken := r.slice
	r.slice, r.spare = r.spare, taken
	r.slice.latency.reset()
	r.slice.failed = 0
	return taken
}
