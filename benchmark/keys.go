package benchmark

import "math"

// chooser maps the number of an operation to that of a key. It is a pure
// function of both seed and number: two runs with one seed use the same keys,
// and no state is shared between connections.
type chooser struct {
	kind  string
	space int64
	seed  uint64
	zipf  zipf
}

func newChooser(kind string, space int64, seed uint64) chooser {
	c := chooser{kind: kind, space: space, seed: seed}
	if kind == Zipf {
		c.zipf = newZipf(space)
	}
	return c
}

// key of operation i, from 0 to space.
func (c *chooser) key(i int64) int64 {
	switch c.kind {
	case Sequential:
		return i % c.space
	case Zipf:
		rank := c.zipf.rank(unit(mix(c.seed + uint64(i))))
		// What is hot is spread over the key space, not all in one place.
		return int64(mix(uint64(rank)) % uint64(c.space))
	}
	return int64(mix(c.seed+uint64(i)) % uint64(c.space))
}

// mix is the finalizer of splitmix64: neighbours become unrelated.
func mix(x uint64) uint64 {
	x += 0x9e3779b97f4a7c15
	x = (x ^ x>>30) * 0xbf58476d1ce4e5b9
	x = (x ^ x>>27) * 0x94d049bb133111eb
	return x ^ x>>31
}

// unit is a number of [0, 1).
func unit(x uint64) float64 { return float64(x>>11) / (1 << 53) }

// zipfExponent is that of YCSB, the customary one: of 10 000 keys, the hottest
// hundred get half of the load.
const zipfExponent = 0.99

// zipf draws ranks by the method of Gray et al., "Quickly generating
// billion-record synthetic databases", in constant time.
type zipf struct {
	n, alpha, eta, zeta, half float64
}

func newZipf(n int64) zipf {
	z := zipf{n: float64(n), alpha: 1 / (1 - zipfExponent), half: math.Pow(0.5, zipfExponent)}
	const exact = 1_000_000 // terms; what follows them is nearly an integral
	for i := range min(n, exact) {
		z.zeta += math.Pow(float64(i+1), -zipfExponent)
	}
	if n > exact {
		z.zeta += (math.Pow(z.n, 1-zipfExponent) - math.Pow(exact, 1-zipfExponent)) / (1 - zipfExponent)
	}
	two := 1 + z.half
	z.eta = (1 - math.Pow(2/z.n, 1-zipfExponent)) / (1 - two/z.zeta)
	return z
}

// rank of a uniform number, 0 for the hottest.
func (z *zipf) rank(u float64) int64 {
	switch scaled := u * z.zeta; {
	case scaled < 1:
		return 0
	case scaled < 1+z.half:
		return min(1, int64(z.n)-1)
	}
	return min(int64(z.n*math.Pow(z.eta*u-z.eta+1, z.alpha)), int64(z.n)-1)
}

// putDigits writes n in decimal into b, with leading zeros.
func putDigits(b []byte, n int64) {
	for i := len(b) - 1; i >= 0; i-- {
		b[i] = byte('0' + n%10)
		n /= 10
	}
}
