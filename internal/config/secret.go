package config

import (
	"fmt"
	"io"
)

// Secret is text that no way of printing shows. Only Reveal does.
type Secret string

const mask = "<secret>"

// Reveal returns the secret itself.
func (s Secret) Reveal() string { return string(s) }

// String masks the secret.
func (Secret) String() string { return mask }

// GoString masks the secret in %#v.
func (Secret) GoString() string { return mask }

// Format masks the secret in every verb, those that make no sense included.
func (Secret) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, mask) }

// MarshalText masks the secret in JSON and YAML.
func (Secret) MarshalText() ([]byte, error) { return []byte(mask), nil }
