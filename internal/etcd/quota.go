package etcd

// quota of a member as its own metrics tell it, in bytes; +Inf for none.
type quota float64
