package config

// AtStart lists the keys that count at start only, and that next has another
// value for.
func (f *File) AtStart(next *File) []string {
	var changed []string
	for _, k := range keys {
		if k.atStart && show(f.c.doc.settings[k.path].value) != show(next.c.doc.settings[k.path].value) {
			changed = append(changed, k.path)
		}
	}
	return changed
}
