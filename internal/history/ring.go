package history

// ring keeps the last max values. It grows as it fills, so that a history that
// is short is small. The zero ring of a positive max is empty.
type ring[T any] struct {
	max  int
	buf  []T
	head int // of the oldest
	n    int
}

// push adds a value, and drops the oldest when there is no room.
func (r *ring[T]) push(v T) {
	if r.n == len(r.buf) && r.n < r.max {
		grown := make([]T, min(max(2*r.n, 8), r.max))
		copy(grown, r.all())
		r.buf, r.head = grown, 0
	}
	if r.n == len(r.buf) {
		r.pop()
	}
	r.buf[(r.head+r.n)%len(r.buf)] = v
	r.n++
}

// pop drops the oldest value.
func (r *ring[T]) pop() {
	var zero T
	r.buf[r.head] = zero
	r.head = (r.head + 1) % len(r.buf)
	r.n--
}

// resize changes how many values are kept. The oldest make room.
func (r *ring[T]) resize(most int) {
	for r.n > most {
		r.pop()
	}
	r.buf, r.head, r.max = r.all(), 0, most
}

// at is the i-th value, the oldest being 0.
func (r *ring[T]) at(i int) *T { return &r.buf[(r.head+i)%len(r.buf)] }

// last is the newest value, nil when there is none.
func (r *ring[T]) last() *T {
	if r.n == 0 {
		return nil
	}
	return r.at(r.n - 1)
}

// all is a copy, oldest first.
func (r *ring[T]) all() []T {
	list := make([]T, r.n)
	for i := range list {
		list[i] = *r.at(i)
	}
	return list
}
