package cluster

// Opt is a value that may be unknown. The zero Opt is unknown.
type Opt[T any] struct {
	V  T
	OK bool
}

// Known is an Opt that holds v.
func Known[T any](v T) Opt[T] { return Opt[T]{V: v, OK: true} }
